"""The baseline that stands in every table: it knows only how many works each creator has."""

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from sakka.arrays import Probabilities
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel, ModelParts, known_labels, shares_of_creators
from sakka.models.work_reader import Modality


class DummyModel(CreatorModel):
    """Answers every work with the shares of the creators in what it learned from."""

    name: ClassVar[str] = "dummy"
    modality: ClassVar[Modality] = "none"

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Count the works of each creator."""
        self.creators_ = tuple(works.creators if creators is None else creators)
        self.shares_ = shares_of_creators(known_labels(works, self.creators_), len(self.creators_))
        return self

    def predict_proba(self, works: Catalog) -> Probabilities:
        """The same shares for every work, shape (n_works, n_creators)."""
        return np.tile(self.shares_, (len(works), 1))

    def _export(self) -> ModelParts:
        return ModelParts(tensors={"shares": self.shares_})

    def _restore(self, parts: ModelParts) -> None:
        parts.check_shapes({"shares": "creators"}, creators=len(self.creators_))
        self.shares_ = parts.tensors["shares"]
