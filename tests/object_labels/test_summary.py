"""What was found, counted by hand."""

import math

import numpy as np

from sakka.object_labels.table import LabelTable, summarise

CAT, CUP = 17, 47


def _table(*works: dict[int, float]) -> LabelTable:
    vectors = np.zeros((len(works), 92), dtype=np.float32)
    for row, work in enumerate(works):
        for index, confidence in work.items():
            vectors[row, index] = confidence
    return LabelTable(tuple(str(row) for row in range(len(works))), vectors)


def test_works_and_sets_counted_by_hand() -> None:
    found = summarise(_table({CUP: 0.3}, {CUP: 0.9}, {CUP: 0.5, CAT: 0.5}, {0: 1.0}, {}, {0: 1.0}))
    assert [(count.label.english, count.works, count.share) for count in found.counts] == [
        ("cup", 3, 3 / 5),
        ("cat", 1, 1 / 5),
        ("none", 2, 2 / 5),
    ]
    assert (found.works, found.without_photo) == (5, 1)
    assert (found.combinations, found.shown_once) == (3, 1)
    assert found.labels_per_work == 4 / 5


def test_no_works_give_no_counts() -> None:
    found = summarise(_table())
    assert (found.counts, found.works, found.combinations) == ((), 0, 0)
    assert math.isnan(found.labels_per_work)
