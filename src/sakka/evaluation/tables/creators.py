"""How each creator fares, and how that goes with the number of their works."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sakka.arrays import Mask
from sakka.evaluation.answers import Answers
from sakka.evaluation.display_names import model_words
from sakka.evaluation.evaluated_run import Judged, RunFacts
from sakka.evaluation.figures import Cell, Figure, RowKind, Table, figure, spread_of
from sakka.evaluation.metrics import Counts, accuracy, count


@dataclass(frozen=True)
class Judge:
    """One column of answers that creators are looked at through.

    Attributes:
        name: The model's name in `results.json`.
        row: The row's kind there.
        answers: Its answers.
    """

    name: str
    row: RowKind
    answers: Answers


def judges(judged: Judged) -> list[Judge]:
    """The headline's answers and, where it is a fusion, its photo and its text ensemble's."""
    name, answers = judged.headline
    if judged.fusion is None:
        return [Judge(name, "ensemble", answers)]
    singles = [judged.model(each) for each in (judged.fusion.photo, judged.fusion.text)]
    return [Judge(name, "fused", answers), *(Judge(each.name, "ensemble", each.ensemble) for each in singles)]


def counts_of(answers: Answers, facts: RunFacts, mask: Mask | None = None) -> Counts:
    """Count each creator's right and wrong answers among the works tested, or among those of a mask."""
    rows = np.flatnonzero(facts.outer >= 0 if mask is None else mask)
    return count(facts.labels[rows], answers.named[rows], facts.columns)


def creators_table(judged: Judged) -> Table:
    """Works, precision, recall and F1 of every creator, the best named first."""
    facts, columns = judged.facts, judges(judged)
    pooled = [counts_of(judge.answers, facts) for judge in columns]
    by_fold = [_counts_by_fold(judge.answers, facts) for judge in columns]
    order = sorted(range(facts.columns), key=lambda place: (-pooled[0].f1[place], facts.creators[place]))
    rows = []
    for place in order:
        cells: list[Cell] = [facts.creators[place]]
        cells.append(_count_figure(facts, place, [int(fold.works[place]) for fold in by_fold[0]]))
        for judge, whole, folds in zip(columns, pooled, by_fold, strict=True):
            measures = ("precision", "recall", "f1") if judge is columns[0] else ("recall",)
            cells += [_creator_figure(judge, name, place, whole, folds, facts) for name in measures]
        rows.append(tuple(cells))
    others = tuple(f"Recall, {model_words(judge.name).lower()}" for judge in columns[1:])
    return Table(
        key="creators",
        title="Every creator",
        note=(
            f"Precision, recall and F1 ({model_words(columns[0].name).lower()}), counted over all folds together, "
            "± standard deviation of the fold figures. Recall is the share of a creator's works named rightly, "
            "precision the share of the works given that name that are theirs."
        ),
        head=("Creator", "Works", "Precision", "Recall", "F1", *others),
        rows=tuple(rows),
    )


def sizes_table(judged: Judged) -> Table:
    """The accuracy on the works of small and of large creators; the bands double in width."""
    facts, columns = judged.facts, judges(judged)
    works = np.bincount(facts.labels, minlength=facts.columns)
    rows = []
    for low, high in bands(works):
        within = (works >= low) & (works < high)
        mask = within[facts.labels] & (facts.outer >= 0)
        band = f"{low}–{high - 1}"
        cells: list[Cell] = [band, str(int(within.sum())), str(int(mask.sum()))]
        rows.append((*cells, *(_band_figure(judge, band, mask, facts) for judge in columns)))
    return Table(
        key="sizes",
        title="Accuracy by the number of a creator's works",
        note="Mean ± standard deviation over the outer folds of the accuracy on the works of the creators in a band.",
        head=("Works per creator", "Creators", "Works judged", *(model_words(judge.name) for judge in columns)),
        rows=tuple(rows),
    )


def bands(works: npt.NDArray[np.integer]) -> list[tuple[int, int]]:
    """Divide creators by their number of works: from the smallest number on, each band twice as far as the last.

    Args:
        works: How many works each creator has, shape (n_creators,).

    Returns:
        The bands that hold a creator: first number, and the number past the last.

    >>> bands(np.array([50, 60, 130, 900]))
    [(50, 100), (100, 200), (800, 1600)]
    """
    low, found = max(1, int(works.min())), []
    while low <= int(works.max()):
        if ((works >= low) & (works < 2 * low)).any():
            found.append((low, 2 * low))
        low *= 2
    return found


def _counts_by_fold(answers: Answers, facts: RunFacts) -> list[Counts]:
    return [counts_of(answers, facts, facts.outer == outer) for outer in range(facts.outer_folds)]


def _creator_figure(
    judge: Judge, name: str, place: int, whole: Counts, folds: Sequence[Counts], facts: RunFacts
) -> Figure:
    values = [float(getattr(fold, name)[place]) for fold in folds if fold.works[place] > 0]
    return Figure(
        model=judge.name,
        row=judge.row,
        measure=f"{name} of {facts.creators[place]}",
        value=float(getattr(whole, name)[place]),
        spread=spread_of(values),
        n=int(whole.works[place]),
        folds=len(values),
    )


def _count_figure(facts: RunFacts, place: int, by_fold: Sequence[int]) -> Figure:
    works = sum(by_fold)
    return Figure(
        "catalog", "single", f"works of {facts.creators[place]}", works, spread_of(by_fold), works, len(by_fold)
    )


def _band_figure(judge: Judge, band: str, mask: Mask, facts: RunFacts) -> Figure:
    by_fold = []
    for outer in range(facts.outer_folds):
        rows = np.flatnonzero(mask & (facts.outer == outer))
        by_fold.append(accuracy(facts.labels[rows], judge.answers.named[rows]))
    return figure(judge.name, judge.row, f"accuracy at {band} works", by_fold, int(mask.sum()))
