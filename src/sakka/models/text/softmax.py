"""A linear softmax over sparse features, fitted by L-BFGS in single precision.

    minimise  1/n sum_i -log p(y_i | x_i)  +  penalty/2 ||W||^2,   p(. | x) = softmax(x W + b)

Source: Nocedal and Wright, Numerical Optimization, algorithms 7.4 (two loops) and 3.1 (backtracking). Written here
because one step costs two sparse products only, where SciPy's solver works in double precision on copies of all
weights, and because no sum below goes through a threaded BLAS: the same rows give the same bits whatever the number
of threads. The products release Python's lock, so folds train in threads, and where one fold trains alone, each thread
computes some rows of every product.
"""

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.models.base import Probabilities
from sakka.splits import IntArray

Weights = npt.NDArray[np.float32]

MEMORY = 6  # pairs of steps that stand for the curvature
COPIES = 2 * MEMORY + 6  # arrays of the weights' size that a fit holds: those pairs, and what a step works on
ERRORS_AT_ONCE = 1 << 26  # probabilities in memory at a time, 256 MB
ADDED_AT_ONCE = 1024  # products
SMALLEST_GAIN = 1e-4  # of the loss; below it the step was the last
SUFFICIENT = 1e-4  # Armijo's constant
HALVINGS = 12


@dataclass
class _Curvature:
    """The last steps, what the gradient did over each, and their product (algorithm 7.4)."""

    pairs: list[tuple[Weights, Weights, float]] = field(default_factory=list)

    def direction(self, gradient: Weights) -> Weights:
        """Give the direction to go in; without any step yet, straight down and of length 1."""
        if not self.pairs:
            return -gradient / np.float32(max(dot(gradient, gradient) ** 0.5, 1e-12))
        going, shares = -gradient, []
        for step, change, product in self.pairs[::-1]:
            shares.append(dot(step, going) / product)
            going -= np.float32(shares[-1]) * change
        _, change, product = self.pairs[-1]
        going *= np.float32(product / dot(change, change))
        for (step, change, product), share in zip(self.pairs, shares[::-1], strict=True):
            going += np.float32(share - dot(change, going) / product) * step
        return going

    def add(self, step: Weights, change: Weights) -> None:
        """Take one more step in; the oldest goes."""
        product = dot(step, change)
        if product > 1e-12:
            self.pairs = [*self.pairs[-MEMORY + 1 :], (step, change, product)]


class _Rows:
    """A sparse table whose products are computed by threads, some rows each, about as many entries."""

    def __init__(self, table: Any, threads: int, pool: Executor) -> None:
        shares = np.searchsorted(table.indptr, np.linspace(0, table.nnz, threads + 1)[1:-1])
        ends = [0, *np.maximum.accumulate(shares).tolist(), table.shape[0]]
        self.places = [slice(start, end) for start, end in pairwise(ends)]
        self.parts = [table] if threads == 1 else [table[place] for place in self.places]
        self.pool = pool

    def add_product(self, dense: Weights, to: Weights) -> None:
        """Add the product with a dense table to another one, in place."""

        def add(place: slice, part: Any) -> None:
            to[place] += part @ dense

        if len(self.parts) == 1:
            add(self.places[0], self.parts[0])
        else:
            list(self.pool.map(add, self.places, self.parts))


class _Loss:
    """The function above and its gradient; the last row of the weights is the bias, without penalty."""

    def __init__(
        self, features: Any, places: IntArray, n_creators: int, penalty: float, threads: int, pool: Executor
    ) -> None:
        self.shape = features.shape
        self.places = places
        self.n_creators = n_creators
        self.penalty = penalty
        rows = max(1, ERRORS_AT_ONCE // n_creators)
        parts = [slice(start, start + rows) for start in range(0, len(places), rows)]
        tables = [features] if len(parts) <= 1 else [features[part] for part in parts]
        self.parts = [
            (_Rows(table, threads, pool), _Rows(table.T.tocsr(), threads, pool), places[part])
            for table, part in zip(tables, parts, strict=True)
        ]

    def start(self) -> Weights:
        """Give weights of 0 and the logarithm of the creators' shares as bias."""
        weights = np.zeros((self.shape[1] + 1, self.n_creators), dtype=np.float32)
        counts = np.bincount(self.places, minlength=self.n_creators)
        weights[-1] = np.log((counts + 0.5) / (counts + 0.5).sum())
        return weights

    def at(self, weights: Weights) -> tuple[float, Weights]:
        """Give the loss and its gradient."""
        n, loss = len(self.places), 0.0
        gradient = np.zeros_like(weights)
        for table, transposed, places in self.parts:
            errors = np.tile(weights[-1], (len(places), 1))
            table.add_product(weights[:-1], errors)
            softmax(errors)
            rows = np.arange(len(places))
            loss -= float(np.log(np.maximum(errors[rows, places], 1e-30)).sum(dtype=np.float64))
            errors[rows, places] -= 1
            errors /= np.float32(n)
            transposed.add_product(errors, gradient[:-1])
            gradient[-1] += errors.sum(axis=0)
        gradient[:-1] += np.float32(self.penalty) * weights[:-1]
        return loss / n + self.penalty / 2 * dot(weights[:-1], weights[:-1]), gradient


def fit_softmax(
    features: Any, places: IntArray, n_creators: int, *, penalty: float, iterations: int, threads: int = 1
) -> tuple[Weights, Weights]:
    """Give the weights, shape (n_features, n_creators), and the bias, shape (n_creators,).

    Args:
        features: SciPy CSR float32, shape (n_works, n_features).
        places: Each work's creator as a column index, shape (n_works,).
        n_creators: How many columns there are.
        penalty: The factor of half the squared weights.
        iterations: Steps at most.
        threads: How many compute a product; what comes out does not depend on it.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="sakka-text") as pool:
        return _minimum(_Loss(features, places, n_creators, penalty, threads, pool), iterations)


def _minimum(function: _Loss, iterations: int) -> tuple[Weights, Weights]:
    weights = function.start()
    loss, gradient = function.at(weights)
    curvature = _Curvature()
    for _ in range(iterations):
        going = curvature.direction(gradient)
        slope, size = dot(gradient, going), 1.0
        for _ in range(HALVINGS):
            moved = weights + np.float32(size) * going
            new_loss, new_gradient = function.at(moved)
            if new_loss <= loss + SUFFICIENT * size * slope:
                break
            size /= 2
        else:
            break  # single precision sees no way down any more
        curvature.add(moved - weights, new_gradient - gradient)
        gain, weights, loss, gradient = loss - new_loss, moved, new_loss, new_gradient
        if gain < SMALLEST_GAIN * loss:
            break
    return weights[:-1], weights[-1]


def softmax(scores: Weights) -> Probabilities:
    """Turn scores into probabilities row by row, in place: float32, rows sum to 1."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def dot(left: Weights, right: Weights) -> float:
    """Give the sum of products, `ADDED_AT_ONCE` in single and their sum in double precision.

    So few at once are never shared out to threads, so the sum is the same on any number of them.
    """
    left, right = left.ravel(), right.ravel()
    whole = len(left) // ADDED_AT_ONCE * ADDED_AT_ONCE
    parts = np.vecdot(left[:whole].reshape(-1, ADDED_AT_ONCE), right[:whole].reshape(-1, ADDED_AT_ONCE))
    return float(parts.sum(dtype=np.float64)) + float(np.vecdot(left[whole:], right[whole:]))
