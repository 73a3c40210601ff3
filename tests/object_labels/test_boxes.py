"""From the network's numbers to boxes, by hand-countable examples."""

import numpy as np
import pytest

from sakka.object_labels.boxes import ANCHORS, photo_boxes

PERSON, CAT = 0, 16  # columns of scores: one less than the ids
MIDDLE = 1083 + 6 * 55  # the first anchor of the row 5, column 5 of the maps of 10 x 10: a square of 0.35


def _scores(**confidences: float) -> np.ndarray:
    scores = np.full((len(ANCHORS), 90), -20, dtype=np.float32)
    for place, confidence in confidences.items():
        anchor, label = map(int, place.removeprefix("at").split("_"))
        scores[anchor, label] = np.log(confidence / (1 - confidence))
    return scores


def _still() -> np.ndarray:
    return np.zeros((len(ANCHORS), 4), dtype=np.float32)


def test_there_are_three_anchors_a_position_on_the_first_maps_and_six_on_the_others() -> None:
    assert len(ANCHORS) == 3 * 19**2 + 6 * (10**2 + 5**2 + 3**2 + 2**2 + 1) == 1917
    assert ANCHORS[MIDDLE].tolist() == pytest.approx([0.55, 0.55, 0.35, 0.35])
    assert ANCHORS[0].tolist() == pytest.approx([0.5 / 19, 0.5 / 19, 0.1, 0.1])


def test_a_box_without_a_shift_is_its_anchor() -> None:
    boxes = photo_boxes(_still(), _scores(**{f"at{MIDDLE}_{CAT}": 0.8}))
    assert boxes.tolist() == [pytest.approx([17, 0.8, 0.375, 0.375, 0.725, 0.725], abs=1e-6)]


def test_a_box_is_moved_by_tenths_and_stretched_by_powers() -> None:
    shifts = _still()
    shifts[MIDDLE] = [1, -2, 5 * np.log(0.5), 5 * np.log(0.4)]  # up, left, tall, wide
    left, top, right, bottom = photo_boxes(shifts, _scores(**{f"at{MIDDLE}_{CAT}": 0.8}))[0, 2:]
    assert (left + right) / 2 == pytest.approx(0.55 - 0.2 * 0.35)
    assert (top + bottom) / 2 == pytest.approx(0.55 + 0.1 * 0.35)
    assert right - left == pytest.approx(0.4 * 0.35)
    assert bottom - top == pytest.approx(0.5 * 0.35)


def test_of_overlapping_boxes_of_one_label_the_most_confident_stays_and_other_labels_keep_theirs() -> None:
    shifts = _still()
    shifts[MIDDLE + 5] = [0, 0, 5 * np.log(0.35 / 0.4183), 5 * np.log(0.35 / 0.4183)]  # as large as the square
    places = {f"at{MIDDLE}_{CAT}": 0.3, f"at{MIDDLE + 5}_{CAT}": 0.9, f"at{MIDDLE}_{PERSON}": 0.5}
    assert photo_boxes(shifts, _scores(**places))[:, :2].tolist() == [
        pytest.approx([17, 0.9]),
        pytest.approx([1, 0.5]),
    ]


def test_boxes_of_one_label_that_hardly_overlap_both_stay() -> None:
    places = {f"at{MIDDLE}_{CAT}": 0.3, f"at{MIDDLE + 18}_{CAT}": 0.9}  # three columns on: 0.05 of 0.65 in common
    assert photo_boxes(_still(), _scores(**places))[:, 1].tolist() == pytest.approx([0.9, 0.3])


def test_confidences_below_a_tenth_are_dropped() -> None:
    places = {f"at{MIDDLE}_{CAT}": 0.0999, f"at0_{PERSON}": 0.1001}
    assert photo_boxes(_still(), _scores(**places))[:, 0].tolist() == [1]
    assert photo_boxes(_still(), _scores()).shape == (0, 6)
