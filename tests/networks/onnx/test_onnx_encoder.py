import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.networks.onnx.tiny_onnx import (
    CHANNELS,
    maps_of,
    photo_description,
    photos_network,
    random_photos,
    write_network,
)

from sakka.errors import ModelError
from sakka.networks.encoders import photo_encoders
from sakka.networks.onnx.network import OnnxNetwork
from sakka.networks.onnx.photo import OnnxEncoder


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAKKA_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    return OnnxEncoder(write_network(tmp_path_factory.mktemp("network")))


def test_vectors_are_numpys_statistics_of_the_maps(encoder: OnnxEncoder) -> None:
    photos = random_photos(3)
    maps = maps_of(photos)
    expected = np.concatenate([maps.mean(axis=(2, 3)), maps.std(axis=(2, 3))], axis=1)
    assert encoder.size == 2 * CHANNELS == sum(encoder.widths)
    np.testing.assert_allclose(encoder.vectors(photos), expected, rtol=1e-4, atol=1e-5)


def test_a_vector_does_not_depend_on_the_photos_beside_it_or_on_the_thread(encoder: OnnxEncoder) -> None:
    photos = random_photos(16)
    together = encoder.vectors(photos)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda photo: encoder.vectors(photo[None])[0], photos))
    assert np.array_equal(together, np.stack(alone))


def test_the_mirrored_encoder_sees_the_mirror_image_and_has_a_key_of_its_own(encoder: OnnxEncoder) -> None:
    photos = random_photos(2)
    other = encoder.of_mirror_images()
    assert np.array_equal(other.vectors(photos), encoder.vectors(photos[:, :, ::-1]))
    assert not np.array_equal(other.vectors(photos), encoder.vectors(photos))
    assert (other.network, other.sha256, other.name) == (encoder.network, encoder.sha256, encoder.name)
    assert other.key == encoder.key.replace("squash8", "squash8-mirrored") != encoder.key


def test_an_encoder_is_chosen_by_its_file_and_says_what_it_is(tmp_path: Path) -> None:
    file = write_network(tmp_path)
    (chosen,) = photo_encoders(f"onnx:{file}")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (chosen.name, chosen.sha256, chosen.licence) == (f"onnx:{file}", sha256, "Apache-2.0")
    assert (chosen.input_px, chosen.number) == (8, np.float32)
    assert chosen.key.startswith(f"onnx-{sha256[:16]}-squash8-")


def test_the_key_is_the_same_for_one_meaning_and_another_for_another(tmp_path: Path) -> None:
    def key(**changes: object) -> str:
        return OnnxEncoder(write_network(tmp_path, described=photo_description(**changes))).key

    same = {key(), key(licence="MIT"), key(layout="NCHW"), key(kind="photo")}
    others = [key(mean=[0, 0, 0]), key(pixel_range=1), key(number="float16"), key(widths=[4, 4])]
    assert len(same) == 1
    assert len(same | set(others)) == 5


def test_several_things_are_taken_of_tokens_and_statistics_leave_their_prefix_out(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Reshape", ["maps", "shape"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["tokens"], perm=[0, 2, 1]),
    ]
    shape = numpy_helper.from_array(np.array([0, CHANNELS, -1]), "shape")
    network = photos_network(nodes, outputs=["tokens"], constants=[shape])
    wanted = [("cls", 1), ("mean", 1), ("mean+std", 2), ("mean", 0)]
    outputs = [{"name": "tokens", "pooling": pooling, "prefix_tokens": prefix} for pooling, prefix in wanted]
    encoder = OnnxEncoder(write_network(tmp_path, network, photo_description(outputs=outputs)))
    photos = random_photos(2)
    tokens = maps_of(photos).reshape(2, CHANNELS, -1).transpose(0, 2, 1)
    late = tokens[:, 2:]
    expected = [tokens[:, 0], tokens[:, 1:].mean(axis=1), late.mean(axis=1), late.std(axis=1), tokens.mean(axis=1)]
    np.testing.assert_allclose(encoder.vectors(photos), np.hstack(expected), rtol=1e-3, atol=1e-4)


def test_several_outputs_stand_side_by_side_in_blocks_of_the_format_asked_for(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["maps"], ["means"]),
        helper.make_node("Flatten", ["means"], ["vector"]),
    ]
    outputs = [{"name": "vector", "pooling": "vector"}, {"name": "maps", "pooling": "std"}]
    described = photo_description(outputs=outputs, number="float16", widths=[CHANNELS, CHANNELS])
    encoder = OnnxEncoder(write_network(tmp_path, photos_network(nodes, outputs=["maps", "vector"]), described))
    maps = maps_of(random_photos(1))
    vectors = encoder.vectors(random_photos(1))
    assert (encoder.widths, vectors.dtype) == ((CHANNELS, CHANNELS), np.float16)
    expected = np.hstack([maps.mean(axis=(2, 3)), maps.std(axis=(2, 3))])
    np.testing.assert_allclose(vectors, expected, rtol=1e-2, atol=1e-3)


def test_a_network_may_read_bytes_and_colours_of_0_to_1(tmp_path: Path) -> None:
    nodes = [helper.make_node("Cast", ["bytes"], ["photos"], to=TensorProto.FLOAT)]
    network = photos_network(shape=[1, 3, 8, 8])
    network.graph.node.insert(0, nodes[0])
    network.graph.input[0].CopyFrom(helper.make_tensor_value_info("bytes", TensorProto.UINT8, [1, 3, 8, 8]))
    (tmp_path / "bytes").mkdir()
    raw = photo_description(mean=[0, 0, 0], scale=[1, 1, 1])
    of_bytes = OnnxEncoder(write_network(tmp_path / "bytes", network, raw))
    small = photo_description(pixel_range=1, mean=[0, 0, 0], scale=[1 / 255] * 3)
    of_ones = OnnxEncoder(write_network(tmp_path, described=small))
    photos = random_photos(2)
    np.testing.assert_allclose(of_bytes.vectors(photos), of_ones.vectors(photos), rtol=1e-4)
    with pytest.raises(ModelError, match="reads colours of 0 to 255 as they are; describe it with pixel_range 255"):
        OnnxEncoder(write_network(tmp_path / "bytes", network)).vectors(photos)


def test_data_in_files_beside_it_belongs_to_the_network(tmp_path: Path) -> None:
    network = photos_network()
    (weights,) = network.graph.initializer
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "weights.bin").write_bytes(weights.raw_data)
    sha256 = hashlib.sha256(weights.raw_data).hexdigest()
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="data/weights.bin")
    described = photo_description(files={"data/weights.bin": sha256})
    encoder = OnnxEncoder(write_network(tmp_path, network, described))
    np.testing.assert_allclose(
        encoder.vectors(random_photos(1))[:, :CHANNELS], maps_of(random_photos(1)).mean((2, 3)), rtol=1e-3
    )
    assert encoder.sha256 != json.loads((tmp_path / "tiny.onnx.json").read_text())["sha256"]
    del encoder  # what is loaded would be shared
    (tmp_path / "data" / "weights.bin").write_bytes(bytes(192))
    with pytest.raises(ModelError, match=r"data/weights.bin has the SHA-256 .*, tiny.onnx.json says"):
        OnnxEncoder(tmp_path / "tiny.onnx").load()
    write_network(tmp_path, network)
    with pytest.raises(ModelError, match=r'has no SHA-256 of data/weights.bin.*"data/weights.bin": "[0-9a-f]{64}"'):
        OnnxEncoder(tmp_path / "tiny.onnx").load()


def test_encoders_of_one_file_share_one_network(encoder: OnnxEncoder) -> None:
    encoder.load()
    other = OnnxEncoder(encoder.network.path)
    with ThreadPoolExecutor(4) as pool:
        loaded = set(pool.map(lambda _: id(other.network.loaded), range(8)))
    assert loaded == {id(encoder.network.loaded)}


def test_a_network_is_tried_once_and_its_sizes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path / "cache"))
    assert OnnxEncoder(write_network(tmp_path)).size == 2 * CHANNELS
    monkeypatch.setattr("sakka.networks.onnx.trial.subprocess", None)
    again = OnnxEncoder(tmp_path / "tiny.onnx")
    assert again.size == again.vectors(random_photos(1)).shape[1] == 2 * CHANNELS


def test_all_problems_of_a_description_are_said_at_once(tmp_path: Path) -> None:
    described = photo_description(
        input_px=True, pixel_range=256, mean=[1, 2], scale=[1, 0, 1], licence=None, sha256="short", widths=[]
    )
    outputs = [{"name": "maps", "pooling": "max"}]
    write_network(tmp_path, described={**described, "outputs": outputs, "std": 3})
    with pytest.raises(ModelError) as caught:
        OnnxEncoder(tmp_path / "tiny.onnx")
    message = str(caught.value)
    assert "\n" not in message
    for said in (
        "input_px is true, expected a whole number of 8 to 2048",
        "pixel_range is 256, expected 1 or 255",
        "mean is [1, 2], expected three numbers: red, green, blue",
        "scale is [1, 0, 1], expected three numbers above 0",
        "licence is missing",
        'sha256 is "short", expected 64 characters',
        'outputs is [{"name": "maps", "pooling": "max"}], expected a list',
        "widths is [], expected a list of whole numbers",
        '"std" is no field; known are kind, outputs',
        "see docs/guides/own-network.md",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no .*tiny.onnx.json; a network needs a description beside it"),
        ("[1]", "holds list, expected an object"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"kind": "text"}', "describes a network of kind text, expected photo"),
        (" " * (1 << 20) + "{}", "at most 1,048,576 are read"),
        ("", "is empty, expected a JSON file"),
    ],
)
def test_what_is_no_description_is_refused_in_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    write_network(tmp_path)
    path = tmp_path / "tiny.onnx.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ModelError, match=said) as caught:
        OnnxEncoder(tmp_path / "tiny.onnx")
    assert "\n" not in str(caught.value)


def test_another_file_than_the_one_described_is_refused(tmp_path: Path) -> None:
    file = write_network(tmp_path)
    encoder = OnnxEncoder(file)
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(
        ModelError, match=r"has the SHA-256 [0-9a-f]{64}, tiny.onnx.json says .*; take the file that was"
    ):
        encoder.load()


def test_a_network_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    file = write_network(tmp_path)
    with pytest.raises(ModelError, match="bytes, at most 100 are read; take a smaller network"):
        OnnxNetwork(file, "photo", most_bytes=100).loaded  # noqa: B018
