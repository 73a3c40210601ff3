"""The array types of sakka, and the few functions on them that all of it shares.

A creator is a column everywhere: a table of probabilities has shape (n_works, n_creators), and a work's label is its
creator's column.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.float32]
"""Shape (n_works, n_creators); rows sum to 1."""
Features = npt.NDArray[np.float16 | np.float32]
"""Shape (n_works, n_features), in the number format that they are stored in."""
Pixels = npt.NDArray[np.uint8]
"""RGB, shape (height, width, 3) or (n_photos, height, width, 3)."""

SMALLEST = 1e-12
"""Stands for a smaller probability under a logarithm, unless the caller names another floor."""
FLOOR = 1e-6
"""Stands for a smaller probability under the logarithm where models are fused, calibrated and compared."""
TINY = float(np.finfo(np.float32).tiny)
"""The floor that changes no probability that float32 can hold, but 0."""

Scores = TypeVar("Scores", FloatArray, DoubleArray)


def softmax(scores: Scores, out: Scores | None = None) -> Scores:
    """Probabilities of each row of scores, in the scores' number format; rows sum to 1.

    Args:
        scores: Shape (n_rows, n_columns).
        out: Where the probabilities go, `scores` itself to save memory; None: a new array.

    >>> softmax(np.float32([[0.0, 0.0], [-1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    odds: Scores = np.subtract(scores, scores.max(axis=1, keepdims=True), out=out)
    np.exp(odds, out=odds)
    odds /= odds.sum(axis=1, keepdims=True)
    return odds


def log_probabilities(probabilities: Scores, floor: float = SMALLEST) -> Scores:
    """Natural logarithms of probabilities, in their number format; those below `floor` count as `floor`.

    >>> log_probabilities(np.float64([1.0, 0.0]), floor=np.exp(-7.0)).tolist()
    [0.0, -7.0]
    """
    logarithms: Scores = np.log(np.maximum(probabilities, probabilities.dtype.type(floor)))
    return logarithms


def log_loss(probabilities: Probabilities, labels: IntArray, floor: float = SMALLEST) -> float:
    """Mean of minus the logarithm of the probabilities of the works' own creators, in nats.

    Args:
        probabilities: Shape (n_works, n_creators).
        labels: Each work's creator as a column, shape (n_works,).
        floor: Stands for a smaller probability.

    >>> round(log_loss(np.float32([[0.5, 0.5]]), np.array([1])), 3)
    0.693
    """
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-log_probabilities(own, floor).mean())


def top(scores: npt.NDArray[np.floating | np.signedinteger], count: int | None = None) -> IntArray:
    """Columns of each row's `count` highest scores, the highest first; of equal ones the lower column comes first.

    Args:
        scores: Shape (n_columns,) or (n_rows, n_columns).
        count: How many; None: all.

    >>> top(np.float32([[0.2, 0.5, 0.2]]), 2).tolist()
    [[1, 0]]
    """
    return np.argsort(-scores, axis=-1, kind="stable")[..., :count]


def numbers_within(groups: IntArray) -> IntArray:
    """The number of each item within its group, from 0, such as of a photo among those of its work.

    Args:
        groups: The group of each item, ascending, shape (n_items,).

    >>> numbers_within(np.array([3, 3, 5])).tolist()
    [0, 1, 0]
    """
    numbers: IntArray = np.arange(len(groups)) - np.searchsorted(groups, groups)
    return numbers
