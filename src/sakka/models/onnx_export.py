"""The photo side of a fitted model as one ONNX file: pixels -> vector -> probabilities, for programs without sakka.

    pixels, bytes, (n, 3, px, px)  ->  network  ->  vector, (n, size)  ->  softmax(((vector - mean) / scale) W + b)

Photos are squashed to px before, as sakka does it (`networks/features.photo_pixels`): resizing is left outside, since
no operator of ONNX resizes as Pillow does. The answer is the model's to one photo; how it pools several photos of a
work is not part of the file. A model on several networks has an input for each, `pixels_lite0` and so on.
The file's metadata has the creators in the order of the probabilities. Beside it stands a description with which
`onnx:FILE` reads the vectors back (`networks/onnx/description.py`), where there is one input.
"""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.errors import ModelError
from sakka.files import sha256_of, write_json
from sakka.models.base import CreatorModel
from sakka.models.feature_model import Reading
from sakka.models.linear_head.head import Head, LinearHead
from sakka.models.photo.finetune import FineTuned
from sakka.models.photo.finetuned_network import FineTunedNetwork, VectorAndScores
from sakka.models.photo.linear import PhotoLinear

if TYPE_CHECKING:
    from sakka.networks.onnx.writing import GraphWriter


@dataclass(frozen=True)
class PhotoExport:
    """What was written.

    Attributes:
        file: The ONNX file.
        inputs: The side in pixels of each input, by name.
        size: How many values a vector has.
        description: The JSON beside the file; None where `onnx:` can't read the vectors back.
    """

    file: Path
    inputs: dict[str, int]
    size: int
    description: Path | None


def export_photo_side(model: CreatorModel, file: Path) -> PhotoExport:
    """Write the photo side of a fitted model as an ONNX file, and a description beside it.

    Args:
        model: A fitted model that reads photos, or a fused one with such a model in it.
        file: Where to write.

    Raises:
        ModelError: The model reads no photos, learned from none, or can't be written as ONNX.
        MissingPartError: The package onnx is not installed.
    """
    reader = model.reader("photo")
    if isinstance(reader, FineTuned) and reader.network_ is not None:
        return _export_finetuned(reader, reader.network_, file)
    if isinstance(reader, PhotoLinear) and isinstance(reader.head_, LinearHead):
        return _export_linear(reader, reader.head_, file)
    if reader is None:
        raise ModelError(f"the model {model.name} reads no photos, so there is nothing to export; fit one with photos")
    if isinstance(reader, FineTuned | PhotoLinear) and not isinstance(vars(reader).get("head_"), Head):
        raise ModelError(f"the model {reader.name} has learned from no photo; fit it on works with photos")
    raise ModelError(f"the model {reader.name} can't be written as ONNX; fit a photo model on lite0, lite2 or vgg16")


def _export_linear(model: PhotoLinear, head: LinearHead, file: Path) -> PhotoExport:
    from sakka.networks.onnx.writing import GraphWriter

    writer, readings = GraphWriter(), model.readings()
    names = ["pixels" if len(readings) == 1 else f"pixels_{reading.encoder.name}" for reading in readings]
    inputs = {name: reading.encoder.input_px for name, reading in zip(names, readings, strict=True)}
    parts = [_write_reading(writer, *pair) for pair in zip(readings, names, strict=True)]
    vector = parts[0] if len(parts) == 1 else writer.node("Concat", *parts, axis=1)
    writer.output("vector", vector, len(head.weights))
    writer.output("probabilities", _write_head(writer, head, vector), len(model.creators_))
    licence = " and ".join(sorted({reading.encoder.licence for reading in readings} - {""}))
    is_short = all(reading.encoder.number is np.float16 for reading in readings)
    _write(writer, file, model, inputs, licence)
    described = {"widths": model._widths(), "number": "float16" if is_short else "float32"}
    return PhotoExport(file, inputs, len(head.weights), _describe(file, inputs, licence, described))


def _export_finetuned(model: FineTuned, network: FineTunedNetwork, file: Path) -> PhotoExport:
    from sakka.networks.onnx.torch_graph import write_network
    from sakka.networks.onnx.writing import GraphWriter

    writer, inputs = GraphWriter(), {"pixels": model.input_px}
    pixels = writer.input("pixels", ("n", 3, model.input_px, model.input_px))
    whole = deepcopy(network).float().cpu().eval()
    given = write_network(writer, VectorAndScores(whole), pixels, (1, 3, model.input_px, model.input_px))
    size = given["vector"].value.shape[1]
    writer.output("vector", given["vector"].name, size)
    writer.output("probabilities", writer.node("Softmax", given["scores"].name, axis=1), len(model.creators_))
    _write(writer, file, model, inputs, "")
    return PhotoExport(file, inputs, size, _describe(file, inputs, "", {}))


def _write_reading(writer: "GraphWriter", reading: Reading, name: str) -> str:
    """What a head reads of one encoder; gives its name."""
    from sakka.networks.extractor import PhotoExtractor
    from sakka.networks.onnx.extractor_graph import write_extractor

    encoder = reading.encoder
    if not isinstance(encoder, PhotoExtractor):
        raise ModelError(f"the encoder {encoder.name} can't be written as ONNX; take a model on lite0, lite2 or vgg16")
    writer.input(name, ("n", 3, encoder.input_px, encoder.input_px))
    return write_extractor(writer, encoder, name, reading.columns)


def _write_head(writer: "GraphWriter", head: LinearHead, vector: str) -> str:
    """The creators' probabilities; gives their name."""
    assert head.mean is not None
    assert head.scale is not None
    centred = writer.node("Sub", vector, writer.constant(head.mean))
    standardised = writer.node("Div", centred, writer.constant(head.scale))
    products = writer.node("MatMul", standardised, writer.constant(head.weights))
    return writer.node("Softmax", writer.node("Add", products, writer.constant(head.bias)), axis=1)


def _write(writer: "GraphWriter", file: Path, model: CreatorModel, inputs: dict[str, int], licence: str) -> None:
    said = {"creators": list(model.creators_), "input_px": inputs, "model": model.name, "licence": licence}
    writer.write(file, said)


def _describe(file: Path, inputs: dict[str, int], licence: str, described: dict[str, Any]) -> Path | None:
    """Write the description of a file with one input."""
    from sakka.networks.onnx.description import description_path

    if len(inputs) > 1:
        return None
    content = {
        "kind": "photo",
        "input_px": inputs["pixels"],
        "pixel_range": 255,
        "mean": [0, 0, 0],
        "scale": [1, 1, 1],
        "outputs": [{"name": "vector", "pooling": "vector"}],
        "licence": licence,
        "sha256": sha256_of(file),
        **described,
    }
    write_json(description_path(file), content)
    return description_path(file)
