"""ONNX files of a few numbers, each with its description, for tests of networks that a user brings."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

SIDE_PX = 8
CHANNELS = 4
WEIGHTS = np.random.default_rng(5).normal(size=(CHANNELS, 3, 2, 2)).astype(np.float32)


def photos_network(
    nodes: Sequence[NodeProto] = (),
    *,
    outputs: Sequence[str] = ("maps",),
    shape: Sequence[int | str | None] = ("n", 3, SIDE_PX, SIDE_PX),
    number: int = TensorProto.FLOAT,
    constants: Sequence[TensorProto] = (),
    domains: Sequence[str] = ("",),
    **model: Any,
) -> ModelProto:
    """A convolution of 2 x 2 pixels whose output is called `maps`, with more nodes behind it."""
    convolution = helper.make_node("Conv", ["photos", "weights"], ["maps"], strides=[2, 2])
    graph = helper.make_graph(
        [convolution, *nodes],
        "tiny",
        [helper.make_tensor_value_info("photos", number, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(WEIGHTS, "weights"), *constants],
    )
    opsets = [helper.make_opsetid(domain, 17) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **model)


def photo_description(**changes: Any) -> dict[str, Any]:
    """The description of `photos_network`; None takes a field out."""
    described = {
        "input_px": SIDE_PX,
        "pixel_range": 255,
        "mean": [100, 110, 120],
        "scale": [50, 60, 70],
        "outputs": [{"name": "maps", "pooling": "mean+std"}],
        "licence": "Apache-2.0",
    }
    return {name: value for name, value in {**described, **changes}.items() if value is not None}


def write_network(
    folder: Path, network: ModelProto | bytes | None = None, described: dict[str, Any] | None = None, name: str = "tiny"
) -> Path:
    """Write a network and its description, with the right SHA-256 unless one is given."""
    content = network if isinstance(network, bytes) else (network or photos_network()).SerializeToString()
    file = folder / f"{name}.onnx"
    file.write_bytes(content)
    described = photo_description() if described is None else described
    with_sha256 = {"sha256": hashlib.sha256(content).hexdigest(), **described}
    (folder / f"{name}.onnx.json").write_text(json.dumps(with_sha256), encoding="utf-8")
    return file


def random_photos(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)


def maps_of(photos: np.ndarray) -> np.ndarray:
    """What `photos_network` gives for photos, by NumPy, shape (n, CHANNELS, SIDE_PX / 2, SIDE_PX / 2)."""
    inputs = (photos - np.array([100, 110, 120])) / np.array([50, 60, 70])
    half = SIDE_PX // 2
    squares = inputs.reshape(len(photos), half, 2, half, 2, 3)
    return np.einsum("nyixjc,dcij->ndyx", squares, WEIGHTS)
