"""What `PhotoExtractor` computes of a photo, as nodes of an ONNX graph: network, statistics, signed roots."""

import numpy as np

from sakka.arrays import IntArray
from sakka.networks.backbones import LAST, Backbone
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.onnx.torch_graph import Named, write_network
from sakka.networks.onnx.writing import GraphWriter


def write_extractor(writer: GraphWriter, extractor: PhotoExtractor, pixels: str, columns: IntArray) -> str:
    """Write what an extractor computes, in float32; gives the name of the vectors.

    Args:
        writer: Where to.
        extractor: What turns pixels into vectors.
        pixels: The name of the input in the graph: RGB from 0 to 255, bytes, shape (n, 3, input_px, input_px).
        columns: The values of a vector that are wanted, in order.
    """
    exact = PhotoExtractor(extractor.backbone.name, "float32") if extractor.dtype != "float32" else extractor
    shape = (1, 3, extractor.input_px, extractor.input_px)
    maps = write_network(writer, exact.network, _normalised(writer, extractor.backbone, pixels), shape)
    pieces: dict[int, str] = {}  # by the column that each starts at
    for stage, where in extractor.columns.items():
        covariances = extractor.covariance_columns.get(stage)
        mean, std, roots = _statistics(writer, maps[stage], covariances is not None)
        pieces[where.start] = mean
        if stage != LAST:
            pieces[where.start + extractor.backbone.stages[stage]] = std
        if covariances is not None:
            pieces[covariances.start] = roots
    table = _chosen(writer, pieces, columns, extractor.size)
    return table if extractor.number is np.float32 else writer.cast(writer.cast(table, np.float16), np.float32)


def _normalised(writer: GraphWriter, backbone: Backbone, pixels: str) -> str:
    mean, scale = (np.array(each, dtype=np.float32).reshape(1, 3, 1, 1) for each in (backbone.mean, backbone.scale))
    centred = writer.node("Sub", writer.cast(pixels, np.float32), writer.constant(mean))
    return writer.node("Div", centred, writer.constant(scale))


def _chosen(writer: GraphWriter, pieces: dict[int, str], columns: IntArray, size: int) -> str:
    """Some columns of pieces that stand side by side; a piece of which none is wanted is not computed."""
    starts = np.array(sorted(pieces))
    piece_of = np.searchsorted(starts, np.arange(size), side="right") - 1
    wanted = np.unique(piece_of[columns])
    kept = np.flatnonzero(np.isin(piece_of, wanted))
    table = writer.node("Concat", *(pieces[int(starts[piece])] for piece in wanted), axis=1)
    if np.array_equal(kept, columns):
        return table
    return writer.node("Gather", table, writer.constant(np.searchsorted(kept, columns)), axis=1)


def _statistics(writer: GraphWriter, maps: Named, covariances: bool) -> tuple[str, str, str]:
    """The names of each channel's mean and standard deviation, and of the channels' covariances where wanted."""
    _, channels, height, width = maps.value.shape
    rows = writer.node("Reshape", maps.name, writer.constant(np.array([0, channels, height * width])))
    mean = writer.node("ReduceMean", rows, axes=[2], keepdims=1)
    centred = writer.node("Sub", rows, mean)
    variance = writer.node("ReduceMean", writer.node("Mul", centred, centred), axes=[2], keepdims=0)
    names = writer.node("Squeeze", mean, writer.constant(np.array([2]))), writer.node("Sqrt", variance)
    if not covariances:
        return *names, ""
    turned = writer.node("Transpose", centred, perm=[0, 2, 1])
    products = writer.node("Div", writer.node("MatMul", centred, turned), writer.number(height * width))
    flat = writer.node("Reshape", products, writer.constant(np.array([0, channels * channels])))
    upper, right = np.triu_indices(channels)
    own = writer.node("Gather", flat, writer.constant(upper * channels + right), axis=1)
    roots = writer.node("Sqrt", writer.node("Abs", own))
    return *names, writer.node("Mul", writer.node("Sign", own), roots)
