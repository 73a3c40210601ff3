"""Works to look at: those that fusion rescued and those that it lost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sakka.arrays import IntArray, Mask
from sakka.evaluation.evaluated_run import Fusion, Judged
from sakka.evaluation.tables.transitions import right

RESCUED = 8
LOST = 6


@dataclass(frozen=True)
class Naming:
    """What one model said of a work.

    Attributes:
        by: The model's name; `fused` for the fusion.
        creator: The creator named, a column.
        probability: Its probability.
        right: Whether it is the work's own creator.
    """

    by: str
    creator: int
    probability: float
    right: bool


@dataclass(frozen=True)
class Example:
    """One work with what photo, text and fusion said of it, in this order.

    Attributes:
        row: The work's row.
        namings: Who was named.
    """

    row: int
    namings: tuple[Naming, ...]


def rescued(judged: Judged, top: int = RESCUED) -> list[Example]:
    """Works that fusion names rightly though photo, text or both did not.

    Those that both got wrong come first, then the most probable answers; one work a creator.
    """
    if judged.fusion is None:
        return []
    photo, text, fused = _right(judged, judged.fusion)
    return _examples(judged, judged.fusion, fused & ~(photo & text), urgent=~photo & ~text, top=top)


def lost(judged: Judged, top: int = LOST) -> list[Example]:
    """Works that photo, text or both named rightly and fusion does not.

    Those that both got right come first, then the most probable mistakes; one work a creator.
    """
    if judged.fusion is None:
        return []
    photo, text, fused = _right(judged, judged.fusion)
    return _examples(judged, judged.fusion, (photo | text) & ~fused, urgent=photo & text, top=top)


def _right(judged: Judged, fusion: Fusion) -> tuple[Mask, Mask, Mask]:
    facts = judged.facts
    photo, text = judged.model(fusion.photo).ensemble, judged.model(fusion.text).ensemble
    return right(photo, facts), right(text, facts), right(fusion.chosen, facts)


def _examples(judged: Judged, fusion: Fusion, mask: Mask, *, urgent: Mask, top: int) -> list[Example]:
    rows = np.flatnonzero(mask & (judged.facts.outer >= 0))
    order = rows[np.lexsort((rows, -fusion.chosen.probability[rows], ~urgent[rows]))]
    return [Example(row, _namings(judged, fusion, row)) for row in _one_a_creator(order, judged.facts.labels, top)]


def _one_a_creator(rows: IntArray, labels: IntArray, top: int) -> Sequence[int]:
    taken: dict[int, int] = {}
    for row in rows:
        taken.setdefault(int(labels[row]), int(row))
        if len(taken) == top:
            break
    return list(taken.values())


def _namings(judged: Judged, fusion: Fusion, row: int) -> tuple[Naming, ...]:
    place = int(judged.facts.labels[row])
    said = (
        (fusion.photo, judged.model(fusion.photo).ensemble),
        (fusion.text, judged.model(fusion.text).ensemble),
        ("fused", fusion.chosen),
    )
    return tuple(
        Naming(name, int(answers.named[row]), float(answers.probability[row]), int(answers.named[row]) == place)
        for name, answers in said
    )
