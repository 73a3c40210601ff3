"""Files that are not what they seem, or that would do harm: each is refused in one line."""

import os
import pickle
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from tests.networks.onnx.tiny_onnx import photo_description, photos_network, random_photos, write_network

from sakka.errors import ModelError
from sakka.networks.onnx import runtime
from sakka.networks.onnx.photo import OnnxEncoder

Hostile = Callable[[Path], Path]


@pytest.fixture(autouse=True)
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sakka.networks.onnx.trial.TRIAL_MEMORY_BYTES", 1 << 30)


def _bytes(content: bytes) -> Hostile:
    return lambda folder: write_network(folder, content)


def _network(*nodes: object, **arguments: object) -> Hostile:
    return lambda folder: write_network(folder, photos_network(nodes, **arguments))


def _zip() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("data.pkl", pickle.dumps({"weights": 1}))
    return content.getvalue()


def _external(location: str) -> Hostile:
    def write(folder: Path) -> Path:
        network = photos_network()
        weights = network.graph.initializer[0]
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value=location)
        (folder.parent / "secret.bin").write_bytes(bytes(192))
        (folder / "link.bin").symlink_to(folder.parent / "secret.bin")
        (folder / "round.bin").symlink_to("round.bin")
        return write_network(folder, network, photo_description(files={location: "0" * 64}))

    return write


def _external_within_a_constant(folder: Path) -> Path:
    value = TensorProto(dims=[1], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    value.external_data.add(key="location", value="../secret.bin")
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["inner"], value=value)],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, [1])],
    )
    node = helper.make_node("If", ["truth"], ["chosen"], then_branch=branch, else_branch=branch)
    truth = numpy_helper.from_array(np.array(True), "truth")
    return write_network(folder, photos_network([node], constants=[truth]))


def _made(folder: Path, make: Callable[[Path], None]) -> Path:
    file = write_network(folder)
    file.unlink()
    make(file)
    return file


def _constant(values: object, name: str) -> TensorProto:
    return numpy_helper.from_array(np.array(values), name)


def _with_function(folder: Path) -> Path:
    node = helper.make_node("Again", ["x"], ["y"], domain="ai.onnx")
    again = helper.make_function("ai.onnx", "Again", ["x"], ["y"], [node], [helper.make_opsetid("", 17)])
    return write_network(folder, photos_network(functions=[again]))


def _nested(depth: int) -> bytes:
    """A graph within a node's attribute, many times over."""
    graph = b""
    for _ in range(depth):
        attribute = b"\x32" + _length(graph) + graph
        node = b"\x2a" + _length(attribute) + attribute
        graph = b"\x0a" + _length(node) + node
    return b"\x08\x08\x3a" + _length(graph) + graph


def _length(content: bytes) -> bytes:
    size, written = len(content), b""
    while size > 0x7F:
        written, size = written + bytes([size & 0x7F | 0x80]), size >> 7
    return written + bytes([size])


def _with_training(network: ModelProto) -> ModelProto:
    network.training_info.add()
    return network


def _loop() -> object:
    body = helper.make_graph([], "body", [], [])
    return helper.make_node("Loop", ["", ""], ["times"], body=body)


WHOLE = photos_network().SerializeToString()
HOSTILE: dict[str, tuple[Hostile, str]] = {
    "empty": (_bytes(b""), "is empty, expected an ONNX file"),
    "a zip": (_bytes(_zip()), "is a zip archive, expected an ONNX file; export"),
    "a pickle": (_bytes(pickle.dumps({"weights": [1.0]})), "is a pickle, expected an ONNX file"),
    "a gzip": (_bytes(b"\x1f\x8b\x08" + bytes(20)), "is a gzip file"),
    "a text": (_bytes(b"<!DOCTYPE html>"), "is no ONNX file, or is cut off"),
    "zeros": (_bytes(bytes(100)), "is no ONNX file, or is cut off"),
    "cut off": (_bytes(WHOLE[: len(WHOLE) // 2]), r"is no ONNX file, or is cut off \(.* bytes are announced"),
    "lengths of exabytes": (_bytes(b"\x08\x08\x3a" + b"\xff" * 8 + b"\x7f"), "bytes are announced where 0 follow"),
    "numbers without an end": (_bytes(b"\x08" + b"\xff" * 40), "a number does not end"),
    "graphs in graphs": (_bytes(_nested(300)), "graphs stand within graphs, more than 8 deep"),
    "a folder": (lambda folder: _made(folder, Path.mkdir), r"can't be read \(Is a directory\); give it an ONNX file"),
    "a pipe": (lambda folder: _made(folder, os.mkfifo), "is no file, expected an ONNX file"),
    "a link to itself": (
        lambda folder: _made(folder, lambda file: file.symlink_to(file.name)),
        r"can't be read \(Too many levels of symbolic links\)",
    ),
    "gone": (lambda folder: _made(folder, lambda file: None), r"can't be read \(No such file or directory\)"),
    "data above": (_external("../secret.bin"), r"has data in '../secret.bin', which is not in its folder"),
    "data by absolute path": (_external("/etc/passwd"), "has data in '/etc/passwd', which is not in its folder"),
    "data behind a link": (_external("link.bin"), "has data in 'link.bin', which is not in its folder"),
    "data behind links that go round": (_external("round.bin"), "has data in 'round.bin'"),
    "data in the memory": (_external("*/_ORT_MEM_ADDR_/*"), "which is not in its folder"),
    "data in no file": (_external(""), "has data in '', which is not in its folder"),
    "data above in a branch": (_external_within_a_constant, "has data in '../secret.bin'"),
    "a custom operator": (
        _network(helper.make_node("Run", ["maps"], ["x"], domain="evil.example")),
        "has the custom operator evil.example:Run; export it with the operators of ONNX",
    ),
    "a contributed operator": (
        _network(helper.make_node("FusedConv", ["maps"], ["x"], domain="com.microsoft")),
        "custom operator com.microsoft:FusedConv",
    ),
    "a function that calls itself": (_with_function, "defines 1 functions of its own; inline them"),
    "a loop": (_network(_loop()), "has the operator Loop, which repeats without a limit"),
    "chance": (
        _network(helper.make_node("RandomNormalLike", ["maps"], ["x"])),
        "has the operator RandomNormalLike, which draws by chance",
    ),
    "training": (lambda folder: write_network(folder, _with_training(photos_network())), "has a part for training"),
    "an operator that is none": (
        _network(helper.make_node("Nothing", ["maps"], ["x"])),
        r"can't be run by onnxruntime \(.*Nothing",
    ),
    "no photos": (lambda folder: _inputs(folder, 0), r"has 0 inputs \(none\), expected one, the photos"),
    "two inputs": (lambda folder: _inputs(folder, 2), r"has 2 inputs \(photos, more\), expected one"),
    "texts as input": (_network(number=TensorProto.STRING), "reads texts, expected float32, float16 or uint8"),
    "another size": (_network(shape=[1, 3, 16, 16]), r"of shape \(1, 3, 16, 16\), expected \(any or 1, 3, 8, 8\)"),
    "one colour": (_network(shape=["n", 1, 8, 8]), r"of shape \(any, 1, 8, 8\), expected"),
    "colours last": (_network(shape=["n", 8, 8, 3]), r"of shape \(any, 8, 8, 3\), expected"),
    "another output": (
        _network(helper.make_node("Relu", ["maps"], ["other"]), outputs=["other"]),
        "has no output 'maps'; it has other",
    ),
    "an output of another shape": (
        lambda folder: write_network(folder, None, photo_description(outputs=[{"name": "maps", "pooling": "cls"}])),
        r"gives maps of shape \(1, 4, 4, 4\); cls after 0 prefix tokens reads \(1, tokens, values\)",
    ),
    "vectors of another size each time": (
        lambda folder: write_network(folder, _restless(), photo_description(outputs=[_VECTOR])),
        r"gives vectors of another size each time \(",
    ),
    "vectors too large": (
        lambda folder: write_network(folder, _expanding(70_000), photo_description(outputs=[_VECTOR])),
        "gives vectors of 70,000 values, at most 65,536 are read",
    ),
    "more memory than there is": (
        lambda folder: write_network(folder, _expanding(1 << 28), photo_description(outputs=[_VECTOR])),
        r"(can't be run by onnxruntime \(.*(alloc|memory)|ends onnxruntime)",
    ),
}
_VECTOR = {"name": "x", "pooling": "vector"}


def _expanding(values: int) -> ModelProto:
    """A vector of so many values from a photo."""
    nodes = [
        helper.make_node("ReduceMean", ["maps"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Expand", ["mean", "shape"], ["x"]),
    ]
    return photos_network(nodes, outputs=["x"], constants=[_constant([1, values], "shape")])


def _restless() -> ModelProto:
    """As many values as a photo's maps have that are not 0."""
    nodes = [
        helper.make_node("NonZero", ["photos"], ["indices"]),
        helper.make_node("Cast", ["indices"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["numbers", "shape"], ["row"]),
        helper.make_node("Concat", ["row", "one"], ["x"], axis=1),
    ]
    return photos_network(
        nodes, outputs=["x"], constants=[_constant([1, -1], "shape"), _constant(np.float32([[1]]), "one")]
    )


def _inputs(folder: Path, count: int) -> Path:
    network = photos_network()
    network.graph.input.add().CopyFrom(helper.make_tensor_value_info("more", TensorProto.FLOAT, ["n"]))
    for _ in range(2 - count):
        network.graph.input.pop()
    return write_network(folder, network)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    make, said = HOSTILE[kind]
    folder = tmp_path / "network"
    folder.mkdir()
    with pytest.raises(ModelError, match=said) as caught:
        OnnxEncoder(make(folder)).load()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_network_that_ends_onnxruntime_ends_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "crash.py"
    program.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(runtime, "__file__", str(program))
    with pytest.raises(ModelError, match=r"tiny.onnx ends onnxruntime \(SIGSEGV\) within 1,024 MiB and 120 s"):
        OnnxEncoder(write_network(tmp_path)).load()


def test_memory_that_depends_on_the_photo_is_limited_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = [
        helper.make_node("ReduceMax", ["photos"], ["brightest"], keepdims=0),
        helper.make_node("Sub", ["brightest", "limit"], ["difference"]),
        helper.make_node("Relu", ["difference"], ["above"]),
        helper.make_node("Mul", ["above", "billions"], ["wanted"]),
        helper.make_node("Cast", ["wanted"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["whole", "one"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        helper.make_node("Add", ["maps", "nothing"], ["sum"]),
    ]
    constants = [_constant(np.float32(1e10), "billions"), _constant([1], "one"), _constant(np.float32(255), "limit")]
    network = photos_network(nodes, outputs=["sum"], constants=constants)
    described = photo_description(
        outputs=[{"name": "sum", "pooling": "mean"}], mean=[-1000, -1000, -1000], scale=[1, 1, 1]
    )
    encoder = OnnxEncoder(write_network(tmp_path, network, described))
    encoder.load()
    with pytest.raises(ModelError, match=r"can't be run on a photo \(.*Available memory.*\); export it again"):
        encoder.vectors(random_photos(1))
    assert capsys.readouterr() == ("", "")


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    large = _constant(np.float32(1e30), "large")  # its square is infinite
    network = photos_network([helper.make_node("Mul", ["maps", "large"], ["x"])], outputs=["x"], constants=[large])
    described = photo_description(outputs=[{"name": "x", "pooling": "std"}])
    with pytest.raises(ModelError, match=r"gave values that are no numbers, .*check mean, scale and pixel_range"):
        OnnxEncoder(write_network(tmp_path, network, described)).vectors(random_photos(1))
