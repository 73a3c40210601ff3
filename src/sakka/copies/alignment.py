"""How similar two photos are where one may be a part of the other, or its mirror image.

One photo, whole, is laid on a window of the other where their local contrast agrees best:

    contrast(a, b) = max over windows w of corr(h(a), h(w(b)))

h: reduced to 24 x 24 grey cells, each less the mean of the 7 x 7 cells around it, so that large dark and light
surfaces, which many photos share, count little. Where to begin is known from the hashes (`candidates.py`): the view
of b that resembles the whole of a. From there each of the window's four edges is moved by itself, in steps that become
finer, while that raises the correlation. So laid, the colours are compared: the mean difference of Cb and Cr (0 to 255)
over 12 x 12 cells.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray, IntArray, Mask
from sakka.copies.candidates import Candidates
from sakka.copies.fingerprints import HASHES, WINDOWS, PhotoFingerprints
from sakka.engines.engine import current_engine
from sakka.progress import task

GRID = 24
COLOUR_GRID = 12
AROUND = 7
STEPS = (0.04, 0.02, 0.02, 0.01, 0.01, 0.005)
WORTH_REFINING = (0.25, 0.4, 0.5, 0.6, 0.7, 0.75)
"""Before each step: the correlation below which a pair is left as it is."""
PAIRS_AT_ONCE = 512


MIRRORED = HASHES - 1
TOLERANCE = 1e-6
_VIEW_BOXES = np.array(
    [(top, bottom, left, right) for left, top, right, bottom in (*WINDOWS, WINDOWS[0])], dtype=np.float32
)


@dataclass(frozen=True)
class Comparison:
    """The similarity of pairs of photos; arrays of shape (n_pairs,).

    Attributes:
        contrast: Correlation of local contrast, 1 for the same photo, about 0.2 for photos with nothing in common.
        colour: Mean difference of colour where the one is laid on the other, 0 for the same colours.
    """

    contrast: FloatArray
    colour: FloatArray


def compare(fingerprints: PhotoFingerprints, candidates: Candidates) -> Comparison:
    """Compare the photos of candidate pairs."""
    n_pairs = len(candidates.pairs)
    contrast, colour = np.zeros(n_pairs, dtype=np.float32), np.full(n_pairs, np.inf, dtype=np.float32)
    starts = range(0, n_pairs, PAIRS_AT_ONCE)
    compared = partial(_block, fingerprints=fingerprints, candidates=candidates)
    found = current_engine().each(compared, starts, "sakka-pairs")
    with task("comparing photos", total=len(starts)) as running, closing(found):
        for start, of_block in found:
            contrast[start : start + PAIRS_AT_ONCE], colour[start : start + PAIRS_AT_ONCE] = of_block
            running.advance()
    return Comparison(contrast, colour)


def _block(start: int, fingerprints: PhotoFingerprints, candidates: Candidates) -> tuple[FloatArray, FloatArray]:
    """The contrast and the difference of colour of the pairs from `start` on."""
    block = slice(start, start + PAIRS_AT_ONCE)
    pairs, views = candidates.pairs[block], candidates.views[block]
    contrast, colour = _compare(fingerprints, pairs, views)
    # Of two similar wholes either may be the larger one: they are also compared the other way round.
    wholes = np.flatnonzero((views == 0) | (views == MIRRORED))
    turned = _compare(fingerprints, pairs[wholes, ::-1], views[wholes])
    swapped = turned[0] > contrast[wholes]
    contrast[wholes[swapped]], colour[wholes[swapped]] = turned[0][swapped], turned[1][swapped]
    return contrast, colour


def _compare(fingerprints: PhotoFingerprints, pairs: IntArray, views: IntArray) -> tuple[FloatArray, FloatArray]:
    """The contrast and the difference of colour where the first of each pair is laid on a view of the second."""
    contrast, boxes = _placed(fingerprints, pairs, views)
    ones = np.tile(_VIEW_BOXES[:1], (len(pairs), 1))
    first, second = pairs.T
    colours = _parts(_mirror(fingerprints.colour[first], views == MIRRORED), ones, COLOUR_GRID)
    difference = np.abs(colours - _parts(fingerprints.colour[second], boxes, COLOUR_GRID))
    return contrast, difference.sum(axis=1).mean(axis=(1, 2))


def _placed(fingerprints: PhotoFingerprints, pairs: IntArray, views: IntArray) -> tuple[FloatArray, FloatArray]:
    """The contrast, and the window of the second on which the first of each pair is laid, shape (n_pairs, 4)."""
    ones = np.tile(_VIEW_BOXES[:1], (len(pairs), 1))
    first, second = pairs.T
    whole = _contrast(_parts(_mirror(fingerprints.small[first], views == MIRRORED), ones, GRID))
    return _refined(whole, fingerprints.small[second], _VIEW_BOXES[views])


@dataclass(frozen=True)
class Placement:
    """How one of two photos lies on the other.

    Attributes:
        part: Which of the two, 0 or 1, lies whole on a window of the other.
        mirrored: Whether it is mirrored for that.
        window: Top, bottom, left, right of the window, as shares of the other's height and width.
    """

    part: int
    mirrored: bool
    window: tuple[float, float, float, float]


def placement(fingerprints: PhotoFingerprints) -> Placement:
    """Where the one of two photos lies best on the other, begun from each view.

    Args:
        fingerprints: Of the two photos.
    """
    views = np.tile(np.arange(HASHES), 2)
    pairs = np.repeat(np.array([[0, 1], [1, 0]]), HASHES, axis=0)
    contrast, windows = _placed(fingerprints, pairs, views)
    best = int(contrast.argmax())
    top, bottom, left, right = windows[best].tolist()
    return Placement(int(pairs[best, 0]), bool(views[best] == MIRRORED), (top, bottom, left, right))


def _mirror(pictures: npt.NDArray[np.uint8], mirrored: Mask) -> npt.NDArray[np.uint8]:
    shape = (-1,) + (1,) * (pictures.ndim - 1)
    return np.where(mirrored.reshape(shape), pictures[..., ::-1], pictures)


def _refined(whole: FloatArray, other: npt.NDArray[np.uint8], boxes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Move the windows' edges while that raises the correlation; dissimilar pairs stay as they are."""
    boxes = boxes.copy()
    score = np.einsum("np,np->n", whole, _contrast(_parts(other, boxes, GRID)))
    for step, worth in zip(STEPS, WORTH_REFINING, strict=True):
        promising = np.flatnonzero(score >= worth)
        for axis in (0, 1):
            across = _along(other[promising].astype(np.float32), boxes[promising], 1 - axis, GRID)
            for moved in _moves(axis, step):
                trial = boxes[promising] + moved
                inside = ((trial >= -TOLERANCE) & (trial <= 1 + TOLERANCE)).all(axis=1)
                rows, trial = promising[inside], trial[inside].clip(0, 1)
                tried = np.einsum("np,np->n", whole[rows], _contrast(_along(across[inside], trial, axis, GRID)))
                better = tried > score[rows]
                boxes[rows[better]], score[rows[better]] = trial[better], tried[better]
    refined: FloatArray = score.astype(np.float32)
    return refined, boxes


def _moves(axis: int, step: float) -> Iterator[FloatArray]:
    """How the two edges are moved that lie across an axis, 0 the height."""
    for edge in (2 * axis, 2 * axis + 1):
        for direction in (-1, 1):
            moved = np.zeros(4, dtype=np.float32)
            moved[edge] = direction * step
            yield moved


def _parts(pictures: npt.NDArray[np.uint8], boxes: FloatArray, cells: int) -> FloatArray:
    """One window of each picture at `cells` x `cells`; channels before height and width stay."""
    return _along(_along(pictures.astype(np.float32), boxes, 0, cells), boxes, 1, cells)


def _along(pictures: FloatArray, boxes: FloatArray, axis: int, cells: int) -> FloatArray:
    """The window's part of each picture at `cells` cells along one axis, 0 the height; the other axis stays."""
    means = _means(boxes[:, 2 * axis], boxes[:, 2 * axis + 1], cells, pictures.shape[-2 + axis])
    if pictures.ndim == 4:
        means = means[:, None]
    parts: FloatArray = pictures @ means.swapaxes(-1, -2) if axis else means @ pictures
    return parts


def _contrast(parts: FloatArray) -> FloatArray:
    """Local contrast of mean 0 and length 1: (n, cells, cells) -> (n, cells squared)."""
    around = _surrounding()
    flat = (parts - around @ parts @ around.T).reshape(len(parts), GRID * GRID)
    flat -= flat.mean(axis=1, keepdims=True)
    contrast: FloatArray = flat / (np.linalg.norm(flat, axis=1, keepdims=True) + np.float32(1e-6))
    return contrast


def _means(start: FloatArray, stop: FloatArray, cells: int, side: int) -> FloatArray:
    """Matrices of the means over `cells` equal parts of intervals of a line, shape (n, cells, side)."""
    parts = np.linspace(0, 1, cells + 1, dtype=np.float32)
    edges = (start[:, None] + (stop - start)[:, None] * parts) * side
    before = np.clip(edges[:, :, None] - np.arange(side, dtype=np.float32), 0, 1)  # how much of a pixel an edge is past
    width = (stop - start) * (side / cells)
    means: FloatArray = ((before[:, 1:] - before[:, :-1]) / width[:, None, None]).astype(np.float32)
    return means


@cache
def _surrounding() -> FloatArray:
    """The matrix of the means over `AROUND` cells of a line, the edges mirrored, (`GRID`, `GRID`)."""
    table = np.zeros((GRID, GRID), dtype=np.float32)
    for cell in range(GRID):
        for near in range(cell - AROUND // 2, cell + AROUND // 2 + 1):
            inside = -near - 1 if near < 0 else near if near < GRID else 2 * GRID - near - 1
            table[cell, inside] += 1 / AROUND
    return table
