"""Out-of-fold predictions from a photo that help its head: stacking within one linear softmax.

A target says something of each training work, such as who made it (1 in a column for each creator). It is predicted
from the photo, and the head is given the prediction beside the photo's vector:

    p(x)  ridge regression of the target on the photo's standardised vector z(x), that is z(x) B
    head  softmax(z(x) W + p(x) V + b)

The head learns from predictions of regressions that were not fitted on the work (five parts), so that it knows how far
to trust them. What is kept is one linear softmax, since z W + z B V = z (W + B V): predicting costs no more.

The regression is solved by works, not by features: a system of as many equations as works, once for all columns.

Source: D. Wolpert, Stacked generalization, Neural Networks 5, 1992; L. Breiman, Stacked regressions, Machine Learning
24, 1996.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sakka.arrays import Features, FloatArray, IntArray, Mask
from sakka.catalog.splits import deal
from sakka.models.linear_head.by_works import fit_by_works
from sakka.models.linear_head.dense import block_weights, fit_dense
from sakka.models.linear_head.head import LinearHead

PARTS = 5
RIDGE = 0.3  # beside a work's mean squared length of 1
SHARE = 2.0  # what a target's predictions count beside the photo's vector
MOST_WORKS = 8000  # that a regression, or a head by works, is fitted on; their time grows with the cube
LEAST_WORKS = 20
ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class TableRows:
    """Rows of a table of vectors that is not copied; indexing copies those asked for.

    Attributes:
        table: Shape (n_table_rows, n_features).
        rows: Which rows of it, shape (n_rows,).
    """

    table: Features
    rows: IntArray

    @classmethod
    def of(cls, vectors: "WorkVectors") -> "TableRows":
        """Vectors as rows of a table."""
        return vectors if isinstance(vectors, TableRows) else cls(vectors, np.arange(len(vectors)))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: IntArray | Mask | slice) -> Features:
        some: Features = self.table[self.rows[index]]
        return some

    def take(self, index: IntArray | Mask) -> "TableRows":
        """Some of the rows, without a copy."""
        return TableRows(self.table, self.rows[index])

    def laid_out(self, values: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Values of the rows as values of the table's rows, zeros where a row is none of these."""
        whole = np.zeros((len(self.table), *values.shape[1:]), dtype=dtype)
        whole[self.rows] = values
        return whole


WorkVectors = Features | TableRows


@dataclass(frozen=True)
class RidgePredictions:
    """A target, predicted from the photo by ridge regression.

    Attributes:
        out_of_fold: For each training work the prediction of a regression not fitted on it, (n_works, n_columns).
        mean: What is subtracted from each feature, shape (n_features,).
        scale: What it is divided by then, shape (n_features,).
        weights: B above, shape (n_features, n_columns).
        products: The products z(x) z(x') of the works it was fitted on, where these are all, shape (n_works, n_works).
    """

    out_of_fold: FloatArray
    mean: FloatArray
    scale: FloatArray
    weights: FloatArray
    products: FloatArray | None = None


def parts_of(labels: IntArray, seed: int) -> IntArray:
    """The part that each work is held out with, shape (n_works,)."""
    return deal(labels, np.random.default_rng((seed, 4)), PARTS)


def fit_ridge(
    vectors: WorkVectors, widths: Sequence[int], targets: FloatArray, given: Mask, part: IntArray
) -> RidgePredictions:
    """Predict a target from the photos.

    Args:
        vectors: The photos' vectors, shape (n_works, n_features).
        widths: How many features each block of them has.
        targets: What is predicted, shape (n_works, n_columns).
        given: Which works have a target, shape (n_works,).
        part: The part that each work is held out with, shape (n_works,).
    """
    rows = np.flatnonzero(given)
    rows = rows[:: -(-len(rows) // MOST_WORKS)]
    inputs = torch.from_numpy(vectors[rows]).float()
    mean, scale = _standardise(inputs, torch.from_numpy(block_weights(widths)))
    centred = torch.from_numpy(targets[rows] - targets[rows].mean(axis=0))
    products = inputs @ inputs.T
    weights = inputs.T @ _solve(products, centred)
    predicted = _predict(vectors, mean, scale, weights)
    for held in np.unique(part[rows]):
        learn, held_out = torch.from_numpy(np.flatnonzero(part[rows] != held)), np.flatnonzero(part == held)
        if len(learn):
            solved = inputs[learn].T @ _solve(products[learn][:, learn], centred[learn])
            predicted[held_out] = _predict(TableRows.of(vectors).take(held_out), mean, scale, solved)
    known = products.numpy() if len(rows) == len(vectors) else None
    return RidgePredictions(predicted, mean.numpy(), scale.numpy(), weights.numpy(), known)


def fit_stacked(
    vectors: WorkVectors,
    predictions: Sequence[RidgePredictions],
    labels: IntArray,
    rows: IntArray,
    *,
    widths: Sequence[int],
    n_classes: int,
    penalty: float,
    seed: int,
    most_works: int = MOST_WORKS,
) -> LinearHead:
    """A head on vectors and predictions side by side; each target counts `SHARE` of what the vectors count.

    Where features outnumber works it is solved by works (`by_works.py`), else by minibatches (`dense.py`).

    Args:
        vectors: The photos' vectors, shape (n_works, n_features).
        predictions: Those of each target.
        labels: Each work's class, shape (n_works,).
        rows: The works to fit on.
        widths: How many features each block of the vectors has.
        n_classes: How many classes there are.
        penalty: As in `fit_dense`.
        seed: As in `fit_dense`; solving by works draws nothing.
        most_works: How many works are solved by works at most.
    """
    lengths = [_length(one, sum(widths)) for one in predictions]
    stretch = [each * one.out_of_fold.std(axis=0) for one, each in zip(predictions, lengths, strict=True)]
    weights = np.concatenate([block_weights(widths), *stretch]).astype(np.float32)
    settings: Any = {"n_classes": n_classes, "penalty": penalty, "weights": weights}
    if not is_solved_by_works(len(rows), sum(widths), most_works):
        return _fit_by_batches(TableRows.of(vectors), predictions, labels, rows, seed=seed, **settings)
    products = _products(predictions, lengths, sum(widths)) if len(rows) == len(vectors) else None
    return fit_by_works(beside(vectors, predictions, rows), labels[rows], products=products, **settings)


def _fit_by_batches(
    vectors: TableRows, predictions: Sequence[RidgePredictions], labels: IntArray, rows: IntArray, **settings: Any
) -> LinearHead:
    """Fit a head without a copy of the vectors: what stands beside them is laid out as their table is."""
    own = vectors.table.dtype
    further = [vectors.laid_out(one.out_of_fold, own) for one in predictions]
    labels = vectors.laid_out(labels, np.int64)
    settings["further"] = np.concatenate(further, axis=1) if further else None
    return fit_dense(vectors.table, labels, [vectors.rows[rows]], **settings)[0]


def is_solved_by_works(n_works: int, n_features: int, most_works: int = MOST_WORKS) -> bool:
    """Whether a head on so many features that learns from so many works is solved by works, to its minimum."""
    return n_works <= min(most_works, n_features)


def _length(predictions: RidgePredictions, n_features: int) -> float:
    """What predictions are multiplied by, so that they count `SHARE` of what `n_features` standardised features do."""
    variance = float((predictions.out_of_fold.std(axis=0) ** 2).sum())
    return float((SHARE * n_features / max(variance, 1e-12)) ** 0.5)


def _products(predictions: Sequence[RidgePredictions], lengths: Sequence[float], n_features: int) -> FloatArray | None:
    """The products of all works' standardised vectors and predictions, where the first regression was fitted on all."""
    if not predictions or predictions[0].products is None:
        return None
    products = torch.from_numpy(predictions[0].products) * n_features
    for one, length in zip(predictions, lengths, strict=True):
        stretched = torch.from_numpy(one.out_of_fold - one.out_of_fold.mean(axis=0)) * length
        products += stretched @ stretched.T
    found: FloatArray = products.numpy()
    return found


def beside(vectors: WorkVectors, predictions: Sequence[RidgePredictions], rows: IntArray) -> Features:
    """Some works' vectors and out-of-fold predictions side by side, in the vectors' format."""
    some = vectors[rows]
    return np.concatenate([some, *(one.out_of_fold[rows].astype(some.dtype) for one in predictions)], axis=1)


def one_head(head: LinearHead, predictions: Sequence[RidgePredictions]) -> LinearHead:
    """The head on vectors alone that predicts as `head` does on vectors and the predictions made from them."""
    assert head.mean is not None
    assert head.scale is not None
    start = len(predictions[0].mean)
    mean, scale, weights, bias = head.mean[:start], head.scale[:start], head.weights[:start], head.bias
    for one in predictions:
        stop = start + one.weights.shape[1]
        of_predictions = head.weights[start:stop] / head.scale[start:stop, None]
        through = one.weights @ of_predictions  # of vectors standardised as the regression has them
        weights = weights + through * (scale / one.scale)[:, None]
        bias = bias + ((mean - one.mean) / one.scale) @ through - head.mean[start:stop] @ of_predictions
        start = stop
    return LinearHead(weights, bias, head.penalty, mean, scale)


def _standardise(inputs: torch.Tensor, stretch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Standardise features in place so that a row's mean squared length is 1: what was subtracted and divided by."""
    mean = inputs.mean(dim=0)
    inputs -= mean
    squares = torch.stack([inputs[start : start + ROWS_AT_ONCE].square().sum(dim=0) for start in _starts(inputs)])
    std = (squares.sum(dim=0) / len(inputs)).sqrt()
    varies = std > 1e-6 * mean.abs().clamp(min=1e-6)
    scale = torch.where(varies, std, 1.0) / stretch * inputs.shape[1] ** 0.5
    inputs /= scale
    return mean, scale


def _predict(vectors: WorkVectors, mean: torch.Tensor, scale: torch.Tensor, weights: torch.Tensor) -> FloatArray:
    table: FloatArray = np.empty((len(vectors), weights.shape[1]), dtype=np.float32)
    for start in _starts(vectors):
        some = torch.from_numpy(vectors[start : start + ROWS_AT_ONCE]).float()
        table[start : start + ROWS_AT_ONCE] = (((some - mean) / scale) @ weights).numpy()
    return table


def _starts(rows: WorkVectors | torch.Tensor) -> range:
    return range(0, len(rows), ROWS_AT_ONCE)


def _solve(products: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    factor = torch.linalg.cholesky(products + RIDGE * torch.eye(len(products)))
    return torch.cholesky_solve(targets, factor)
