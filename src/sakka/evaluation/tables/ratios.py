"""Table 2: nine ratios of photo to text, and which of them is chosen.

The paper prints its ratios the wrong way round, it seems (at "image 1 : text 9" it comes out near the image model);
here each weight stands under its modality's name. It also picks the best ratio on the test folds. That figure is the
`oracle` here: one ratio for all folds, known only afterwards; it stands in `results.json` and beside the paper alone.
What a run puts forward is picked in each outer fold on the pooled validation predictions of its inner folds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, figure
from sakka.evaluation.frame import EvaluatedRun, Predictor, fixed_ratio, way_of_fusing
from sakka.models.fixed_ratio import FIXED_RATIOS, RATIOS, FixedRatio
from sakka.models.fusion import HOWS, How

NO_FUSION = "The run has no pair of a photo model and a text model, so there is nothing to fuse."
PRINTED = ("accuracy", "macro_f1")


def table2(run: EvaluatedRun) -> Table | LeftOut:
    """Accuracy and macro-F1 of each ratio, of the ratio chosen on validation and of the oracle."""
    if run.facts.fused is None:
        return LeftOut("table2", NO_FUSION)
    oracles = {how: _oracle(run, how) for how in HOWS}
    rows: list[tuple[Cell, ...]] = [
        (
            f"{ratio:.1f}",
            f"{1 - ratio:.1f}",
            *_cells(run, [_fused_at(FixedRatio(how, ratio)) for how in HOWS], at=ratio),
        )
        for ratio in RATIOS
    ]
    chosen = [way_of_fusing(f"fused-{how} chosen", how) for how in HOWS]
    best = [fixed_ratio(f"fused-{how} oracle", fixed) for how, fixed in oracles.items()]
    rows.append(("chosen on validation", "", *_cells(run, chosen)))
    return Table(
        key="table2",
        title="Photo and text in nine ratios",
        note=(
            "The two ensembles fused as an arithmetic mean or log-linearly. “Chosen” takes, in each outer fold, the "
            "weight that is best on its validation works."
        ),
        head=("Photo weight", "Text weight", *(f"{how}: {name}" for how in HOWS for name in ("accuracy", "macro-F1"))),
        rows=tuple(rows),
        extra=(*_cells(run, best), *(_on_validation(run, fixed) for fixed in FIXED_RATIOS)),
        strong=len(RATIOS),
    )


def choices(run: EvaluatedRun) -> Table | LeftOut:
    """What each outer fold chose, and how that did on its test works beside the best it could have chosen."""
    if run.facts.fused is None:
        return LeftOut("choices", NO_FUSION)
    ratios = run.scores.filter(pl.col("photo_weight").is_not_null(), pl.col("kind") == "fused")
    best = ratios.group_by("outer").agg(pl.col("accuracy").max().alias("best"))
    tested = ratios.filter("chosen").select("outer", pl.col("accuracy").alias("test"))
    chosen = run.validation.filter("chosen").join(tested, on="outer").join(best, on="outer").sort("outer")
    return Table(
        key="choices",
        title="What each fold chose",
        note=(
            "The ratio with most correct predictions on validation, and its accuracy there and on the fold's test "
            "works. The last column is the best that any of the eighteen ratios reaches on the test works."
        ),
        head=("Fold", "Way of fusing", "Photo weight", "Validation accuracy", "Test accuracy", "Best on test"),
        rows=tuple(_choice_row(row, len(run.facts.tested(row["outer"]))) for row in chosen.iter_rows(named=True)),
    )


def _choice_row(row: Mapping[str, Any], n: int) -> tuple[Cell, ...]:
    name, works = f"fused fold {row['outer'] + 1}", row["works"]
    return (
        str(row["outer"] + 1),
        row["way"],
        figure(name, "fused", "photo_weight", [row["photo_weight"]], works),
        figure(name, "fused", "validation_accuracy", [row["accuracy"]], works),
        figure(name, "fused", "accuracy", [row["test"]], n),
        figure(name, "fused", "best_accuracy", [row["best"]], n),
    )


def ratio_name(fixed: FixedRatio) -> str:
    """A ratio's name in `results.json`.

    >>> ratio_name(FixedRatio("arithmetic", 0.3))
    'fused-arithmetic photo 0.3 text 0.7'
    """
    return f"fused-{fixed.how} photo {fixed.photo_weight:.1f} text {1 - fixed.photo_weight:.1f}"


def _fused_at(fixed: FixedRatio) -> Predictor:
    return fixed_ratio(ratio_name(fixed), fixed)


def _cells(run: EvaluatedRun, predictors: Sequence[Predictor], at: float | None = None) -> list[Figure]:
    return [replace(run.figure(each, name), at=at) for each in predictors for name in PRINTED]


def _oracle(run: EvaluatedRun, how: How) -> FixedRatio:
    fixed = [each for each in FIXED_RATIOS if each.how == how]
    return max(fixed, key=lambda each: float(np.mean(run.by_fold(_fused_at(each), "accuracy"))))


def _on_validation(run: EvaluatedRun, fixed: FixedRatio) -> Figure:
    validation = run.validation.filter(pl.col("way") == fixed.how, pl.col("photo_weight") == fixed.photo_weight)
    by_fold, works = validation["accuracy"].to_list(), validation["works"].to_list()
    found = figure(ratio_name(fixed), "fused", "validation_accuracy", by_fold, works[0] if works else 0)
    return replace(found, at=fixed.photo_weight)
