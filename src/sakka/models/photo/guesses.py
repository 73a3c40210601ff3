"""Guesses from a photo that help its head: stacking within one linear softmax.

A lesson says something of each training work, such as who made it (1 in a column for each creator). It is guessed from
the photo, and the head is given the guess beside the photo's vector:

    p(x)  ridge regression of the lesson on the photo's standardised vector z(x), that is z(x) B
    head  softmax(z(x) W + p(x) V + b)

The head learns from guesses by regressions that did not see the work (five parts), so that it knows how far to trust
them. What is kept is one linear softmax, since z W + z B V = z (W + B V): an answer costs no more than without guesses.

The regression is solved by works, not by features: a system of as many equations as works, once for all columns.

Source: D. Wolpert, Stacked generalization, Neural Networks 5, 1992; L. Breiman, Stacked regressions, Machine Learning
24, 1996.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sakka.arrays import Features, FloatArray, IntArray, Mask
from sakka.catalog.splits import deal
from sakka.models.linear_head.dense import block_weights, fit_dense
from sakka.models.linear_head.head import LinearHead

PARTS = 5
RIDGE = 0.3  # beside a work's mean squared length of 1
SHARE = 2.0  # what a lesson's guesses count beside the photo's vector
MOST_WORKS = 6000  # that a regression is fitted on; its time grows with the cube
LEAST_WORKS = 20
ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Guesses:
    """What a lesson says, guessed from the photo.

    Attributes:
        unseen: Each training work's, by a regression that did not see it, shape (n_works, n_columns).
        mean: What is subtracted from each feature, shape (n_features,).
        scale: What it is divided by then, shape (n_features,).
        weights: B above, shape (n_features, n_columns).
    """

    unseen: FloatArray
    mean: FloatArray
    scale: FloatArray
    weights: FloatArray


def parts_of(labels: IntArray, seed: int) -> IntArray:
    """Deal works to the parts that they are held out with, shape (n_works,)."""
    return deal(labels, np.random.default_rng((seed, 4)), PARTS)


def guess(vectors: Features, widths: Sequence[int], told: FloatArray, able: Mask, part: IntArray) -> Guesses:
    """Guess what a lesson says from the photos.

    Args:
        vectors: The photos' vectors, shape (n_works, n_features).
        widths: How many features each block of them has.
        told: What the lesson says of each work, shape (n_works, n_columns).
        able: Of which works it says something.
        part: The part that each work is held out with, shape (n_works,).
    """
    rows = np.flatnonzero(able)
    rows = rows[:: -(-len(rows) // MOST_WORKS)]
    inputs = torch.from_numpy(vectors[rows]).float()
    mean, scale = _standardise(inputs, torch.from_numpy(block_weights(widths)))
    targets = torch.from_numpy(told[rows] - told[rows].mean(axis=0))
    products = inputs @ inputs.T
    weights = inputs.T @ _solve(products, targets)
    unseen = _guessed(vectors, mean, scale, weights)
    for held in np.unique(part[rows]):
        learn, mine = torch.from_numpy(np.flatnonzero(part[rows] != held)), np.flatnonzero(part == held)
        if len(learn):
            answers = _solve(products[learn][:, learn], targets[learn])
            unseen[mine] = _guessed(vectors[mine], mean, scale, inputs[learn].T @ answers)
    return Guesses(unseen, mean.numpy(), scale.numpy(), weights.numpy())


def fit_with_guesses(
    vectors: Features,
    guesses: Sequence[Guesses],
    labels: IntArray,
    rows: IntArray,
    *,
    widths: Sequence[int],
    n_classes: int,
    penalty: float,
    seed: int,
) -> LinearHead:
    """Fit a head on vectors and guesses side by side; each lesson counts `SHARE` of what the vectors count.

    Args:
        vectors: The photos' vectors, shape (n_works, n_features).
        guesses: Those of each lesson.
        labels: Each work's class, shape (n_works,).
        rows: The works to fit on.
        widths: How many features each block of the vectors has.
        n_classes: How many classes there are.
        penalty: As in `fit_dense`.
        seed: As in `fit_dense`.
    """
    stretch = [block_weights(widths)]
    for one in guesses:
        spread = one.unseen.std(axis=0)
        length = (SHARE * sum(widths) / max(float((spread**2).sum()), 1e-12)) ** 0.5
        stretch.append((spread * length).astype(np.float32))
    return fit_dense(
        beside(vectors, guesses),
        labels,
        [rows],
        n_classes=n_classes,
        penalty=penalty,
        weights=np.concatenate(stretch),
        seed=seed,
    )[0]


def beside(vectors: Features, guesses: Sequence[Guesses]) -> Features:
    """Vectors and guesses side by side, in the vectors' format."""
    return np.concatenate([vectors, *(one.unseen.astype(vectors.dtype) for one in guesses)], axis=1)


def one_head(head: LinearHead, guesses: Sequence[Guesses]) -> LinearHead:
    """The head on vectors alone that answers as `head` does on vectors and the guesses made from them."""
    assert head.mean is not None
    assert head.scale is not None
    start = len(guesses[0].mean)
    mean, scale, weights, bias = head.mean[:start], head.scale[:start], head.weights[:start], head.bias
    for one in guesses:
        stop = start + one.weights.shape[1]
        of_guesses = head.weights[start:stop] / head.scale[start:stop, None]
        through = one.weights @ of_guesses  # of vectors standardised as the regression has them
        weights = weights + through * (scale / one.scale)[:, None]
        bias = bias + ((mean - one.mean) / one.scale) @ through - head.mean[start:stop] @ of_guesses
        start = stop
    return LinearHead(weights, bias, head.penalty, mean, scale)


def _standardise(inputs: torch.Tensor, stretch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Standardise features in place so that a row's mean squared length is 1; give what was subtracted and divided."""
    mean = inputs.mean(dim=0)
    inputs -= mean
    spread = torch.stack([inputs[start : start + ROWS_AT_ONCE].square().sum(dim=0) for start in _starts(inputs)])
    std = (spread.sum(dim=0) / len(inputs)).sqrt()
    varies = std > 1e-6 * mean.abs().clamp(min=1e-6)
    scale = torch.where(varies, std, 1.0) / stretch * inputs.shape[1] ** 0.5
    inputs /= scale
    return mean, scale


def _guessed(vectors: Features, mean: torch.Tensor, scale: torch.Tensor, weights: torch.Tensor) -> FloatArray:
    table: FloatArray = np.empty((len(vectors), weights.shape[1]), dtype=np.float32)
    for start in _starts(vectors):
        some = torch.from_numpy(vectors[start : start + ROWS_AT_ONCE]).float()
        table[start : start + ROWS_AT_ONCE] = (((some - mean) / scale) @ weights).numpy()
    return table


def _starts(rows: Features | torch.Tensor) -> range:
    return range(0, len(rows), ROWS_AT_ONCE)


def _solve(products: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    factor = torch.linalg.cholesky(products + RIDGE * torch.eye(len(products)))
    return torch.cholesky_solve(targets, factor)
