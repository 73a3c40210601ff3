"""What a run is about: its creators, its works and their folds, its models."""

from dataclasses import dataclass

import numpy as np

from sakka.arrays import IntArray, Mask
from sakka.models.base import Modality


@dataclass(frozen=True)
class RunFacts:
    """What a run is about; arrays of shape (n_works,).

    Attributes:
        creators: The columns of every prediction.
        labels: Each work's creator as a column.
        outer: The outer fold that tests each work; -1 where none does.
        outer_folds: How many outer folds there are.
        inner_folds: How many inner folds each of them has.
        models: Name and modality of each model, in the plan's order.
        split: The kind of split: `random`, `grouped` or `temporal`.
        seed: The seed of the split.
        has_photo: Whether each work has a photo.
        has_text: Whether each work has a title or a description.
    """

    creators: tuple[str, ...]
    labels: IntArray
    outer: IntArray
    outer_folds: int
    inner_folds: int
    models: tuple[tuple[str, Modality], ...]
    split: str
    seed: int
    has_photo: Mask
    has_text: Mask

    def tested(self, outer: int) -> IntArray:
        """The rows of the works that an outer fold tests."""
        rows: IntArray = np.flatnonzero(self.outer == outer)
        return rows

    @property
    def n_tested(self) -> int:
        """How many works are evaluated."""
        return int((self.outer >= 0).sum())

    @property
    def columns(self) -> int:
        """How many creators there are."""
        return len(self.creators)

    def first(self, modality: Modality) -> str | None:
        """The first model that reads `modality`, None where the run has none."""
        return next((name for name, each in self.models if each == modality), None)

    @property
    def fused(self) -> tuple[str, str] | None:
        """The photo model and the text model that are fused, the first of each; None where the run lacks one."""
        photo, text = self.first("photo"), self.first("text")
        return None if photo is None or text is None else (photo, text)
