"""Networks of a hub that read photos, from a server on the loopback interface, beside transformers' own answers."""

import json
import shutil
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import save
from tests.catalogs import tiny_catalog
from tests.networks.hub.tiny_hub import COMMIT, Repository, TinyHub, tiny_hub

from sakka.arrays import Pixels
from sakka.errors import MissingPartError, ModelError, WeightsError
from sakka.models.folder import load_model, save_model
from sakka.models.registry import make_model
from sakka.networks.encoders import photo_encoders
from sakka.networks.hub.architecture import _loaded
from sakka.networks.hub.photo import HubPhotoEncoder

SIDE, HIDDEN = 32, 16
SMALL = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": SIDE,
    "patch_size": 8,
}
PREPROCESSING = {"size": {"height": SIDE, "width": SIDE}, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
NAME = f"hf:tiny/vit@{COMMIT}"


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def repository(network: transformers.PreTrainedModel, preprocessing: Any = PREPROCESSING) -> Repository:
    """A network as a repository has it."""
    return Repository(
        {
            "config.json": as_json(network.config.to_dict()),
            "preprocessor_config.json": as_json(preprocessing),
            "model.safetensors": save({name: each.contiguous() for name, each in network.state_dict().items()}),
        }
    )


@pytest.fixture(scope="module")
def vit() -> transformers.ViTModel:
    """A small ViT with random weights."""
    torch.manual_seed(0)
    return transformers.ViTModel(transformers.ViTConfig(**SMALL)).eval()


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch, vit: transformers.ViTModel) -> Iterator[TinyHub]:
    """A hub with the repository tiny/vit, and an empty cache."""
    monkeypatch.setenv("SAKKA_CACHE", str(folder))
    with tiny_hub() as hub:
        hub.repositories["tiny/vit"] = repository(vit)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub


def photos(n: int = 3, side: int = SIDE) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


def refusal(hub: TinyHub, offered: Repository, kind: type[Exception] = ModelError) -> str:
    hub.repositories["tiny/other"] = offered
    with pytest.raises(kind) as refused:
        HubPhotoEncoder(f"tiny/other@{COMMIT}").vectors(photos())
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_vector_has_means_and_deviations_of_four_layers_and_the_class_token(
    hub: TinyHub, vit: transformers.ViTModel
) -> None:
    [encoder] = photo_encoders(NAME)
    pixels = photos()
    given = (torch.tensor(pixels).permute(0, 3, 1, 2) / 255 - torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1)) / (
        torch.tensor([0.2, 0.3, 0.4]).view(3, 1, 1)
    )
    with torch.no_grad():
        said = vit(given, output_hidden_states=True)
    layers = [*said.hidden_states[1:4], said.last_hidden_state]
    patches = [layer[:, 1:].numpy() for layer in layers]
    expected = [np.concatenate([each.mean(axis=1), each.std(axis=1)], axis=1) for each in patches]
    expected[-1] = np.concatenate([layers[-1][:, 0].numpy(), expected[-1]], axis=1)
    assert encoder.widths == (32, 32, 32, 48)
    np.testing.assert_allclose(encoder.vectors(pixels), np.concatenate(expected, axis=1), atol=2e-5)


def test_what_was_fetched_once_is_read_without_a_connection_and_gives_the_same_bytes(
    hub: TinyHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = HubPhotoEncoder(f"tiny/vit@{COMMIT}").vectors(photos())
    asked = len(hub.requests)

    def connect(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", connect)
    again = HubPhotoEncoder(f"tiny/vit@{COMMIT}")
    again.load()
    assert again.vectors(photos()).tobytes() == first.tobytes()
    assert again.vectors(photos()[1:2]).tobytes() == first[1:2].tobytes()  # alone, and among others
    assert len(hub.requests) == asked


def test_key_and_hash_name_what_a_vector_depends_on(hub: TinyHub, vit: transformers.ViTModel) -> None:
    encoder = HubPhotoEncoder(f"tiny/vit@{COMMIT}")
    hub.repositories["tiny/other"] = repository(vit, {**PREPROCESSING, "image_mean": [0, 0, 0]})
    other = HubPhotoEncoder(f"tiny/other@{COMMIT}")
    assert encoder.key == f"hf-tiny--vit-{encoder.sha256[:16]}-squash32-layers1-float32"
    assert encoder.sha256 != other.sha256
    assert encoder.licence == "apache-2.0"
    mirrored = encoder.of_mirror_images()
    assert "-mirrored-" in mirrored.key
    turned = np.ascontiguousarray(photos()[:, :, ::-1])
    assert mirrored.vectors(photos()).tobytes() == encoder.vectors(turned).tobytes()


def test_the_part_for_photos_of_a_network_for_both_is_read(hub: TinyHub) -> None:
    texts = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    texts |= {"vocab_size": 8, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2, "projection_size": 16}
    network = transformers.SiglipModel(transformers.SiglipConfig(text_config=texts, vision_config=SMALL))
    hub.repositories["tiny/siglip"] = repository(network)
    assert HubPhotoEncoder(f"tiny/siglip@{COMMIT}").widths == (32, 32, 32, 32)  # it has no class token


def test_convolutions_give_means_and_deviations_of_their_maps(hub: TinyHub) -> None:
    described = transformers.ConvNextConfig(hidden_sizes=[4, 6, 8, 10], depths=[1, 1, 1, 1])
    network = transformers.ConvNextForImageClassification(described)
    cropped = {
        **PREPROCESSING,
        "size": {"shortest_edge": 40},
        "do_center_crop": True,
        "crop_size": {"height": 48, "width": 48},
    }
    hub.repositories["tiny/convnext"] = repository(network, cropped)
    encoder = HubPhotoEncoder(f"tiny/convnext@{COMMIT}")
    assert (encoder.input_px, encoder.widths) == (48, (8, 12, 16, 20))


def test_another_size_than_the_network_was_trained_on_is_read(hub: TinyHub, vit: transformers.ViTModel) -> None:
    hub.repositories["tiny/larger"] = repository(vit, {**PREPROCESSING, "size": 48})
    encoder = HubPhotoEncoder(f"tiny/larger@{COMMIT}")
    assert encoder.vectors(photos(1, 48)).shape == (1, 144)


def test_a_changed_byte_of_the_weights_is_refused_before_they_are_read(hub: TinyHub) -> None:
    hub.repositories["tiny/changed"] = hub.repositories["tiny/vit"]
    encoder = HubPhotoEncoder(f"tiny/changed@{COMMIT}")
    weights = encoder._files.folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(WeightsError, match=r"model\.safetensors has SHA-256"):
        encoder.load()


def test_networks_that_read_no_photos_or_are_unknown_are_refused(hub: TinyHub) -> None:
    bert = transformers.BertConfig(**SMALL, vocab_size=8)
    said = refusal(hub, repository(transformers.BertModel(bert)))
    assert "of kind 'bert', which reads no photos; choose one that does, or use it as text-hf:tiny/other@" in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model_type": "newest"}, "a network of kind 'newest', which transformers"),
        ({"model_type": None}, "a network of kind None"),
        ({"quantization_config": {"quant_method": "gptq"}}, "config.json has quantization_config"),
        ({"backbone": "other/repository"}, "config.json has backbone"),
        ({"num_hidden_layers": 10**9}, "config.json has num_hidden_layers above 1,000"),
        ({"depths": [2, 10**9]}, "config.json has depths above 1,000"),
        ({"num_hidden_layers": 5}, "lacks 16 weights of the architecture ViTModel, such as "),
        ({"hidden_size": 32}, "don't go into the architecture ViTModel (their sizes are not those of config.json)"),
        ({"hidden_size": "many"}, "config.json can't be used"),
    ],
)
def test_settings_that_do_not_fit_the_weights_are_refused(hub: TinyHub, changed: dict[str, Any], said: str) -> None:
    files = dict(hub.repositories["tiny/vit"].files)
    files["config.json"] = as_json({**json.loads(files["config.json"]), **changed})
    assert said in refusal(hub, Repository(files))


def test_the_repository_s_own_code_is_never_run(hub: TinyHub, folder: Path) -> None:
    files = dict(hub.repositories["tiny/vit"].files)
    settings = {**json.loads(files["config.json"]), "auto_map": {"AutoModel": "modeling.Own"}}
    own = f"open({str(folder / 'ran')!r}, 'w')".encode()
    hub.repositories["tiny/own"] = Repository({**files, "config.json": as_json(settings), "modeling.py": own})
    HubPhotoEncoder(f"tiny/own@{COMMIT}").vectors(photos())
    assert not (folder / "ran").exists()
    del settings["model_type"]
    hub.repositories["tiny/other"] = Repository({**files, "config.json": as_json(settings), "modeling.py": own})
    assert "of kind None" in refusal(hub, hub.repositories["tiny/other"])


@pytest.mark.parametrize(
    ("preprocessing", "said"),
    [
        ({}, "has no preprocessor_config.json"),
        ({**PREPROCESSING, "size": {"height": 32, "width": 48}}, "expected a square of 8 to 2048 pixels"),
        ({**PREPROCESSING, "size": 10**6}, "expected a square"),
        ({**PREPROCESSING, "size": None}, "its size is None"),
        ({**PREPROCESSING, "image_std": [0, 1, 1]}, "image_std is [0.0, 1.0, 1.0], expected numbers above 0"),
        ({**PREPROCESSING, "image_mean": [0.5]}, "can't be used"),
    ],
)
def test_preprocessing_that_can_not_be_used_is_refused(
    hub: TinyHub, vit: transformers.ViTModel, preprocessing: dict[str, Any], said: str
) -> None:
    assert said in refusal(hub, repository(vit, preprocessing))


def test_damaged_json_is_refused(hub: TinyHub) -> None:
    files = dict(hub.repositories["tiny/vit"].files)
    assert "config.json can't be read as JSON" in refusal(hub, Repository({**files, "config.json": b"{"}))


def test_json_of_another_kind_is_refused(hub: TinyHub) -> None:
    files = dict(hub.repositories["tiny/vit"].files)
    assert "config.json is no JSON object" in refusal(hub, Repository({**files, "config.json": b"[]"}))


def test_a_model_on_it_is_fitted_saved_loaded_and_knows_its_weights(
    hub: TinyHub, vit: transformers.ViTModel, folder: Path
) -> None:
    works = tiny_catalog(folder / "works", creators=3, works=4)
    model = make_model(f"photo-{NAME}", mirrored=False, out_of_fold=False).fit(works)
    save_model(model, folder / "model")
    loaded = load_model(folder / "model")
    assert loaded.name == f"photo-{NAME}"
    assert (loaded.predict_proba(works) == model.predict_proba(works)).all()
    shutil.rmtree(folder / "hub")
    hub.repositories["tiny/vit"] = repository(vit, {**PREPROCESSING, "image_mean": [0, 0, 0]})
    with pytest.raises(ModelError, match=f"the encoder {NAME} has SHA-256 .* and the model was fitted on"):
        load_model(folder / "model")


def test_threads_share_one_network_and_get_the_bytes_of_one(hub: TinyHub) -> None:
    expected = HubPhotoEncoder(f"tiny/vit@{COMMIT}").vectors(photos(16))
    _loaded.cache_clear()
    encoder = HubPhotoEncoder(f"tiny/vit@{COMMIT}")
    with ThreadPoolExecutor(4, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found = list(pool.map(lambda photo: encoder.vectors(photo[None]), photos(16)))
    assert np.concatenate(found).tobytes() == expected.tobytes()
    assert _loaded.cache_info().misses == 1


def test_packages_that_are_missing_are_named_with_the_command_that_adds_them(
    hub: TinyHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HubPhotoEncoder(f"tiny/vit@{COMMIT}")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingPartError, match=r"huggingface_hub, .* is not installed .*\[hub\]' adds it"):
        encoder.load()
    with pytest.raises(ModelError, match="copy one from"):
        HubPhotoEncoder("tiny/vit@main")


def test_what_was_fetched_needs_transformers_alone(hub: TinyHub, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = HubPhotoEncoder(f"tiny/vit@{COMMIT}").key
    encoder = HubPhotoEncoder(f"tiny/vit@{COMMIT}")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert encoder.key == kept
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingPartError, match=r"transformers, .* is not installed .*\[hub\]' adds it"):
        encoder.load()


def test_weights_in_shards_give_the_same_vectors_and_no_other_file_is_opened(
    hub: TinyHub, vit: transformers.ViTModel
) -> None:
    files = {name: each for name, each in repository(vit).files.items() if name != "model.safetensors"}
    weights = list(vit.state_dict().items())
    shards = {f"model-0000{number}-of-00002.safetensors": weights[number - 1 :: 2] for number in (1, 2)}
    index = {name: shard for shard, own in shards.items() for name, _ in own}
    saved = {shard: save(dict(own)) for shard, own in shards.items()}
    listed = as_json({"metadata": {}, "weight_map": index})
    hub.repositories["tiny/shards"] = Repository({**files, **saved, "model.safetensors.index.json": listed})
    found = HubPhotoEncoder(f"tiny/shards@{COMMIT}").vectors(photos())
    assert found.tobytes() == HubPhotoEncoder(f"tiny/vit@{COMMIT}").vectors(photos()).tobytes()
    outside = as_json({"metadata": {}, "weight_map": {**index, weights[0][0]: "../../secret.safetensors"}})
    said = refusal(hub, Repository({**files, **saved, "model.safetensors.index.json": outside}))
    assert "names '../../secret.safetensors', which was not fetched" in said
