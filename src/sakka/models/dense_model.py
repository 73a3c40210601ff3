"""A linear softmax on vectors that nobody needs to train: of a kept column, of a frozen encoder.

The heads of all folds are fitted side by side (`linear_head/dense.py`). A work without a vector gets the shares of the
creators.
"""

from abc import ABC
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np

from sakka.arrays import Features, IntArray
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import FoldPrediction, known_labels
from sakka.models.feature_model import FeatureModel
from sakka.models.linear_head.dense import fit_dense
from sakka.models.linear_head.head import LinearHead

PENALTY = 0.003


class DenseModel(FeatureModel, ABC):
    """A linear softmax on dense vectors; a class says only `features`.

    Attributes:
        penalty: The weight of the squared weights, beside the mean loss of a work.
        seed: Draws the order in which the heads see the works.
    """

    def __init__(self, penalty: float = PENALTY, seed: int = 0) -> None:
        self.penalty = penalty
        self.seed = seed

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn from the works' vectors.

        Raises:
            ModelError: There are no works, one's creator is not among `creators`, the penalty can't be used, or the
                works have no vectors.
        """
        self.creators_ = tuple(works.creators if creators is None else creators)
        self._check_settings()
        labels = known_labels(works, self.creators_)
        features, there = self.features_to_learn_from(works)
        self._set_works(np.bincount(labels, minlength=len(self.creators_)))
        [self.head_] = self._heads(features, labels, [np.flatnonzero(there)], len(self.creators_))
        self._keep(features[there], labels[there])
        return self

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Look the vectors up once and fit all folds' heads; each gives the same bytes alone and among others."""
        self._check_settings()
        labels = works.creator_indices(creators)
        for fold in folds:
            known_labels(works.take(fold.train), creators)
        features, there = self.features_to_learn_from(works)
        parts = [fold.train[there[fold.train]] for fold in folds]
        for fold, head in zip(folds, self._heads(features, labels, parts, len(creators)), strict=True):
            model = type(self)(**self.settings())
            model.head_ = head
            model._set_works(np.bincount(labels[fold.train], minlength=len(creators)))
            yield FoldPrediction(
                fold,
                model._predict(features[fold.validation], there[fold.validation]),
                model._predict(features[fold.test], there[fold.test]),
            )

    def _check_settings(self) -> None:
        if not (isinstance(self.penalty, int | float) and 0 < self.penalty < float("inf")):
            raise ModelError(f"got penalty {self.penalty!r}; expected a number above 0")

    def _heads(
        self, features: Features, labels: IntArray, parts: Sequence[IntArray], n_classes: int
    ) -> list[LinearHead | None]:
        """A head for each of some parts of the works; None for a part without vectors."""
        filled = [part for part in parts if len(part)]
        settings: dict[str, Any] = {"n_classes": n_classes, "penalty": float(self.penalty), "seed": self.seed}
        heads = iter(fit_dense(features, labels, filled, **settings))
        return [next(heads) if len(part) else None for part in parts]
