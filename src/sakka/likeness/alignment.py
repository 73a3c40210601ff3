"""How like two photos are where one may be a part of the other, or its mirror image.

The likeness is the highest correlation of local contrast between the one photo, whole, and a window of the other:

    likeness(a, b) = max over windows w of corr(h(a), h(w(b))), corr(h(b), h(w(a))), corr(h(mirrored a), h(b))

h: brought to 24 x 24 grey places, each less the mean of the 7 x 7 places about it, so that large dark and light
surfaces, which many photos share, count little. Windows: 75 % to 100 % of width and height in steps of 5 %, at every
place in steps of 5 %. The likeness of photos that have nothing in common is about 0.2, of copies above 0.6.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from sakka.curation.duplicates import IntArray
from sakka.likeness.signs import SMALL_PX, GreyTable

FloatArray = npt.NDArray[np.float32]

PLACES = 24
AROUND = 7
STEP = 0.05
SMALLEST = 0.75
PAIRS_AT_ONCE = 64


def likeness(first: GreyTable, second: GreyTable) -> FloatArray:
    """Give the likeness of pairs of photos, float32, shape (n,), 1 for the same photo.

    Args:
        first: The small grey pictures of the first of each pair, shape (n, `SMALL_PX`, `SMALL_PX`).
        second: Those of the second.
    """
    likenesses = [
        _likeness(first[start : start + PAIRS_AT_ONCE], second[start : start + PAIRS_AT_ONCE])
        for start in range(0, len(first), PAIRS_AT_ONCE)
    ]
    return np.concatenate(likenesses) if likenesses else np.zeros(0, dtype=np.float32)


def likeness_of_pairs(small: GreyTable, pairs: IntArray) -> FloatArray:
    """Give the likeness of each pair of rows, shape (n_pairs,)."""
    return likeness(small[pairs[:, 0]], small[pairs[:, 1]])


def _likeness(first: GreyTable, second: GreyTable) -> FloatArray:
    of_first, of_second = _contrasts(first), _contrasts(second)  # (n, windows, places); window 0 is the whole
    mirrored = _contrasts(first[:, :, ::-1], only_whole=True)
    inside_second = np.einsum("np,nwp->nw", of_first[:, 0], of_second).max(axis=1)
    inside_first = np.einsum("np,nwp->nw", of_second[:, 0], of_first).max(axis=1)
    flipped = np.einsum("np,np->n", mirrored[:, 0], of_second[:, 0])
    best: FloatArray = np.maximum(np.maximum(inside_second, inside_first), flipped)
    return best


def _contrasts(small: GreyTable, only_whole: bool = False) -> FloatArray:
    """Give the local contrast of every window, each of mean 0 and length 1, shape (n, windows, places)."""
    matrices, windows = _windows()
    rows = matrices[:1] if only_whole else matrices
    windows = windows[:1] if only_whole else windows
    grey = small.astype(np.float32)
    lines = np.einsum("kph,nhw->nkpw", rows, grey, optimize=True)
    parts = np.stack([np.matmul(lines[:, top], rows[left].T) for top, left in windows], axis=1)
    flat = (parts - _blurred(parts)).reshape(*parts.shape[:2], -1)
    flat -= flat.mean(axis=2, keepdims=True)
    contrasts: FloatArray = flat / (np.linalg.norm(flat, axis=2, keepdims=True) + np.float32(1e-6))
    return contrasts


@cache
def _windows() -> tuple[FloatArray, tuple[tuple[int, int], ...]]:
    """Give the matrices that bring an interval of a line to `PLACES` means, and which two of them each window takes."""
    intervals: list[tuple[float, float]] = []
    pairs: list[tuple[int, int]] = []
    for steps in range(round((1 - SMALLEST) / STEP) + 1):
        starts = range(len(intervals), len(intervals) + steps + 1)
        intervals += [(place * STEP, place * STEP + 1 - steps * STEP) for place in range(steps + 1)]
        pairs += [(top, left) for top in starts for left in starts]
    return np.stack([_means(start, stop) for start, stop in intervals]), tuple(pairs)


def _means(start: float, stop: float) -> FloatArray:
    """Give the matrix of the means over `PLACES` equal parts of an interval of a line, (`PLACES`, `SMALL_PX`)."""
    edges = np.linspace(start, stop, PLACES + 1) * SMALL_PX
    pixel = np.arange(SMALL_PX)
    covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    covered = np.clip(covered, 0, None)
    return (covered / covered.sum(axis=1, keepdims=True)).astype(np.float32)


@cache
def _surrounding() -> FloatArray:
    """Give the matrix of the means over `AROUND` places of a line, the edges mirrored, (`PLACES`, `PLACES`)."""
    table = np.zeros((PLACES, PLACES), dtype=np.float32)
    for place in range(PLACES):
        for near in range(place - AROUND // 2, place + AROUND // 2 + 1):
            inside = -near - 1 if near < 0 else near if near < PLACES else 2 * PLACES - near - 1
            table[place, inside] += 1 / AROUND
    return table


def _blurred(parts: FloatArray) -> FloatArray:
    around = _surrounding()
    blurred: FloatArray = around @ parts @ around.T
    return blurred
