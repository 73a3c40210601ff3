"""The default text model: TF-IDF of words and of character n-grams, and a linear softmax on them.

A text x has two blocks of features, words and character n-grams. In each,

    x_f = sqrt(count_f) * idf_f^idf_power / ||.||,     idf_f = 1 + log((1 + n) / (1 + texts with f))

and each block is stretched by the root of the mean number of its features that a training text has. Without that,
a text of 600 characters spreads the same length over ten times the features of a title, and would need another
penalty; with it, one setting serves both. Vocabulary, idf and stretch come from the training works alone.

For many folds the counts are made once. Nothing leaks by that: a feature enters a fold's vocabulary by the number of
the fold's own training texts that have it, and the answers are bit for bit those of `fit` on the training part.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from sakka.models.base import (
    CreatorModel,
    FoldPrediction,
    Modality,
    ModelParts,
    Probabilities,
    known_places,
    shares_of_creators,
)
from sakka.models.text.ngrams import Counts, Hashes, character_hashes, count_all, count_known, word_hashes
from sakka.models.text.softmax import MEMORY, Weights, fit_softmax, softmax
from sakka.models.text.words import normalise
from sakka.progress import track
from sakka.splits import Fold, IntArray
from sakka.works import Catalog

BLOCKS = {"words": word_hashes, "ngrams": character_hashes}
FEW = 10_000  # so many features of a kind are no burden however few the texts
TRAINING_BYTES = 3 * 2**30  # what the folds that train at the same time may take together


@dataclass(frozen=True)
class _Block:
    """One kind of feature as a fitted model has it.

    Attributes:
        vocabulary: Hashes, ascending, shape (n_features,).
        idf: To the power that the settings name, shape (n_features,).
        stretch: The length of every row, shape (1,).
    """

    vocabulary: Hashes
    idf: Weights
    stretch: Weights

    def weigh(self, counts: Any) -> Any:
        """Turn counts of the vocabulary (CSR) into features (CSR float32 of the same shape)."""
        weighed = counts.copy()
        weighed.data = np.sqrt(weighed.data) * self.idf[weighed.indices]
        lengths = np.sqrt(weighed.power(2) @ np.ones(weighed.shape[1], dtype=np.float32))
        weighed.data *= self.stretch[0] / np.repeat(lengths, np.diff(weighed.indptr))
        return weighed


class LinearText(CreatorModel):
    """TF-IDF of words and character n-grams with a linear softmax, in any language."""

    name: ClassVar[str] = "text-linear"
    modality: ClassVar[Modality] = "text"

    def __init__(
        self,
        *,
        penalty: float = 5e-4,
        idf_power: float = 0.5,
        min_texts: int = 2,
        features_per_text: int = 5,
        max_features: int = 30_000,
        iterations: int = 40,
    ) -> None:
        """Store the settings.

        Args:
            penalty: The factor of half the squared weights in the loss of one work.
            idf_power: How much rare features gain: 0 nothing, 1 as much as TF-IDF usually has it.
            min_texts: A feature is known when so many training texts have it.
            features_per_text: Of words and of n-grams, those in the most texts are known: as many as this times the
                training texts, but at least `FEW`.
            max_features: The most words, and the most n-grams, that are known whatever the number of texts.
            iterations: Steps of the solver at most.
        """
        self.penalty = penalty
        self.idf_power = idf_power
        self.min_texts = min_texts
        self.features_per_text = features_per_text
        self.max_features = max_features
        self.iterations = iterations

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Choose the vocabulary and fit the weights."""
        self.creators_ = tuple(works.creators if creators is None else creators)
        places = known_places(works, self.creators_)
        return self._fit_counts(_count_blocks(works.texts, self.min_texts), places)

    def predict_proba(self, works: Catalog) -> Probabilities:
        """Give each work's probabilities from its text; a blank text gets the creators' shares."""
        texts = [normalise(text) for text in works.texts]
        blocks = zip(BLOCKS.values(), self.blocks_, strict=True)
        counts = [count_known(texts, hashes_of, block.vocabulary) for hashes_of, block in blocks]
        return self._predict_counts(counts, works.has_text)

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Answer for each fold as `fit` on its training part would, with one count for all and folds in threads."""
        places = known_places(works, creators)
        counts = _count_blocks(works.texts, self.min_texts)
        has_text = works.has_text

        def answer(fold: Fold) -> FoldPrediction:
            model = type(self)(**self.settings())
            model.creators_ = tuple(creators)
            model._fit_counts([_rows_of(block, fold.train) for block in counts], places[fold.train])
            return FoldPrediction(
                fold,
                model._predict_table(counts, fold.validation, has_text),
                model._predict_table(counts, fold.test, has_text),
            )

        with ThreadPoolExecutor(self._workers(len(creators))) as pool:
            yield from track(pool.map(answer, folds), f"{self.name}: folds", total=len(folds))

    def _fit_counts(self, counts: Sequence[Counts], places: IntArray) -> Self:
        n_creators = len(self.creators_)
        self.shares_ = shares_of_creators(places, n_creators)
        chosen = [self._choose(block) for block in counts]
        self.blocks_ = [block for block, _ in chosen]
        features = _side_by_side([block.weigh(known) for block, known in chosen])
        self.weights_, self.bias_ = fit_softmax(
            features, places, n_creators, penalty=self.penalty, iterations=self.iterations
        )
        return self

    def _choose(self, counts: Counts) -> tuple[_Block, Any]:
        """Choose a block's vocabulary by the training texts; give it and the counts of what was chosen."""
        n_texts = counts.matrix.shape[0]
        limit = min(self.max_features, max(FEW, self.features_per_text * n_texts))
        texts_with = np.bincount(counts.matrix.indices, minlength=len(counts.vocabulary))
        kept = np.flatnonzero(texts_with >= self.min_texts)
        if len(kept) > limit:
            kept = np.sort(kept[np.argsort(-texts_with[kept], kind="stable")[:limit]])
        known = counts.matrix[:, kept]
        idf = 1 + np.log((1 + n_texts) / (1 + texts_with[kept]))
        stretch = np.sqrt([max(1.0, known.nnz / n_texts)])
        block = _Block(counts.vocabulary[kept], (idf**self.idf_power).astype(np.float32), stretch.astype(np.float32))
        return block, known

    def _predict_table(
        self, counts: Sequence[Counts], rows: IntArray, has_text: npt.NDArray[np.bool_]
    ) -> Probabilities:
        known = []
        for block, table in zip(self.blocks_, counts, strict=True):
            known.append(table.matrix[rows][:, np.searchsorted(table.vocabulary, block.vocabulary)])
        return self._predict_counts(known, has_text[rows])

    def _predict_counts(self, counts: Sequence[Any], has_text: npt.NDArray[np.bool_]) -> Probabilities:
        weighed = [block.weigh(known) for block, known in zip(self.blocks_, counts, strict=True)]
        probabilities = softmax(_side_by_side(weighed) @ self.weights_ + self.bias_)
        probabilities[~has_text] = self.shares_
        return probabilities

    def _workers(self, n_creators: int) -> int:
        """Give how many folds train at a time: the cores at hand, as far as the weights and their history fit."""
        each = 4 * (2 * MEMORY + 6) * n_creators * len(BLOCKS) * self.max_features
        return max(1, min(len(os.sched_getaffinity(0)), TRAINING_BYTES // each))

    def _export(self) -> ModelParts:
        tensors: dict[str, npt.NDArray[Any]] = {"weights": self.weights_, "bias": self.bias_, "shares": self.shares_}
        for name, block in zip(BLOCKS, self.blocks_, strict=True):
            tensors |= {f"{name}.{part}": value for part, value in vars(block).items()}
        return ModelParts(tensors=tensors)

    def _restore(self, parts: ModelParts) -> None:
        tensors = parts.tensors
        self.weights_, self.bias_, self.shares_ = tensors["weights"], tensors["bias"], tensors["shares"]
        names = ("vocabulary", "idf", "stretch")
        self.blocks_ = [_Block(*(tensors[f"{block}.{name}"] for name in names)) for block in BLOCKS]


def _count_blocks(texts: Sequence[str], min_texts: int) -> list[Counts]:
    normal = [normalise(text) for text in texts]
    return [count_all(normal, hashes_of, min_texts) for hashes_of in BLOCKS.values()]


def _rows_of(counts: Counts, rows: IntArray) -> Counts:
    return Counts(counts.vocabulary, counts.matrix[rows])


def _side_by_side(blocks: Sequence[Any]) -> Any:
    from scipy.sparse import hstack

    return hstack(blocks, format="csr", dtype=np.float32)
