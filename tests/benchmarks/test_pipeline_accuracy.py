import numpy as np
from benchmarks.pipeline_accuracy import rows_of


def test_a_row_counts_the_works_that_only_one_side_names_rightly() -> None:
    right = np.array([0, 0, 1, 1, 2])
    ours = {"photo": np.array([0, 0, 1, 1, 0]), "photo, learned": right}
    other = {"photo": np.array([0, 1, 0, 0, 2])}
    assert rows_of(right, ours, other) == [
        ("photo", "0.4000", "0.8000", "3 / 1", "0.62"),
        ("photo, learned", "0.4000", "1.0000", "3 / 0", "0.25"),
    ]
