"""The labels of works: what the label model learns from, what the entropy is counted on, what a run folder keeps.

`summarise` counts works a label and label sets.

A work's vector has 92 columns, its labels' ids: the highest confidence of each label found, 0 where it was not. Column
0 is "none" and holds 1 where a photo shows no label at all. The paper does not say what its "none" holds; 1 is the
confidence of being sure. A work without a photo has a vector of zeros.

    RUN/labels.parquet      id, labels (ids, null for a work without a photo), confidences
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from sakka.arrays import Mask
from sakka.catalog.works import Catalog
from sakka.errors import ModelError, RunError
from sakka.files import writing_whole
from sakka.object_labels.boxes import LOWEST_CONFIDENCE, Boxes
from sakka.object_labels.coco import LABELS, N_LABELS, NONE_COLUMN, Label

THRESHOLD = 0.2
LABELS_FILE = "labels.parquet"
SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "labels": pl.List(pl.UInt8()),
    "confidences": pl.List(pl.Float32()),
}

LabelVectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LabelTable:
    """The labels of some works.

    Attributes:
        ids: The works' ids.
        vectors: Shape (n_works, 92): the highest confidence of each label; column 0 is "none".
    """

    ids: tuple[str, ...]
    vectors: LabelVectors

    @property
    def looked_at(self) -> Mask:
        """Whether each work has a photo, shape (n_works,)."""
        looked_at: Mask = self.vectors.max(axis=1) > 0
        return looked_at

    @property
    def shown(self) -> Mask:
        """Which labels each work shows, without "none", shape (n_works, 91): the sets that the entropy counts."""
        return self.vectors[:, NONE_COLUMN + 1 :] > 0

    def write(self, run_folder: Path) -> None:
        """Write `labels.parquet` into a run folder, whole."""
        rows = [np.flatnonzero(row[1:]) + 1 for row in self.vectors]
        looked_at = self.looked_at
        table = pl.DataFrame(
            {
                "id": list(self.ids),
                "labels": [row.tolist() if seen else None for row, seen in zip(rows, looked_at, strict=True)],
                "confidences": [
                    self.vectors[index, row].tolist() if seen else None
                    for index, (row, seen) in enumerate(zip(rows, looked_at, strict=True))
                ],
            },
            schema=SCHEMA,
        )
        with writing_whole(run_folder / LABELS_FILE) as part:
            table.write_parquet(part)


def label_vector(boxes: Boxes, threshold: float = THRESHOLD) -> LabelVectors:
    """A photo's vector, shape (92,): the highest confidence of each label, "none" where no label is found.

    Args:
        boxes: Shape (n, 6), as `Detector.detect` gives them.
        threshold: Boxes with a lower confidence do not count.

    >>> boxes = np.array([[17, 0.9, 0, 0, 1, 1], [17, 0.4, 0, 0, 1, 1], [62, 0.1, 0, 0, 1, 1]], dtype=np.float32)
    >>> {int(index): round(float(value), 2) for index, value in enumerate(label_vector(boxes)) if value}
    {17: 0.9}
    """
    vector = np.zeros(N_LABELS, dtype=np.float32)
    sure = boxes[boxes[:, 1] >= np.float32(threshold)]
    np.maximum.at(vector, sure[:, 0].astype(np.int64), sure[:, 1])
    if not vector.any():
        vector[NONE_COLUMN] = 1.0
    return vector


def labels_from_boxes(ids: Sequence[str], boxes: Sequence[Boxes | None], threshold: float = THRESHOLD) -> LabelTable:
    """The label table of works with the given boxes.

    Raises:
        ModelError: The threshold is outside what the detector keeps.
    """
    check_threshold(threshold)
    vectors = np.zeros((len(ids), N_LABELS), dtype=np.float32)
    for index, found in enumerate(boxes):
        if found is not None:
            vectors[index] = label_vector(found, threshold)
    return LabelTable(tuple(ids), vectors)


def check_threshold(threshold: float) -> None:
    """Refuse a threshold that the stored boxes can't answer for.

    Raises:
        ModelError: It is not between `LOWEST_CONFIDENCE` and 1.
    """
    if not LOWEST_CONFIDENCE <= threshold <= 1:
        raise ModelError(f"the threshold is {threshold}; expected {LOWEST_CONFIDENCE} to 1 (the paper: {THRESHOLD})")


def find_labels(works: Catalog, threshold: float = THRESHOLD) -> LabelTable:
    """Look for objects in each work's featured photo.

    Raises:
        ModelError: The threshold is outside what the detector keeps.
        PhotoError: A photo can't be read.
        WeightsError: The detector's weights are missing or no detector.
        MissingPartError: onnx or onnxruntime is not installed.
    """
    from sakka.object_labels.detections import boxes_of

    check_threshold(threshold)
    return labels_from_boxes(works.ids, boxes_of(works), threshold)


def write_labels(run_folder: Path, works: Catalog, threshold: float = THRESHOLD) -> LabelTable:
    """Find the labels of a run's works and write them as `labels.parquet` in its folder.

    Raises:
        SakkaError: As `find_labels`.
    """
    table = find_labels(works, threshold)
    table.write(run_folder)
    return table


def read_labels(run_folder: Path) -> LabelTable | None:
    """Read the labels in a run folder; None where the run has none.

    Raises:
        RunError: The file is damaged.
    """
    path = run_folder / LABELS_FILE
    if not path.is_file():
        return None
    try:
        table = pl.read_parquet(path).select(list(SCHEMA)).cast(pl.Schema(SCHEMA))
        vectors = np.zeros((table.height, N_LABELS), dtype=np.float32)
        for index, (_, labels, confidences) in enumerate(table.iter_rows()):
            if labels is not None:
                vectors[index, labels] = confidences
                vectors[index, NONE_COLUMN] = 0.0 if labels else 1.0
    except (OSError, ValueError, IndexError, pl.exceptions.PolarsError) as error:
        detail = " ".join(str(error).split())
        raise RunError(f"{path} can't be read as labels ({detail}); run the experiment again") from error
    return LabelTable(tuple(table["id"].to_list()), vectors)


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
