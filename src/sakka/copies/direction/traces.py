"""Traces of one photo's JPEG compression in another one that was made from it.

The other photo is resampled onto the pixels of the first. If it was made from the first's file, however it was cut,
scaled or recoloured since, it still has the first's blocks:

    blocks    how much more the picture jumps between its blocks of 8 x 8 pixels than elsewhere; lines where the other
              photo has blocks of its own don't count (Z. Fan and R. de Queiroz, 2003)
    lattice   mean of cos(2 pi c / q), c the coefficients of the cosine transform and q the first's quantisation table,
              less the same for blocks that are shifted by half: 1 for exact multiples, 0 without a trace (compare
              J. Lukáš and J. Fridrich, 2003; T. Bianchi and A. Piva, 2012)
    missing   how much more of the lattice a copy has that is made here of the first photo, with the tones, noise and
              compression of the other one: nearly nothing where the other was made from the first's file
"""

import io
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

from sakka.arrays import DoubleArray, FloatArray, Mask
from sakka.copies.fingerprints import Box

BLOCK = 8
MOST_PX = 640  # of a side that is looked at
FEWEST_PX = 64
HALF = BLOCK // 2
NEAR_PX = 1.1
FEWEST_LINES = 3
FINER = 0.75
LARGEST_JUMP = 12.0
LOWEST = 6  # frequencies u + v below it; higher ones hold mostly zeros
FEWEST_COEFFICIENTS = 60
LARGEST_STEP = 90.0
FEWEST_OF_LEVEL = 20  # pixels that say what becomes of a level
SD_PER_MEDIAN = 1.4826  # of the absolute values of a normal distribution
MULTIPLES = 0.45  # mean cosine; coefficients that were saved finely since are near multiples only


@dataclass(frozen=True)
class LaidPhoto:
    """A photo that is laid on another one.

    Attributes:
        image: Mirrored where that lays it on the other.
        box: Left, top, right, bottom of what both show, in its pixels.
        table: Its quantisation table of the luminance, shape (8, 8); None where none is known.
        steps: Its `stored_steps`.
        first_block: The column at which its blocks begin: not 0 where it is mirrored.
    """

    image: Image.Image
    box: Box
    table: FloatArray | None
    steps: FloatArray
    first_block: int = 0

    @cached_property
    def grey(self) -> Image.Image:
        """Its luminance."""
        return self.image.convert("L")


def block_traces(one: LaidPhoto, other: LaidPhoto) -> float:
    """The logarithm of how much more `other` jumps at the blocks of `one` than elsewhere; 0 without a trace."""
    region = _region(one)
    if region is None or float(one.steps.mean()) <= 1:
        return 0.0
    there = _mapped(region, one.box, other.box)
    grey = _resampled(other, there, region)
    found = []
    for axis, lines in enumerate((grey, grey.T)):
        scale = (there[2 + axis] - there[axis]) / (region[2 + axis] - region[axis])
        start = there[axis] - (0 if axis else other.first_block)
        found.append(_jump(lines, start, scale, other_has=other.table is not None))
    return float(np.mean(found))


def _jump(grey: FloatArray, start: float, scale: float, *, other_has: bool) -> float:
    """`block_traces` across the columns, the first of which begins a block."""
    steps = np.abs(-grey[:, 3:] + 3 * grey[:, 2:-1] - 3 * grey[:, 1:-2] + grey[:, :-3])
    at_column = np.minimum(steps, LARGEST_JUMP).mean(axis=0)  # of the line before column 2, 3, ...
    columns = np.arange(2, 2 + len(at_column))
    in_other = (start + columns * scale) / BLOCK
    own = np.abs(in_other - np.round(in_other)) * BLOCK / scale <= NEAR_PX
    usable = ~own | (not other_has)
    at_phase = [at_column[usable & (columns % BLOCK == phase)] for phase in range(BLOCK)]
    means = [each.mean() if len(each) >= FEWEST_LINES else 0.0 for each in at_phase]
    others = [mean for mean in means[1:] if mean > 0]
    return float(np.log(means[0] / np.median(others))) if means[0] > 0 and len(others) > 2 else 0.0


def lattice_traces(one: LaidPhoto, other: LaidPhoto) -> float:
    """How nearly the coefficients of `other` on the blocks of `one` are multiples of the steps of `one`.

    Where both have the same blocks, a frequency that `other` stores as coarsely itself says nothing.
    """
    region = _region(one)
    if region is None:
        return 0.0
    there = _mapped(region, one.box, other.box)
    usable = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)) < LOWEST
    usable[0, 0] = False
    if other.table is not None and _same_blocks(region, there, one.first_block, other.first_block):
        usable &= other.table < FINER * one.steps
    if not usable.any():
        return 0.0
    grey, own = _resampled(other, there, region), _resampled(one, region, region)
    on_blocks = _cosine(grey, own, one.steps, usable)
    shifted = _cosine(grey[HALF:-HALF, HALF:-HALF], own[HALF:-HALF, HALF:-HALF], one.steps, usable)
    return on_blocks - shifted


def missing_traces(one: LaidPhoto, other: LaidPhoto) -> float:
    """How much of the `lattice_traces` is missing that `other` would have if it had been made from `one`, 0 or more."""
    copy = _copy_like(one, other)
    seen, expected = (max(0.0, lattice_traces(one, each)) if each else 0.0 for each in (other, copy))
    return max(0.0, expected - seen)


def _copy_like(one: LaidPhoto, other: LaidPhoto) -> LaidPhoto | None:
    """A copy of `one` with the frame, tones, noise and compression of `other`; None where that is too small."""
    left, top = (int(np.ceil(side - 0.01)) for side in other.box[:2])
    right, bottom = (int(np.floor(side + 0.01)) for side in other.box[2:])
    if min(right - left, bottom - top) < FEWEST_PX:
        return None
    box = (left, top, right, bottom)
    there = _mapped((float(left), float(top), float(right), float(bottom)), other.box, one.box)
    cut = one.grey.resize((right - left, bottom - top), Image.Resampling.BICUBIC, box=there)
    shown = np.asarray(other.grey.crop(box), dtype=np.float32)
    toned = _with_tones(np.asarray(cut, dtype=np.float32), shown)
    copy = _stored_like(toned, other, box)
    apart = np.diff(shown - np.asarray(copy.crop(box), dtype=np.float32), axis=1)
    noise_sd = float(np.median(np.abs(apart))) * SD_PER_MEDIAN / np.sqrt(2)
    if noise_sd > 1:
        noise = np.random.default_rng(0).normal(0, noise_sd, toned.shape)
        copy = _stored_like(toned + noise, other, box)
    return replace(other, image=copy)


def _with_tones(values: FloatArray, shown: FloatArray) -> DoubleArray:
    """Values moved, level by level, to the mean of what is shown there."""
    level = (values / 4).astype(np.int64).clip(0, 63).ravel()
    count = np.bincount(level, minlength=64)
    usual = count > min(FEWEST_OF_LEVEL, count.max() - 1)
    before, after = (np.bincount(level, each.ravel(), 64)[usual] / count[usual] for each in (values, shown))
    toned: DoubleArray = np.interp(values, before, after)
    return toned


def _stored_like(values: DoubleArray, other: LaidPhoto, box: tuple[int, int, int, int]) -> Image.Image:
    """The luminance of `other` with other values in a box, compressed as its file is."""
    grey = other.grey.copy()
    grey.paste(Image.fromarray(values.clip(0, 255).round().astype(np.uint8)), box[:2])
    if other.table is None:
        return grey
    upright = grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if other.first_block else grey
    buffer = io.BytesIO()
    upright.save(buffer, "JPEG", qtables=[other.table.clip(1, 255).astype(np.int64).ravel().tolist()])
    stored = Image.open(buffer).convert("L")
    return stored.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if other.first_block else stored


def _same_blocks(region: Box, there: Box, first_block: int, other_first_block: int) -> bool:
    starts = (first_block, 0, first_block, 0), (other_first_block, 0, other_first_block, 0)
    apart = np.array(there) - starts[1] - (np.array(region) - starts[0])
    return bool((np.abs(apart - BLOCK * np.round(apart / BLOCK)) < 0.01).all())


def stored_steps(image: Image.Image, table: FloatArray | None) -> FloatArray:
    """The steps in which a photo's coefficients come, shape (8, 8): its table's, or coarser ones of an earlier saving.

    Of each lower frequency the largest step is taken whose multiples the coefficients are near; where there is none,
    the table's entry stays, 1 without a table.
    """
    steps = np.ones((BLOCK, BLOCK), dtype=np.float32) if table is None else np.maximum(table, 1)
    whole = LaidPhoto(image, (0.0, 0.0, float(image.width), float(image.height)), table, steps)
    region = _region(whole)
    if region is None:
        return steps
    values = _coefficients(_resampled(whole, region, region))
    steps = steps.copy()
    for u, v in np.argwhere(np.add.outer(np.arange(BLOCK), np.arange(BLOCK)) < LOWEST)[1:]:
        steps[u, v] = _step(np.abs(values[:, u, v]), float(steps[u, v]))
    return steps


def _step(sizes: DoubleArray, own: float) -> float:
    """The largest step of which the coefficients are multiples, from half more than their own on; else their own."""
    for step in np.arange(round(LARGEST_STEP), max(1.5 * own, 3.0), -1.0):
        counted = sizes[sizes >= step / 2]
        if len(counted) >= FEWEST_COEFFICIENTS and np.cos(2 * np.pi * counted / step).mean() >= MULTIPLES:
            return float(step)
    return own


def _cosine(grey: FloatArray, own: FloatArray, all_steps: FloatArray, usable: Mask) -> float:
    """Mean of cos(2 pi c / q) over coefficients that aren't nearly 0, each frequency brought to the first's scale."""
    there, here = (_coefficients(each)[:, usable] for each in (grey, own))
    gain = (there * here).sum(axis=0) / ((here**2).sum(axis=0) + 1e-6)
    steps = all_steps[usable]
    scaled = there / np.where(np.abs(gain) < 0.2, np.inf, gain)
    counted = (np.abs(here) >= steps / 2) & (np.abs(scaled) >= steps / 2) & (steps >= 2)
    if counted.sum() < FEWEST_COEFFICIENTS:
        return 0.0
    return float(np.cos(2 * np.pi * scaled / steps)[counted].mean())


def _coefficients(grey: FloatArray) -> DoubleArray:
    """The cosine transform of the blocks of a picture, shape (n_blocks, 8, 8)."""
    rows, columns = (length // BLOCK for length in grey.shape)
    blocks = grey[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)
    basis = _basis()
    transformed: DoubleArray = basis @ (blocks.reshape(-1, BLOCK, BLOCK) - 128) @ basis.T
    return transformed


def _basis() -> DoubleArray:
    """The orthonormal cosine transform of 8 values, shape (8, 8)."""
    frequency, position = np.arange(BLOCK)[:, None], np.arange(BLOCK)[None]
    basis: DoubleArray = np.cos(np.pi * frequency * (2 * position + 1) / (2 * BLOCK)) / 2
    basis[0] /= np.sqrt(2)
    return basis


def _region(photo: LaidPhoto) -> Box | None:
    """The middle of what both show in whole blocks of a photo; None where it is too small."""
    sides = []
    for axis, begin in ((0, photo.first_block), (1, 0)):
        first = int(np.ceil((photo.box[axis] - begin) / BLOCK))
        last = int(np.floor((photo.box[2 + axis] - begin) / BLOCK))
        spare = max(0, last - first - MOST_PX // BLOCK)
        first, last = first + spare // 2, last - (spare - spare // 2)
        if (last - first) * BLOCK < FEWEST_PX:
            return None
        sides.append((float(begin + first * BLOCK), float(begin + last * BLOCK)))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


def _mapped(region: Box, box: Box, other_box: Box) -> Box:
    """Where a part of `box` lies in the other photo."""
    found = []
    for side, value in enumerate(region):
        axis = side % 2
        scale = (other_box[2 + axis] - other_box[axis]) / (box[2 + axis] - box[axis])
        there = other_box[axis] + (value - box[axis]) * scale
        found.append(min(max(there, other_box[axis]), other_box[2 + axis]))
    return found[0], found[1], found[2], found[3]


def _resampled(photo: LaidPhoto, box: Box, region: Box) -> FloatArray:
    """The luminance of a box of a photo, at the pixels of a region."""
    size = round(region[2] - region[0]), round(region[3] - region[1])
    if box == region and all(value == round(value) for value in box):
        cut = photo.grey.crop(box)
    else:
        cut = photo.grey.resize(size, Image.Resampling.BICUBIC, box=box)
    values: FloatArray = np.asarray(cut, dtype=np.float32)
    return values
