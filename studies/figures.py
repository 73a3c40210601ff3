"""The figures of a study, each with what it comes from, and their table."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from benchmarks.results import table

from sakka.arrays import DoubleArray, IntArray

DRAWS = 2000


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        row: What it was measured for: a setting, a part of the works.
        measure: What was measured, with its unit.
        value: The figure.
        n: How many works, pairs or queries it comes from; None where nothing is counted.
        spread: Standard deviation or standard error, as the study says; None where there is none.
        interval: Bounds of the 95 % interval; None where there is none.
    """

    row: str
    measure: str
    value: float
    n: int | None = None
    spread: float | None = None
    interval: tuple[float, float] | None = None

    @classmethod
    def over(cls, row: str, measure: str, values: Sequence[float], n: int | None = None) -> "Figure":
        """Mean and standard deviation (n - 1) over folds or splits.

        >>> Figure.over("photo", "accuracy", [0.5, 0.7]).text
        '0.6000 ± 0.1414'
        """
        spread = statistics.stdev(values) if len(values) > 1 else None
        return cls(row, measure, statistics.fmean(values), n, spread)

    @property
    def text(self) -> str:
        """The figure with its spread or interval, to the same decimal place.

        >>> Figure("style", "ratio", 2.0031, interval=(1.951, 2.049)).text
        '2.003 (1.951 to 2.049)'
        """
        places = decimal_places(self.value)
        told = number(self.value, places)
        if self.spread is not None:
            told += f" ± {number(self.spread, places)}"
        if self.interval is not None:
            told += f" ({' to '.join(number(bound, places) for bound in self.interval)})"
        return told


def decimal_places(value: float) -> int:
    """How many decimal places give four digits, at most four; 0 for a whole number.

    >>> [decimal_places(value) for value in (12224, 0.8354, 2.003, 26.53, 1280.0)]
    [0, 4, 3, 2, 0]
    """
    if isinstance(value, int) or not math.isfinite(value):
        return 0
    return min(4, max(0, 3 - math.floor(math.log10(max(abs(value), 1e-9)))))


def number(value: float, places: int) -> str:
    """A number to some decimal places; one that would vanish in four, as a p-value may, by its power of ten.

    >>> number(12224, 0), number(0.5, 4), number(6.2e-28, 4)
    ('12,224', '0.5000', '6.2e-28')
    """
    return f"{value:.2g}" if 0 < abs(value) < 5e-5 else f"{value:,.{places}f}"


def figure_tables(figures: Sequence[Figure]) -> str:
    """Markdown with a line for each row and a column for each measure, and last what each figure of a row comes from.

    A row that shares no measure with the one before it begins a table of its own.
    """
    rows: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        rows.setdefault(figure.row, {})[figure.measure] = figure
    tables: list[dict[str, dict[str, Figure]]] = []
    measures: set[str] = set()
    for row, found in rows.items():
        if measures.isdisjoint(found):
            tables.append({})
            measures = set()
        tables[-1][row] = found
        measures |= set(found)
    return "\n\n".join(_table(each) for each in tables)


def _table(rows: dict[str, dict[str, Figure]]) -> str:
    measures = list(dict.fromkeys(measure for found in rows.values() for measure in found))
    lines = []
    for row, found in rows.items():
        counts = dict.fromkeys(f"{figure.n:,}" for figure in found.values() if figure.n is not None)
        lines.append([row, *(found[each].text if each in found else "" for each in measures), " / ".join(counts)])
    return table(["", *measures, "n"], lines)


def bootstrap_interval(
    statistic: Callable[[IntArray], DoubleArray],
    n: int,
    generator: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """The 95 % interval of a statistic over `n` works or queries drawn anew with replacement.

    Args:
        statistic: The values for drawn rows of shape (draws, n), shape (draws,).
        n: How many works or queries there are.
        generator: What draws them.
        draws: How often.
    """
    low, high = np.quantile(statistic(generator.integers(n, size=(draws, n))), [0.025, 0.975])
    return float(low), float(high)


def mean_interval(row: str, measure: str, values: DoubleArray, seed: int = 0) -> Figure:
    """A mean over works, queries or groups with its 95 % interval, by `bootstrap_interval`.

    >>> mean_interval("photo", "gain, points", np.array([1.0, 1.0])).text
    '1.000 (1.000 to 1.000)'
    """
    interval = bootstrap_interval(partial(_means, values), len(values), np.random.default_rng(seed))
    return Figure(row, measure, float(values.mean()), len(values), interval=interval)


def _means(values: DoubleArray, rows: IntArray) -> DoubleArray:
    means: DoubleArray = values[rows].mean(axis=1)
    return means


def group_means(values: DoubleArray, groups: IntArray) -> DoubleArray:
    """The mean of the works' values in each group, ordered by the groups' numbers, shape (n_groups,).

    >>> group_means(np.array([1.0, 0.0, 1.0]), np.array([7, 7, 9])).tolist()
    [0.5, 1.0]
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    means: DoubleArray = np.bincount(numbers, values) / np.bincount(numbers)
    return means
