"""Labels of works: vectors, thresholds, the file in a run folder."""

from pathlib import Path

import numpy as np
import pytest

from sakka.errors import ModelError, RunError
from sakka.object_labels.table import LABELS_FILE, label_vector, labels_from_boxes, read_labels

CAT, CUP = 17, 47


def _boxes(*pairs: tuple[int, float]) -> np.ndarray:
    return np.array([[label, confidence, 0, 0, 1, 1] for label, confidence in pairs], dtype=np.float32).reshape(-1, 6)


def test_a_label_holds_its_highest_confidence() -> None:
    vector = label_vector(_boxes((CAT, 0.5), (CUP, 0.3), (CAT, 0.75)))
    assert vector.shape == (92,)
    assert dict(zip(np.flatnonzero(vector).tolist(), vector[vector > 0].tolist(), strict=True)) == {
        CAT: 0.75,
        CUP: pytest.approx(0.3),
    }


def test_a_box_at_the_threshold_counts_and_one_below_does_not() -> None:
    assert label_vector(_boxes((CAT, 0.2)), threshold=0.2)[CAT] > 0
    assert label_vector(_boxes((CAT, 0.199)), threshold=0.2)[CAT] == 0


def test_a_photo_without_labels_says_none_and_a_work_without_photo_says_nothing() -> None:
    table = labels_from_boxes(["a", "b", "c"], [_boxes(), None, _boxes((CAT, 0.1))])
    assert table.vectors[:, 0].tolist() == [1, 0, 1]
    assert table.looked_at.tolist() == [True, False, True]
    assert not table.shown.any()


def test_the_order_of_boxes_does_not_matter() -> None:
    boxes = _boxes((CAT, 0.5), (CUP, 0.3), (CAT, 0.75), (1, 0.21))
    assert np.array_equal(label_vector(boxes), label_vector(boxes[::-1]))


def test_a_written_table_is_read_as_it_was(folder: Path) -> None:
    table = labels_from_boxes(["a", "b", "c"], [_boxes((CAT, 0.5), (91, 0.9)), None, _boxes()])
    table.write(folder)
    read = read_labels(folder)
    assert read is not None
    assert read.ids == table.ids
    assert np.array_equal(read.vectors, table.vectors)


def test_a_run_without_labels_has_none(folder: Path) -> None:
    assert read_labels(folder) is None


def test_a_damaged_file_is_a_run_error(folder: Path) -> None:
    (folder / LABELS_FILE).write_bytes(b"PAR1 no table")
    with pytest.raises(RunError, match="run the experiment again"):
        read_labels(folder)


@pytest.mark.parametrize("threshold", [0.0, 0.05, 1.5, float("nan")])
def test_a_threshold_that_the_boxes_can_not_answer_for_is_refused(threshold: float) -> None:
    with pytest.raises(ModelError, match="threshold"):
        labels_from_boxes([], [], threshold)
