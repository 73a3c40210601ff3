"""What the works of a run show: their label sets, read from the run's `labels.parquet`."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.errors import RunError
from sakka.evaluation.open_run import StoredRun
from sakka.object_labels.table import LABELS_FILE, read_labels
from sakka.paper.entropy import Base, Combinations, label_combinations


@dataclass(frozen=True)
class LabelSets:
    """What the works of a run show.

    Attributes:
        shown: Shape (n_works, n_labels): the labels of each work, without "none".
        looked_at: Shape (n_works,): the works with a photo.
        creators: Shape (n_works,): each work's creator as a column.
        base: The logarithm's base.
    """

    shown: Mask
    looked_at: Mask
    creators: IntArray
    base: Base = "e"

    @cached_property
    def rows(self) -> IntArray:
        """The works with a photo."""
        rows: IntArray = np.flatnonzero(self.looked_at)
        return rows

    @cached_property
    def combinations(self) -> Combinations:
        """The label sets; `of_work` has a place for each of `rows`."""
        return label_combinations(self.shown[self.rows], self.creators[self.rows], self.base)

    @cached_property
    def entropy(self) -> DoubleArray:
        """H of each work's label set, shape (n_works,); NaN, which is below no threshold, for a work without photo."""
        entropy = np.full(len(self.looked_at), math.nan)
        entropy[self.rows] = self.combinations.entropy_of_works
        return entropy


def read_label_sets(run: StoredRun, base: Base = "e") -> LabelSets | None:
    """The label sets of a run's works; None where the run has no `labels.parquet`.

    Args:
        run: An opened run.
        base: The logarithm's base.

    Raises:
        RunError: The file is damaged or is about other works.
    """
    table = read_labels(run.layout.folder)
    if table is None:
        return None
    if list(table.ids) != run.works["id"].to_list():
        raise RunError(
            f"{run.layout.folder / LABELS_FILE} is about other works than the run; run the experiment in a new folder"
        )
    return LabelSets(table.shown, table.looked_at, run.facts.labels, base)
