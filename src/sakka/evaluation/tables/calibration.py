"""How far probabilities can be believed, and what is gained by answering only when sure.

The expected calibration error splits the works by the probability of the creator predicted into `BINS` equal intervals
and weighs how far each part's accuracy is from its mean probability:

    ECE = sum over bins b of  n_b / n * |accuracy_b - mean probability_b|

Source: C. Guo et al., On calibration of modern neural networks, ICML 2017, https://arxiv.org/abs/1706.04599
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from sakka.evaluation.display_names import model_words
from sakka.evaluation.figures import Cell, Figure, Table, figure, pooled, total
from sakka.evaluation.frame import EvaluatedRun, Predictor, ensemble, way_of_fusing
from sakka.evaluation.learned_fusion import LEARNED
from sakka.evaluation.metrics import exact_interval
from sakka.evaluation.tables.fusions import CONFIDENCE
from sakka.models.fusion import HOWS

BINS = 15
SURE: tuple[float, ...] = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
CURVE_STEPS = 20


def calibration(run: EvaluatedRun) -> Table:
    """The calibration error of every model that reads, and of every way of fusing."""
    ways = {model_words(name): ensemble(name) for name, modality in run.models if modality != "none"}
    if run.facts.fused:
        ways |= {name: way_of_fusing(f"fused {name}", how) for how in HOWS for name in (f"{how}, best ratio",)}
        ways |= {way: way_of_fusing(f"fused {way}", way) for way in LEARNED}
    shown, strong = run.with_headline(ways)
    return Table(
        key="calibration",
        title="How far the probabilities can be believed",
        note=(
            f"Expected calibration error: works are parted into {BINS} intervals by the probability of the creator "
            "predicted; it is the mean distance of an interval's accuracy from its mean probability. It is "
            "taken over all tested works; “surer than correct” is the mean probability minus the accuracy. "
            "Temperatures and learned fusions are fitted on validation predictions only."
        ),
        head=("Predictions of", "Calibration error", "Mean probability", "Accuracy", "Surer than correct"),
        rows=tuple(_row(run, name, each) for name, each in shown.items()),
        extra=tuple(_bins(run, run.headline)),
        strong=strong,
    )


def sure(run: EvaluatedRun) -> Table:
    """Coverage and accuracy where only predictions with at least some probability are given."""
    rows = run.of(run.headline)
    passed = [threshold for threshold in SURE if (rows["probability"] >= np.float32(threshold)).any()]
    return Table(
        key="sure",
        title="Answering only when sure",
        note=(
            "Answers are given only where the probability of the creator predicted is at least the threshold. Coverage "
            "is the share of works answered; accuracy is that of the answers given."
        ),
        head=("Threshold", "Coverage", "Accuracy", "Wrong answers"),
        rows=tuple(_sure_row(run, rows, threshold) for threshold in passed),
        extra=tuple(_curve(run, rows)),
    )


def reliability(rows: pl.DataFrame, bins: int = BINS) -> pl.DataFrame:
    """The reliability diagram, a row a bin that holds any: `bin`, `works`, mean `probability` and `accuracy`.

    Args:
        rows: The `probability` of the creators predicted and whether they are `correct`, a row a work.
        bins: How many intervals.
    """
    probability = pl.col("probability").cast(pl.Float64)
    return (
        rows.group_by((probability * bins).cast(pl.Int64).clip(upper_bound=bins - 1).alias("bin"), maintain_order=True)
        .agg(pl.len().alias("works"), probability.mean(), pl.col("correct").mean().alias("accuracy"))
        .sort("bin")
    )


def calibration_error(rows: pl.DataFrame, bins: int = BINS) -> float:
    """The expected calibration error of some predictions; arguments as in `reliability`.

    >>> calibration_error(pl.DataFrame({"probability": [0.75] * 4, "correct": [True, True, True, False]}))
    0.0
    """
    gap = (pl.col("accuracy") - pl.col("probability")).abs()
    return float(reliability(rows, bins).select((pl.col("works") * gap).sum() / pl.col("works").sum()).item())


def _row(run: EvaluatedRun, name: str, predictor: Predictor) -> tuple[Cell, ...]:
    rows, facts = run.of(predictor), run.facts
    probability = rows.select(pl.col("probability").cast(pl.Float64).mean()).item()
    accuracy = rows.select(pl.col("correct").mean()).item()
    values = {
        "calibration_error": calibration_error(rows),
        "mean_probability": probability,
        "accuracy": accuracy,
        "surer_gain": probability - accuracy,
    }
    figures = (
        replace(pooled(predictor.model, key, value, facts.n_tested, facts.outer_folds), row=predictor.row)
        for key, value in values.items()
    )
    return (name, *figures)


def _bins(run: EvaluatedRun, predictor: Predictor) -> Iterator[Figure]:
    """Of each interval the mean probability and the accuracy of its works, with its exact 95 % interval."""
    for row in reliability(run.of(predictor)).iter_rows(named=True):
        works, name = row["works"], f"{predictor.model} bin {row['bin'] + 1} of {BINS}"
        low, high = exact_interval(round(row["accuracy"] * works), works, 1 - CONFIDENCE)
        values = {"mean_probability": row["probability"], "accuracy": row["accuracy"]}
        for measure, value in (values | {"low_accuracy": low, "high_accuracy": high}).items():
            made = pooled(name, measure, value, works, run.facts.outer_folds)
            yield replace(made, row=predictor.row, at=row["probability"])


def _sure_row(run: EvaluatedRun, rows: pl.DataFrame, threshold: float) -> tuple[Cell, ...]:
    given, correct = pl.col("probability") >= pl.lit(threshold, pl.Float32), pl.col("correct")
    of_fold = rows.group_by("outer").agg(
        coverage=given.mean(),
        accuracy=correct.filter(given).mean().fill_null(float("nan")),
        wrong_count=(given & ~correct).sum(),
    )
    by_fold = of_fold.sort("outer").to_dict(as_series=False)
    shown, n = run.headline, run.facts.n_tested
    name = f"{shown.model} at least {threshold:.2f}"
    return (
        f"{threshold:.2f}",
        figure(name, shown.row, "coverage", by_fold["coverage"], n),
        figure(name, shown.row, "accuracy", by_fold["accuracy"], n),
        total(name, shown.row, "wrong_count", by_fold["wrong_count"], n),
    )


def _curve(run: EvaluatedRun, rows: pl.DataFrame) -> Iterator[Figure]:
    """The accuracy of the surest 5 %, 10 %, ... 100 % of each fold's works."""
    surest = rows.sort("probability", descending=True, maintain_order=True)
    for step in range(1, CURVE_STEPS + 1):
        share = step / CURVE_STEPS
        count = (pl.len() * step / CURVE_STEPS).round(mode="half_to_even").clip(lower_bound=1).cast(pl.UInt32)
        accuracy = pl.col("correct").head(count).mean()
        by_fold = surest.group_by("outer", maintain_order=True).agg(accuracy).sort("outer")["correct"].to_list()
        name = f"{run.headline.model} surest {share:.2f}"
        yield replace(figure(name, run.headline.row, "accuracy", by_fold, run.facts.n_tested), at=share)
