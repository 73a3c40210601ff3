"""Networks of a hub that are there as ONNX alone, from a server on the loopback interface."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper
from tests.networks.hub.tiny_hub import COMMIT, Repository, TinyHub, tiny_hub
from tests.networks.onnx.tiny_onnx import CHANNELS, SIDE_PX, maps_of, photo_description, photos_network, random_photos

from sakka.errors import ModelError, WeightsError
from sakka.networks.hub.photo import HubPhotoEncoder

CLASS = np.arange(CHANNELS, dtype=np.float32)
PREPROCESSING = {"size": SIDE_PX, "do_rescale": False, "image_mean": [100, 110, 120], "image_std": [50, 60, 70]}


def tokens_network() -> bytes:
    """The maps of `photos_network` as tokens, after a class token that is always the same."""
    nodes = [
        helper.make_node("Reshape", ["maps", "shape"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["patches"], perm=[0, 2, 1]),
        helper.make_node("Concat", ["class", "patches"], ["last_hidden_state"], axis=1),
    ]
    constants = [
        numpy_helper.from_array(np.array([1, CHANNELS, SIDE_PX**2 // 4]), "shape"),
        numpy_helper.from_array(CLASS[None, None], "class"),
    ]
    return photos_network(nodes, outputs=["last_hidden_state"], constants=constants).SerializeToString()


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyHub]:
    """A hub, and an empty cache."""
    monkeypatch.setenv("SAKKA_CACHE", str(folder))
    with tiny_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub


def offered(hub: TinyHub, network: bytes, preprocessing: Any = PREPROCESSING, **files: bytes) -> HubPhotoEncoder:
    settings = {"config.json": {"model_type": "own", "patch_size": 2}, "preprocessor_config.json": preprocessing}
    listed = {name: json.dumps(value).encode() for name, value in settings.items()}
    hub.repositories["tiny/onnx"] = Repository({**listed, "onnx/model.onnx": network, **files})
    return HubPhotoEncoder(f"tiny/onnx@{COMMIT}")


def test_the_last_layer_of_tokens_is_read(hub: TinyHub) -> None:
    encoder = offered(hub, tokens_network())
    photos = random_photos(3)
    maps = maps_of(photos).reshape(3, CHANNELS, -1)
    expected = np.concatenate([np.tile(CLASS, (3, 1)), maps.mean(axis=2), maps.std(axis=2)], axis=1)
    np.testing.assert_allclose(encoder.vectors(photos), expected, atol=1e-4)
    assert (encoder.size, encoder.licence) == (3 * CHANNELS, "apache-2.0")
    asked = len(hub.requests)
    mirrored = HubPhotoEncoder(f"tiny/onnx@{COMMIT}").of_mirror_images()
    np.testing.assert_allclose(mirrored.vectors(photos[:, :, ::-1]), expected, atol=1e-4)
    assert len(hub.requests) == asked
    assert mirrored.key.replace("-mirrored", "") == encoder.key != mirrored.key


def test_a_description_in_the_repository_is_followed(hub: TinyHub) -> None:
    network = photos_network().SerializeToString()
    described = photo_description(
        sha256=hashlib.sha256(network).hexdigest(), outputs=[{"name": "maps", "pooling": "std"}]
    )
    encoder = offered(hub, network, **{"onnx/model.onnx.json": json.dumps(described).encode()})
    photos = random_photos(2)
    np.testing.assert_allclose(encoder.vectors(photos), maps_of(photos).std(axis=(2, 3)), atol=1e-4)


def test_what_can_not_be_read_or_was_changed_is_refused(hub: TinyHub, folder: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.onnx gives maps, expected last_hidden_state or one of image_embeds"):
        offered(hub, photos_network().SerializeToString()).load()
    (kept,) = folder.rglob("model.onnx")
    kept.write_bytes(kept.read_bytes() + b"\0")
    with pytest.raises(WeightsError, match=r"model\.onnx has SHA-256"):
        HubPhotoEncoder(f"tiny/onnx@{COMMIT}").load()
