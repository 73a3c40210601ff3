"""The sparse solver: a linear softmax on a sparse table of features, by L-BFGS in single precision.

    minimise  1/n sum_i -log p(y_i | x_i)  +  penalty/2 ||W||^2,   p(. | x) = softmax(x W + b)

Source: Nocedal and Wright, Numerical Optimization, algorithms 7.4 (two loops) and 3.1 (backtracking). Written here
because one step costs two sparse products only, where SciPy's solver works in double precision on copies of all
weights, and because no sum below goes through a threaded BLAS: the same rows give the same bits whatever the number
of threads. The products are PyTorch's, which release Python's lock, so folds train in threads, and where one fold
trains alone, each thread computes some rows of every product.
"""

import warnings
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from sakka.arrays import FloatArray, IntArray, log_probabilities, softmax
from sakka.models.linear_head.head import LinearHead

MEMORY = 6  # pairs of steps that stand for the curvature
COPIES = 2 * MEMORY + 6  # arrays of the weights' size that a fit holds: those pairs, and what a step works on
ERRORS_AT_ONCE = 1 << 26  # probabilities in memory at a time, 256 MB
ADDED_AT_ONCE = 1024  # products
PANEL = 16  # creators whose weights lie side by side: of 20,000 features they fit into a core's own cache
UNDER_LOSS = 1e-30  # stands for a smaller probability in the loss
NEVER = -1e4  # the bias of a column that only fills a panel up: its probability is 0, and so its gradient
SMALLEST_GAIN = 1e-4  # of the loss; below it the step was the last
SUFFICIENT = 1e-4  # Armijo's constant
HALVINGS = 12


@dataclass
class _Curvature:
    """The last steps, what the gradient did over each, and their product (algorithm 7.4)."""

    pairs: list[tuple[FloatArray, FloatArray, float]] = field(default_factory=list)

    def direction(self, gradient: FloatArray) -> FloatArray:
        """The direction to go in; without any step yet, straight down and of length 1."""
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

    def add(self, step: FloatArray, change: FloatArray) -> None:
        """Take one more step in; the oldest goes."""
        product = dot(step, change)
        if product > 1e-12:
            self.pairs = [*self.pairs[-MEMORY + 1 :], (step, change, product)]


class _Rows:
    """A sparse table whose products are computed by threads, some rows each, about as many entries."""

    def __init__(self, table: Any, threads: int, pool: Executor) -> None:
        shares = np.searchsorted(table.indptr, np.linspace(0, table.nnz, threads + 1)[1:-1])
        ends = [0, *np.maximum.accumulate(shares).tolist(), table.shape[0]]
        self.slices = [slice(start, end) for start, end in pairwise(ends)]
        self.parts = [_sparse(table if threads == 1 else table[rows]) for rows in self.slices]
        self.pool = pool

    def add_product(self, dense: FloatArray, to: FloatArray) -> None:
        """Add the product with a dense table to another one, both in panels, in place."""
        import torch

        def add(rows: slice, part: Any) -> None:
            for panel, target in zip(dense, to, strict=True):
                torch.from_numpy(target[rows]).addmm_(part, torch.from_numpy(panel))

        list(self.pool.map(add, self.slices, self.parts))


class _Loss:
    """The function above and its gradient; the last row of the weights is the bias, without penalty.

    Weights are kept in panels of at most `PANEL` creators, shape (n_panels, n_features + 1, width).
    """

    def __init__(
        self, features: Any, labels: IntArray, n_creators: int, penalty: float, threads: int, pool: Executor
    ) -> None:
        self.n_features = features.shape[1]
        self.labels = labels
        self.n_creators = n_creators
        self.penalty = penalty
        rows = max(1, ERRORS_AT_ONCE // n_creators)
        parts = [slice(start, start + rows) for start in range(0, len(labels), rows)]
        tables = [features] if len(parts) <= 1 else [features[part] for part in parts]
        self.parts = [
            (_Rows(table, threads, pool), _Rows(table.T.tocsr(), threads, pool), labels[part])
            for table, part in zip(tables, parts, strict=True)
        ]

    def start(self) -> FloatArray:
        """Weights of 0 and the logarithm of the creators' shares as bias."""
        counts = np.bincount(self.labels, minlength=self.n_creators)
        weights = np.zeros((self.n_features + 1, self.n_creators), dtype=np.float32)
        weights[-1] = np.log((counts + 0.5) / (counts + 0.5).sum())
        return _in_panels(weights, filling=NEVER)

    def at(self, weights: FloatArray) -> tuple[float, FloatArray]:
        """The loss and its gradient."""
        n, loss = len(self.labels), 0.0
        gradient = np.zeros_like(weights)
        gradient[:, :-1] = np.float32(self.penalty) * weights[:, :-1]
        for table, transposed, labels in self.parts:
            scores = np.repeat(weights[:, -1:], len(labels), axis=1)
            table.add_product(weights[:, :-1], scores)
            errors = np.concatenate(list(scores), axis=1)
            softmax(errors, out=errors)
            rows = np.arange(len(labels))
            loss -= float(log_probabilities(errors[rows, labels], UNDER_LOSS).sum(dtype=np.float64))
            errors[rows, labels] -= 1
            errors /= np.float32(n)
            errors = _in_panels(errors[:, : self.n_creators], filling=0)
            transposed.add_product(errors, gradient[:, :-1])
            gradient[:, -1] += errors.sum(axis=1)
        squares = sum(dot(panel[:-1], panel[:-1]) for panel in weights)
        return loss / n + self.penalty / 2 * squares, gradient


def _in_panels(table: FloatArray, filling: float) -> FloatArray:
    """Turn columns into panels, shape (n_panels, n_rows, width).

    Args:
        table: Shape (n_rows, n_columns).
        filling: Stands in the last row of the columns that fill the last panel up; above it they are 0.
    """
    n_rows, n_columns = table.shape
    width = min(PANEL, n_columns)
    panels = np.zeros((-(-n_columns // width), n_rows, width), dtype=np.float32)
    for panel, start in zip(panels, range(0, n_columns, width), strict=True):
        part = table[:, start : start + width]
        panel[:, : part.shape[1]] = part
        panel[-1, part.shape[1] :] = filling
    return panels


def _sparse(table: Any) -> Any:
    """A CSR table of SciPy to PyTorch, without a copy of its numbers."""
    import torch

    starts, columns, values = (torch.from_numpy(each) for each in (table.indptr, table.indices, table.data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "in beta state"
        return torch.sparse_csr_tensor(starts, columns, values, table.shape, check_invariants=False)


def fit_sparse(
    features: Any, labels: IntArray, n_creators: int, *, penalty: float, iterations: int, threads: int = 1
) -> LinearHead:
    """The head with the least penalised loss.

    Args:
        features: SciPy CSR float32, shape (n_works, n_features).
        labels: Each work's creator as a column index, shape (n_works,).
        n_creators: How many columns there are.
        penalty: The factor of half the squared weights.
        iterations: Steps at most.
        threads: How many compute a product; what comes out does not depend on it.
    """
    from sakka.engines.threads import single_threaded

    with single_threaded(threads, "sakka-text") as pool:
        panels = _minimum(_Loss(features, labels, n_creators, penalty, threads, pool), iterations)
    weights = np.concatenate(list(panels), axis=1)[:, :n_creators]
    return LinearHead(np.ascontiguousarray(weights[:-1]), weights[-1].copy(), penalty)


def _minimum(function: _Loss, iterations: int) -> FloatArray:
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
    return weights


def dot(left: FloatArray, right: FloatArray) -> float:
    """The sum of products, `ADDED_AT_ONCE` in single and their sum in double precision.

    So few at once are never shared out to threads, so the sum is the same on any number of them.
    """
    left, right = left.ravel(), right.ravel()
    whole = len(left) // ADDED_AT_ONCE * ADDED_AT_ONCE
    parts = np.vecdot(left[:whole].reshape(-1, ADDED_AT_ONCE), right[:whole].reshape(-1, ADDED_AT_ONCE))
    return float(parts.sum(dtype=np.float64)) + float(np.vecdot(left[whole:], right[whole:]))
