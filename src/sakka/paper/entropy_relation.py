r"""The relation that the paper claims: the lower the entropy of a label set, the better its creators are predicted.

As a number: Spearman's rank correlation between H(LC) and the share of correct predictions,

    rho = correlation of ranks(H) and ranks(share correct),    equal values sharing their mean rank,

negative where the claim holds. Counted in two ways: over works (a set counts as often as it occurs, which is what the
paper's thresholds do) and over label sets (each counts once, however rare). The interval comes from a bootstrap that
draws whole label sets with replacement: works with one set have one entropy, so they are not independent draws.

Source: Spearman, "The Proof and Measurement of Association between Two Things", 1904; cluster bootstrap: Davison and
Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.paper.entropy import Combinations

Unit = Literal["work", "combination"]
RESAMPLES = 1000


@dataclass(frozen=True)
class EntropyRelation:
    """How entropy and the share of correct predictions go together for one model.

    Attributes:
        unit: What was counted: works or label sets.
        correlation: Spearman's rank correlation, -1 to 1; NaN where entropy or accuracy does not vary.
        low: Lower end of the interval; NaN where the correlation is.
        high: Upper end of the interval.
        level: The interval's level, such as 0.95.
        works: How many works were looked at.
        combinations: How many label sets they show.
    """

    unit: Unit
    correlation: float
    low: float
    high: float
    level: float
    works: int
    combinations: int


@dataclass(frozen=True)
class CombinationPoints:
    """What a plot of the relation shows: one point a label set.

    Attributes:
        entropy: Shape (n_combinations,): H(LC).
        accuracy: Shape (n_combinations,): mean share of correct predictions over the works with the set.
        works: Shape (n_combinations,): how many works show it.
        combination: Shape (n_combinations,): its row in `Combinations`.
    """

    entropy: DoubleArray
    accuracy: DoubleArray
    works: IntArray
    combination: IntArray


def combination_points(
    combinations: Combinations, correct: DoubleArray, evaluated: Mask | None = None, minimum_works: int = 1
) -> CombinationPoints:
    """The entropy, accuracy and number of works of each label set.

    Args:
        combinations: The label sets of all works.
        correct: Shape (n_works,): the share of the models that predicted a work's creator, 0 to 1.
        evaluated: Shape (n_works,): the works that were evaluated; None means all.
        minimum_works: Sets with fewer evaluated works are left out.
    """
    indices = combinations.of_work if evaluated is None else combinations.of_work[evaluated]
    shares = (
        np.asarray(correct, dtype=np.float64) if evaluated is None else np.asarray(correct, dtype=np.float64)[evaluated]
    )
    works = np.bincount(indices, minlength=len(combinations.works))
    sums = np.bincount(indices, weights=shares, minlength=len(combinations.works))
    kept = np.flatnonzero(works >= max(1, minimum_works))
    return CombinationPoints(combinations.entropy[kept], sums[kept] / works[kept], works[kept], kept)


def entropy_relation(
    combinations: Combinations,
    correct: DoubleArray,
    *,
    unit: Unit = "work",
    evaluated: Mask | None = None,
    minimum_works: int = 1,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    seed: int = 0,
) -> EntropyRelation:
    """The rank correlation between entropy and correct predictions with its bootstrap interval.

    Args:
        combinations: The label sets of all works.
        correct: Shape (n_works,): the share of the models that predicted a work's creator, 0 to 1.
        unit: Whether works or label sets are counted.
        evaluated: Shape (n_works,): the works that were evaluated; None means all.
        minimum_works: Sets with fewer evaluated works are left out.
        resamples: How many times the label sets are drawn anew.
        level: The interval's level, between 0 and 1.
        seed: Where the draws start.
    """
    points = combination_points(combinations, correct, evaluated, minimum_works)
    cells = (
        _cells_of_combinations(points)
        if unit == "combination"
        else _cells_of_works(combinations, points, correct, evaluated)
    )
    correlation = _correlation(cells, np.ones(len(points.works)))
    low = high = math.nan
    if not math.isnan(correlation):
        low, high = _interval(cells, len(points.works), resamples, level, seed)
    return EntropyRelation(unit, correlation, low, high, level, int(points.works.sum()), len(points.works))


@dataclass(frozen=True)
class _Cells:
    """The units, gathered where entropy group, accuracy group and label set are the same.

    Ranks need only the order, so entropy and accuracy are given as indices among their distinct values.
    """

    combination: IntArray
    entropy: IntArray
    accuracy: IntArray
    units: DoubleArray


def _cells_of_combinations(points: CombinationPoints) -> _Cells:
    return _Cells(
        np.arange(len(points.works)),
        _distinct_ranks(points.entropy),
        _distinct_ranks(points.accuracy),
        np.ones(len(points.works)),
    )


def _cells_of_works(
    combinations: Combinations, points: CombinationPoints, correct: DoubleArray, evaluated: Mask | None
) -> _Cells:
    row_of = np.full(len(combinations.works), -1, dtype=np.int64)
    row_of[points.combination] = np.arange(len(points.combination))
    rows = row_of[combinations.of_work]
    kept = rows >= 0 if evaluated is None else (rows >= 0) & evaluated
    levels = _distinct_ranks(np.asarray(correct, dtype=np.float64)[kept])
    n_levels = int(levels.max(initial=0)) + 1
    cells, units = np.unique(rows[kept] * n_levels + levels, return_counts=True)
    combination = cells // n_levels
    return _Cells(combination, _distinct_ranks(points.entropy)[combination], cells % n_levels, units.astype(np.float64))


def _distinct_ranks(values: DoubleArray) -> IntArray:
    """Each value's place among the distinct values, ascending; values that differ by rounding only are one."""
    indices: IntArray = np.unique(np.round(values, 12), return_inverse=True)[1].reshape(-1)
    return indices


def _correlation(cells: _Cells, times: DoubleArray) -> float:
    """Spearman's correlation when label set c counts `times[c]` times.

    A group's mean rank is (units before it) + (units in it) / 2, up to a constant that the correlation ignores.
    """
    weights = cells.units * times[cells.combination]
    ranks = []
    for indices in (cells.entropy, cells.accuracy):
        sizes = np.bincount(indices, weights=weights)
        rank = (np.cumsum(sizes) - sizes / 2)[indices]
        ranks.append(rank - np.average(rank, weights=weights) if weights.sum() else rank)
    variance = [float((weights * rank * rank).sum()) for rank in ranks]
    if min(variance, default=0.0) <= 1e-9:
        return math.nan
    return float((weights * ranks[0] * ranks[1]).sum() / math.sqrt(variance[0] * variance[1]))


def _interval(cells: _Cells, n_combinations: int, resamples: int, level: float, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    draws = [
        _correlation(
            cells,
            np.bincount(generator.integers(n_combinations, size=n_combinations), minlength=n_combinations).astype(
                np.float64
            ),
        )
        for _ in range(resamples)
    ]
    tail = (1 - level) / 2
    low, high = np.nanquantile(draws, [tail, 1 - tail]) if not np.isnan(draws).all() else (math.nan, math.nan)
    return float(low), float(high)
