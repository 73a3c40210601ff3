"""How works fare that lack a photo or a text."""

import numpy as np

from sakka.arrays import Mask
from sakka.evaluation.display_names import model_words
from sakka.evaluation.evaluated_run import Judged, RunFacts
from sakka.evaluation.figures import Cell, LeftOut, Table, figure
from sakka.evaluation.metrics import accuracy
from sakka.evaluation.tables.creators import Judge, judges


def coverage(judged: Judged) -> Table | LeftOut:
    """The accuracy on works with both, with one and with neither of photo and text."""
    facts = judged.facts
    tested = facts.outer >= 0
    cases: list[tuple[str, Mask]] = [
        ("both photo and text", tested & facts.has_photo & facts.has_text),
        ("photo only", tested & facts.has_photo & ~facts.has_text),
        ("text only", tested & ~facts.has_photo & facts.has_text),
        ("neither", tested & ~facts.has_photo & ~facts.has_text),
    ]
    present = [(words, mask) for words, mask in cases if mask.any()]
    if len(present) == 1:
        return LeftOut(
            "coverage", f"Every work has {present[0][0]}, so there is no table of works that lack something."
        )
    rows: list[tuple[Cell, ...]] = []
    for words, mask in present:
        figures = (_figure(judge, words, mask, facts) for judge in judges(judged))
        rows.append((words, str(int(mask.sum())), *figures))
    return Table(
        key="coverage",
        title="Works that lack a photo or a text",
        note="Accuracy by what a work has. A model without what it reads answers with the creators' shares.",
        head=("Works with", "Works", *(model_words(judge.name) for judge in judges(judged))),
        rows=tuple(rows),
    )


def _figure(judge: Judge, words: str, mask: Mask, facts: RunFacts) -> Cell:
    by_fold = []
    for outer in range(facts.outer_folds):
        rows = np.flatnonzero(mask & (facts.outer == outer))
        by_fold.append(accuracy(facts.labels[rows], judge.answers.named[rows]))
    return figure(judge.name, judge.row, f"accuracy with {words}", by_fold, int(mask.sum()))
