"""The probability that one creator made two works, from their similarity of style.

    log odds(same | s) = r(s) + log odds of the prior,     r(s) = log p(s | same) / p(s | different)

r rises with s; it is fitted by isotonic regression on pairs of works of creators whom the axes were not learned from,
near-identical pairs left out, both kinds of pairs weighing alike. The prior is the chance that two works drawn from the
catalog have the same creator: a work among ten thousand others needs stronger evidence than one among a hundred.

`average_precisions` evaluates a style space: mean average precision of works of one creator.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, FloatArray, IntArray, top

LEAST_CHANCE = 1e-4  # of either kind of pair: no single pair is sure


@dataclass(frozen=True)
class SameCreatorCalibration:
    """The function r, linear between the centres of the steps that isotonic regression finds.

    Attributes:
        similarity: Where the knots stand, ascending, shape (n_knots,).
        log_ratio: r there, ascending, shape (n_knots,).
        prior: The chance that two works of the catalog have the same creator.
    """

    similarity: DoubleArray
    log_ratio: DoubleArray
    prior: float

    def probability(self, similarities: npt.ArrayLike, prior: float | None = None) -> DoubleArray:
        """The probability of one creator for each similarity.

        >>> even = SameCreatorCalibration(np.array([0.0, 1.0]), np.array([-2.0, 2.0]), prior=0.5)
        >>> even.probability([0.5, 1.0]).round(3).tolist()
        [0.5, 0.881]
        """
        chance = self.prior if prior is None else prior
        ratio = np.interp(np.asarray(similarities, dtype=np.float64), self.similarity, self.log_ratio)
        probabilities: DoubleArray = 1 / (1 + np.exp(-ratio - np.log(chance / (1 - chance))))
        return probabilities


def fit_calibration(same: DoubleArray, different: DoubleArray, prior: float) -> SameCreatorCalibration:
    """Fit r.

    Args:
        same: Similarities of pairs of works of one creator, shape (n_same,).
        different: Those of pairs of different creators, shape (n_different,).
        prior: See `SameCreatorCalibration`.
    """
    if len(same) == 0 or len(different) == 0:
        return SameCreatorCalibration(np.array([-1.0, 1.0]), np.array([0.0, 0.0]), prior)
    from sklearn.isotonic import IsotonicRegression

    values = np.concatenate([same, different])
    kinds = np.concatenate([np.ones(len(same)), np.zeros(len(different))])
    weights = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(different), 0.5 / len(different))])
    chance = IsotonicRegression(out_of_bounds="clip").fit(values, kinds, sample_weight=weights)
    levels, block = np.unique(np.clip(chance.y_thresholds_, LEAST_CHANCE, 1 - LEAST_CHANCE), return_inverse=True)
    centres = np.bincount(block, chance.X_thresholds_) / np.bincount(block)
    return SameCreatorCalibration(centres, np.log(levels / (1 - levels)), prior)


def pairs_of(vectors: FloatArray, labels: IntArray, groups: IntArray) -> tuple[DoubleArray, DoubleArray]:
    """The similarities of all pairs of one creator and of two creators, near-identical pairs left out.

    Args:
        vectors: Unit length, shape (n_works, n_values).
        labels: Each work's creator as a number.
        groups: Each work's group of near-identical works.
    """
    first, second = np.triu_indices(len(vectors), 1)
    apart = groups[first] != groups[second]
    first, second = first[apart], second[apart]
    similarities = (vectors @ vectors.T)[first, second].astype(np.float64)
    same = labels[first] == labels[second]
    return similarities[same], similarities[~same]


def prior_of(labels: IntArray) -> float:
    """The chance that two different works have the same creator, kept away from 0 and 1.

    >>> round(prior_of(np.array([0, 0, 1])), 3)  # one pair of three
    0.333
    """
    known = labels[labels >= 0]
    counts = np.bincount(known) if len(known) else np.zeros(1)
    pairs = max(1.0, len(known) * (len(known) - 1) / 2)
    chance = float((counts * (counts - 1) / 2).sum()) / pairs
    return float(np.clip(chance, 1e-6, 0.5))


def average_precisions(vectors: FloatArray, labels: IntArray, groups: IntArray) -> tuple[DoubleArray, DoubleArray]:
    """Each work's average precision and recall at 10 in finding the works of its creator among all others.

    Works of its own group are left out. Recall at 10 is the share of the first 10 that are by the creator, of 10 or of
    all that the creator has where those are fewer. NaN where the creator has no other work.

    Args:
        vectors: Unit length, shape (n_works, n_values).
        labels: Each work's creator as a number.
        groups: Each work's group of near-identical works.
    """
    precision, recall = np.full(len(vectors), np.nan), np.full(len(vectors), np.nan)
    for row in range(len(vectors)):
        others = groups != groups[row]
        similarities = (vectors @ vectors[row])[others]
        right = (labels[others] == labels[row])[top(similarities)]
        total = int(right.sum())
        if total:
            found = np.cumsum(right)
            precision[row] = (found / np.arange(1, len(right) + 1))[right].mean()
            recall[row] = right[:10].sum() / min(10, total)
    return precision, recall
