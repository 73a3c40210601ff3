"""The figures of the paper's tables 1 to 8 and of its text candidates, as printed, to set beside those of a run.

Source: Tanaka, Miyake, Mine, "Identification of the creator based on the featured image and description of the
handmade work" (in Japanese). Where the paper gives one figure for accuracy and micro-F1, it stands here once.
"""

from dataclasses import dataclass

from sakka.evaluation.tables.transitions import Transitions

FOLDS = 5
Threshold = float | None  # None: all works


@dataclass(frozen=True)
class Measures:
    """One row of tables 2, 3 and 5 to 8: accuracy (equal to micro-F1) and macro-F1."""

    accuracy: float
    macro_f1: float


@dataclass(frozen=True)
class WorksLeft:
    """One row of table 1: the works below a threshold, and the most, the fewest and the deviation a creator."""

    works: int
    maximum: int
    minimum: int
    standard_deviation: float


TABLE_1: dict[Threshold, WorksLeft] = {
    None: WorksLeft(109_685, 4_367, 50, 177.7),
    5.0: WorksLeft(54_482, 2_952, 8, 108.8),
    4.0: WorksLeft(47_053, 2_868, 5, 102.0),
    3.0: WorksLeft(38_304, 2_364, 2, 83.03),
    2.0: WorksLeft(19_420, 2_059, 1, 70.55),
    1.0: WorksLeft(6_011, 1_237, 1, 54.65),
}

# By the image's weight as the paper labels its rows; see `ratio_reversed` for what it probably is.
TABLE_2: dict[float, Measures] = {
    0.1: Measures(0.8115, 0.7586),
    0.2: Measures(0.8387, 0.7923),
    0.3: Measures(0.8757, 0.8380),
    0.4: Measures(0.9077, 0.8768),
    0.5: Measures(0.9299, 0.9016),
    0.6: Measures(0.9214, 0.8891),
    0.7: Measures(0.9072, 0.8691),
    0.8: Measures(0.8940, 0.8516),
    0.9: Measures(0.8844, 0.8397),
}

TABLE_3: dict[str, Measures] = {
    "photo": Measures(0.7959, 0.7400),
    "text": Measures(0.8793, 0.8338),
    "fused": Measures(0.9299, 0.9016),
    "labels": Measures(0.09056, 0.05893),
}

TABLE_4: dict[str, Transitions] = {
    "photo": Transitions(tt=86_458, ff=6_818, ft=15_504, tf=905),
    "text": Transitions(tt=95_563, ff=6_838, ft=6_399, tf=885),
}
BOTH_WRONG_FUSED_RIGHT, BOTH_RIGHT_FUSED_WRONG = 99, 0

TABLES_5_TO_8: dict[str, dict[Threshold, Measures]] = {
    "photo": {
        None: TABLE_3["photo"],
        5.0: Measures(0.8182, 0.7502),
        4.0: Measures(0.8223, 0.7484),
        3.0: Measures(0.8280, 0.7475),
        2.0: Measures(0.8467, 0.7522),
        1.0: Measures(0.9590, 0.7950),
    },
    "text": {
        None: TABLE_3["text"],
        5.0: Measures(0.8939, 0.8391),
        4.0: Measures(0.8950, 0.8372),
        3.0: Measures(0.8967, 0.8358),
        2.0: Measures(0.9055, 0.8337),
        1.0: Measures(0.9489, 0.7668),
    },
    "fused": {
        None: TABLE_3["fused"],
        5.0: Measures(0.9397, 0.9058),
        4.0: Measures(0.9405, 0.9051),
        3.0: Measures(0.9421, 0.9042),
        2.0: Measures(0.9499, 0.9050),
        1.0: Measures(0.9860, 0.9109),
    },
    "labels": {
        None: TABLE_3["labels"],
        5.0: Measures(0.1375, 0.07304),
        4.0: Measures(0.1519, 0.07597),
        3.0: Measures(0.1670, 0.08082),
        2.0: Measures(0.2092, 0.08897),
        1.0: Measures(0.4545, 0.1360),
    },
}


def ratio_reversed(photo_weight: float) -> Measures:
    """Table 2's row for a weight of the image if the paper's labels are the wrong way round.

    >>> ratio_reversed(0.9) == TABLE_2[0.1]
    True
    """
    return TABLE_2[round(1 - photo_weight, 1)]
