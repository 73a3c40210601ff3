"""How well scores part works by known creators from works by strangers.

AUROC            the probability that a known creator's work has the higher score than a stranger's (ties count half)
false accepts    the share of strangers' works that pass a threshold which 95 % of known creators' works pass; the
                 threshold is set on validation works, and `accepted` says how many known test works pass it then
"""

from collections.abc import Mapping, Sequence

import numpy as np

from sakka.arrays import DoubleArray
from sakka.evaluation.figures import Cell, Table, figure
from sakka.models.confidence import threshold_of

Parts = tuple[
    DoubleArray, DoubleArray, DoubleArray
]  # of known creators' validation works, of their test works, of strangers' works


def auroc(known: DoubleArray, strangers: DoubleArray) -> float:
    """The area under the curve of true accepts over false accepts.

    >>> auroc(np.array([3.0, 2.0]), np.array([1.0, 2.0]))
    0.875
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([known, strangers]))[: len(known)]
    return float((ranks.sum() - len(known) * (len(known) + 1) / 2) / (len(known) * len(strangers)))


def strangers_table(divisions: Sequence[Mapping[str, Parts]]) -> Table:
    """AUROC and false accepts of every score, mean and deviation over the divisions of the creators.

    Args:
        divisions: For each division of the creators, each score's values.
    """
    return Table(
        key="strangers",
        title="Telling strangers' works",
        note=(
            "In each division a fifth of the creators are strangers: no model sees a work of theirs. The others' works "
            "are parted 3:1:1 into training, validation and test. The threshold lets through 95 % of the validation "
            "works; “accepted” is the share of known creators' test works that pass it, “false accepts” that of "
            "strangers' works."
        ),
        head=("Score", "AUROC", "Accepted", "False accepts"),
        rows=tuple(_row(name, [division[name] for division in divisions]) for name in divisions[0]),
    )


def _row(name: str, parts: Sequence[Parts]) -> tuple[Cell, ...]:
    n = sum(len(test) + len(stranger) for _, test, stranger in parts)
    thresholds = [threshold_of(validation) for validation, _, _ in parts]
    measured = {
        "auroc": [auroc(test, stranger) for _, test, stranger in parts],
        "accepted": [float((each[1] >= least).mean()) for each, least in zip(parts, thresholds, strict=True)],
        "false_accepts": [float((each[2] >= least).mean()) for each, least in zip(parts, thresholds, strict=True)],
    }
    return (name, *(figure(f"fused {name}", "fused", measure, values, n) for measure, values in measured.items()))
