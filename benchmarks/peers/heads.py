"""Scikit-learn's LogisticRegression on frozen features, one fit a fold, as a person would write it."""

from typing import Any

import numpy as np

from benchmarks.peers.works import read_works

MAX_ITERATIONS = 1000


class FoldByFold:
    """Fits of scaled features, one fold after the other.

    Args:
        works: Path of the works.
        features: Path of the features (n_works, n_values) as .npy.
        fits: How many of the folds are fitted and timed in a run; the rest is extrapolated.
    """

    def __init__(self, works: str, features: str, fits: int) -> None:
        read = read_works(works)
        self.features = np.load(features)
        self.creators = np.array(read["creators"])
        self.folds = read["folds"]
        self.fits = fits
        self.accuracies: list[float] = []
        self.notes = "StandardScaler, LogisticRegression(max_iter=1000)"
        if fits < len(self.folds):
            self.notes += f", {len(self.folds)} fits extrapolated from {fits}"

    def run(self) -> dict[str, Any]:
        """Fit and judge the first folds; a unit is one fold."""
        self.accuracies = [self._accuracy_of(fold) for fold in self.folds[: self.fits]]
        return {"units": self.fits}

    def quality(self) -> dict[str, float]:
        """The mean accuracy of the folds fitted."""
        return {"accuracy": float(np.mean(self.accuracies))}

    def _accuracy_of(self, fold: dict[str, list[int]]) -> float:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=MAX_ITERATIONS))
        model.fit(self.features[fold["train"]], self.creators[fold["train"]])
        return float((model.predict(self.features[fold["test"]]) == self.creators[fold["test"]]).mean())
