"""What a run comes to: how good, how sure of that, what is gained by answering only when sure, and what flatters it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from sakka.evaluation.figures import Cell, Figure, Table, pooled
from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.learned_fusion import LEARNED_KIND
from sakka.evaluation.metrics import exact_interval
from sakka.evaluation.tables.fusions import CONFIDENCE

SURE_ENOUGH = 0.95
"""The probability from which a report recommends to answer: a round one, so that no work that is evaluated chose it."""


def summary(run: EvaluatedRun) -> Table:
    """The accuracy, coverage and accuracy from `SURE_ENOUGH` on, and how many works a random split makes too easy."""
    rows, facts = run.of(run.headline), run.facts
    sure = rows.filter(pl.col("probability") >= pl.lit(SURE_ENOUGH, pl.Float32))
    correct, right = int(rows["correct"].sum()), int(sure["correct"].sum())
    found: list[tuple[Cell, ...]] = [
        ("right creator named", run.figure(run.headline, "accuracy"), *_interval(run, "accuracy", correct, len(rows))),
        (f"answered from {SURE_ENOUGH} on", *_share(run, "coverage", len(sure), len(rows))),
    ]
    if len(sure):
        found.append((f"right among those from {SURE_ENOUGH} on", *_share(run, "sure_accuracy", right, len(sure))))
    across = facts.near_identical_across
    if across is not None:
        found.append(("near-identical to a work learned from", *_share(run, "near_identical", across, len(rows))))
    return Table(
        key="summary",
        title="In short",
        note="Shares of the evaluated works with their exact 95 % interval (Clopper and Pearson).",
        head=("What", "Share", "from", "to", "Works"),
        rows=tuple(found),
        extra=tuple(_folds_learned(run)),
    )


def _share(run: EvaluatedRun, measure: str, count: int, works: int) -> Iterator[Figure]:
    yield from _of_headline(run, {measure: count / works}, works)
    yield from _interval(run, measure, count, works)


def _interval(run: EvaluatedRun, measure: str, count: int, works: int) -> Iterator[Figure]:
    low, high = exact_interval(count, works, 1 - CONFIDENCE)
    yield from _of_headline(run, {f"low_{measure}": low, f"high_{measure}": high, f"{measure}_count": count}, works)


def _folds_learned(run: EvaluatedRun) -> Iterator[Figure]:
    """In how many outer folds photo and text are fused by learned weights."""
    if run.facts.fused:
        ways = run.frame.filter(run.headline.where).select("outer", "way").unique()["way"]
        learned = int((ways.cast(pl.String) == LEARNED_KIND).sum())
        yield from _of_headline(run, {"folds_learned_count": learned}, run.facts.n_tested)


def _of_headline(run: EvaluatedRun, values: Mapping[str, float], works: int) -> Iterator[Figure]:
    for measure, value in values.items():
        yield replace(pooled(run.headline.model, measure, value, works, run.facts.outer_folds), row=run.headline.row)
