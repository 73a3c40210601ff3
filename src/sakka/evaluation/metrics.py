"""Measures of how well creators are predicted (the paper's section 3.2, in the standard definitions).

With N works, and for a creator c the works correctly predicted as c (TP), wrongly predicted as c (FP), and by c but
predicted as another's (FN):

    accuracy         correct predictions / N
    macro-F1         mean over creators of  F1(c) = 2 TP / (2 TP + FP + FN)
    top-k accuracy   works whose creator is among the k most probable / N

The paper's formulas for recall and for macro-F1 have slips of the pen (PE for recall, a 1/n lost); these are the
definitions they mean, and those of scikit-learn. A creator who neither has a work among the N nor is predicted for one
has no F1 and does not enter the mean. Micro-F1, which the paper gives, is the accuracy where each
work has one prediction.

An exact interval has the shares that give the k works that were counted, of n, or more, and k or fewer, with a
probability of e / 2 or more each, with e its error.

Source: C. Clopper, E. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
Biometrika 26, 1934
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, IntArray

TOP_KS: tuple[int, ...] = (3, 5)


@dataclass(frozen=True)
class Counts:
    """Correct and wrong predictions of each creator; arrays of shape (n_creators,).

    Attributes:
        correct: Works by the creator, predicted correctly (TP).
        works: Works by the creator (TP + FN).
        predicted: Works that the creator was predicted for (TP + FP).
    """

    correct: IntArray
    works: IntArray
    predicted: IntArray

    @property
    def precision(self) -> DoubleArray:
        """Correct / predicted, 0 for a creator never predicted."""
        return _share(self.correct, self.predicted)

    @property
    def recall(self) -> DoubleArray:
        """Correct / works, 0 for a creator without a work."""
        return _share(self.correct, self.works)

    @property
    def f1(self) -> DoubleArray:
        """Harmonic mean of precision and recall, 0 where both are."""
        return _share(2 * self.correct, self.works + self.predicted)


def count(labels: npt.NDArray[np.integer], predicted: npt.NDArray[np.integer], n_creators: int) -> Counts:
    """Count correct and wrong predictions of each creator.

    Args:
        labels: The works' own creators as columns, shape (n_works,).
        predicted: The creators predicted, shape (n_works,).
        n_creators: How many columns there are.
    """
    return Counts(
        correct=np.bincount(labels[labels == predicted], minlength=n_creators).astype(np.int64),
        works=np.bincount(labels, minlength=n_creators).astype(np.int64),
        predicted=np.bincount(predicted, minlength=n_creators).astype(np.int64),
    )


def accuracy(labels: npt.NDArray[np.integer], predicted: npt.NDArray[np.integer]) -> float:
    """The share of correct predictions, NaN for no works.

    >>> accuracy(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]))
    0.75
    """
    return float((labels == predicted).mean()) if len(labels) else float("nan")


def macro_f1(counts: Counts) -> float:
    """The mean of F1 over the creators who have a work or are predicted.

    >>> macro_f1(count(np.array([0, 0, 1]), np.array([0, 1, 1]), n_creators=3))
    0.6666666666666666
    """
    present = (counts.works + counts.predicted) > 0
    return float(counts.f1[present].mean()) if present.any() else float("nan")


def top_k_accuracy(ranks: npt.NDArray[np.integer], k: int) -> float:
    """The share of the works with fewer than `k` creators before their own, NaN for no works.

    >>> top_k_accuracy(np.array([0, 2, 3, 9]), k=3)
    0.5
    """
    return float((ranks < k).mean()) if len(ranks) else float("nan")


def exact_interval(count: int, works: int, error: float) -> tuple[float, float]:
    """The shares that fit `count` of `works` works, but for an error.

    >>> [round(limit, 4) for limit in exact_interval(0, 10, 0.01)], round(1 - 0.005 ** (1 / 10), 4)
    ([0.0, 0.4113], 0.4113)
    """
    from scipy.special import betaincinv

    low = float(betaincinv(count, works - count + 1, error / 2)) if count else 0.0
    high = float(betaincinv(count + 1, works - count, 1 - error / 2)) if count < works else 1.0
    return low, high


def _share(part: IntArray, whole: IntArray) -> DoubleArray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
