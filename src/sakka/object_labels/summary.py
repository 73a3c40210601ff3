"""What the detector found in a catalog, counted: works a label, and label sets."""

from dataclasses import dataclass

import numpy as np

from sakka.object_labels.coco import LABELS, NONE_COLUMN, Label
from sakka.object_labels.table import LabelTable


@dataclass(frozen=True)
class LabelCount:
    """One label's part in a catalog.

    Attributes:
        label: The label; "none" for photos without any.
        works: How many works show it.
        share: Of the works with a photo, 0 to 1.
    """

    label: Label
    works: int
    share: float


@dataclass(frozen=True)
class LabelSummary:
    """The labels of a catalog, counted.

    Attributes:
        counts: The labels found, the most frequent first; "none" stands last where it occurs.
        works: How many works were looked at: those with a photo.
        without_photo: How many had none.
        combinations: How many different sets of labels occur, the empty one included.
        shown_once: How many of these sets occur in one work only.
        labels_per_work: Mean number of labels of a work with a photo; NaN for no works.
    """

    counts: tuple[LabelCount, ...]
    works: int
    without_photo: int
    combinations: int
    shown_once: int
    labels_per_work: float


def summarise(table: LabelTable) -> LabelSummary:
    """Count the labels and the label sets of some works."""
    looked_at = table.looked_at
    found = table.vectors[looked_at] > 0
    works = found.sum(axis=0)
    order = sorted(np.flatnonzero(works).tolist(), key=lambda index: (index == NONE_COLUMN, -works[index], index))
    sets, times = np.unique(np.packbits(table.shown[looked_at], axis=1), axis=0, return_counts=True)
    return LabelSummary(
        counts=tuple(LabelCount(LABELS[index], int(works[index]), float(works[index] / len(found))) for index in order),
        works=len(found),
        without_photo=int((~looked_at).sum()),
        combinations=len(sets),
        shown_once=int((times == 1).sum()),
        labels_per_work=float(table.shown[looked_at].sum(axis=1).mean()) if len(found) else float("nan"),
    )
