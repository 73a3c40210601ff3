"""Tables 1 and 5 to 8 of the paper, and its claim that label sets of low entropy give away their creators.

What the works show comes from the run's `labels.parquet`. Works without a photo were not looked at and are left out of
all of these tables. The entropy is counted over all works of the run, as the paper does, not anew in each fold.
"""

import math

import numpy as np
import polars as pl

from sakka.arrays import DoubleArray
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, figure, total
from sakka.evaluation.frame import FUSED, EvaluatedRun, Predictor, ensemble, single
from sakka.evaluation.tables.ratios import NO_FUSION
from sakka.models.work_reader import Modality
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


def entropy_tables(run: EvaluatedRun, sets: LabelSets | None) -> list[Table | LeftOut]:
    """Tables 1, 5, 6, 7, 8 and the relation of entropy and accuracy.

    Args:
        run: The run.
        sets: What its photos show; None where nobody looked.
    """
    if sets is None:
        return [LeftOut("table1", NO_LABELS)]
    by_threshold = [_measures_table(run, sets, *which) for which in _PAPER_TABLES]
    return [table1(sets), *by_threshold, relation_table(run, sets)]


def relation_points(run: EvaluatedRun, sets: LabelSets, minimum_works: int = 1) -> dict[str, CombinationPoints]:
    """What a plot of entropy against accuracy shows: for each model, one point a label set."""
    tested = run.facts.outer[sets.rows] >= 0
    return {
        each.model: combination_points(sets.combinations, _correct(run, each, sets), tested, minimum_works)
        for each in _predictors(run)
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


def relation_table(run: EvaluatedRun, sets: LabelSets) -> Table:
    """The rank correlation of entropy and correct predictions for each model, over works and over label sets."""
    rows: list[tuple[Cell, ...]] = [(each.model, *_relation_cells(run, each, sets)) for each in _predictors(run)]
    return Table(
        key="entropy",
        title="Entropy of the label set and accuracy",
        note=(
            "Spearman's rank correlation between the entropy of a work's label set and the share of the models that "
            "predict its creator, with a 95% interval from 1,000 draws of whole label sets. The paper claims that "
            "a lower entropy goes with a higher accuracy: a negative correlation. Over works a set counts as often as "
            "it occurs, over label sets once. The entropy of a set is at most the logarithm of its number of works."
        ),
        head=("Model", *(f"{unit}: {part}" for unit in ("Works", "Sets") for part in ("correlation", "from", "to"))),
        rows=tuple(rows),
    )


def _measures_table(
    run: EvaluatedRun, sets: LabelSets, key: str, modality: Modality | None, title: str
) -> Table | LeftOut:
    if modality is None:
        if run.facts.fused is None:
            return LeftOut(key, NO_FUSION)
        columns: tuple[Predictor, ...] = (FUSED,)
    else:
        name = run.facts.first(modality)
        if name is None:
            return LeftOut(key, f"The run has no model that reads {modality}.")
        columns = (single(name), ensemble(name))
    measured = [(each, _by_fold(run, each, sets)) for each in columns]
    return Table(
        key=key,
        title=f"{title} by entropy of the label set",
        note=(
            f"{columns[0].model}, evaluated on the test works whose set of labels has an entropy below the threshold "
            f"({_LOGARITHM[sets.base]}), without training anew. Macro-F1 is the mean over the creators who have such "
            "a work in the fold. Single is the mean of the inner folds' models, ensemble their mean probabilities."
        ),
        head=("Entropy", "Works", *(f"{each.row}: {part}" for each in columns for part in ("accuracy", "macro-F1"))),
        rows=tuple(_measures_row(index, measured) for index in range(len(_WITH_ALL))),
    )


def _by_fold(run: EvaluatedRun, predictor: Predictor, sets: LabelSets) -> list[ThresholdMeasures]:
    """Measured with NumPy as `scores` is: macro-F1 counts the works of each creator anew under each threshold."""
    rows = run.of(predictor).filter("has_photo")
    found = []
    for fold in rows.sort("outer", "inner", maintain_order=True).partition_by("outer"):
        predicted = np.stack([each["predicted"].to_numpy() for each in fold.partition_by("inner")]).astype(np.int64)
        works = fold.filter(pl.col("inner").eq_missing(fold["inner"][0]))
        entropy, labels = sets.entropy[works["work"].to_numpy()], works["label"].to_numpy().astype(np.int64)
        found.append(measures_under_thresholds(entropy, labels, predicted, run.facts.columns, _WITH_ALL))
    return found


def _measures_row(index: int, measured: list[tuple[Predictor, list[ThresholdMeasures]]]) -> tuple[Cell, ...]:
    words = _threshold_words(None if math.isinf(_WITH_ALL[index]) else _WITH_ALL[index])
    first, folds = measured[0]
    works = [int(fold.works[index]) for fold in folds]
    cells: list[Cell] = [words, total(f"{first.model} {words}", first.row, "works_count", works, sum(works))]
    for predictor, of_folds in measured:
        for measure in ("accuracy", "macro_f1"):
            values = [float(getattr(fold, measure)[index].mean()) for fold in of_folds]
            cells.append(figure(f"{predictor.model} {words}", predictor.row, measure, values, sum(works)))
    return tuple(cells)


def _relation_cells(run: EvaluatedRun, predictor: Predictor, sets: LabelSets) -> list[Figure]:
    facts, correct = run.facts, _correct(run, predictor, sets)
    tested = facts.outer[sets.rows] >= 0
    units: tuple[Unit, ...] = ("work", "combination")
    cells = []
    for unit in units:
        found = entropy_relation(sets.combinations, correct, unit=unit, evaluated=tested, seed=facts.seed)
        for part, value in (("", found.correlation), ("_low", found.low), ("_high", found.high)):
            measure = f"entropy_rank_correlation_{unit}{part}"
            n = found.works if unit == "work" else found.combinations
            known = None if math.isnan(value) else value
            cells.append(Figure(predictor.model, predictor.row, measure, known, None, n, facts.outer_folds))
    return cells


def _predictors(run: EvaluatedRun) -> list[Predictor]:
    return [*(single(name) for name, _ in run.models), *([FUSED] if run.facts.fused else [])]


def _correct(run: EvaluatedRun, predictor: Predictor, sets: LabelSets) -> DoubleArray:
    """The share of a predictor's models that predict each work with a photo correctly; 0 where it is not tested."""
    shares = run.of(predictor).group_by("work", maintain_order=True).agg(pl.col("correct").mean())
    of_works = np.zeros(len(run.facts.labels))
    of_works[shares["work"].to_numpy()] = shares["correct"].to_numpy()
    of_photos: DoubleArray = of_works[sets.rows]
    return of_photos


def _threshold_words(threshold: float | None) -> str:
    return "any" if threshold is None else f"H < {threshold:g}"
