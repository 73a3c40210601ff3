"""Works that are probably under the wrong creator: confident learning.

For each creator c let t(c) be the mean probability of c over the works that stand under c. A work that stands under a
is taken for b's when b is the most probable creator and p(b) >= t(b): the models are as sure of b as they are of b's
own works (C. Northcutt, L. Jiang, I. Chuang, "Confident Learning", JAIR 2021, https://arxiv.org/abs/1911.00068). Its
score is p(b) - p(a); below `LEAST_SCORE` it is not reported.
"""

import numpy as np

from sakka.arrays import Probabilities, top
from sakka.audit.findings import Finding
from sakka.audit.predictions import UnseenAnswers

LEAST_SCORE = 0.8
EXAMPLES = 3


def wrong_creators(answers: UnseenAnswers, least: float = LEAST_SCORE) -> list[Finding]:
    """The works that are probably another creator's, the surest first.

    Args:
        answers: What models say that have not seen the work.
        least: The lowest score.
    """
    labels, table = answers.labels, answers.fused
    rows = np.arange(len(labels))
    own = table[rows, labels]
    sums = np.bincount(labels, weights=own, minlength=len(answers.creators))
    usual = sums / np.maximum(np.bincount(labels, minlength=len(answers.creators)), 1)
    named = table.argmax(axis=1)
    score = table[rows, named] - own
    taken = np.flatnonzero((named != labels) & (table[rows, named] >= usual[named]) & (score >= least))
    order = taken[np.lexsort((taken, -score[taken]))]
    return [_finding(answers, int(row), float(score[row]), float(usual[named[row]])) for row in order]


def _finding(answers: UnseenAnswers, row: int, score: float, usual: float) -> Finding:
    place, named = int(answers.labels[row]), int(answers.fused[row].argmax())
    said = [
        f"Models that have not seen it name {answers.creators[named]} with {_percent(answers.fused, row, named)} "
        f"({100 * usual:.0f} % is usual for that creator's own works) and {answers.creators[place]} with "
        f"{_percent(answers.fused, row, place)}."
    ]
    for kind, table in answers.alone.items():
        if len(answers.alone) > 1:
            first = int(table[row].argmax())
            said.append(f"The {kind} alone: {answers.creators[first]} with {_percent(table, row, first)}.")
    sure = np.flatnonzero(answers.labels == named)
    beside = sure[top(answers.fused[sure, named], EXAMPLES)]
    creators = (answers.creators[place], answers.creators[named])
    return Finding("wrong creator", score, creators, (row,), tuple(beside.tolist()), tuple(said))


def _percent(table: Probabilities, row: int, column: int) -> str:
    """Write a probability; one that is nearly 0 or 1 is not shown as if it were."""
    share = 100 * float(table[row, column])
    return "under 1 %" if share < 1 else "over 99 %" if share > 99 else f"{share:.0f} %"
