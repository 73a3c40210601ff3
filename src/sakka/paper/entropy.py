r"""Entropy of label combinations (the paper's section 3.7): does a work's set of objects give its creator away?

`LC` is the set of labels detected in a work. Over all works whose set is `LC`, `P(LC, i)` is the share of creator `i`:

    H(LC) = - sum_i P(LC, i) log P(LC, i)          over the creators i with P(LC, i) > 0

A set that only one creator's works show has H = 0; one that k creators share equally has H = log k. For a threshold t
the works with H(LC) < t are kept and evaluated, without training anew. The paper does not name the logarithm's base:
natural by default, 2 on request.

H(LC) is at most the logarithm of the number of works with LC, so a rare set has a low entropy whatever it shows: a
threshold keeps rare sets first. `minimum_works` in `sakka.paper.entropy_relation` leaves them out.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.evaluation.metrics import accuracy, count

Base = Literal["e", "2"]

THRESHOLDS = (5.0, 4.0, 3.0, 2.0, 1.0)


@dataclass(frozen=True)
class Combinations:
    """The label sets that occur, each once, in the order of their bits.

    Attributes:
        labels: Shape (n_combinations, n_labels): the labels in each set.
        works: Shape (n_combinations,): how many works show it.
        creators: Shape (n_combinations,): how many creators they are by.
        entropy: Shape (n_combinations,): H(LC).
        of_work: Shape (n_works,): the row of each work's set.
        base: The logarithm's base.
    """

    labels: Mask
    works: IntArray
    creators: IntArray
    entropy: DoubleArray
    of_work: IntArray
    base: Base

    @property
    def entropy_of_works(self) -> DoubleArray:
        """H of each work's set, shape (n_works,)."""
        return self.entropy[self.of_work]


def label_combinations(labels: Mask, creators: IntArray, base: Base = "e") -> Combinations:
    """Find the label sets of the works and the entropy of each.

    Args:
        labels: Shape (n_works, n_labels): which labels each work shows; a row without any is the empty set.
        creators: Shape (n_works,): each work's creator as an index from 0.
        base: The logarithm's base.

    >>> shown = np.array([[True, False], [True, False], [False, True], [False, False]])
    >>> label_combinations(shown, np.array([0, 1, 1, 1]), base="2").entropy_of_works.tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    if len(labels) != len(creators):
        raise ValueError(f"labels of {len(labels)} works and creators of {len(creators)}; expected as many")
    packed = np.packbits(np.ascontiguousarray(labels), axis=1)
    first, of_work = _distinct_rows(packed)
    works = np.bincount(of_work, minlength=len(first))
    n_creators = int(creators.max(initial=-1)) + 1
    pairs, counts = np.unique(of_work * max(1, n_creators) + creators, return_counts=True)
    combination = pairs // max(1, n_creators)
    share = counts / works[combination]
    terms = -share * (np.log(share) if base == "e" else np.log2(share))
    return Combinations(
        labels=labels[first],
        works=works,
        creators=np.bincount(combination, minlength=len(first)),
        entropy=np.bincount(combination, weights=terms, minlength=len(first)).astype(np.float64) + 0.0,  # no -0.0
        of_work=of_work,
        base=base,
    )


def _distinct_rows(packed: npt.NDArray[np.uint8]) -> tuple[IntArray, IntArray]:
    """The first row of each distinct content and, for each row, the place of its content among them."""
    if packed.shape[1] == 0:
        return np.zeros(min(1, len(packed)), dtype=np.int64), np.zeros(len(packed), dtype=np.int64)
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    return first, of_row.reshape(-1)


@dataclass(frozen=True)
class WorksPerCreator:
    """One row of the paper's table 1.

    Attributes:
        threshold: Works with H(LC) < threshold were kept; None where all were.
        works: How many works are left.
        creators: How many creators have at least one of them.
        maximum: The most works of one creator.
        minimum: The fewest works of a creator that has any left.
        standard_deviation: Of the works of a creator, over the creators that have any left, divisor n as in the
            catalog's statistics; NaN where none has.
    """

    threshold: float | None
    works: int
    creators: int
    maximum: int
    minimum: int
    standard_deviation: float


def works_per_creator(
    entropy: DoubleArray, creators: IntArray, thresholds: tuple[float, ...] = THRESHOLDS
) -> list[WorksPerCreator]:
    """Count the works of each creator under each threshold: the paper's table 1, its first row without a threshold.

    Args:
        entropy: Shape (n_works,): H of each work's label set.
        creators: Shape (n_works,): each work's creator as an index from 0.
        thresholds: In the order of the rows.

    >>> rows = works_per_creator(np.array([0.5, 0.5, 2.5]), np.array([0, 0, 1]), thresholds=(1.0,))
    >>> [(row.threshold, row.works, row.maximum, row.minimum) for row in rows]
    [(None, 3, 2, 1), (1.0, 2, 2, 2)]
    """
    rows = []
    for threshold in (None, *thresholds):
        kept = creators if threshold is None else creators[entropy < threshold]
        counts = np.bincount(kept)
        counts = counts[counts > 0]
        rows.append(
            WorksPerCreator(
                threshold=threshold,
                works=len(kept),
                creators=len(counts),
                maximum=int(counts.max(initial=0)),
                minimum=int(counts.min()) if len(counts) else 0,
                standard_deviation=float(counts.std()) if len(counts) else math.nan,
            )
        )
    return rows


@dataclass(frozen=True)
class ThresholdMeasures:
    """How well some models predicted the creators of the works under each threshold: tables 5 to 8.

    Attributes:
        thresholds: In the order of the rows.
        works: Shape (n_thresholds,): the works evaluated.
        accuracy: Shape (n_thresholds, n_models); NaN where no work is left.
        macro_f1: Shape (n_thresholds, n_models): mean over the creators that have a work left; NaN where none is.
    """

    thresholds: tuple[float, ...]
    works: IntArray
    accuracy: DoubleArray
    macro_f1: DoubleArray


def measures_under_thresholds(
    entropy: DoubleArray,
    creators: IntArray,
    predicted: IntArray,
    n_creators: int,
    thresholds: tuple[float, ...] = THRESHOLDS,
) -> ThresholdMeasures:
    """Evaluate predictions on the works with H(LC) < t, for each threshold t, without training anew.

    MacroF1 of the kept works is the mean of F1 over the creators that have at least one of them: a creator with no
    work left has no recall to speak of. Predicting such a creator still lowers the recall of the true one.

    Args:
        entropy: Shape (n_works,): H of each work's label set, counted over all works and not only those of a fold.
        creators: Shape (n_works,): each work's creator as an index from 0.
        predicted: Shape (n_models, n_works): the creator that each model predicts, such as the single models of a
            test fold; an ensemble or a fusion is one model.
        n_creators: How many creators there are.
        thresholds: In the order of the rows; `math.inf` keeps every work.
    """
    predicted = np.atleast_2d(predicted)
    if not len(entropy) == len(creators) == predicted.shape[1]:
        raise ValueError(
            f"entropy of {len(entropy)} works, creators of {len(creators)}, predictions of {predicted.shape[1]}; "
            "expected as many"
        )
    works = np.zeros(len(thresholds), dtype=np.int64)
    shares = np.full((len(thresholds), len(predicted)), math.nan)
    macro_f1 = np.full((len(thresholds), len(predicted)), math.nan)
    for row, threshold in enumerate(thresholds):
        kept = entropy < threshold
        works[row] = np.count_nonzero(kept)
        if works[row]:
            for model, of_kept in enumerate(predicted[:, kept]):
                counts = count(creators[kept], of_kept, n_creators)
                shares[row, model] = accuracy(creators[kept], of_kept)
                macro_f1[row, model] = counts.f1[counts.works > 0].mean()
    return ThresholdMeasures(tuple(thresholds), works, shares, macro_f1)
