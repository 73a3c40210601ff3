"""Counts of words and of character n-grams, kept under 64-bit hashes instead of strings.

A text becomes an array of code points and the hashes of all its n-grams of one size are computed at once; counting
is one sort. Nothing of the texts is kept, so a fitted model holds 8 bytes a feature; among a million features the
chance that any two share a hash is below 3 in 100 million.

An n-gram of characters is 2 to 5 long and may reach over the blank between two words. One with a Japanese character
in it is 1 to 3 long instead: such a character carries about as much as two letters, and longer ones are as good as
unique.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sakka.models.text.words import words_of
from sakka.splits import IntArray

Hashes = npt.NDArray[np.uint64]

SIZES = range(2, 6)
JAPANESE_SIZES = range(1, 4)
WORDS_KEPT = 1 << 18
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio (Knuth, vol. 3, 6.4)


@dataclass(frozen=True)
class Counts:
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
    times: npt.NDArray[np.float32]
    starts: IntArray


def word_hashes(text: str) -> Hashes:
    """Give the hash of each word of a normalised text, case ignored, in order.

    >>> len(word_hashes("A rose is a rose")), len(set(word_hashes("A rose is a rose").tolist()))
    (5, 3)
    """
    return np.fromiter(map(_hashes.__getitem__, words_of(text.casefold())), dtype=np.uint64)


def character_hashes(text: str) -> Hashes:
    """Give the hash of each character n-gram of a normalised text, case ignored, in the order that they start.

    >>> len(character_hashes("rose"))  # " rose ": 5 of 2, 4 of 3, 3 of 4, 2 of 5
    14
    """
    by_size = list(_ngrams_by_size(text))
    if not by_size:
        return np.empty(0, dtype=np.uint64)
    places = (len(by_size[0][1]), len(by_size))
    hashes, wanted = np.empty(places, dtype=np.uint64), np.zeros(places, dtype=np.bool_)
    for column, (_, found, counted) in enumerate(by_size):
        hashes[: len(found), column], wanted[: len(found), column] = found, counted
    return hashes[wanted]


def placed_ngrams(text: str) -> list[tuple[int, Hashes, npt.NDArray[np.int64]]]:
    """Give the n-grams that `character_hashes` gives, by size, with where each starts.

    Args:
        text: A normalised text.

    Returns:
        For each size: the size, the hashes, and the start of each in the text with its case ignored, every run of
        blanks made one and a blank before and after it.

    >>> [(size, starts.tolist()) for size, _, starts in placed_ngrams("ab")]  # " ab "
    [(2, [0, 1, 2]), (3, [0, 1]), (4, [0])]
    """
    by_size = ((size, hashes, np.flatnonzero(wanted)) for size, hashes, wanted in _ngrams_by_size(text))
    return [(size, hashes[starts], starts) for size, hashes, starts in by_size if len(starts)]


def _ngrams_by_size(text: str) -> Iterator[tuple[int, Hashes, npt.NDArray[np.bool_]]]:
    """Give for each size the hash at every place, and whether the n-gram there is of a size that counts."""
    words = text.casefold().split()
    if not words:
        return
    padded = f" {' '.join(words)} "
    codes = np.frombuffer(padded.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    japanese = np.concatenate([[0], np.cumsum(_is_japanese(codes))])
    rolling = np.zeros(len(codes), dtype=np.uint64)
    for size in range(1, max(SIZES.stop, JAPANESE_SIZES.stop)):
        count = len(codes) - size + 1
        if count <= 0:
            break
        rolling = (rolling[:count] ^ codes[size - 1 :]) * _MULTIPLIER
        rolling ^= rolling >> np.uint64(29)
        wanted = np.where(japanese[size:] > japanese[:count], size in JAPANESE_SIZES, size in SIZES)
        yield size, rolling + np.uint64(size), wanted


def count_all(texts: Iterable[str], hashes_of: Callable[[str], Hashes], min_texts: int = 1) -> Counts:
    """Count the features of texts; those in fewer than `min_texts` texts are left out."""
    counts = _counts_of(_find_each(hashes_of(text) for text in texts))
    return _of_enough_texts(counts, counts.matrix, min_texts)


def read_halves(texts: Iterable[str], hashes_of: Callable[[str], Hashes]) -> Found:
    """Find the features of the first and of the second half of each text, half after half, for `count_halves`."""
    return _find_each(half for text in texts for half in _halves(hashes_of(text)))


def count_halves(halves: Found, min_texts: int = 1) -> Counts:
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
    return _of_enough_texts(Counts(counts.vocabulary, vstack([whole, first, second], "csr")), whole, min_texts)


def count_known(texts: Iterable[str], hashes_of: Callable[[str], Hashes], vocabulary: Hashes) -> Any:
    """Count the features of `vocabulary` (ascending) in texts: CSR float32, shape (n_texts, n_features)."""
    from scipy.sparse import csr_matrix

    found = _find_each(hashes_of(text) for text in texts)
    columns = np.searchsorted(vocabulary, found.features)
    known = np.zeros(len(columns), dtype=np.bool_)
    inside = columns < len(vocabulary)
    known[inside] = vocabulary[columns[inside]] == found.features[inside]
    starts = np.concatenate([[0], np.cumsum(known)])[found.starts]
    shape = (len(starts) - 1, len(vocabulary))
    return csr_matrix((found.times[known], columns[known].astype(np.int32), starts), shape=shape)


def _halves(hashes: Hashes) -> tuple[Hashes, Hashes]:
    return hashes[: len(hashes) // 2], hashes[len(hashes) // 2 :]


def _counts_of(found: Found) -> Counts:
    from scipy.sparse import csr_matrix

    vocabulary, columns = np.unique(found.features, return_inverse=True)
    shape = (len(found.starts) - 1, len(vocabulary))
    matrix = csr_matrix((found.times, columns.astype(np.int32), found.starts), shape=shape)
    return Counts(vocabulary, matrix)


def _of_enough_texts(counts: Counts, texts: Any, min_texts: int) -> Counts:
    """Leave out the features that fewer than `min_texts` rows of `texts` have."""
    if min_texts <= 1:
        return counts
    kept = np.flatnonzero(np.bincount(texts.indices, minlength=len(counts.vocabulary)) >= min_texts)
    return Counts(counts.vocabulary[kept], counts.matrix[:, kept])


def _find_each(features: Iterable[Hashes]) -> Found:
    found, counts, starts = [np.empty(0, np.uint64)], [np.empty(0, np.float32)], [0]
    for hashes in features:
        unique, times = np.unique(hashes, return_counts=True)
        found.append(unique)
        counts.append(times.astype(np.float32))
        starts.append(starts[-1] + len(unique))
    return Found(np.concatenate(found), np.concatenate(counts), np.array(starts, dtype=np.int64))


class _Hashes(dict[str, int]):
    """The hashes of the words that were met last, computed where one is asked for that is not kept."""

    def __missing__(self, word: str) -> int:
        if len(self) >= WORDS_KEPT:
            self.clear()
        hashed = int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")
        self[word] = hashed
        return hashed


_hashes = _Hashes()


def _is_japanese(codes: Hashes) -> npt.NDArray[np.bool_]:
    """Tell which code points are kana or Chinese characters (the blocks that `words.JAPANESE_SCRIPT` names)."""
    low = (codes >= 0x3040) & (codes <= 0x9FFF) & ~((codes >= 0x3100) & (codes <= 0x31EF))
    return low | ((codes >= 0xF900) & (codes <= 0xFAFF)) | ((codes >= 0x1B000) & (codes <= 0x323AF))
