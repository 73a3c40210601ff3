"""A convolution of 3 x 3 with fewer products: Winograd's way, as nodes of an ONNX graph.

An output of m x m positions needs an input of a x a, a = m + 2. Of each such tile d and each kernel g

    y = A ((G g G') * (B d B')) A'

with * the product position by position, summed over the channels: a^2 products of tiles with kernels, each a matrix
product, in place of 9 m^2: of 2.25 as many for m = 2, of 4 as many for m = 4. With V_n the powers 0 to n - 1 of the
points 0, 1, -1, 2, ... and infinity as rows, A = V_m', G = V_3 and B = (V_a^-1)' (the transposed Toom-Cook product).
G and B are weighted so that no kernel grows. The products of kernels are made beforehand; cutting the padded maps
into tiles is part of B here, and cropping what lies beyond them part of A.

Source: A. Lavin, S. Gray, CVPR 2016, https://arxiv.org/abs/1509.09308
"""

import numpy as np

from sakka.arrays import DoubleArray, FloatArray
from sakka.networks.onnx.writing import GraphWriter

KERNEL = 3
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)


def write_winograd(
    writer: GraphWriter, maps: str, kernels: FloatArray, offsets: FloatArray, *, side: int, tile: int
) -> str:
    """Write a convolution with stride 1 and padding 1; gives the name of maps of shape (n, side, side, outputs).

    Args:
        writer: Where to.
        maps: The name of the maps, shape (n, channels, side, side).
        kernels: Shape (outputs, channels, 3, 3).
        offsets: Added to each output, shape (outputs,).
        side: The maps' side.
        tile: m, from 2 to 4.
    """
    outputs, channels = kernels.shape[:2]
    back, of_kernels, of_tiles = matrices(tile)
    span, tiles = tile + KERNEL - 1, -(-side // tile)
    products = np.einsum("ai,ocij,bj->abco", of_kernels, kernels.astype(np.float64), of_kernels)
    cut, joined = _cut(of_tiles, side, tile), _joined(back, side, tile)

    def shaped(name: str, *shape: int) -> str:
        return writer.node("Reshape", name, writer.constant(np.array(shape)))

    def across(matrix: str, name: str, rows: int, columns: int, width: int) -> str:
        """A matrix over the rows of maps, shape (n, rows, columns, width), then over their columns."""
        over_rows = writer.node("MatMul", matrix, shaped(name, -1, rows, columns * width))
        return writer.node("MatMul", matrix, shaped(over_rows, -1, columns, width))

    by_rows = writer.node("Transpose", maps, perm=[0, 2, 3, 1])
    patches = across(writer.constant(cut), by_rows, side, side, channels)
    patches = shaped(patches, -1, tiles, span, tiles, span, channels)
    patches = writer.node("Transpose", patches, perm=[2, 4, 0, 1, 3, 5])
    summed = _products(writer, shaped(patches, span * span, -1, channels), products.reshape(-1, channels, outputs))
    summed = writer.node("Transpose", shaped(summed, span, span, -1, tiles, tiles, outputs), perm=[2, 3, 0, 4, 1, 5])
    whole = across(writer.constant(joined), summed, tiles * span, tiles * span, outputs)
    return writer.node("Add", shaped(whole, -1, side, side, outputs), writer.constant(offsets.astype(np.float32)))


def matrices(tile: int) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """A, G and B for outputs of tile x tile, shapes (tile, a), (a, 3) and (a, a).

    >>> back, of_kernels, of_tiles = matrices(2)
    >>> values, kernel = np.array([1.0, 2, 3, 4]), np.array([1.0, 0, -1])
    >>> (back @ ((of_kernels @ kernel) * (of_tiles @ values))).round(12).tolist()
    [-2.0, -2.0]
    """
    span = tile + KERNEL - 1
    of_kernels, of_tiles = _powers(span, KERNEL), np.linalg.inv(_powers(span, span)).T
    weights = np.abs(of_kernels).max(axis=1, keepdims=True)
    return _powers(span, tile).T, of_kernels / weights, of_tiles * weights


def _powers(points: int, n: int) -> DoubleArray:
    """The powers 0 to n - 1 of so many points, the last of which is infinity."""
    finite = np.array(POINTS[: points - 1])[:, None] ** np.arange(n)
    return np.vstack([finite, np.eye(n)[-1:]])


def _cut(of_tiles: DoubleArray, side: int, tile: int) -> FloatArray:
    """B for all tiles beside each other, shape (tiles a, side), without the positions of the padding."""
    span = len(of_tiles)
    padded = np.zeros((-(-side // tile) * span, side + 2 + span))
    for start in range(0, side, tile):
        first = start // tile * span
        padded[first : first + span, start : start + span] = of_tiles
    return padded[:, 1 : side + 1].astype(np.float32)


def _joined(back: DoubleArray, side: int, tile: int) -> FloatArray:
    """A for all tiles beside each other, shape (side, tiles a)."""
    return np.kron(np.eye(-(-side // tile)), back)[:side].astype(np.float32)


def _products(writer: GraphWriter, patches: str, kernels: DoubleArray) -> str:
    """One matrix product a position of a tile: the runtime keeps each matrix in the order that it reads it in."""
    names = writer.split(patches, [1] * len(kernels), axis=0)
    each = [
        writer.node("MatMul", name, writer.constant(kernel.astype(np.float32)))
        for name, kernel in zip(names, kernels, strict=True)
    ]
    return writer.node("Concat", *each, axis=0)
