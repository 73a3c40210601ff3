"""Figures and tables: what every analysis gives and every report shows.

A figure is one number with what it takes to trust it: its standard deviation over the outer folds, how many works and
how many folds it comes from. A table is rows of words and figures. `report/results.json` is the list of all figures of
all tables, so that nothing is written in a report that is not in it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

RowKind = Literal["single", "ensemble", "fused"]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        model: What was evaluated: a model's name, a way of fusing, or `A -> B`.
        row: `single` (mean of the single models), `ensemble` (mean of the inner models' probabilities) or `fused`.
        measure: What was measured; a name that ends in `_count` is a number of works.
        value: The mean over the outer folds, or a count over all of them; None where there was nothing to measure.
        spread: Standard deviation over the outer folds (n - 1); None for fewer than two folds.
        n: The works evaluated.
        folds: The outer folds.
        table: The key of the table it stands in.
        split: The kind of split.
        at: Where a plot puts it on its horizontal axis: a photo weight, a share, a number of works. Not in the results.
    """

    model: str
    row: RowKind
    measure: str
    value: float | None
    spread: float | None
    n: int
    folds: int
    table: str = ""
    split: str = ""
    at: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The figure as `results.json` holds it."""
        return {name: value for name, value in vars(self).items() if name != "at"}


def figure(model: str, row: RowKind, measure: str, by_fold: Sequence[float], n: int) -> Figure:
    """Make the figure of some fold values: their mean and their standard deviation (n - 1).

    >>> figure("dummy", "single", "accuracy", [0.25, 0.75], n=8).value
    0.5
    """
    known = [float(value) for value in by_fold if not math.isnan(value)]
    value = float(np.mean(known)) if known else None
    return Figure(model, row, measure, value, standard_deviation(known), n, len(known))


def total(model: str, row: RowKind, measure: str, by_fold: Sequence[int], n: int) -> Figure:
    """Make the figure of counts that are added over the folds; the standard deviation is that of the fold counts."""
    return Figure(model, row, measure, int(sum(by_fold)), standard_deviation(by_fold), n, len(by_fold))


def pooled(model: str, measure: str, value: float, n: int, folds: int) -> Figure:
    """Make the figure of a fusion that is taken once over all tested works, so that nothing is averaged over folds."""
    known = None if math.isnan(value) else value
    return Figure(model, "fused", measure, known, None, n, folds)


def standard_deviation(values: Sequence[float]) -> float | None:
    """The standard deviation (n - 1), None for fewer than two values."""
    return float(np.std(np.asarray(values, dtype=np.float64), ddof=1)) if len(values) > 1 else None


Cell = str | Figure


@dataclass(frozen=True)
class Table:
    """A table of a report.

    Attributes:
        key: Its file name and its name in `results.json`.
        title: What it shows, in plain words.
        note: How to read it, one or a few sentences.
        head: The column heads.
        rows: Each as long as `head`.
        extra: Figures that belong to it and to `results.json` but stand in no cell (a plot shows them).
        strong: The row to put forward, None for none.
    """

    key: str
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    extra: tuple[Figure, ...] = ()
    strong: int | None = None

    def figures(self) -> Iterator[Figure]:
        """Every figure of the table once, in order."""
        for row in self.rows:
            yield from (cell for cell in row if isinstance(cell, Figure))
        yield from self.extra

    def of_split(self, split: str) -> "Table":
        """The table with its key and the split's name in every figure."""
        rows = tuple(
            tuple(replace(cell, table=self.key, split=split) if isinstance(cell, Figure) else cell for cell in row)
            for row in self.rows
        )
        extra = tuple(replace(each, table=self.key, split=split) for each in self.extra)
        return replace(self, rows=rows, extra=extra)


@dataclass(frozen=True)
class LeftOut:
    """A table that does not apply to a run.

    Attributes:
        key: The table's key.
        reason: Why, one sentence.
    """

    key: str
    reason: str


def results(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Every figure of some tables as `results.json` holds them."""
    return [each.as_json() for table in tables for each in table.figures()]
