"""Sets of creators that hold the right one with a stated probability: split-conformal prediction.

A creator c is possible for a work at coverage 1 - a where the p-value of "c made it" is above a. With f_c the work's
probability of c, S all held-out works of the same view, S_c those by c, and f the probability that each of them had of
its own creator, the p-value is

    p_c = (#{S_c: f <= f_c} + (#{S: f <= f_c} + 1) / (#S + 1) / a) / (#S_c + 1 / a)

so everyone's works count as 1 / a works by c, as many as it takes to see one in a share a of them. A creator with few
held-out works is judged as everyone is, and one with many as that creator's own works are: where
a creator's works are hard to tell, less probability is enough. The set may be empty, where the work is like
none of the known creators' works, or hold nearly everyone, where there is no telling. It rests on the works asked about
being drawn as the held-out ones were.

Of candidates a creator who is none counts as having the probability 0, and so does a held-out work whose creator was
none. Where such works are so many that even the probability 0 is possible, everyone is.

The weight 1 / a was chosen on validation works of paintings and the simulated market, from 1 / 2a, 2 / a, 10 and 20
works: one for all coverages is too few at 99 % and too many at 90 %.

Sources: V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, Springer 2005; V. Vovk,
Conditional validity of inductive conformal predictors, ACML 2012, https://arxiv.org/abs/1209.2673 (by class);
M. Sadinle, J. Lei, L. Wasserman, JASA 114, 2019, https://arxiv.org/abs/1609.00451 (the smallest sets)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sakka.arrays import DoubleArray, FloatArray, IntArray, Mask, Probabilities
from sakka.models.calibration import at_temperature
from sakka.models.identification import COVERAGES, CreatorSet
from sakka.models.learning_limits import LEAST_WORKS, HeldOut
from sakka.models.limits import View, ViewLimits


@dataclass(frozen=True)
class ConformalScores:
    """The probabilities that held-out works of one view had of their own creators.

    Attributes:
        scores: f above, shape (n_works,), by creator and ascending for each.
        works: How many of them are by each creator, shape (n_creators,); 0 where all are judged alike.
    """

    scores: FloatArray
    works: IntArray

    @classmethod
    def of(cls, scores: FloatArray, labels: IntArray | None, n_creators: int) -> "ConformalScores":
        """Make them of works in any order.

        Args:
            scores: f above, shape (n_works,).
            labels: Each work's creator as a column, shape (n_works,); None where all creators are judged alike.
            n_creators: How many creators there are.
        """
        if labels is None:
            return cls(np.sort(scores).astype(np.float32), np.zeros(n_creators, dtype=np.int64))
        order = np.lexsort((scores, labels))
        return cls(scores[order].astype(np.float32), np.bincount(labels, minlength=n_creators))

    def possible(self, probabilities: Probabilities, coverage: float, creators: IntArray | None = None) -> Mask:
        """Which creators may have made each work, shape (n_works, n_asked).

        Args:
            probabilities: Of works asked about in the same view, shape (n_works, n_asked).
            coverage: How often the right creator is to be among them, 0 to 1.
            creators: The columns that are asked for, shape (n_asked,); None: all.

        >>> scores = ConformalScores.of(np.float32([0.9, 0.8, 0.2, 0.6]), np.array([0, 0, 0, 1]), 3)
        >>> scores.possible(np.float32([[0.3, 0.3, 0.3]]), 0.7)  # (1 + 4/3) / (3 + 10/3), (0 + 4/3) / 13/3, 4/3 / 10/3
        array([[ True,  True,  True]])
        >>> scores.possible(np.float32([[0.1, 0.1, 0.1]]), 0.7)  # (0 + 2/3) / 19/3, (0 + 2/3) / 13/3, 2/3 / 10/3
        array([[False, False, False]])
        """
        creators = np.arange(len(self.works)) if creators is None else creators
        share = 1 - coverage
        pooled = (np.searchsorted(self._ascending, probabilities, side="right") + 1) / (len(self.scores) + 1)
        own = np.searchsorted(self._by_creator, creators + _within_one(probabilities), side="right")
        below = own - self._starts[creators]
        possible: Mask = below + pooled / share > share * self.works[creators] + 1
        return possible

    def is_rest_possible(self, coverage: float) -> bool:
        """Whether creators who are no candidates are possible, since too many held-out works had such a creator.

        Args:
            coverage: How often the right creator is to be among those who are possible, 0 to 1.
        """
        return bool(self.possible(np.zeros((1, 1), dtype=np.float32), coverage, np.array([self.works.argmin()]))[0, 0])

    def with_creators(self, count: int) -> "ConformalScores":
        """These with new creators, of whom no work was held out."""
        return ConformalScores(self.scores, np.append(self.works, np.zeros(count, dtype=np.int64)))

    def without(self, label: int) -> "ConformalScores":
        """These without one creator and that creator's works."""
        start = self._starts[label]
        gone = slice(start, start + self.works[label])
        return ConformalScores(np.delete(self.scores, gone), np.delete(self.works, label))

    @cached_property
    def _ascending(self) -> FloatArray:
        return np.sort(self.scores)

    @cached_property
    def _starts(self) -> IntArray:
        return np.concatenate([[0], np.cumsum(self.works)[:-1]]).astype(np.int64)

    @cached_property
    def _by_creator(self) -> DoubleArray:
        """The scores, each moved by its creator's column, so that one ascending row holds them all."""
        return np.repeat(np.arange(len(self.works)), self.works) + _within_one(self.scores[: self.works.sum()])


def learn_conformal(
    held_out: Mapping[View, Sequence[HeldOut]], limits: Mapping[View, ViewLimits], n_creators: int
) -> dict[View, ConformalScores]:
    """The scores of each view that has limits, whose temperature they are taken at.

    Args:
        held_out: What was said of the works of each view.
        limits: The limits learned on them.
        n_creators: How many creators there are.
    """
    found = {}
    for view, learned in limits.items():
        parts = [each for each in held_out[view] if not each.is_shortened]
        assert sum(len(each.labels) for each in parts) >= LEAST_WORKS
        own = [_own(each, learned.temperature) for each in parts]
        labels = None if parts[0].has_rest else np.concatenate([each.labels for each in parts])
        found[view] = ConformalScores.of(np.concatenate(own), labels, n_creators)
    return found


def _own(held_out: HeldOut, temperature: float) -> FloatArray:
    """The probability of each work's own creator; 0 where that is among the rest, who are never in a set."""
    table = at_temperature(held_out.probabilities, temperature)
    own: FloatArray = table[np.arange(len(held_out.labels)), held_out.labels]
    return own * (held_out.labels < table.shape[1] - 1) if held_out.has_rest else own


def creator_sets(
    scores: ConformalScores, columns: IntArray, probabilities: Probabilities, creators: Sequence[str], count: int
) -> tuple[CreatorSet, ...]:
    """The set of creators of one work, at each coverage that so many held-out works can speak for.

    Args:
        scores: Those of the work's view.
        columns: The creators' columns, the most probable first, shape (n_asked,); others have the probability 0.
        probabilities: Theirs, shape (n_asked,).
        creators: The creators' names.
        count: How many creators of a set to name.
    """
    found = []
    for coverage in COVERAGES:
        if (len(scores.scores) + 1) * (1 - coverage) < 1:
            continue  # even the least probability would not be unusual enough
        if len(columns) < len(creators) and scores.is_rest_possible(coverage):
            size, possible = len(creators), columns
            if count > len(columns):
                possible = np.concatenate([columns, np.setdiff1d(np.arange(size), columns)])
        else:
            possible = columns[scores.possible(probabilities[None], coverage, columns)[0]]
            size = len(possible)
        found.append(CreatorSet(coverage, size, tuple(creators[column] for column in possible[:count])))
    return tuple(found)


def _within_one(probabilities: FloatArray) -> DoubleArray:
    """Probabilities halved, so that creators' ranges do not touch."""
    return probabilities.astype(np.float64) / 2
