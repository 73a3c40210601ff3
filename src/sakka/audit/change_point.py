"""Where a row of vectors in time changes most, told from a slow drift, and what such a change is worth.

A work has coordinates x along axes on which the scatter within creators is 1 and that between them is b_j
(`models/creator_axes.py`). Works of one maker who develops scatter around a line through time, those of two around two
means:

    x_i = m + g u_i + e_i            m, g ~ N(0, b_j)    one maker, u is time from -sqrt(3) to sqrt(3)
    x_i = m + g u_i + d [i > t] + e_i         d ~ N(0, 2 b_j)    two, the second from the work after t on

The statistic is the largest logarithm over t of the second likelihood over the first, in a window of at most `WINDOW`
works before and after t: development over a career is slow within a window, and does not add up in long careers. e is
scaled by the account's own scatter between works that follow each other, which neither development nor a change raises.

What it is without a change comes from the same works, put around their line in `SHUFFLES` random orders: the mean and
the standard deviation of these give the tail of a Gumbel distribution (of a maximum), and that a surprise s = -log p.

Nobody's works stray in random order, so p is too small where careers have periods; how much too small the other
accounts of a catalog show. Their s would be exponential with mean 1; the mean l is estimated from the lower `USUAL` of
them, which a few handovers don't move, and the p-value is exp(-s / l). Where there are few accounts l is drawn towards
`USUAL_SCALE`, as if `WORTH` accounts more had it (`python -m studies handovers`).

Sources: S. Ioffe, Probabilistic linear discriminant analysis, ECCV 2006; D. Freedman, D. Lane, Journal of Business &
Economic Statistics 1983 (shuffling what a line leaves); B. Efron, JASA 2004 (a null that is estimated).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sakka.arrays import DoubleArray, IntArray

WINDOW = 40
STEP = 2.0
SHUFFLES, AT_ONCE = 100, 25
USUAL, USUAL_SCALE, WORTH = 0.8, 1.5, 10


@dataclass(frozen=True)
class ChangePoint:
    """Where a row of vectors changes most.

    Attributes:
        after: The place of the first vector after it.
        statistic: The logarithm of how much likelier a step is than a line.
        surprise: -log of the p-value against the same vectors in random order around their line.
        by_axis: What each axis adds to the statistic.
        positions: The vectors along the step, 0 in the middle.
    """

    after: int
    statistic: float
    surprise: float
    by_axis: DoubleArray
    positions: DoubleArray


def scaled(table: DoubleArray, between: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Coordinates over the scatter between works that follow each other, and the scatter between creators over it.

    Args:
        table: Shape (n_works, n_axes).
        between: Shape (n_axes,).
    """
    variance = max(float((np.diff(table, axis=0) ** 2).mean()) / 2, 1e-9)
    return table / variance**0.5, between / variance


def change_point(table: DoubleArray, between: DoubleArray, splits: IntArray, seed: int = 0) -> ChangePoint:
    """Where an account's works change most, and how surprising that is for works in random order.

    Args:
        table: Coordinates in the order of the dates, the scatter within the account 1, shape (n_works, n_axes).
        between: The scatter between creators along each axis, shape (n_axes,).
        splits: How many works stand before each place that is tried.
        seed: Of the random orders.
    """
    scan = StepScan(len(table), between, splits)
    statistic = scan.statistic(table)
    best = int(statistic.argmax())
    time = np.arange(len(table)) - (len(table) - 1) / 2
    line = table.mean(axis=0) + np.outer(time, time @ table / (time @ time))
    generator, rest, highest = np.random.default_rng((seed, 18)), table - line, []
    for _ in range(SHUFFLES // AT_ONCE):
        orders = generator.permuted(np.tile(np.arange(len(table)), (AT_ONCE, 1)), axis=1)
        highest.append(scan.statistic(line + rest[orders]).max(axis=1))
    usual = np.concatenate(highest)
    over = (float(statistic[best]) - usual.mean()) / max(float(usual.std(ddof=1)), 1e-9)
    surprise = -float(np.log(-np.expm1(-np.exp(-(over * np.pi / 6**0.5 + np.euler_gamma)))))
    by_axis, positions = scan.by_axis(table, best), scan.positions(table, best)
    return ChangePoint(int(splits[best]), float(statistic[best]), surprise, by_axis, positions)


class StepScan:
    """The statistic at each place where an account's works may change hands.

    Attributes:
        splits: How many works stand before each place, ascending.
    """

    def __init__(self, n_works: int, between: DoubleArray, splits: IntArray) -> None:
        """Work out what the statistic takes of each work.

        Args:
            n_works: How many works there are.
            between: The scatter between creators over that within the account along each axis, shape (n_axes,).
            splits: Places to try.
        """
        self.splits, self.between = splits, between
        self.windows = [(max(0, at - WINDOW), min(n_works, at + WINDOW)) for at in splits.tolist()]
        self.parts = [_weights(high - low, at - low, between)
                      for (low, high), at in zip(self.windows, splits.tolist(), strict=True)]  # fmt: skip

    def by_axis(self, works: DoubleArray, number: int) -> DoubleArray:
        """What each axis adds at one of the positions, shape (..., n_axes); works have shape (..., n_works, n_axes)."""
        (low, high), (weights, precision) = self.windows[number], self.parts[number]
        step = np.einsum("ij,...ij->...j", weights, works[..., low:high, :])
        doubt = STEP * self.between * precision
        evidence: DoubleArray = (STEP * self.between * step**2 / (1 + doubt) - np.log1p(doubt)) / 2
        return evidence

    def statistic(self, works: DoubleArray) -> DoubleArray:
        """The statistic at each place, shape (..., n_splits)."""
        return np.stack([self.by_axis(works, number).sum(axis=-1) for number in range(len(self.splits))], axis=-1)

    def positions(self, works: DoubleArray, number: int) -> DoubleArray:
        """Each work along the step at one of the positions as the other works show it, shape (n_works,)."""
        (low, high), (weights, precision) = self.windows[number], self.parts[number]
        own = np.zeros_like(works)
        own[low:high] = weights * works[low:high]
        step = (own.sum(axis=0) - own) * STEP * self.between / (1 + STEP * self.between * precision)
        along: DoubleArray = (step * works).sum(axis=1)
        at = int(self.splits[number])
        along = along - (along[:at].mean() + along[at:].mean()) / 2
        return along / max(float(np.abs(along).max()), 1e-12)


def _weights(n_works: int, before: int, between: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """What a step is estimated from in a window: each work's weight (n_works, n_axes), the precision (n_axes,)."""
    time = np.sqrt(12) * (np.arange(n_works) / max(1, n_works - 1) - 0.5)
    values, turn = np.linalg.eigh(1.0 + np.outer(time, time))
    step = (np.arange(n_works) >= before) - (n_works - before) / n_works
    turned = turn.T @ step
    inverse = 1 / (1 + np.maximum(values, 0)[:, None] * between)
    return turn @ (turned[:, None] * inverse), (turned**2) @ inverse


def usual_scale(surprises: DoubleArray) -> float:
    """The mean that surprises have in a catalog's usual accounts, 1 where its works stray as in random order.

    >>> usual_scale(np.zeros(0)), usual_scale(np.full(1000, 0.1))
    (1.5, 1.0)
    """
    ordered = np.sort(surprises)
    kept = int(USUAL * len(ordered))
    total = ordered[:kept].sum() + (len(ordered) - kept) * (ordered[kept - 1] if kept else 0.0)
    return max(1.0, float((total + WORTH * USUAL_SCALE) / (kept + WORTH)))


def tail_rates(p_values: Sequence[float]) -> list[float]:
    """The share of wrong ones among the accounts with such a p-value or a lower one (Benjamini and Hochberg, 1995).

    >>> tail_rates([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.03]
    """
    from scipy.stats import false_discovery_control

    return [float(each) for each in false_discovery_control(p_values)]
