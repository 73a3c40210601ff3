import numpy as np
from studies.figures import figure_tables
from studies.pipeline_accuracy import compared


def test_a_row_counts_the_works_that_only_one_side_names_right() -> None:
    right = np.array([0, 0, 1, 1, 2])
    ours = {"photo": np.array([0, 0, 1, 1, 0]), "photo, learned": right}
    other = {"photo": np.array([0, 1, 0, 0, 2])}
    assert figure_tables(list(compared(right, ours, other))).splitlines()[2:] == [
        "| photo | 0.4000 | 0.8000 | 3 | 1 | 0.6250 | 5 |",
        "| photo, learned | 0.4000 | 1.000 | 3 | 0 | 0.2500 | 5 |",
    ]
