"""FeatureCounts of words and of character n-grams, kept under 64-bit hashes instead of strings.

A text becomes an array of code points and the hashes of all its n-grams of one size are computed at once; counting
is one sort. Nothing of the texts is kept, so a fitted model holds 8 bytes a feature; among a million features the
chance that any two share a hash is below 3 in 100 million.

An n-gram of characters is 2 to 5 long and may reach over the blank between two words. One with a Japanese character
in it is 1 to 3 long instead: such a character carries about as much as two letters, and longer ones are as good as
unique.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray, IntArray, Mask
from sakka.words import words_of

Hashes = npt.NDArray[np.uint64]
Item = TypeVar("Item", str, Hashes)
HashesOf = Callable[[Iterable[str]], Iterable[Hashes]]  # of each text

SIZES = range(2, 6)
JAPANESE_SIZES = range(1, 4)
ALL_SIZES = range(1, max(SIZES.stop, JAPANESE_SIZES.stop))
WORDS_KEPT = 1 << 18
READ_AT_ONCE = 1 << 16  # characters, or features: what is made of them stays in a core's cache
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio (Knuth, vol. 3, 6.4)


@dataclass(frozen=True)
class FeatureCounts:
    """How often each feature stands in each text.

    Attributes:
        vocabulary: The features' hashes, ascending, shape (n_features,).
        matrix: SciPy CSR float32, shape (n_texts, n_features), columns ascending within a row.
    """

    vocabulary: Hashes
    matrix: Any


class Found(NamedTuple):
    """The features of texts, one text after the other.

    Attributes:
        features: Each text's features once, ascending, shape (n_found,).
        times: How often each stands in its text, shape (n_found,).
        starts: Where each text starts, and the end of the last, shape (n_texts + 1,).
    """

    features: Hashes
    times: FloatArray
    starts: IntArray


class KnownFeatures(NamedTuple):
    """The features of texts that a vocabulary has, one text after the other.

    Attributes:
        columns: The places in the vocabulary, ascending for each text, shape (n_found,).
        times: How often each stands in its text, shape (n_found,).
        starts: Where each text starts, and the end of the last, shape (n_texts + 1,).
    """

    columns: npt.NDArray[np.int32]
    times: FloatArray
    starts: IntArray

    @classmethod
    def of(cls, counts: Any) -> "KnownFeatures":
        """Those that counts have, SciPy CSR of shape (n_texts, n_features)."""
        return cls(counts.indices, counts.data, counts.indptr)


def word_hashes(texts: Iterable[str]) -> Iterator[Hashes]:
    """For each normalised text the hash of each of its words, case ignored, in order.

    >>> [hashes] = word_hashes(["A rose is a rose"])
    >>> len(hashes), len(set(hashes.tolist()))
    (5, 3)
    """
    for text in texts:
        yield hashes_of_words(words_of(text.casefold()))


def hashes_of_words(words: Iterable[str]) -> Hashes:
    """The hash of each word as it is written, in order: 64 bits of BLAKE2b."""
    return np.fromiter(map(_hashes.__getitem__, words), dtype=np.uint64)


def character_hashes(texts: Iterable[str]) -> Iterator[Hashes]:
    """For each normalised text the hash of each of its character n-grams, case ignored, in the order of starts.

    >>> [len(hashes) for hashes in character_hashes(["rose"])]  # " rose ": 5 of 2, 4 of 3, 3 of 4, 2 of 5
    [14]
    """
    for padded in _groups(map(_padded, texts)):
        ends = np.cumsum([len(text) for text in padded])
        hashes = np.empty((ends[-1], len(ALL_SIZES)), dtype=np.uint64)
        wanted = np.zeros(hashes.shape, dtype=np.bool_)
        for size, found, counted in _ngrams_by_size(padded):
            hashes[: len(found), size - 1], wanted[: len(found), size - 1] = found, counted
        until = np.concatenate([[0], np.cumsum(wanted.sum(axis=1))])[ends].tolist()
        found = hashes[wanted]
        yield from (found[start:end] for start, end in pairwise([0, *until]))


def placed_ngrams(text: str) -> list[tuple[int, Hashes, IntArray]]:
    """The n-grams that `character_hashes` gives, by size, with where each starts.

    Args:
        text: A normalised text.

    Returns:
        For each size: the size, the hashes, and the start of each in the text with its case ignored, every run of
        blanks made one and a blank before and after it.

    >>> [(size, starts.tolist()) for size, _, starts in placed_ngrams("ab")]  # " ab "
    [(2, [0, 1, 2]), (3, [0, 1]), (4, [0])]
    """
    by_size = ((size, hashes, np.flatnonzero(wanted)) for size, hashes, wanted in _ngrams_by_size([_padded(text)]))
    return [(size, hashes[starts], starts) for size, hashes, starts in by_size if len(starts)]


def _padded(text: str) -> str:
    words = text.casefold().split()
    return f" {' '.join(words)} " if words else ""


def _ngrams_by_size(padded: Sequence[str]) -> Iterator[tuple[int, Hashes, Mask]]:
    """For each size the hash at every place of the texts, one after the other, and whether it counts.

    An n-gram counts where it is of a size that does and where it does not reach into the next text.
    """
    lengths = [len(text) for text in padded]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    japanese = np.concatenate([[0], np.cumsum(_is_japanese(codes))])
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(codes))
    rolling = np.zeros(len(codes), dtype=np.uint64)
    for size in ALL_SIZES:
        count = len(codes) - size + 1
        if count <= 0:
            break
        rolling = (rolling[:count] ^ codes[size - 1 :]) * _MULTIPLIER
        rolling ^= rolling >> np.uint64(29)
        wanted = np.where(japanese[size:] > japanese[:count], size in JAPANESE_SIZES, size in SIZES)
        yield size, rolling + np.uint64(size), wanted & (left[:count] >= size)


def count_all(texts: Iterable[str], hashes_of: HashesOf, min_texts: int = 1) -> FeatureCounts:
    """Count the features of texts; those in fewer than `min_texts` texts are left out."""
    counts = _counts_of(_find_each(hashes_of(texts)))
    return _of_enough_texts(counts, counts.matrix, min_texts)


def read_halves(texts: Iterable[str], hashes_of: HashesOf) -> Found:
    """Find the features of the first and of the second half of each text, half after half, for `count_halves`."""
    return _find_each(half for hashes in hashes_of(texts) for half in _halves(hashes))


def count_halves(halves: Found, min_texts: int = 1) -> FeatureCounts:
    """Count the features of n texts: row i is text i, row n + i its first half, row 2 n + i its second.

    Args:
        halves: What `read_halves` gives. Reading is work text by text, this is arithmetic on whole arrays, which a
            thread can do while other features are read.
        min_texts: Features in fewer texts are left out.
    """
    from scipy.sparse import vstack

    counts = _counts_of(halves)
    first, second = counts.matrix[::2], counts.matrix[1::2]
    whole = first + second
    whole.sort_indices()
    return _of_enough_texts(FeatureCounts(counts.vocabulary, vstack([whole, first, second], "csr")), whole, min_texts)


def count_known(texts: Iterable[str], hashes_of: HashesOf, vocabulary: Hashes) -> Any:
    """Count the features of `vocabulary` (ascending) in texts: CSR float32, shape (n_texts, n_features)."""
    from scipy.sparse import csr_matrix

    columns, times, starts = find_known(texts, hashes_of, vocabulary)
    return csr_matrix((times, columns, starts), shape=(len(starts) - 1, len(vocabulary)))


def find_known(texts: Iterable[str], hashes_of: HashesOf, vocabulary: Hashes) -> KnownFeatures:
    """Find the features of `vocabulary` (ascending) in texts."""
    found = _find_each(hashes_of(texts))
    columns = np.searchsorted(vocabulary, found.features)
    known = np.zeros(len(columns), dtype=np.bool_)
    inside = columns < len(vocabulary)
    known[inside] = vocabulary[columns[inside]] == found.features[inside]
    starts = np.concatenate([[0], np.cumsum(known)])[found.starts]
    return KnownFeatures(columns[known].astype(np.int32), found.times[known], starts)


def _halves(hashes: Hashes) -> tuple[Hashes, Hashes]:
    return hashes[: len(hashes) // 2], hashes[len(hashes) // 2 :]


def _counts_of(found: Found) -> FeatureCounts:
    from scipy.sparse import csr_matrix

    vocabulary, columns = np.unique(found.features, return_inverse=True)
    shape = (len(found.starts) - 1, len(vocabulary))
    matrix = csr_matrix((found.times, columns.astype(np.int32), found.starts), shape=shape)
    return FeatureCounts(vocabulary, matrix)


def _of_enough_texts(counts: FeatureCounts, texts: Any, min_texts: int) -> FeatureCounts:
    """Leave out the features that fewer than `min_texts` rows of `texts` have."""
    if min_texts <= 1:
        return counts
    kept = np.flatnonzero(np.bincount(texts.indices, minlength=len(counts.vocabulary)) >= min_texts)
    return FeatureCounts(counts.vocabulary[kept], counts.matrix[:, kept])


def _find_each(features: Iterable[Hashes]) -> Found:
    found = [_find(group) for group in _groups(features)] or [_find([])]
    if len(found) == 1:
        return found[0]
    counts = np.concatenate([np.diff(each.starts) for each in found])
    return Found(
        np.concatenate([each.features for each in found]),
        np.concatenate([each.times for each in found]),
        np.concatenate([[0], np.cumsum(counts)]),
    )


def _groups(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Texts, or hashes of texts, as many at a time as are `READ_AT_ONCE` long together."""
    group: list[Item] = []
    size = 0
    for item in items:
        group.append(item)
        size += len(item)
        if size >= READ_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


def _find(texts: Sequence[Hashes]) -> Found:
    """Find the features of some texts by sorting each text's own, then looking where they change in all at once."""
    features = np.concatenate([np.empty(0, dtype=np.uint64), *texts])
    ends = np.cumsum([0, *map(len, texts)])
    first = np.ones(len(features) + 1, dtype=np.bool_)  # of its kind in its text; and the end
    for start, end in pairwise(ends.tolist()):
        features[start:end].sort()
    np.not_equal(features[1:], features[:-1], out=first[1:-1])
    first[ends] = True
    places = np.flatnonzero(first)
    return Found(features[places[:-1]], np.diff(places).astype(np.float32), np.searchsorted(places, ends))


class _Hashes(dict[str, int]):
    """The hashes of the words that were met last, computed where one is asked for that is not kept."""

    def __missing__(self, word: str) -> int:
        if len(self) >= WORDS_KEPT:
            self.clear()
        hashed = int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")
        self[word] = hashed
        return hashed


_hashes = _Hashes()


def _is_japanese(codes: Hashes) -> Mask:
    """Tell which code points are kana or Chinese characters (the blocks that `words.JAPANESE_SCRIPT` names)."""
    low = (codes >= 0x3040) & (codes <= 0x9FFF) & ~((codes >= 0x3100) & (codes <= 0x31EF))
    return low | ((codes >= 0xF900) & (codes <= 0xFAFF)) | ((codes >= 0x1B000) & (codes <= 0x323AF))
