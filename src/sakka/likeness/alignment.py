"""How like two photos are where one may be a part of the other, or its mirror image.

One photo, whole, is laid on a window of the other where their local contrast agrees best:

    contrast(a, b) = max over windows w of corr(h(a), h(w(b))), corr(h(b), h(w(a))), corr(h(mirrored a), h(w(b)))

h: brought to 24 x 24 grey places, each less the mean of the 7 x 7 places about it, so that large dark and light
surfaces, which many photos share, count little. The windows are first 75 % to 100 % of width and height at every place,
in steps of 5 %; then each of the four edges of the best one is moved by itself, in steps that are halved, while that
raises the correlation. So laid, the colours are compared: the mean difference of Cb and Cr (0 to 255) over 12 x 12
places.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from sakka.curation.duplicates import IntArray
from sakka.likeness.signs import SMALL_PX, PhotoSigns

FloatArray = npt.NDArray[np.float32]

PLACES = 24
COLOUR_PLACES = 12
AROUND = 7
STEP = 0.05
SMALLEST = 0.75
FINER = (0.02, 0.02, 0.01, 0.01, 0.005)
WORTH_REFINING = 0.5
PAIRS_AT_ONCE = 64


@dataclass(frozen=True)
class Comparison:
    """What comparing pairs of photos gives; arrays of shape (n_pairs,).

    Attributes:
        contrast: Correlation of local contrast, 1 for the same photo, about 0.2 for photos with nothing in common.
        colour: Mean difference of colour where the one is laid on the other, 0 for the same colours.
    """

    contrast: FloatArray
    colour: FloatArray


def compare(signs: PhotoSigns, pairs: IntArray) -> Comparison:
    """Compare the photos of pairs of rows."""
    contrast, colour = np.zeros(len(pairs), dtype=np.float32), np.full(len(pairs), np.inf, dtype=np.float32)
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        block = slice(start, start + PAIRS_AT_ONCE)
        contrast[block], colour[block] = _compare(signs, pairs[block])
    return Comparison(contrast, colour)


def _compare(signs: PhotoSigns, pairs: IntArray) -> tuple[FloatArray, FloatArray]:
    whole, other, boxes, best = _laid(signs.small[pairs[:, 0]], signs.small[pairs[:, 1]])
    mirrored, swapped = best == 2, best == 1
    firsts, seconds = np.where(swapped[:, None], pairs[:, ::-1], pairs).T
    contrast, boxes = _refined(whole, other, boxes)
    ones = np.tile(np.array([0.0, 1.0, 0.0, 1.0], dtype=np.float32), (len(pairs), 1))
    colours = _parts(_mirror(signs.colour[firsts], mirrored), ones, COLOUR_PLACES)
    others = _parts(signs.colour[seconds], boxes, COLOUR_PLACES)
    difference: FloatArray = np.abs(colours - others).sum(axis=1).mean(axis=(1, 2))
    return contrast, difference


def _mirror(pictures: npt.NDArray[np.uint8], mirrored: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    shape = (-1,) + (1,) * (pictures.ndim - 1)
    return np.where(mirrored.reshape(shape), pictures[..., ::-1], pictures)


def _laid(
    first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
) -> tuple[FloatArray, npt.NDArray[np.uint8], FloatArray, IntArray]:
    """Choose how each pair is laid, by the windows of the coarse grid.

    Returns:
        The contrast of what is laid, whole; the picture it is laid on; the window (top, bottom, left, right, as
        shares); and how: 0 the first on the second, 1 the second on the first, 2 the first mirrored on the second.
    """
    matrices, intervals, windows = _grid()
    of_first, of_second = (_grid_contrasts(each, matrices, windows) for each in (first, second))
    turned = _contrast(_parts_of(first[..., ::-1], matrices[:1], windows[:1]))[:, 0]
    scores = np.stack(
        [
            np.einsum("np,nwp->nw", of_first[:, 0], of_second),
            np.einsum("np,nwp->nw", of_second[:, 0], of_first),
            np.einsum("np,nwp->nw", turned, of_second),
        ],
        axis=1,
    )
    best: IntArray = scores.max(axis=2).argmax(axis=1)
    window = scores[np.arange(len(best)), best].argmax(axis=1)
    boxes = np.array([(*intervals[top], *intervals[left]) for top, left in windows], dtype=np.float32)[window]
    whole = np.stack([of_first[:, 0], of_second[:, 0], turned], axis=1)[np.arange(len(best)), best]
    other = np.where((best == 1)[:, None, None], first, second)
    return whole, other, boxes, best


def _refined(whole: FloatArray, other: npt.NDArray[np.uint8], boxes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Move the windows' edges while that raises the correlation; pairs that are far from alike stay as they are."""
    boxes = boxes.copy()
    score = np.einsum("np,np->n", whole, _contrast(_parts(other, boxes, PLACES)[:, None])[:, 0])
    worth = np.flatnonzero(score >= WORTH_REFINING)
    for moved in _moves():
        trial = boxes[worth] + moved
        inside = (trial >= 0).all(axis=1) & (trial <= 1).all(axis=1)
        rows, trial = worth[inside], trial[inside]
        tried = np.einsum("np,np->n", whole[rows], _contrast(_parts(other[rows], trial, PLACES)[:, None])[:, 0])
        better = tried > score[rows]
        boxes[rows[better]], score[rows[better]] = trial[better], tried[better]
    refined: FloatArray = score.astype(np.float32)
    return refined, boxes


def _moves() -> Iterator[FloatArray]:
    for step in FINER:
        for edge in range(4):
            for sign in (-1, 1):
                moved = np.zeros(4, dtype=np.float32)
                moved[edge] = sign * step
                yield moved


def _grid_contrasts(
    grey: npt.NDArray[np.uint8], matrices: FloatArray, windows: tuple[tuple[int, int], ...]
) -> FloatArray:
    return _contrast(_parts_of(grey, matrices, windows))


def _parts_of(grey: npt.NDArray[np.uint8], matrices: FloatArray, windows: tuple[tuple[int, int], ...]) -> FloatArray:
    """Give every window of the grid at `PLACES` x `PLACES`, shape (n, windows, `PLACES`, `PLACES`)."""
    lines = np.einsum("kph,nhw->nkpw", matrices, grey.astype(np.float32), optimize=True)
    return np.stack([lines[:, top] @ matrices[left].T for top, left in windows], axis=1)


def _parts(pictures: npt.NDArray[np.uint8], boxes: FloatArray, places: int) -> FloatArray:
    """Give one window of each picture at `places` x `places`; channels before height and width stay."""
    side = pictures.shape[-1]
    rows, columns = _means(boxes[:, 0], boxes[:, 1], places, side), _means(boxes[:, 2], boxes[:, 3], places, side)
    if pictures.ndim == 4:
        rows, columns = rows[:, None], columns[:, None]
    parts: FloatArray = rows @ pictures.astype(np.float32) @ columns.swapaxes(-1, -2)
    return parts


def _contrast(parts: FloatArray) -> FloatArray:
    """Give local contrast of mean 0 and length 1: (n, windows, places, places) -> (n, windows, places squared)."""
    around = _surrounding()
    flat = (parts - around @ parts @ around.T).reshape(*parts.shape[:2], PLACES * PLACES)
    flat -= flat.mean(axis=2, keepdims=True)
    contrast: FloatArray = flat / (np.linalg.norm(flat, axis=2, keepdims=True) + np.float32(1e-6))
    return contrast


@cache
def _grid() -> tuple[FloatArray, tuple[tuple[float, float], ...], tuple[tuple[int, int], ...]]:
    """Give the intervals of a line, their matrices, and which two of them each window of the grid takes."""
    intervals: list[tuple[float, float]] = []
    pairs: list[tuple[int, int]] = []
    for steps in range(round((1 - SMALLEST) / STEP) + 1):
        starts = range(len(intervals), len(intervals) + steps + 1)
        intervals += [(place * STEP, place * STEP + 1 - steps * STEP) for place in range(steps + 1)]
        pairs += [(top, left) for top in starts for left in starts]
    edges = np.array(intervals, dtype=np.float32)
    return _means(edges[:, 0], edges[:, 1], PLACES, SMALL_PX), tuple(intervals), tuple(pairs)


def _means(start: FloatArray, stop: FloatArray, places: int, side: int) -> FloatArray:
    """Give matrices of the means over `places` equal parts of intervals of a line, shape (n, places, side)."""
    parts = np.linspace(0, 1, places + 1, dtype=np.float32)
    edges = (start[:, None] + (stop - start)[:, None] * parts) * side
    pixel = np.arange(side, dtype=np.float32)
    covered = np.minimum(edges[:, 1:, None], pixel + 1) - np.maximum(edges[:, :-1, None], pixel)
    covered = np.clip(covered, 0, None)
    means: FloatArray = (covered / covered.sum(axis=2, keepdims=True)).astype(np.float32)
    return means


@cache
def _surrounding() -> FloatArray:
    """Give the matrix of the means over `AROUND` places of a line, the edges mirrored, (`PLACES`, `PLACES`)."""
    table = np.zeros((PLACES, PLACES), dtype=np.float32)
    for place in range(PLACES):
        for near in range(place - AROUND // 2, place + AROUND // 2 + 1):
            inside = -near - 1 if near < 0 else near if near < PLACES else 2 * PLACES - near - 1
            table[place, inside] += 1 / AROUND
    return table
