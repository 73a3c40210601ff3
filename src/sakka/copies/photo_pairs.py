"""Pairs of works that have a near-identical photo, whichever of their photos it is.

Of the candidates (`candidates.py`) those photos are near-identical that agree when the one is laid on the other
(`alignment.py`): in local contrast to `NEAR_CONTRAST` with colours no further apart than `NEAR_COLOUR`, or, of other
colours, in contrast to `SAME_CONTRAST`.

Two works whose featured photos are near-identical are a pair. So are two works of which another photo is near-identical
to any photo of the other, unless it is a common picture: a size chart, the packaging, a shop's banner. Photos that
near-identical pairs connect show one picture. It is common where it stands in works of `COMMON_CREATORS` creators or in
more than `MOST_WORKS` works; and where it is no work's featured photo, in more than `MOST_BESIDE` works. A common
picture joins works by their featured photos only. Of two photos neither of which is featured the contrast must agree to
`BESIDE_CONTRAST`: a box looks much alike with another work in it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask, numbers_within
from sakka.copies.alignment import Comparison, compare
from sakka.copies.candidates import candidate_pairs
from sakka.copies.connected import connected
from sakka.copies.fingerprints import PhotoFingerprints

NEAR_CONTRAST, NEAR_COLOUR = 0.88, 3.0
SAME_CONTRAST = 0.96
COMMON_CREATORS = 3
MOST_WORKS = 6
MOST_BESIDE = 2
BESIDE_CONTRAST = 0.985
MOST_EXPANDED = 400


@dataclass(frozen=True)
class PhotoPairs:
    """Pairs of works by their photos.

    Attributes:
        works: The rows of each pair's works, the first lower, sorted, shape (n_pairs, 2).
        photos: Which photo of each of the two it is, 0 for the featured one, shape (n_pairs, 2); of several the most
            similar.
        contrast: The contrast of the two photos, rounded to 4 places, shape (n_pairs,).
        common: Whether each photo is a common picture and not its work's featured photo, shape (n_photos,).
    """

    works: IntArray
    photos: IntArray
    contrast: DoubleArray
    common: Mask


def near_photos(fingerprints: PhotoFingerprints, rows: IntArray, creators: IntArray) -> PhotoPairs:
    """The pairs of works with near-identical photos.

    Photos with the same fingerprint, such as one that stands for "no photo" in many works, are looked at once. Of their
    pairs, and of those with a photo that is near them, at most about `MOST_EXPANDED` are given: enough to connect all.

    Args:
        fingerprints: Of the works' photos, work by work, each work's featured photo first.
        rows: The work of each photo, ascending, shape (n_photos,).
        creators: The creator of each work as a number, -1 where it is unknown, shape (n_works,).
    """
    once, members = _distinct(fingerprints)
    candidates = candidate_pairs(fingerprints.take(once))
    found = compare(fingerprints.take(once), candidates)
    near = is_near(found)
    picture = np.full(len(rows), -1)
    for number, photos in zip(connected(candidates.pairs[near], len(once)).tolist(), members, strict=True):
        picture[photos] = number
    featured = numbers_within(rows) == 0
    common = ~featured & _common(picture, rows, creators, featured)
    joining = [[photo for photo in photos if not common[photo]] for photos in members]
    alike = [(photos, photos, 1.0) for photos in joining]
    contrast = found.contrast[near].astype(np.float64).round(4).tolist()
    alike += [
        (joining[first], joining[second], value)
        for (first, second), value in zip(candidates.pairs[near].tolist(), contrast, strict=True)
    ]
    return _of_works(alike, rows, featured, common)


def is_near(found: Comparison) -> Mask:
    """Say of compared pairs whether their photos are near-identical, shape (n_pairs,)."""
    near: Mask = (found.contrast >= NEAR_CONTRAST) & (found.colour <= NEAR_COLOUR)
    return near | (found.contrast >= SAME_CONTRAST)


def _distinct(fingerprints: PhotoFingerprints) -> tuple[IntArray, list[list[int]]]:
    """A row of each different photo, and all the rows of each."""
    rows_of: dict[bytes, list[int]] = defaultdict(list)
    for row in np.flatnonzero(fingerprints.known).tolist():
        content = fingerprints.hashes[row].tobytes() + fingerprints.small[row].tobytes()
        rows_of[hashlib.sha256(content).digest()].append(row)
    members = list(rows_of.values())
    return np.array([rows[0] for rows in members], dtype=np.int64), members


def _common(picture: IntArray, rows: IntArray, creators: IntArray, featured: Mask) -> Mask:
    """Whether each photo shows a common picture, shape (n_photos,); one that shows nothing (-1) doesn't."""
    known = picture >= 0
    n_pictures = int(picture.max(initial=-1)) + 1
    n_works, n_creators = (
        np.bincount(np.unique(np.stack([picture[known], each[known]]), axis=1)[0], minlength=n_pictures)
        for each in (rows, creators[rows])
    )
    is_featured = np.bincount(picture[known & featured], minlength=n_pictures) > 0
    common = (n_creators >= COMMON_CREATORS) | (n_works > np.where(is_featured, MOST_WORKS, MOST_BESIDE))
    of_photo: Mask = known & np.append(common, False)[picture]
    return of_photo


def _of_works(
    alike: Sequence[tuple[list[int], list[int], float]], rows: IntArray, featured: Mask, common: Mask
) -> PhotoPairs:
    """The pairs of works that pairs of lists of photos connect, each by its most similar photos."""
    numbers = numbers_within(rows)
    best: dict[tuple[int, int], tuple[float, int, int]] = {}
    for first, second, value in alike:
        for a, b in _some_pairs(first, second):
            if value < BESIDE_CONTRAST and not (featured[a] or featured[b]):
                continue
            pair, found = (int(rows[a]), int(rows[b])), (-value, int(numbers[a]), int(numbers[b]))
            if pair[0] != pair[1]:
                best[pair] = min(found, best.get(pair, found))
    ordered = sorted(best)
    return PhotoPairs(
        np.array(ordered, dtype=np.int64).reshape(-1, 2),
        np.array([best[pair][1:] for pair in ordered], dtype=np.int64).reshape(-1, 2),
        np.array([-best[pair][0] for pair in ordered]),
        common,
    )


def _some_pairs(first: list[int], second: list[int]) -> list[tuple[int, int]]:
    """Pairs of one of each, the lower first: all, or where these are very many, enough to connect all."""
    if len(first) * len(second) > MOST_EXPANDED:
        first, second = (first, second[:1]) if len(first) > len(second) else (first[:1], second)
    return sorted({(min(a, b), max(a, b)) for a in first for b in second if a != b})
