"""Measures of how well creators are named (the paper's section 3.2, in the standard definitions).

With N works, and for a creator c the works rightly named c (TP), wrongly named c (FP), and by c but named otherwise
(FN):

    accuracy         works named rightly / N
    micro-F1         harmonic mean of sum TP / sum (TP + FP) and sum TP / sum (TP + FN)
    macro-F1         mean over creators of  F1(c) = 2 TP / (2 TP + FP + FN)
    top-k accuracy   works whose creator is among the k most probable / N

The paper's formulas for recall and for macro-F1 have slips of the pen (PE for recall, a 1/n lost); these are the
definitions they mean, and those of scikit-learn. A creator who neither has a work among the N nor is named for one
has no F1 and does not enter the mean.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, IntArray

TOP_KS: tuple[int, ...] = (3, 5)


@dataclass(frozen=True)
class Counts:
    """Right and wrong answers of each creator; arrays of shape (n_creators,).

    Attributes:
        right: Works by the creator, named rightly (TP).
        works: Works by the creator (TP + FN).
        named: Works that were given the creator's name (TP + FP).
    """

    right: IntArray
    works: IntArray
    named: IntArray

    @property
    def precision(self) -> DoubleArray:
        """Right / named, 0 for a creator never named."""
        return _share(self.right, self.named)

    @property
    def recall(self) -> DoubleArray:
        """Right / works, 0 for a creator without a work."""
        return _share(self.right, self.works)

    @property
    def f1(self) -> DoubleArray:
        """Harmonic mean of precision and recall, 0 where both are."""
        return _share(2 * self.right, self.works + self.named)


def count(labels: npt.NDArray[np.integer], named: npt.NDArray[np.integer], n_creators: int) -> Counts:
    """Count right and wrong answers of each creator.

    Args:
        labels: The works' own creators as columns, shape (n_works,).
        named: The creators named, shape (n_works,).
        n_creators: How many columns there are.
    """
    return Counts(
        right=np.bincount(labels[labels == named], minlength=n_creators).astype(np.int64),
        works=np.bincount(labels, minlength=n_creators).astype(np.int64),
        named=np.bincount(named, minlength=n_creators).astype(np.int64),
    )


def accuracy(labels: npt.NDArray[np.integer], named: npt.NDArray[np.integer]) -> float:
    """The share of the works named rightly, NaN for no works.

    >>> accuracy(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]))
    0.75
    """
    return float((labels == named).mean()) if len(labels) else float("nan")


def micro_f1(counts: Counts) -> float:
    """The harmonic mean of micro-averaged precision and recall; with one answer a work it is the accuracy."""
    answers = int(counts.works.sum() + counts.named.sum())
    return 2 * int(counts.right.sum()) / answers if answers else float("nan")


def macro_f1(counts: Counts) -> float:
    """The mean of F1 over the creators who have a work or are named.

    >>> macro_f1(count(np.array([0, 0, 1]), np.array([0, 1, 1]), n_creators=3))
    0.6666666666666666
    """
    present = (counts.works + counts.named) > 0
    return float(counts.f1[present].mean()) if present.any() else float("nan")


def top_k_accuracy(ranks: npt.NDArray[np.integer], k: int) -> float:
    """The share of the works with fewer than `k` creators before their own, NaN for no works.

    >>> top_k_accuracy(np.array([0, 2, 3, 9]), k=3)
    0.5
    """
    return float((ranks < k).mean()) if len(ranks) else float("nan")


def _share(part: IntArray, whole: IntArray) -> DoubleArray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
