"""Near-identical photos: a perceptual hash of 64 bits a photo, and the pairs whose hashes differ in few bits.

The hash is the DCT hash ("pHash", C. Zauner, "Implementation and benchmarking of perceptual image hash functions",
2010): the photo in grey, brought to 32 x 32, its two-dimensional discrete cosine transform C; of the 8 x 8 lowest
frequencies without the mean (rows and columns 1 to 8), bit k is 1 where C_k is above their median. Scaling,
recompression and changes of light leave most bits as they are.

Pairs within d bits are found without comparing all with all (multi-index hashing, Norouzi, Punjani and Fleet, 2012): of
four parts of 16 bits at least one differs in no more than r = floor(d / 4) bits, so it is enough to look, for each
part, among the photos whose part is within r bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.errors import PhotoError
from sakka.photos.examine import examine_photos

HashArray = npt.NDArray[np.uint64]
NEAR_DISTANCE = 8
"""Bits in which the hashes of near-identical photos may differ."""
HASH_BITS = 64
GRID_PX = 32
FREQUENCIES = 8
FLATTEST = 2.0
"""Standard deviation of grey values (0 to 255) below which a photo shows nothing that could be compared."""
PARTS = 4
PART_BITS = HASH_BITS // PARTS
MOST_DISTANCE = 15
CANDIDATES_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class PhotoHashes:
    """The perceptual hashes of works' featured photos.

    Attributes:
        values: uint64, shape (n_works,); 0 where there is no hash.
        known: bool, shape (n_works,): False where a work has no photo, an unreadable one or one that shows nothing.
    """

    values: HashArray
    known: Mask


def photo_hash(image: Image.Image) -> int | None:
    """The DCT hash of a photo as an integer of 64 bits; None where it is of one even colour.

    >>> bin(photo_hash(Image.radial_gradient("L"))).count("1")
    32
    """
    grey = image.convert("L").resize((GRID_PX, GRID_PX), Image.Resampling.BOX)
    grid = np.asarray(grey, dtype=np.float64)
    if grid.std() < FLATTEST:
        return None
    # Rounded so that frequencies that are equal stay equal on every machine.
    frequencies = np.round(_cosines() @ grid @ _cosines().T, 6).ravel()
    bits = frequencies > np.median(frequencies)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


@cache
def _cosines() -> DoubleArray:
    """The rows 1 to 8 of the cosine transform of 32 values, shape (8, 32)."""
    frequency = np.arange(1, FREQUENCIES + 1)[:, None]
    position = np.arange(GRID_PX)[None, :]
    return np.cos(np.pi * frequency * (2 * position + 1) / (2 * GRID_PX))


def photo_hashes(paths: Sequence[Path | None]) -> PhotoHashes:
    """Hashes of each work's featured photo.

    Args:
        paths: Each work's photo, shape (n_works,); None for no photo. A photo that can't be read has no hash.
    """
    rows = [row for row, path in enumerate(paths) if path is not None]
    values, known = np.zeros(len(paths), dtype=np.uint64), np.zeros(len(paths), dtype=np.bool_)
    examined = examine_photos([path for path in paths if path is not None], photo_hash, "photo hashes")
    for row, seen in zip(rows, examined, strict=True):
        if not isinstance(seen, PhotoError) and seen.found is not None:
            values[row], known[row] = seen.found, True
    return PhotoHashes(values, known)


def near_pairs(hashes: PhotoHashes, max_distance: int = NEAR_DISTANCE) -> IntArray:
    """Every pair of works whose hashes differ in `max_distance` bits or fewer.

    Returns:
        Rows, int64, shape (n_pairs, 2), each pair's first below its second, sorted.

    Raises:
        ValueError: `max_distance` is not between 0 and `MOST_DISTANCE`.
    """
    if not 0 <= max_distance <= MOST_DISTANCE:
        raise ValueError(f"max_distance is {max_distance}, expected 0 to {MOST_DISTANCE}")
    rows = np.flatnonzero(hashes.known)
    unique, group = np.unique(hashes.values[rows], return_inverse=True)
    order = np.argsort(group, kind="stable")
    members = np.split(rows[order], np.flatnonzero(np.diff(group[order])) + 1)
    pairs = [same[np.stack(np.triu_indices(len(same), k=1), axis=1)] for same in members if len(same) > 1]
    near = near_between(unique, unique, max_distance)
    pairs += [
        np.stack(np.meshgrid(members[a], members[b], indexing="ij"), axis=-1).reshape(-1, 2)
        for a, b in near[near[:, 0] < near[:, 1]]
    ]
    if not pairs:
        return np.empty((0, 2), dtype=np.int64)
    return np.unique(np.sort(np.concatenate(pairs).astype(np.int64), axis=1), axis=0)


def near_between(wanted: HashArray, among: HashArray, max_distance: int) -> IntArray:
    """Every pair of a hash of `wanted` and one of `among` that differ in `max_distance` bits or fewer.

    Returns:
        Indices into the two, int64, shape (n_pairs, 2), sorted.

    Raises:
        ValueError: `max_distance` is not between 0 and `MOST_DISTANCE`.
    """
    if not 0 <= max_distance <= MOST_DISTANCE:
        raise ValueError(f"max_distance is {max_distance}, expected 0 to {MOST_DISTANCE}")
    found = [np.empty((0, 2), dtype=np.int64)]
    for part in range(PARTS):
        wanted_keys, keys = _part(wanted, part), _part(among, part)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange((1 << PART_BITS) + 1))
        for change in _changes(max_distance // PARTS):
            for first, second in _candidates(wanted_keys ^ change, order, starts):
                near = np.bitwise_count(wanted[first] ^ among[second]) <= max_distance
                found.append(np.stack([first[near], second[near]], axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _part(hashes: HashArray, part: int) -> IntArray:
    return ((hashes >> np.uint64(part * PART_BITS)) & np.uint64((1 << PART_BITS) - 1)).astype(np.int64)


def _changes(most_bits: int) -> list[int]:
    """Every number of `PART_BITS` bits with `most_bits` of them set or fewer."""
    chosen = (bits for count in range(most_bits + 1) for bits in combinations(range(PART_BITS), count))
    return [sum(1 << bit for bit in bits) for bits in chosen]


def _candidates(wanted: IntArray, order: IntArray, starts: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Pair each index with those whose key is the one wanted, at most about `CANDIDATES_AT_ONCE` at a time."""
    counts = starts[wanted + 1] - starts[wanted]
    ends = np.cumsum(counts)
    top = 0
    while top < len(wanted):
        done = ends[top - 1] if top else 0
        bottom = max(top + 1, int(np.searchsorted(ends, done + CANDIDATES_AT_ONCE, side="right")))
        here = counts[top:bottom]
        first = np.repeat(np.arange(top, bottom), here)
        within = np.arange(here.sum()) - np.repeat(np.cumsum(here) - here, here)
        yield first, order[np.repeat(starts[wanted[top:bottom]], here) + within]
        top = bottom
