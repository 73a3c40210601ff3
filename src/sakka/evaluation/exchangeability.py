"""Whether works come as the held-out ones did, so that sets hold: a test that may be read after every work.

The sets of `models/conformal.py` hold the right creator as often as is stated where works asked about and held-out
works are exchangeable: every order of them is equally probable. When a work's creator becomes known, it has the p-value

    p_n = #{works of its view, held out or come so far, itself included: v <= v_n} / how many these are

where v is the p-value that the sets at `COVERAGE` rest on, of a work's own creator and counted among the same works; it
is below all others where the model doesn't know the creator. If works are exchangeable, their p-values are independent,
and each is below a with probability a at most. So nobody can win by betting on small ones. For each coverage's share of
misses a and each m in `TIMES`, a bet b expects m times as many misses; before work n it stands at S_b, and after it at
S_b g_b(p_n):

    g_b(p) = m                      where p <= a
             (1 - m a) / (1 - a)    else

Works may change at any time, so a part w_k of each stake is put in only before work k, and the rest is kept back:

    M_n = mean over b of ( sum over k <= n of w_k g_b(p_k) ... g_b(p_n)  +  w_{n+1} + w_{n+2} + ... )
    w_k = 1 / log2(k + 1) - 1 / log2(k + 2)

The w_k sum to 1 and fall hardly faster than 1 / k. M starts at 1, and of exchangeable works it ever reaches 1 / e with
probability e at most (Ville's inequality), however often one looks. The change is dated by maximum likelihood: the
work k and the bet b with the greatest product g_b(p_k) ... g_b(p_n).

Bets are on misses alone: works that are surer than the held-out ones raise no alarm. Of equal works each counts as the
surest in its p-value, which can only lower M, so the same table always gives the same answer.

Sources: V. Vovk, I. Nouretdinov, A. Gammerman, Testing exchangeability on-line, ICML 2003; V. Vovk, I. Petej,
I. Nouretdinov, E. Ahlberg, L. Carlsson, A. Gammerman, Retrain or not retrain: conformal test martingales for
change-point detection, COPA 2021, https://arxiv.org/abs/2102.10439; G. Shafer, Testing by betting, JRSS A 184, 2021
"""

from dataclasses import dataclass

import numpy as np

from sakka.arrays import DoubleArray
from sakka.models.conformal import ConformalScores
from sakka.models.identification import COVERAGE, COVERAGES

ERROR = 0.01  # of exchangeable streams, however long, at most so many as a share raise an alarm
TIMES = (1.5, 2.0, 4.0, 8.0)
UNKNOWN = -1  # stands for a creator whom the model does not know

_MAIN_FIRST = sorted(COVERAGES, key=lambda coverage: coverage != COVERAGE)  # so that it is named where bets are equal
_SHARES = np.repeat([round(1 - coverage, 9) for coverage in _MAIN_FIRST], len(TIMES))
_MISSES = _SHARES * np.tile(TIMES, len(COVERAGES))


class WorksSoFar:
    """The held-out works of one view and those that came since, each with the probability of its own creator."""

    def __init__(self, held_out: ConformalScores, room: int) -> None:
        """Begin with the held-out works.

        Args:
            held_out: What the view's sets rest on.
            room: How many works may come at most.
        """
        self._is_by_creator = bool(held_out.works.any())
        self._count = len(held_out.scores)
        empty = np.zeros(self._count + room)
        self._scores, self._labels, self._works, self._below, self._own_below = (empty.copy() for _ in range(5))
        self._scores[: self._count] = held_out.scores
        self._below[: self._count] = np.searchsorted(np.sort(held_out.scores), held_out.scores, side="right")
        if self._is_by_creator:
            self._labels[: self._count] = np.repeat(np.arange(len(held_out.works)), held_out.works)
            self._works[: self._count] = np.repeat(held_out.works, held_out.works)
            own = np.split(held_out.scores, np.cumsum(held_out.works)[:-1])
            self._own_below[: self._count] = np.concatenate([np.searchsorted(each, each, side="right") for each in own])

    def add(self, score: float, label: int) -> float:
        """Take in a work whose creator has become known.

        Args:
            score: The probability of its own creator.
            label: That creator's column, or `UNKNOWN`.

        Returns:
            Its p-value.

        >>> works = WorksSoFar(ConformalScores.of(np.float32([0.9, 0.8]), np.array([0, 1]), 2), room=3)
        >>> [round(works.add(*each), 2) for each in ((0.85, 0), (0.0, UNKNOWN), (0.1, 1))]
        [0.67, 0.25, 0.4]
        """
        here, at = slice(0, self._count), self._count
        same = (self._labels[here] == label) & self._is_by_creator
        above = self._scores[here] >= score
        equal_or_below = self._scores[here] <= score
        self._below[here] += above
        self._own_below[here] += same & above
        self._works[here] += same
        self._scores[at], self._labels[at] = -1 if label == UNKNOWN else score, label
        self._below[at] = equal_or_below.sum() + 1
        self._own_below[at] = self._is_by_creator * ((same & equal_or_below).sum() + 1)
        self._works[at] = self._is_by_creator * (same.sum() + 1)
        self._count += 1
        values = self._values()
        return float((values <= values[-1]).mean())

    def _values(self) -> DoubleArray:
        """The value v of each work."""
        here, everyone = slice(0, self._count), 1 / (1 - COVERAGE)
        own, pooled = self._own_below[here], self._below[here] / self._count
        values: DoubleArray = (own + everyone * pooled) / (self._works[here] + everyone)
        return np.where(self._labels[here] == UNKNOWN, -1, values)


@dataclass(frozen=True)
class SequentialTest:
    """What the bets say of works in the order in which they came.

    Attributes:
        evidence: The most that M has been, up to the alarm; its inverse is a p-value for "nothing has changed".
        alarm: The index of the work at which M reached 1 / `ERROR`; None where it did not.
        since: The index of the work from which on the works differ, by maximum likelihood; None without an alarm.
        coverage: The coverage on whose misses the best bet was; None without an alarm.
    """

    evidence: float
    alarm: int | None = None
    since: int | None = None
    coverage: float | None = None


def factors(p_values: DoubleArray) -> DoubleArray:
    """g_b of each p-value and bet, shape (n_works, n_bets).

    >>> factors(np.array([0.05, 0.06]))[:, 1].round(4).tolist()  # twice as many misses as of the 95 % sets
    [2.0, 0.9474]
    """
    missed = p_values[:, None] <= _SHARES
    found: DoubleArray = np.where(missed, _MISSES / _SHARES, (1 - _MISSES) / (1 - _SHARES))
    return found


def sequential_test(p_values: DoubleArray) -> SequentialTest:
    """Bet against works that come one after the other, until there is an alarm.

    Args:
        p_values: Theirs, in the order in which they came, shape (n_works,).
    """
    gains = factors(p_values)
    stakes, evidence = np.zeros(gains.shape[1]), 1.0
    for at, gain in enumerate(gains):
        stakes = (stakes + _kept_back(at) - _kept_back(at + 1)) * gain
        evidence = max(evidence, float(stakes.mean()) + _kept_back(at + 1))
        if evidence >= 1 / ERROR:
            return SequentialTest(evidence, at, *_change(gains[: at + 1]))
    return SequentialTest(evidence)


def _kept_back(works: int) -> float:
    """What of each stake has not been put in after so many works."""
    return float(1 / np.log2(works + 2))


def _change(gains: DoubleArray) -> tuple[int, float]:
    """The work from which on a bet has gained the most, and the coverage that this bet was on."""
    products = np.cumsum(np.log(gains)[::-1], axis=0)[::-1]
    work, bet = np.unravel_index(products.argmax(), products.shape)
    return int(work), float(1 - _SHARES[bet])
