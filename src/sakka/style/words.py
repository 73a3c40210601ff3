"""The word space: texts, and what a photo looks like in words, as unit vectors of one space.

A text has a vector t: TF-IDF of its words on the axes of the training texts (latent semantic analysis). A photo has
one too: the t that a ridge regression expects from its coordinates x (`photos.py`), learned on works with both,

    seen(x) = (x - m) (X'X + n penalty S)^-1 X'T,     S the mean variance of a coordinate

so that words reach works whose own texts do not have them: a photo of a silver brooch is near 「銀」 also where its
maker writes 「シルバー」 or nothing at all. Words that go with the same photos become near each other.

Source: S. Deerwester et al., Indexing by latent semantic analysis, JASIS 1990.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.models.photo.extractor import FloatTable
from sakka.models.text.ngrams import Counts, Hashes, count_all, count_known, word_hashes
from sakka.models.text.words import normalise, words_of
from sakka.style.space import unit_rows

WORD_SIZE = 256
LEAST_TEXTS = 3
MOST_WORDS = 30_000
PENALTY = 0.1


def segmented(text: str) -> str:
    """Give the words of a text with spaces between them, case ignored, signs left out: what full-text search reads.

    >>> segmented("☆桜のブローチ☆ Silver")
    '桜 の ブローチ silver'
    """
    words = words_of(normalise(text).casefold())
    return " ".join(word for word in words if any(sign.isalnum() for sign in word))


@dataclass(frozen=True)
class WordSpace:
    """A fitted word space.

    Attributes:
        vocabulary: Hashes of the known words, ascending, shape (n_words,).
        weights: The inverse document frequency of each, shape (n_words,).
        axes: Shape (n_words, size).
        bridge: Photo coordinates to word vectors, shape (n_coordinates, size).
        start: What is added then, shape (size,).
    """

    vocabulary: Hashes
    weights: FloatTable
    axes: FloatTable
    bridge: FloatTable
    start: FloatTable

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        coordinates: FloatTable,
        seen: npt.NDArray[np.bool_],
        *,
        size: int = WORD_SIZE,
        seed: int = 0,
    ) -> "WordSpace":
        """Learn a space.

        Args:
            texts: The works' texts.
            coordinates: Their photos' coordinates, shape (n_works, n_coordinates).
            seen: Whether each work has a photo, shape (n_works,).
            size: The most values that a vector has.
            seed: Draws the start of the search for axes.
        """
        counts = count_all([normalise(text) for text in texts], word_hashes, LEAST_TEXTS if len(texts) > 20 else 1)
        counts, weights = _known_words(counts)
        table = _weighed(counts.matrix, weights)
        axes = _axes(table, size, seed)
        vectors = unit_rows(table @ axes)
        both = seen & (np.diff(counts.matrix.indptr) > 0)
        bridge, start = _ridge(coordinates[both].astype(np.float64), vectors[both].astype(np.float64))
        return cls(counts.vocabulary, weights, axes, bridge, start)

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return int(self.axes.shape[1])

    def vectors(self, texts: Sequence[str]) -> FloatTable:
        """Give the texts' vectors, unit length, shape (n_texts, size); zeros where no word is known."""
        counts = count_known([normalise(text) for text in texts], word_hashes, self.vocabulary)
        return unit_rows(_weighed(counts, self.weights) @ self.axes)

    def seen(self, coordinates: FloatTable) -> FloatTable:
        """Give the word vectors that photos suggest, unit length, shape (n_photos, size)."""
        return unit_rows(coordinates @ self.bridge + self.start)

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays by name."""
        return {f"words.{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, npt.NDArray[Any]]) -> "WordSpace":
        """Take over what `tensors` gave."""
        return cls(*(tensors[f"words.{name}"] for name in ("vocabulary", "weights", "axes", "bridge", "start")))


def _known_words(counts: Counts) -> tuple[Counts, FloatTable]:
    """Keep the words that stand in most texts; give their weights too."""
    n_texts = counts.matrix.shape[0]
    texts_with = np.bincount(counts.matrix.indices, minlength=len(counts.vocabulary))
    kept = np.sort(np.argsort(-texts_with, kind="stable")[:MOST_WORDS])
    weights = np.log((1 + n_texts) / (0.5 + texts_with[kept]))
    return Counts(counts.vocabulary[kept], counts.matrix[:, kept]), weights.astype(np.float32)


def _weighed(matrix: Any, weights: FloatTable) -> Any:
    """Give TF-IDF with rows of unit length: CSR float32."""
    weighed = matrix.copy()
    weighed.data = np.sqrt(weighed.data) * weights[weighed.indices]
    lengths = np.sqrt(np.asarray(weighed.power(2).sum(axis=1))).ravel()
    weighed.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(weighed.indptr)).astype(np.float32)
    return weighed


def _axes(table: Any, size: int, seed: int) -> FloatTable:
    """Give the principal directions of sparse rows, shape (n_words, at most size)."""
    from sklearn.utils.extmath import randomized_svd

    kept = min(size, *table.shape)
    if kept == 0:
        return np.zeros((table.shape[1], 1), dtype=np.float32)
    _, _, axes = randomized_svd(table, kept, n_oversamples=32, n_iter=4, random_state=seed)
    found: FloatTable = np.ascontiguousarray(axes.T, dtype=np.float32)
    return found


def _ridge(photos: npt.NDArray[np.float64], words: npt.NDArray[np.float64]) -> tuple[FloatTable, FloatTable]:
    """Give the matrix and the constant of the regression of word vectors on photo coordinates."""
    if len(photos) < 2:
        return np.zeros((photos.shape[1], words.shape[1]), np.float32), np.zeros(words.shape[1], np.float32)
    mean, start = photos.mean(axis=0), words.mean(axis=0)
    centred = photos - mean
    scatter = centred.T @ centred / len(photos)
    penalty = PENALTY * max(float(np.trace(scatter)) / len(scatter), 1e-12)
    matrix = np.linalg.solve(scatter + penalty * np.eye(len(scatter)), centred.T @ (words - start) / len(photos))
    return matrix.astype(np.float32), (start - mean @ matrix).astype(np.float32)
