"""A model that says of each work what its title says, so that what it states can be counted by hand."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from sakka.arrays import Probabilities
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel, ModelParts
from sakka.models.candidates import FirstCandidates
from sakka.models.conformal import ConformalScores, creator_sets
from sakka.models.identification import CreatorSet
from sakka.models.limits import View, ViewLimits
from sakka.models.work_reader import Modality


class SaysItsTitle(CreatorModel):
    """Of a title such as `Mori 0.7` it says that Mori made it with a probability of 0.7, else Sato."""

    name: ClassVar[str] = "says-its-title"
    modality: ClassVar[Modality] = "text"
    creators_ = ("Mori", "Sato")

    def __init__(self, held_out: int = 100, named_from: float | None = None) -> None:
        self.held_out = held_out
        self.named_from = named_from

    @property
    def held_out_scores(self) -> Mapping[View, ConformalScores]:
        """Held-out works of the probabilities 0.01, 0.02 ... 1."""
        scores = (np.arange(1, self.held_out + 1) / self.held_out).astype(np.float32)
        return {"title": ConformalScores.of(scores, None, 2)} if self.held_out else {}

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        return self

    def predict_proba(self, works: Catalog) -> Probabilities:
        rows = [(name == "Mori", float(value)) for name, value in (title.split() for title in works.table["title"])]
        return np.array([(value, 1 - value) if is_mori else (1 - value, value) for is_mori, value in rows], np.float32)

    def limits(self, works: Catalog) -> list[ViewLimits | None]:
        return [ViewLimits(100, 1.0, self.named_from) if self.held_out else None] * len(works)

    def p_values(self, works: Catalog, probabilities: Probabilities | FirstCandidates) -> list[float | None]:
        """Small where neither creator is more probable than the other."""
        assert isinstance(probabilities, np.ndarray)
        return [0.04 if highest == 0.5 else 0.5 for highest in probabilities.max(axis=1)]

    def creator_sets(
        self, works: Catalog, probabilities: Probabilities | FirstCandidates, count: int
    ) -> list[tuple[CreatorSet, ...]]:
        assert isinstance(probabilities, np.ndarray)
        columns = np.argsort(-probabilities, axis=1)
        return [
            creator_sets(scores, order, row[order], self.creators_, count)
            for scores in self.held_out_scores.values()
            for order, row in zip(columns, probabilities, strict=True)
        ] or [()] * len(works)

    def _export(self) -> ModelParts:
        return ModelParts()

    def _restore(self, parts: ModelParts) -> None: ...
