"""The photo model's 25 heads, trained together on features that the cache holds."""

from typing import Any

import numpy as np

from benchmarks.ours.works import read_catalog
from sakka.catalog.splits import nested_splits
from sakka.models.registry import make_model

MODEL = "photo-lite0"
SETTINGS: dict[str, Any] = {"covariances": []}  # the other side has means and deviations alone


class AllFolds:
    """All folds of the photo model: reading cached features, training the heads, answering.

    Args:
        works: Path of the works.
        seed: The seed of the folds; the other side has the same folds.
        fits: How many folds the other side fits: both accuracies are those of the first `fits` folds.
    """

    def __init__(self, works: str, seed: int, fits: int) -> None:
        self.catalog = read_catalog(works, with_hashes=True)
        self.folds = nested_splits(self.catalog, seed=seed).folds()
        self.fits = fits
        self.labels = self.catalog.creator_indices()
        self.accuracies: list[float] = []
        self.notes = f"{MODEL} without covariances, features in the cache, validation and test parts answered"

    def run(self) -> dict[str, Any]:
        """Train and answer; a unit is one fold."""
        answers = make_model(MODEL, **SETTINGS).predict_folds(self.catalog, self.folds, self.catalog.creators)
        self.accuracies = [
            float((answer.test.argmax(axis=1) == self.labels[answer.fold.test]).mean()) for answer in answers
        ]
        return {"units": len(self.accuracies)}

    def quality(self) -> dict[str, float]:
        """The mean accuracy over the folds that the other side fits, and over all."""
        return {
            "accuracy": float(np.mean(self.accuracies[: self.fits])),
            "of all folds": float(np.mean(self.accuracies)),
        }
