"""The first candidates of works, where there are too many creators for a table of all of them.

A model of very many creators finds some of them by an index, the shortlist, and scores these exactly. What all others
come to is estimated from a sample of them, the same for every work: with s the scores, S the shortlist, R the sample
without the shortlist and C the number of creators,

    p_c = exp s_c / ( sum over S of exp s  +  (C - |S|) / |R|  sum over R of exp s )

so the probabilities are those of a softmax over all creators, and sum to 1 with the rest's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sakka.arrays import DoubleArray, FloatArray, IntArray, Mask, Probabilities, softmax, top
from sakka.models.calibration import at_temperature
from sakka.models.confidence import confidence

FIRST = 200  # candidates are decided among
SAMPLE = 512  # creators that stand for all that are not on a shortlist


@dataclass(frozen=True)
class FirstCandidates:
    """The most probable creators of works.

    Attributes:
        columns: The creators' columns, the most probable first, shape (n_works, n_candidates).
        probabilities: Theirs, same shape.
        rest: What all other creators have together, shape (n_works,).
        n_creators: How many creators there are.
    """

    columns: IntArray
    probabilities: Probabilities
    rest: Probabilities
    n_creators: int

    def __len__(self) -> int:
        return len(self.columns)

    @classmethod
    def of(cls, table: Probabilities, count: int | None = None) -> "FirstCandidates":
        """The first candidates of a table of all creators, `FIRST` where no count is given."""
        columns = top(table, FIRST if count is None else count)
        found = np.take_along_axis(table, columns, axis=1)
        rest = np.maximum(1 - found.sum(axis=1), 0) if columns.shape[1] < table.shape[1] else np.zeros(len(table))
        return cls(columns, found, rest.astype(np.float32), table.shape[1])

    @property
    def table(self) -> Probabilities:
        """The candidates' probabilities and behind them the rest's, shape (n_works, n_candidates + 1)."""
        return np.hstack([self.probabilities, self.rest[:, None]])

    def positions(self, labels: IntArray) -> IntArray:
        """Where each work's creator stands in `table`, shape (n_works,); among the rest is the last place.

        >>> found = FirstCandidates(np.array([[4, 2]]), np.float32([[0.5, 0.3]]), np.float32([0.2]), 9)
        >>> found.positions(np.array([2])).tolist(), found.positions(np.array([7])).tolist()
        ([1], [2])
        """
        found = self.columns == labels[:, None]
        positions: IntArray = np.where(found.any(axis=1), found.argmax(axis=1), self.columns.shape[1])
        return positions

    def dense(self, shares: Probabilities) -> Probabilities:
        """A table of all creators, shape (n_works, n_creators): the rest in proportion to shares.

        Args:
            shares: Each creator's share of the works learned from, shape (n_creators,).

        >>> found = FirstCandidates(np.array([[1]]), np.float32([[0.8]]), np.float32([0.2]), 3)
        >>> found.dense(np.float32([0.3, 0.6, 0.1])).round(3).tolist()
        [[0.15000000596046448, 0.800000011920929, 0.05000000074505806]]
        """
        rows = np.arange(len(self))[:, None]
        table = np.tile(shares.astype(np.float32) + np.float32(1e-12), (len(self), 1))
        table[rows, self.columns] = 0
        table *= (self.rest / np.maximum(table.sum(axis=1), np.float32(1e-30)))[:, None]
        table[rows, self.columns] = self.probabilities
        return table

    def confidence(self) -> DoubleArray:
        """Minus the entropy in nats, the rest counted as one, shape (n_works,)."""
        return confidence(self.table)

    def at_temperatures(self, temperatures: DoubleArray) -> "FirstCandidates":
        """These with their log-odds divided by a temperature, the rest counted as one.

        Args:
            temperatures: Of each work, shape (n_works,).
        """
        table = self.table
        for temperature in np.unique(temperatures).tolist():
            rows = temperatures == temperature
            table[rows] = at_temperature(table[rows], temperature)
        return replace(self, probabilities=table[:, :-1], rest=table[:, -1])

    def where(self, read: Mask, shares: Probabilities) -> "FirstCandidates":
        """These for works that were read, for the others the creators with the most works.

        Args:
            read: Which works were read, shape (n_works,).
            shares: Each creator's share of the works learned from, shape (n_creators,).
        """
        if read.all():
            return self
        usual = FirstCandidates.of(shares[None], self.columns.shape[1])
        columns = np.where(read[:, None], self.columns, usual.columns)
        probabilities = np.where(read[:, None], self.probabilities, usual.probabilities)
        return FirstCandidates(columns, probabilities, np.where(read, self.rest, usual.rest), self.n_creators)


@dataclass(frozen=True)
class Slate:
    """The creators that are scored of each work.

    Attributes:
        listed: The shortlists' columns, shape (n_works, n_listed).
        sample: The columns of the sample, shape (n_sample,); none where every creator is listed.
        log_weights: The logarithm of how many creators each of them stands for, those of the sample last, -inf for one
            that is there already, shape (n_works, n_listed + n_sample).
        longest: How many different creators each work's list has at least.
    """

    listed: IntArray
    sample: IntArray
    log_weights: FloatArray
    longest: int

    @classmethod
    def of(cls, shortlists: Sequence[IntArray], n_creators: int) -> "Slate":
        """What several shortlists of the same works come to.

        Args:
            shortlists: Columns, each of shape (n_works, some number).
            n_creators: How many creators there are.

        >>> slate = Slate.of([np.array([[3, 0]]), np.array([[0, 1]])], 4)
        >>> slate.listed.tolist(), slate.sample.tolist(), slate.log_weights.tolist()
        ([[3, 0, 0, 1]], [2], [[0.0, 0.0, -inf, 0.0, 0.0]])
        """
        listed = np.concatenate(shortlists, axis=1)
        order = np.argsort(listed, axis=1, kind="stable")
        ordered = np.take_along_axis(listed, order, axis=1)
        again = np.zeros(listed.shape, dtype=np.bool_)
        np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
        sample = sample_of(n_creators)
        places = np.minimum(np.searchsorted(sample, listed), len(sample) - 1)
        rows, columns = np.nonzero(sample[places] == listed)
        is_listed = np.zeros((len(listed), len(sample)), dtype=np.bool_)
        is_listed[rows, places[rows, columns]] = True
        if (needed := ~is_listed.all(axis=0)).sum() < len(sample):
            sample, is_listed = sample[needed], is_listed[:, needed]
        others, sampled = n_creators - (~again).sum(axis=1), (~is_listed).sum(axis=1)
        stands_for = np.log(np.maximum(others, 1) / np.maximum(sampled, 1)).astype(np.float32)
        log_weights = np.zeros((len(listed), listed.shape[1] + len(sample)), dtype=np.float32)
        log_weights[:, listed.shape[1] :] = stands_for[:, None]
        log_weights[np.hstack([again, is_listed])] = -np.inf
        return cls(listed, sample, log_weights, max(each.shape[1] for each in shortlists))

    @property
    def columns(self) -> IntArray:
        """All of them, shape (n_works, n_listed + n_sample)."""
        return np.hstack([self.listed, np.tile(self.sample, (len(self.listed), 1))])

    def probabilities(self, scores: FloatArray) -> Probabilities:
        """The probability of each column among all creators, 0 for one that is there already, in the scores' shape.

        Args:
            scores: Of the slate's columns, shape (n_works, n_listed + n_sample).
        """
        stands_for = np.exp(np.where(np.isneginf(self.log_weights), 0, self.log_weights))
        return (softmax(scores.astype(np.float64) + self.log_weights) / stands_for).astype(np.float32)

    def candidates(self, scores: FloatArray, n_creators: int, count: int | None = None) -> FirstCandidates:
        """The first candidates under scores.

        Args:
            scores: Of the slate's columns, shape (n_works, n_listed + n_sample).
            n_creators: How many creators there are.
            count: How many candidates at most; None: `FIRST`.
        """
        probabilities = softmax(scores.astype(np.float64) + self.log_weights)
        found = probabilities[:, : self.listed.shape[1]]
        order = _first(found, min(FIRST if count is None else count, self.longest))
        own = np.take_along_axis(found, order, axis=1).astype(np.float32)
        rest = np.maximum(1 - own.sum(axis=1, dtype=np.float64), 0).astype(np.float32)
        return FirstCandidates(np.take_along_axis(self.listed, order, axis=1), own, rest, n_creators)


def _first(table: DoubleArray, count: int) -> IntArray:
    """The positions of each row's highest entries, the highest first, shape (n_rows, count)."""
    if count < table.shape[1]:
        chosen = np.sort(np.argpartition(-table, count - 1, axis=1)[:, :count], axis=1)
        return np.take_along_axis(chosen, top(np.take_along_axis(table, chosen, axis=1)), axis=1)
    return top(table, count)


def sample_of(n_creators: int) -> IntArray:
    """The creators that stand for those who are not on a shortlist, ascending; the same for every model and work.

    They are those whose columns hash lowest, so one creator more, behind the others, changes one of them at most.
    """
    return _lowest_hashes(n_creators, SAMPLE)


@lru_cache(maxsize=8)
def _lowest_hashes(n_creators: int, count: int) -> IntArray:
    """The columns whose hash (the finalizer of splitmix64) is among the lowest, ascending, read-only."""
    hashes = (np.arange(n_creators, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    sample = np.sort(np.argsort(hashes, kind="stable")[:count])
    sample.setflags(write=False)
    return sample
