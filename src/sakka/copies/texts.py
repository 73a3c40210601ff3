"""Near-identical texts: equal once normalised, or similar in most of their shingles.

Normalised: Unicode NFKC, case folded, letters and digits only. Shingles are all sequences of 5 characters. Two texts
are similar from a Jaccard index (shared shingles / all shingles of both) of `NEAR_TEXT`. Pairs are found by MinHash
with banding (A. Broder, 1997; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3): of 16 bands of
4 hashes one is equal with a probability of 1 - (1 - J^4)^16, 0.99 at J = 0.7, and their index is then counted exactly.

A text of fewer than `FEWEST_CHARACTERS` characters ("self portrait") says too little, and one that more than
`MOST_WORKS` works share is a formula of its writer's: neither makes works near-identical.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

SHINGLE = 5
NEAR_TEXT = 0.7
FEWEST_CHARACTERS = 24
MOST_WORKS = 20
BANDS, BAND_HASHES = 16, 4
MOST_IN_BUCKET = 50
_MOST = (1 << 64) - 1

Pair = tuple[int, int, float]


def normalised_text(text: str) -> str:
    """What is compared of a text.

    >>> normalised_text("花の ブローチ（白） Ｎo.12")
    '花のブローチ白no12'
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(character for character in folded if unicodedata.category(character)[0] in "LNM")


def near_texts(texts: Sequence[str], least: float = NEAR_TEXT) -> list[Pair]:
    """Pairs of rows whose texts are near-identical, each with its Jaccard index, sorted.

    Of works that share one text all pairs are given.

    Args:
        texts: One a work.
        least: The lowest Jaccard index.
    """
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        normal = normalised_text(text)
        if len(normal) >= FEWEST_CHARACTERS:
            rows_of[normal].append(row)
    kept = [(normal, rows) for normal, rows in rows_of.items() if len(rows) <= MOST_WORKS]
    pairs = [(first, second, 1.0) for _, rows in kept for first, second in combinations(rows, 2)]
    shingles = [_shingles(normal) for normal, _ in kept]
    for first, second in _candidates(shingles):
        shared = len(shingles[first] & shingles[second])
        index = shared / (len(shingles[first]) + len(shingles[second]) - shared)
        if index >= least:
            pairs += [(min(a, b), max(a, b), index) for a in kept[first][1] for b in kept[second][1]]
    return sorted(pairs)


def _shingles(normal: str) -> frozenset[str]:
    return frozenset(normal[start : start + SHINGLE] for start in range(len(normal) - SHINGLE + 1))


def _candidates(shingles: Sequence[frozenset[str]]) -> list[tuple[int, int]]:
    """Pairs of positions that share a band; of a bucket with very many, neighbours only."""
    found: set[tuple[int, int]] = set()
    signatures = [_signature(each) for each in shingles]
    for band in range(BANDS):
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for number, signature in enumerate(signatures):
            buckets[signature[band].tobytes()].append(number)
        for numbers in buckets.values():
            found.update(_pairs_of(numbers))
    return sorted(found)


def _pairs_of(numbers: list[int]) -> Iterator[tuple[int, int]]:
    if len(numbers) <= MOST_IN_BUCKET:
        yield from combinations(numbers, 2)
    else:
        for distance in (1, 2, 3):
            yield from zip(numbers, numbers[distance:], strict=False)


def _signature(shingles: Iterable[str]) -> npt.NDArray[np.uint64]:
    """The MinHash signature, shape (`BANDS`, `BAND_HASHES`)."""
    values = np.array([_hash(each) for each in shingles], dtype=np.uint64)
    factors, terms = np.random.default_rng(0).integers(
        0, _MOST, (2, BANDS * BAND_HASHES), dtype=np.uint64, endpoint=True
    )
    hashed = (values[:, None] * (factors | np.uint64(1)) + terms) >> np.uint64(32)  # multiply and shift, modulo 2^64
    signature: npt.NDArray[np.uint64] = hashed.min(axis=0).reshape(BANDS, BAND_HASHES)
    return signature


def _hash(shingle: str) -> int:
    return int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=8).digest(), "little")
