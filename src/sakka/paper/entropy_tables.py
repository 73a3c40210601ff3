"""Tables 1 and 5 to 8 of the paper, and its claim that label sets of low entropy name their creators, for a judged run.

What the works show comes from the run's `labels.parquet`. Works without a photo were not looked at and are left out of
all of these tables. The entropy is counted over all works of the run, as the paper does, not anew in each fold.
"""

import math
from collections.abc import Sequence

import numpy as np

from sakka.arrays import DoubleArray
from sakka.evaluation.answers import Answers
from sakka.evaluation.evaluated_run import Judged, RunFacts
from sakka.evaluation.figures import Cell, Figure, LeftOut, RowKind, Table, figure, total
from sakka.evaluation.tables.ratios import NO_FUSION
from sakka.models.base import Modality
from sakka.paper.entropy import THRESHOLDS, ThresholdMeasures, measures_under_thresholds, works_per_creator
from sakka.paper.entropy_relation import CombinationPoints, Unit, combination_points, entropy_relation
from sakka.paper.label_sets import LabelSets

_WITH_ALL = (math.inf, *THRESHOLDS)
_PAPER_TABLES: tuple[tuple[str, Modality | None, str], ...] = (
    ("table5", "photo", "Photo model"),
    ("table6", "text", "Text model"),
    ("table7", None, "Photo and text fused"),
    ("table8", "labels", "Label model"),
)
_LOGARITHM = {"e": "natural logarithm", "2": "logarithm to base 2"}


NO_LABELS = "The run has no label sets (a label model or the preset paper keeps them), so no tables by their entropy."


def entropy_tables(judged: Judged, sets: LabelSets | None) -> list[Table | LeftOut]:
    """Tables 1, 5, 6, 7, 8 and the relation of entropy and accuracy.

    Args:
        judged: The run.
        sets: What its photos show; None where nobody looked.
    """
    if sets is None:
        return [LeftOut("table1", NO_LABELS)]
    by_threshold = [_measures_table(judged, sets, *which) for which in _PAPER_TABLES]
    return [table1(sets), *by_threshold, relation_table(judged, sets)]


def relation_points(judged: Judged, sets: LabelSets, minimum_works: int = 1) -> dict[str, CombinationPoints]:
    """What a plot of entropy against accuracy shows: for each model, one point a label set."""
    tested = judged.facts.outer[sets.rows] >= 0
    return {
        name: combination_points(sets.combinations, _right(many, judged.facts, sets), tested, minimum_works)
        for name, _, many in _judges(judged)
    }


def table1(sets: LabelSets) -> Table:
    """The works per creator under each threshold."""
    rows: list[tuple[Cell, ...]] = []
    for row in works_per_creator(sets.combinations.entropy_of_works, sets.creators[sets.rows]):
        name = f"works {_threshold_words(row.threshold)}"
        counts = {
            "works_count": row.works,
            "creators": row.creators,
            "maximum_count": row.maximum,
            "minimum_count": row.minimum,
            "standard_deviation": None if math.isnan(row.standard_deviation) else row.standard_deviation,
        }
        figures = [Figure(name, "single", each, value, None, row.works, 0) for each, value in counts.items()]
        rows.append((_threshold_words(row.threshold), *figures))
    return Table(
        key="table1",
        title="Works per creator by entropy of the label set",
        note=(
            f"Works whose set of labels has an entropy below the threshold ({_LOGARITHM[sets.base]}). Maximum, minimum "
            "and standard deviation (population) are over the creators who have a work left. "
            f"{len(sets.combinations.works):,} label sets occur in {len(sets.rows):,} works with a photo; "
            f"{int((sets.combinations.works == 1).sum()):,} of them in one work only, whose entropy is 0."
        ),
        head=("Entropy", "Works", "Creators", "Maximum", "Minimum", "Standard deviation"),
        rows=tuple(rows),
    )


def relation_table(judged: Judged, sets: LabelSets) -> Table:
    """The rank correlation of entropy and right answers for each model, over works and over label sets."""
    rows: list[tuple[Cell, ...]] = [
        (name, *_relation_cells(name, kind, many, judged.facts, sets)) for name, kind, many in _judges(judged)
    ]
    return Table(
        key="entropy",
        title="Entropy of the label set and accuracy",
        note=(
            "Spearman's rank correlation between the entropy of a work's label set and the share of the models that "
            "name its creator rightly, with a 95% interval from 1,000 draws of whole label sets. The paper claims that "
            "a lower entropy goes with a higher accuracy: a negative correlation. Over works a set counts as often as "
            "it occurs, over label sets once. The entropy of a set is at most the logarithm of its number of works."
        ),
        head=("Model", *(f"{unit}: {part}" for unit in ("Works", "Sets") for part in ("correlation", "from", "to"))),
        rows=tuple(rows),
    )


def _measures_table(
    judged: Judged, sets: LabelSets, key: str, modality: Modality | None, title: str
) -> Table | LeftOut:
    if modality is None:
        if judged.fusion is None:
            return LeftOut(key, NO_FUSION)
        columns: list[tuple[str, RowKind, Sequence[Answers]]] = [("fused", "fused", [judged.fusion.chosen])]
    else:
        model = judged.first(modality)
        if model is None:
            return LeftOut(key, f"The run has no model that reads {modality}.")
        columns = [(model.name, "single", model.singles), (model.name, "ensemble", [model.ensemble])]
    measured = [(name, kind, _by_fold(many, judged.facts, sets)) for name, kind, many in columns]
    rows = [_measures_row(place, measured) for place in range(len(_WITH_ALL))]
    return Table(
        key=key,
        title=f"{title} by entropy of the label set",
        note=(
            f"{columns[0][0]}, judged on the test works whose set of labels has an entropy below the threshold "
            f"({_LOGARITHM[sets.base]}), without training anew. Macro-F1 is the mean over the creators who have such "
            "a work in the fold. Single is the mean of the inner folds' models, ensemble their mean probabilities."
        ),
        head=("Entropy", "Works", *(f"{kind}: {part}" for _, kind, _ in columns for part in ("accuracy", "macro-F1"))),
        rows=tuple(rows),
    )


def _by_fold(many: Sequence[Answers], facts: RunFacts, sets: LabelSets) -> list[ThresholdMeasures]:
    found = []
    for outer in range(facts.outer_folds):
        rows = facts.tested(outer)
        rows = rows[sets.looked_at[rows]]
        named = np.stack([answers.named[rows] for answers in many]).astype(np.int64)
        found.append(measures_under_thresholds(sets.entropy[rows], facts.labels[rows], named, facts.columns, _WITH_ALL))
    return found


def _measures_row(place: int, measured: list[tuple[str, RowKind, list[ThresholdMeasures]]]) -> tuple[Cell, ...]:
    words = _threshold_words(None if math.isinf(_WITH_ALL[place]) else _WITH_ALL[place])
    first_name, first_kind, first = measured[0]
    works = [int(fold.works[place]) for fold in first]
    cells: list[Cell] = [words, total(f"{first_name} {words}", first_kind, "works_count", works, sum(works))]
    for name, kind, folds in measured:
        for measure in ("accuracy", "macro_f1"):
            values = [float(getattr(fold, measure)[place].mean()) for fold in folds]
            cells.append(figure(f"{name} {words}", kind, measure, values, sum(works)))
    return tuple(cells)


def _relation_cells(
    name: str, kind: RowKind, many: Sequence[Answers], facts: RunFacts, sets: LabelSets
) -> list[Figure]:
    right, tested = _right(many, facts, sets), facts.outer[sets.rows] >= 0
    units: tuple[Unit, ...] = ("work", "combination")
    cells = []
    for unit in units:
        found = entropy_relation(sets.combinations, right, unit=unit, judged=tested, seed=facts.seed)
        for part, value in (("", found.correlation), ("_low", found.low), ("_high", found.high)):
            measure = f"entropy_rank_correlation_{unit}{part}"
            n = found.works if unit == "work" else found.combinations
            cells.append(Figure(name, kind, measure, None if math.isnan(value) else value, None, n, facts.outer_folds))
    return cells


def _judges(judged: Judged) -> list[tuple[str, RowKind, Sequence[Answers]]]:
    found: list[tuple[str, RowKind, Sequence[Answers]]] = [
        (each.name, "single", each.singles) for each in judged.models
    ]
    if judged.fusion is not None:
        found.append(("fused", "fused", [judged.fusion.chosen]))
    return found


def _right(many: Sequence[Answers], facts: RunFacts, sets: LabelSets) -> DoubleArray:
    """The share of `many` that name each work with a photo rightly."""
    right = np.stack([answers.named[sets.rows] == facts.labels[sets.rows] for answers in many])
    share: DoubleArray = right.mean(axis=0, dtype=np.float64)
    return share


def _threshold_words(threshold: float | None) -> str:
    return "any" if threshold is None else f"H < {threshold:g}"


__all__ = ["entropy_tables", "relation_points", "relation_table", "table1"]
