"""Pairs of photos that may be near-identical: the whole of the one has nearly the hash of a view of the other.

The search compares no more than a few of all pairs (`photos.hashes.near_between`). Where a seller photographs
everything alike, a photo has very many candidates; it keeps the `MOST_OF_ONE` nearest, so that comparing grows with the
number of photos and not with its square.

Of many photos `ROWS_AT_ONCE` are searched among as many others at a time, and after each such part of the search what
can't be kept goes: memory stays bounded. All that is found of one pair is found in one part, and further pairs never
bring a row's pair nearer to its first ones, so that what is kept in the end is what one search over all would keep.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from sakka.arrays import IntArray
from sakka.copies.fingerprints import HashTable, PhotoFingerprints
from sakka.photos.hashes import near_between
from sakka.progress import track

CANDIDATE_BITS = 12
MOST_OF_ONE = 32
ROWS_AT_ONCE = 1 << 14


@dataclass(frozen=True)
class Candidates:
    """Pairs of rows to look at.

    Attributes:
        pairs: Shape (n_pairs, 2): the row whose whole photo it is, and the row whose view it resembles.
        views: Shape (n_pairs,): the view, as an index into `PhotoFingerprints.hashes`.
    """

    pairs: IntArray
    views: IntArray


def candidate_pairs(
    fingerprints: PhotoFingerprints,
    most_bits: int = CANDIDATE_BITS,
    most_of_one: int = MOST_OF_ONE,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Candidates:
    """The pairs of rows of which one's whole is within `most_bits` of a view of the other, each once, sorted.

    Args:
        fingerprints: The photos' fingerprints.
        most_bits: The most bits in which the hashes may differ.
        most_of_one: The most candidates of one row, its nearest; a pair stays where one of its two rows keeps it.
        rows_at_once: How many rows are compared with as many others at a time.
    """
    rows = np.flatnonzero(fingerprints.known)
    parts = [rows[start : start + rows_at_once] for start in range(0, len(rows), rows_at_once)]
    both = list(combinations_with_replacement(parts, 2))
    table = np.empty((0, 4), dtype=np.int64)
    for one, other in track(both, "looking for near-identical photos", total=len(both)) if len(both) > 1 else both:
        found = [_near(fingerprints.hashes, one, other, most_bits)]
        if one is not other:
            found.append(_near(fingerprints.hashes, other, one, most_bits))
        table = _nearest(np.concatenate([table, *found]), most_of_one)
    return Candidates(pairs=table[:, :2], views=table[:, 2])


def _near(hashes: HashTable, one: IntArray, other: IntArray, most_bits: int) -> IntArray:
    """Rows (whole, other, view, bits): each whole of one part with each view of another that is near it."""
    n_views = hashes.shape[1]
    wholes, whole_of = np.unique(hashes[one, 0], return_inverse=True)
    views, view_of = np.unique(hashes[other].ravel(), return_inverse=True)
    near = near_between(wholes, views, most_bits)
    bits = np.bitwise_count(wholes[near[:, 0]] ^ views[near[:, 1]]).astype(np.int64)
    number, whole, entry = _expanded(near, _Members.of(whole_of), _Members.of(view_of))
    table = np.stack([one[whole], other[entry // n_views], entry % n_views, bits[number]], axis=1)
    apart: IntArray = table[table[:, 0] != table[:, 1]]
    return apart


@dataclass(frozen=True)
class _Members:
    """Which positions have which code: those of code c are `order[starts[c] : starts[c + 1]]`."""

    order: IntArray
    starts: IntArray

    @classmethod
    def of(cls, codes: IntArray) -> "_Members":
        order = np.argsort(codes, kind="stable")
        return cls(order, np.searchsorted(codes[order], np.arange(int(codes.max(initial=-1)) + 2)))


def _expanded(near: IntArray, first: _Members, second: _Members) -> tuple[IntArray, IntArray, IntArray]:
    """For each pair of codes every pair of their members: the pair's number, and the two positions."""
    firsts = first.starts[near[:, 0] + 1] - first.starts[near[:, 0]]
    seconds = second.starts[near[:, 1] + 1] - second.starts[near[:, 1]]
    counts = firsts * seconds
    number = np.repeat(np.arange(len(near)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    a = first.order[first.starts[near[number, 0]] + within // seconds[number]]
    b = second.order[second.starts[near[number, 1]] + within % seconds[number]]
    return number, a, b


def _nearest(table: IntArray, most_of_one: int) -> IntArray:
    """Keep of rows (whole, other, view, bits) the nearest of each pair, and of each row its nearest pairs, sorted."""
    lower, upper = table[:, :2].min(axis=1), table[:, :2].max(axis=1)
    order = np.lexsort((table[:, 0], table[:, 2], table[:, 3], upper, lower))
    new = (np.diff(lower[order], prepend=-1) != 0) | (np.diff(upper[order], prepend=-1) != 0)
    kept = table[order[new]]
    ranks = _rank_within(np.concatenate([kept[:, 0], kept[:, 1]]), np.tile(kept[:, 3], 2)).reshape(2, -1)
    nearest: IntArray = kept[ranks.min(axis=0) < most_of_one]
    return nearest


def _rank_within(codes: IntArray, values: IntArray) -> IntArray:
    """Each position's rank by value among those of its code."""
    order = np.lexsort((np.arange(len(codes)), values, codes))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1) != 0)
    sizes = np.diff(np.append(starts, len(codes)))
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[order] = np.arange(len(codes)) - np.repeat(starts, sizes)
    return ranks
