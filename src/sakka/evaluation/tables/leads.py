"""What is most worth looking at in a run: where its wrong answers gather, the most of them first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.tables.creators import bands
from sakka.evaluation.tables.summary import SURE_ENOUGH

SHOWN = 3
WORSE = 0.05  # in accuracy, than other works: less is hardly worth a word

Kind = Literal["pair", "creator", "sure", "no_photo", "no_text", "few"]


@dataclass(frozen=True)
class Lead:
    """Something to look at.

    Attributes:
        kind: What it is.
        wrong: How many wrong answers it is about.
        values: What it says: names, counts, and shares as fractions.
    """

    kind: Kind
    wrong: int
    values: Mapping[str, str | int | float]


def leads(run: EvaluatedRun, top: int = SHOWN) -> list[Lead]:
    """The leads that are about most wrong answers of what the run puts forward."""
    rows = run.of(run.headline)
    found = [*_pairs(run, rows), *_creators(run, rows), *_sure(rows), *_without_a_part(rows), *_few(run, rows)]
    return sorted(found, key=lambda lead: -lead.wrong)[:top]


def _pairs(run: EvaluatedRun, rows: pl.DataFrame) -> Iterator[Lead]:
    """The two creators who are taken for each other most, where that is more than once."""
    both = pl.concat_list("label", "predicted").list.sort().alias("both")
    wrong = rows.filter(~pl.col("correct")).group_by(both).len().sort(-pl.col("len").cast(pl.Int64), "both")
    for (first, second), n in wrong.head(1).iter_rows():
        if n > 1:
            names = {"first": run.facts.creators[first], "second": run.facts.creators[second]}
            yield Lead("pair", n, {**names, "n": n, "of": int(rows["label"].is_in([first, second]).sum())})


def _creators(run: EvaluatedRun, rows: pl.DataFrame) -> Iterator[Lead]:
    """The creator with most works that were given to others."""
    by_creator = rows.group_by("label").agg((~pl.col("correct")).sum().cast(pl.Int64).alias("wrong"), pl.len())
    for label, wrong, works in by_creator.sort(-pl.col("wrong"), "len", "label").head(1).iter_rows():
        if wrong:
            yield Lead("creator", wrong, {"creator": run.facts.creators[label], "n": wrong, "of": works})


def _sure(rows: pl.DataFrame) -> Iterator[Lead]:
    """Wrong answers that were sure."""
    sure = pl.col("probability") >= pl.lit(SURE_ENOUGH, pl.Float32)
    wrong = len(rows.filter(~pl.col("correct") & sure))
    if wrong:
        yield Lead("sure", wrong, {"n": wrong})


def _without_a_part(rows: pl.DataFrame) -> Iterator[Lead]:
    """Works without a photo, or without a text, where they do worse than works with both."""
    both = pl.col("has_photo") & pl.col("has_text")
    kinds: tuple[tuple[Kind, pl.Expr], ...] = (("no_photo", ~pl.col("has_photo")), ("no_text", ~pl.col("has_text")))
    for kind, lacking in kinds:
        yield from _worse(rows, kind, lacking, both, {})


def _few(run: EvaluatedRun, rows: pl.DataFrame) -> Iterator[Lead]:
    """The creators with fewest works, where these do worse than others."""
    works = np.bincount(run.facts.labels, minlength=run.facts.columns)
    low, past = bands(works)[0]
    few = pl.col("label").is_in(np.flatnonzero(works < past).tolist())
    yield from _worse(rows, "few", few, ~few, {"low": low, "high": past - 1})


def _worse(
    rows: pl.DataFrame, kind: Kind, these: pl.Expr, others: pl.Expr, values: Mapping[str, int]
) -> Iterator[Lead]:
    of_these, of_others = rows.filter(these)["correct"], rows.filter(others)["correct"]
    if len(of_these) and len(of_others):
        accuracy, rest = float(of_these.sum() / len(of_these)), float(of_others.sum() / len(of_others))
        if accuracy < rest - WORSE:
            wrong = len(of_these) - int(of_these.sum())
            yield Lead(kind, wrong, {**values, "n": len(of_these), "accuracy": accuracy, "rest": rest})
