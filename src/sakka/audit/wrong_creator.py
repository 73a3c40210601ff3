"""Works that are probably under the wrong creator: confident learning.

For each creator c let t(c) be the mean probability of c over the works that stand under c. A work that stands under a
is taken for b's when b is the most probable creator and p(b) >= t(b): the models are as sure of b as they are of b's
own works (C. Northcutt, L. Jiang, I. Chuang, "Confident Learning", JAIR 2021, https://arxiv.org/abs/1911.00068). Its
score is p(b) - p(a); below `LEAST_SCORE` it is not reported.
"""

import numpy as np

from sakka.arrays import Probabilities, top
from sakka.audit.findings import Finding
from sakka.audit.predictions import OutOfFoldPredictions

LEAST_SCORE = 0.8
EXAMPLES = 3


def wrong_creators(predictions: OutOfFoldPredictions, least: float = LEAST_SCORE) -> list[Finding]:
    """The works that are probably another creator's, the surest first.

    Args:
        predictions: Out-of-fold predictions of the works.
        least: The lowest score.
    """
    labels, table = predictions.labels, predictions.fused
    rows = np.arange(len(labels))
    own = table[rows, labels]
    sums = np.bincount(labels, weights=own, minlength=len(predictions.creators))
    usual = sums / np.maximum(np.bincount(labels, minlength=len(predictions.creators)), 1)
    named = table.argmax(axis=1)
    score = table[rows, named] - own
    taken = np.flatnonzero((named != labels) & (table[rows, named] >= usual[named]) & (score >= least))
    order = taken[np.lexsort((taken, -score[taken]))]
    return [_finding(predictions, int(row), float(score[row]), float(usual[named[row]])) for row in order]


def _finding(predictions: OutOfFoldPredictions, row: int, score: float, usual: float) -> Finding:
    own, named = int(predictions.labels[row]), int(predictions.fused[row].argmax())
    creators = (predictions.creators[own], predictions.creators[named])
    said = [
        f"Models that have not seen it name {creators[1]} with {_percent(predictions.fused, row, named)} "
        f"({100 * usual:.0f} % is usual for that creator's own works) and {creators[0]} with "
        f"{_percent(predictions.fused, row, own)}."
    ]
    for kind, table in predictions.alone.items():
        if len(predictions.alone) > 1:
            first = int(table[row].argmax())
            said.append(f"The {kind} alone: {predictions.creators[first]} with {_percent(table, row, first)}.")
    sure = np.flatnonzero(predictions.labels == named)
    beside = sure[top(predictions.fused[sure, named], EXAMPLES)]
    return Finding("wrong creator", score, creators, (row,), tuple(beside.tolist()), tuple(said))


def _percent(table: Probabilities, row: int, column: int) -> str:
    """Write a probability; one that is nearly 0 or 1 is not shown as if it were."""
    share = 100 * float(table[row, column])
    return "under 1 %" if share < 1 else "over 99 %" if share > 99 else f"{share:.0f} %"
