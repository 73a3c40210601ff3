"""Sakka's linear text model on one fold."""

from typing import Any

import numpy as np

from benchmarks.ours.works import read_catalog
from benchmarks.peers.works import read_works
from sakka.models.registry import make_model


class TextModel:
    """One fold of texts: from the texts to the creators named for the test part.

    Args:
        works: Path of the works.
        model: The model's name.
    """

    def __init__(self, works: str, model: str = "text-linear") -> None:
        catalog = read_catalog(works)
        fold = read_works(works)["folds"][0]
        self.creators = catalog.creators
        self.train, self.test = catalog.take(fold["train"]), catalog.take(fold["test"])
        self.model = model
        self.named: list[str] = []
        self.notes = f"{model} with its defaults"

    def run(self) -> dict[str, Any]:
        """Fit on the training part and name the creators of the test part."""
        self.named = make_model(self.model).fit(self.train, self.creators).predict(self.test)
        return {"units": 1}

    def quality(self) -> dict[str, float]:
        """The share of test works named right."""
        return {"accuracy": float(np.mean(np.array(self.named) == self.test.table["creator"].to_numpy()))}
