"""The word space: what a work's text says and what its photo shows, by words.

A word is what MeCab or Unicode takes for one, case ignored, with katakana as hiragana: 「ウサギ」 is 「うさぎ」.

Text vectors: TF-IDF of the words on the principal axes of the training texts, unit length.

Evidence: how far a work has what a word names. Its text has the word or not (x = 1 or 0); from its photo's coordinates
c (`photos.py`) a ridge regression, learned on works with both, expects it with p = max(a + c' B, floor). Then

    e(word, work) = log( (r x + (1 - r x) p) / max(share of works with the word, floor) )

so that a photo of a silver brooch speaks for 「銀」 also where its creator writes 「シルバー」 or nothing, and a text
that names what the photo can't show counts too. A work fits a query by the sum of e over the words; what is unlikely
for one of them falls behind however well the others fit.

Source of the text vectors: S. Deerwester et al., Indexing by latent semantic analysis, JASIS 1990.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, FloatArray, IntArray, Mask, top
from sakka.models.text.ngrams import FeatureCounts, Hashes, count_all, count_known, hashes_of_words
from sakka.search.style.space import unit_rows
from sakka.words import normalise, words_of

WORD_SIZE = 256
SEEN_SIZE = 256  # of a photo's coordinates, those that vary most
LEAST_TEXTS = 3
MOST_WORDS = 30_000
MOST_SHOWN = 5_000  # of the words, those in most texts, that a photo may show
PENALTY = 0.1
FLOOR = 0.001
RELIABLE = 0.7  # r: the chance that a work is what its text says
FITS = 0.5  # the least chance, on average over the words of a query, of a work that is taken for one that fits
COMMON = 0.3  # a word of more works than this share tells nothing apart
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@lru_cache(maxsize=1 << 13)  # a batch's texts are read twice
def segmented(text: str) -> str:
    """The words of a text with spaces between them, other characters left out: what full-text search reads.

    >>> segmented("☆桜のブローチ☆ Silver")
    '桜 の ぶろーち silver'
    """
    words = words_of(normalise(text).casefold())
    return " ".join(word.translate(_TO_HIRAGANA) for word in words if any(character.isalnum() for character in word))


@dataclass(frozen=True)
class WordSpace:
    """A fitted word space.

    Attributes:
        vocabulary: Hashes of the known words, ascending, shape (n_words,).
        share: The share of works whose text has the word, shape (n_words,).
        axes: Words to text vectors, shape (n_words, size).
        shown: The positions in `vocabulary` of the words that a photo may show, ascending, shape (n_shown,).
        bridge: Photo coordinates to chances of these words, shape (n_seen, n_shown).
        start: What is added then, shape (n_shown,).
    """

    vocabulary: Hashes
    share: FloatArray
    axes: FloatArray
    shown: IntArray
    bridge: FloatArray
    start: FloatArray

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        coordinates: FloatArray,
        seen: Mask,
        *,
        size: int = WORD_SIZE,
        seed: int = 0,
    ) -> "WordSpace":
        """Learn a space.

        Args:
            texts: The works' texts.
            coordinates: Their photos' coordinates, the most varied first, shape (n_works, n_coordinates).
            seen: Whether each work has a photo, shape (n_works,).
            size: The most values that a text vector has.
            seed: Draws the start of the search for axes.
        """
        counts = _counted([segmented(text) for text in texts])
        table = _weighed(counts.matrix, _share_of(counts))
        share, axes = _share_of(counts), _axes(table, size, seed)
        often = top(share, MOST_SHOWN)
        shown = np.sort(often).astype(np.int64)
        both = np.flatnonzero(seen & (np.diff(counts.matrix.indptr) > 0))
        present = counts.matrix[both][:, shown]
        present.data[:] = 1
        bridge, start = _ridge(coordinates[both, :SEEN_SIZE].astype(np.float64), present)
        return cls(counts.vocabulary, share, axes, shown, bridge, start)

    @property
    def size(self) -> int:
        """How many values a text vector has."""
        return int(self.axes.shape[1])

    @property
    def seen_size(self) -> int:
        """How many of a photo's coordinates are used."""
        return int(self.bridge.shape[0])

    def vectors(self, texts: Sequence[str]) -> FloatArray:
        """The texts' vectors, unit length, shape (n_texts, size); zeros where no word is known."""
        counts = count_known([segmented(text) for text in texts], _hashes, self.vocabulary)
        return unit_rows(_weighed(counts, self.share) @ self.axes)

    def telling(self, words: Sequence[str]) -> list[str]:
        """The distinct words of a query that are rare enough to tell works apart; all of them where none is."""
        once = list(dict.fromkeys(words))
        telling = [word for word in once if self.share_of(word) <= COMMON]
        return telling or once

    def share_of(self, word: str) -> float:
        """The share of works whose text has a segmented word; 0 for a word that is not known."""
        column = self._column(word)
        return 0.0 if column is None else float(self.share[column])

    def evidence(self, terms: Sequence[Sequence[str]], said: Mask, seen: FloatArray | None) -> DoubleArray:
        """How well works fit terms: the sum of e over the terms, shape (n_works,).

        Args:
            terms: Each the segmented words that mean the same; their chances and shares add up.
            said: Whether each work's text has a word of each term, shape (n_works, n_terms).
            seen: The works' photo coordinates, shape (n_works, seen_size), rows of NaN where there is no photo; None:
                photos don't count.
        """
        chances = self.chances(terms, said, seen)
        total = np.zeros(len(said))
        for column, words in enumerate(terms):
            total += np.log(chances[:, column] / self._share_of_term(words))
        return total

    def fits(self, terms: Sequence[Sequence[str]], said: Mask, seen: FloatArray | None) -> Mask:
        """Whether works have what terms name, more likely than not on average, shape (n_works,).

        A term that no text has a word of counts for nothing; where there is no other, no work fits.

        Args:
            terms: As in `evidence`.
            said: As in `evidence`.
            seen: As in `evidence`.
        """
        known = said.any(axis=0) | np.array([any(map(self.share_of, words)) for words in terms], dtype=np.bool_)
        if not known.any():
            return np.zeros(len(said), dtype=np.bool_)
        fits: Mask = self.chances(terms, said, seen)[:, known].mean(axis=1) >= FITS
        return fits

    def chances(self, terms: Sequence[Sequence[str]], said: Mask, seen: FloatArray | None) -> DoubleArray:
        """The chances that works have what terms name, shape (n_works, n_terms).

        Args:
            terms: As in `evidence`.
            said: As in `evidence`.
            seen: As in `evidence`.
        """
        chances = np.zeros(said.shape)
        for column, words in enumerate(terms):
            share = self._share_of_term(words)
            shown = [index for word in words if (index := self._shown(word)) is not None]
            chance = np.full(len(said), share)
            if seen is not None and shown:
                expected = (seen @ self.bridge[:, shown] + self.start[shown]).sum(axis=1)
                chance = np.where(np.isnan(expected), share, np.clip(expected, FLOOR, 1))
            trusted = RELIABLE * said[:, column]
            chances[:, column] = trusted + (1 - trusted) * chance
        return chances

    def _share_of_term(self, words: Sequence[str]) -> float:
        """The share of works whose text has a word of a term, `FLOOR` at the least."""
        return float(np.clip(sum(self.share_of(word) for word in words), FLOOR, 1))

    def look(self, terms: Sequence[Sequence[str]]) -> FloatArray | None:
        """The unit direction in photo coordinates along which terms become likelier; None where photos can't tell.

        Each term weighs by how rare it is, as its evidence grows with the chance over the share.
        """
        total = np.zeros(self.seen_size, dtype=np.float64)
        for words in terms:
            share = sum(self.share_of(word) for word in words)
            shown = [index for word in words if (index := self._shown(word)) is not None]
            total += self.bridge[:, shown].sum(axis=1) / max(share, 10 * FLOOR)
        length = np.linalg.norm(total)
        if length == 0:
            return None
        direction: FloatArray = (total / length).astype(np.float32)
        return direction

    def _column(self, word: str) -> int | None:
        code = hashes_of_words([word])[0]
        column = int(np.searchsorted(self.vocabulary, code))
        return column if column < len(self.vocabulary) and self.vocabulary[column] == code else None

    def _shown(self, word: str) -> int | None:
        known = self._column(word)
        if known is None:
            return None
        column = int(np.searchsorted(self.shown, known))
        return column if column < len(self.shown) and self.shown[column] == known else None

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name."""
        return {f"words.{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, npt.NDArray[Any]]) -> "WordSpace":
        """The space that `tensors` holds."""
        return cls(*(tensors[f"words.{name}"] for name in ("vocabulary", "share", "axes", "shown", "bridge", "start")))


def _hashes(spaced: Iterable[str]) -> Iterator[Hashes]:
    """The hashes of each text's segmented words."""
    for text in spaced:
        yield hashes_of_words(text.split())


def _counted(spaced: Sequence[str]) -> FeatureCounts:
    """Counts of the words that occur in enough texts, at most `MOST_WORDS` of them."""
    counts = count_all(spaced, _hashes, LEAST_TEXTS if len(spaced) > 10 * LEAST_TEXTS else 1)
    texts_with = np.bincount(counts.matrix.indices, minlength=len(counts.vocabulary))
    kept = np.sort(top(texts_with, MOST_WORDS))
    return FeatureCounts(counts.vocabulary[kept], counts.matrix[:, kept])


def _share_of(counts: FeatureCounts) -> FloatArray:
    texts_with = np.bincount(counts.matrix.indices, minlength=len(counts.vocabulary))
    share: FloatArray = (texts_with / max(1, counts.matrix.shape[0])).astype(np.float32)
    return share


def _weighed(matrix: Any, share: FloatArray) -> Any:
    """TF-IDF with rows of unit length: CSR float32."""
    weighed = matrix.copy()
    weighed.data = np.sqrt(weighed.data) * -np.log(np.maximum(share, 1e-6) / 2)[weighed.indices]
    lengths = np.sqrt(np.asarray(weighed.power(2).sum(axis=1))).ravel()
    weighed.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(weighed.indptr)).astype(np.float32)
    return weighed


def _axes(table: Any, size: int, seed: int) -> FloatArray:
    """The principal directions of sparse rows, shape (n_words, at most size)."""
    from sklearn.utils.extmath import randomized_svd

    kept = min(size, *table.shape)
    if kept == 0:
        return np.zeros((table.shape[1], 1), dtype=np.float32)
    _, _, axes = randomized_svd(table, kept, n_oversamples=32, n_iter=4, random_state=seed)
    found: FloatArray = np.ascontiguousarray(axes.T, dtype=np.float32)
    return found


def _ridge(photos: DoubleArray, present: Any) -> tuple[FloatArray, FloatArray]:
    """The matrix and the constants of the regression of words (CSR, 0 or 1) on photo coordinates."""
    n_words = present.shape[1]
    if len(photos) < 2:
        return np.zeros((photos.shape[1], n_words), np.float32), np.zeros(n_words, np.float32)
    mean, start = photos.mean(axis=0), np.asarray(present.mean(axis=0), dtype=np.float64).ravel()
    centred = photos - mean
    scatter = centred.T @ centred / len(photos)
    penalty = PENALTY * max(float(np.trace(scatter)) / len(scatter), 1e-12)
    together = (present.T @ centred).T / len(photos)  # the columns of `centred` have mean 0
    matrix = np.linalg.solve(scatter + penalty * np.eye(len(scatter)), together)
    return matrix.astype(np.float32), (start - mean @ matrix).astype(np.float32)
