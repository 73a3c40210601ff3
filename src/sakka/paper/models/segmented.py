"""What the models on the list of a text's words share: segmentation once, blank texts, folds.

A work whose text has no word gets the shares of the creators, and is left out where the model learns.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel, FoldPrediction, ModelParts, known_labels, shares_of_creators
from sakka.models.work_reader import Modality
from sakka.words import normalise, words_of

Words = Sequence[str]


class SegmentedText(CreatorModel):
    """A text model that sees each text as the list of its words."""

    modality: ClassVar[Modality] = "text"
    folds_in_threads: ClassVar[bool] = False  # LightGBM takes all cores itself
    learned_: bool  # False where no work to learn from had a word
    shares_: Probabilities

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn from the words of the works that have any."""
        self.creators_ = tuple(works.creators if creators is None else creators)
        labels = known_labels(works, self.creators_)
        return self._fit_texts(segment(works), labels)

    def predict_proba(self, works: Catalog) -> Probabilities:
        """Each work's probabilities from its words; a text without any gets the creators' shares."""
        return self._predict_texts(segment(works))

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Answer for each fold as `fit` would; texts are segmented once."""
        import torch

        labels, texts = known_labels(works, creators), segment(works)

        def predict(fold: Fold) -> FoldPrediction:
            model = type(self)(**self.settings())
            model.creators_ = tuple(creators)
            model._fit_texts([texts[row] for row in fold.train], labels[fold.train])
            parts = ([texts[row] for row in rows] for rows in (fold.validation, fold.test))
            validation, test = map(model._predict_texts, parts)
            return FoldPrediction(fold, validation, test)

        threads = torch.get_num_threads() if self.folds_in_threads else 1
        with ThreadPoolExecutor(threads, "sakka-text-folds") as pool:
            yield from pool.map(predict, folds)

    def _fit_texts(self, texts: Sequence[Words], labels: IntArray) -> Self:
        self.shares_ = shares_of_creators(labels, len(self.creators_))
        known = [row for row, words in enumerate(texts) if words]
        self.learned_ = bool(known)
        if known:
            self._fit_words([texts[row] for row in known], labels[known])
        return self

    def _predict_texts(self, texts: Sequence[Words]) -> Probabilities:
        probabilities = np.tile(self.shares_, (len(texts), 1))
        known = [row for row, words in enumerate(texts) if words]
        if known and self.learned_:
            probabilities[known] = self._predict_words([texts[row] for row in known])
        return probabilities

    @abstractmethod
    def _fit_words(self, texts: Sequence[Words], labels: IntArray) -> None:
        """Learn from texts that have a word each; `creators_` is set."""

    @abstractmethod
    def _predict_words(self, texts: Sequence[Words]) -> Probabilities:
        """The probabilities of texts that have a word each, shape (n_texts, n_creators)."""

    @abstractmethod
    def _export_learned(self) -> ModelParts:
        """What `_fit_words` made."""

    @abstractmethod
    def _restore_learned(self, parts: ModelParts) -> None:
        """Take over what `_export_learned` gave."""

    def _export(self) -> ModelParts:
        parts = self._export_learned() if self.learned_ else ModelParts()
        return replace(
            parts,
            tensors={**parts.tensors, "shares": self.shares_},
            values={**parts.values, "learned": self.learned_},
        )

    def _restore(self, parts: ModelParts) -> None:
        parts.check_shapes({"shares": "creators"}, creators=len(self.creators_))
        self.shares_, self.learned_ = parts.tensors["shares"], parts.values["learned"]
        if self.learned_:
            self._restore_learned(parts)


def segment(works: Catalog) -> list[list[str]]:
    """The words of each work's normalised text, in order."""
    return [words_of(normalise(text)) for text in works.texts]


def count_words(texts: Sequence[Words], labels: dict[str, int]) -> Any:
    """Count the words that have a place in each text: SciPy CSR float32, shape (n_texts, n_places).

    >>> count_words([["a", "b", "a", "c"]], {"a": 0, "b": 1}).toarray().tolist()
    [[2.0, 1.0]]
    """
    from scipy.sparse import csr_matrix

    columns = [[labels[word] for word in words if word in labels] for words in texts]
    starts: IntArray = np.concatenate([[0], np.cumsum([len(row) for row in columns])]).astype(np.int64)
    flat = np.array([column for row in columns for column in row], dtype=np.int32)
    counts = csr_matrix((np.ones(len(flat), np.float32), flat, starts), shape=(len(texts), len(labels)))
    counts.sum_duplicates()
    return counts
