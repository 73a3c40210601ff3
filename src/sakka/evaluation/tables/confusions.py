"""Who is confused with whom."""

from dataclasses import dataclass

import numpy as np

from sakka.evaluation.answers import Answers
from sakka.evaluation.evaluated_run import Judged, RunFacts
from sakka.evaluation.figures import Cell, Figure, Table, total
from sakka.evaluation.tables.creators import judges

TOP_PAIRS = 12
EXAMPLES = 2


@dataclass(frozen=True)
class Confusion:
    """One creator whose works are given to another.

    Attributes:
        creator: Whose works they are, a column.
        named: Who was named instead, a column.
        works: How many works, over all folds.
        of: How many works of the creator were judged.
        examples: Rows of such works, those with a photo and then the most certain first.
        named_examples: Rows of works by the one named that were named rightly, in the same order.
    """

    creator: int
    named: int
    works: int
    of: int
    examples: tuple[int, ...]
    named_examples: tuple[int, ...]


def confusions(answers: Answers, facts: RunFacts, top: int = TOP_PAIRS) -> list[Confusion]:
    """The pairs with most works named wrongly; among equals the larger share of the creator's works first."""
    rows = np.flatnonzero((facts.outer >= 0) & (answers.named != facts.labels))
    codes = facts.labels[rows] * facts.columns + answers.named[rows]
    pairs, works = np.unique(codes, return_counts=True)
    judged = np.bincount(facts.labels[facts.outer >= 0], minlength=facts.columns)
    order = sorted(range(len(pairs)), key=lambda at: (-works[at], judged[pairs[at] // facts.columns], pairs[at]))
    found = []
    for at in order[:top]:
        creator, named = divmod(int(pairs[at]), facts.columns)
        examples = _most_certain(rows[codes == pairs[at]], answers, facts)
        right = np.flatnonzero((facts.outer >= 0) & (facts.labels == named) & (answers.named == named))
        of = int(judged[creator])
        found.append(Confusion(creator, named, int(works[at]), of, examples, _most_certain(right, answers, facts)))
    return found


def confusions_table(judged: Judged) -> Table:
    """The pairs of creators confused most often by what the run puts forward."""
    facts, judge = judged.facts, judges(judged)[0]
    rows: list[tuple[Cell, ...]] = []
    for pair in confusions(judge.answers, facts):
        creator, named = facts.creators[pair.creator], facts.creators[pair.named]
        mask = (facts.labels == pair.creator) & (judge.answers.named == pair.named)
        by_fold = [int((mask & (facts.outer == outer)).sum()) for outer in range(facts.outer_folds)]
        wrong: Figure = total(judge.name, judge.row, f"named_count {creator} -> {named}", by_fold, pair.of)
        rows.append((creator, named, wrong, str(pair.of)))
    return Table(
        key="confusions",
        title="Who is taken for whom",
        note="The pairs with most works given to the wrong creator, over all folds.",
        head=("Creator", "Named instead", "Works", "Of the creator's works"),
        rows=tuple(rows),
    )


def _most_certain(
    rows: np.ndarray[tuple[int], np.dtype[np.int64]], answers: Answers, facts: RunFacts
) -> tuple[int, ...]:
    order = np.lexsort((rows, -answers.probability[rows], ~facts.has_photo[rows]))
    return tuple(int(row) for row in rows[order][:EXAMPLES])
