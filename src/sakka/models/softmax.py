"""A linear softmax on dense features, for many folds at once.

For each fold f, with its own training rows, means m_f and deviations s_f, it lowers

    1/n_f * sum over its rows i of -log softmax(W_f' z_i + b_f)[y_i]  +  penalty / 2 * |W_f|^2

with z_i = (x_i - m_f) / s_f,

by Adam in minibatches, the step length rising to `RATE` over the first tenth of the steps and falling to 0 at the
last. The folds stand side by side in one batched matrix product; each draws its own rows in an order that depends on
the seed and on how many rows it has, and none sees another. A fold that is trained alone agrees to about 1e-4 in
probability: a product of another shape may round otherwise, so for equal bytes the same folds are trained together.

Full-batch L-BFGS, preconditioned by the features' covariance, was tried: it ends at a lower objective, with the same
accuracy on validation parts, after five times the work.

Source: D. Kingma, J. Ba, Adam, ICLR 2015, https://arxiv.org/abs/1412.6980
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
import torch

from sakka.models.base import Probabilities
from sakka.progress import task
from sakka.splits import IntArray

FloatTable = npt.NDArray[np.float32]

EPOCHS = 20
RATE = 0.003
WARMING = 0.1
MOMENTUM = 0.9
SQUARES_MOMENTUM = 0.99
EPSILON = 1e-8
LEAST_BATCH, MOST_BATCH = 128, 1024
STEPS_AN_EPOCH = 64  # a batch grows with the rows, so that the steps don't
MOST_BYTES = 1_500_000_000  # what the weights of the folds that are trained together may take
WEIGHT_COPIES = 5  # weights, gradient, two momenta and one in between
ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class SoftmaxHead:
    """A fitted linear softmax on raw features.

    Attributes:
        mean: What is subtracted from each feature, shape (n_features,).
        scale: What it is divided by then, shape (n_features,).
        weights: Shape (n_features, n_classes).
        bias: Shape (n_classes,).
    """

    mean: FloatTable
    scale: FloatTable
    weights: FloatTable
    bias: FloatTable

    def predict_proba(self, features: FloatTable) -> Probabilities:
        """Give the classes' probabilities, shape (n_rows, n_classes), rows sum to 1.

        Args:
            features: Shape (n_rows, n_features).
        """
        answers: Probabilities = np.empty((len(features), len(self.bias)), dtype=np.float32)
        for start in range(0, len(features), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            scores = ((features[rows] - self.mean) / self.scale) @ self.weights + self.bias
            answers[rows] = torch.softmax(torch.from_numpy(scores), dim=1).numpy()
        return answers


def fit_softmax(
    features: FloatTable,
    places: IntArray,
    rows_of_folds: Sequence[IntArray],
    *,
    n_classes: int,
    penalty: float,
    seed: int = 0,
) -> list[SoftmaxHead]:
    """Fit one head a fold.

    Args:
        features: Shape (n_rows, n_features).
        places: Each row's class, shape (n_rows,); rows that no fold trains on may hold anything.
        rows_of_folds: The training rows of each fold; none is empty.
        n_classes: How many classes there are.
        penalty: The weight of |W|^2 / 2, beside the mean loss of a row.
        seed: Draws the order of the rows.
    """
    most = max(1, MOST_BYTES // (4 * WEIGHT_COPIES * features.shape[1] * n_classes))
    table = torch.from_numpy(np.ascontiguousarray(features))
    classes = torch.from_numpy(places)
    steps = sum(_steps(len(rows)) for rows in rows_of_folds)
    heads: list[SoftmaxHead] = []
    with task("linear heads", total=steps) as running:
        for group in _groups(rows_of_folds, most):
            training = _Training(table, classes, group, n_classes=n_classes, penalty=penalty, seed=seed)
            for step in range(max(_steps(len(rows)) for rows in group)):
                training.step(step)
                running.advance(sum(step < _steps(len(rows)) for rows in group))
            heads += training.heads()
    return heads


def _batch_size(n_rows: int) -> int:
    return min(MOST_BATCH, max(LEAST_BATCH, n_rows // STEPS_AN_EPOCH // LEAST_BATCH * LEAST_BATCH))


def _steps(n_rows: int) -> int:
    return max(1, round(EPOCHS * max(n_rows, LEAST_BATCH) / _batch_size(n_rows)))


def _groups(rows_of_folds: Sequence[IntArray], most: int) -> Iterator[list[IntArray]]:
    """Give the folds in order, together where they have batches of one size and memory allows."""
    for _, alike in groupby(rows_of_folds, key=lambda rows: _batch_size(len(rows))):
        group = list(alike)
        for start in range(0, len(group), most):
            yield group[start : start + most]


def _rows_in_turn(rows: IntArray, seed: int) -> Iterator[torch.Tensor]:
    """Give batches of a fold's rows for ever, shuffled anew each time that all have been given."""
    size = _batch_size(len(rows))
    waiting = np.empty(0, dtype=np.int64)
    turn = 0
    while True:
        while len(waiting) < size:
            order = np.random.default_rng([seed, turn]).permutation(len(rows))
            waiting = np.concatenate([waiting, rows[order]])
            turn += 1
        yield torch.from_numpy(waiting[:size])
        waiting = waiting[size:]


def _moments(features: torch.Tensor, rows: IntArray) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the columns' means and standard deviations over some rows; a column that does not vary gets 1."""
    parts = [torch.from_numpy(rows[start : start + ROWS_AT_ONCE]) for start in range(0, len(rows), ROWS_AT_ONCE)]
    mean = torch.stack([features[part].sum(dim=0, dtype=torch.float64) for part in parts]).sum(dim=0) / len(rows)
    squares = torch.stack([(features[part] - mean).square().sum(dim=0) for part in parts]).sum(dim=0)
    std = (squares / len(rows)).sqrt()
    varies = std > 1e-6 * mean.abs().clamp(min=1e-6)
    return mean.float(), torch.where(varies, std, 1.0).float()


class _Training:
    """The state of a group of folds: F folds, B rows a batch, d features, K classes."""

    def __init__(
        self,
        features: torch.Tensor,
        places: torch.Tensor,
        rows_of_folds: Sequence[IntArray],
        *,
        n_classes: int,
        penalty: float,
        seed: int,
    ) -> None:
        self.features, self.places, self.penalty = features, places, penalty
        self.streams = [_rows_in_turn(rows, seed) for rows in rows_of_folds]
        self.steps = torch.tensor([_steps(len(rows)) for rows in rows_of_folds], dtype=torch.float32)
        moments = [_moments(features, rows) for rows in rows_of_folds]
        self.mean = torch.stack([mean for mean, _ in moments])[:, None]  # (F, 1, d)
        self.scale = torch.stack([scale for _, scale in moments])[:, None]  # (F, 1, d)
        folds, width = len(rows_of_folds), features.shape[1]
        self.weights = _Parameter(folds, width, n_classes)
        self.bias = _Parameter(folds, 1, n_classes)

    def step(self, number: int) -> None:
        """Take step `number`, from 0, in each fold that is not at its end."""
        rows = torch.stack([next(stream) for stream in self.streams])  # (F, B)
        inputs = (self.features[rows] - self.mean).div_(self.scale)  # (F, B, d)
        scores = torch.baddbmm(self.bias.value, inputs, self.weights.value)
        residual = torch.softmax(scores, dim=2)
        residual.scatter_add_(2, self.places[rows][:, :, None], -torch.ones(*rows.shape, 1))
        residual /= rows.shape[1]
        slope = torch.bmm(inputs.transpose(1, 2), residual).add_(self.weights.value, alpha=self.penalty)
        rate = self._rate(number)
        self.weights.move(slope, rate, number)
        self.bias.move(residual.sum(dim=1, keepdim=True), rate, number)

    def _rate(self, number: int) -> torch.Tensor:
        """Give each fold's step length, shape (F, 1, 1); 0 past its end."""
        done = (number + 1) / self.steps
        rate = RATE * torch.minimum(done / WARMING, (1 - done).clamp(min=0))
        return torch.where(done < 1, rate.clamp(max=RATE), 0.0)[:, None, None]

    def heads(self) -> list[SoftmaxHead]:
        """Give what the folds have learned."""
        return [
            SoftmaxHead(
                mean=self.mean[fold, 0].numpy().copy(),
                scale=self.scale[fold, 0].numpy().copy(),
                weights=self.weights.value[fold].numpy().copy(),
                bias=self.bias.value[fold, 0].numpy().copy(),
            )
            for fold in range(len(self.steps))
        ]


class _Parameter:
    """What Adam keeps of one array of parameters; all folds' together, the fold first."""

    def __init__(self, *shape: int) -> None:
        self.value = torch.zeros(*shape)
        self.momentum = torch.zeros(*shape)
        self.squares = torch.zeros(*shape)

    def move(self, slope: torch.Tensor, rate: torch.Tensor, number: int) -> None:
        """Take one step of Adam against `slope`, which is used up; `rate` has the shape (F, 1, 1)."""
        self.momentum.lerp_(slope, 1 - MOMENTUM)
        self.squares.mul_(SQUARES_MOMENTUM).addcmul_(slope, slope, value=1 - SQUARES_MOMENTUM)
        torch.sqrt(self.squares, out=slope)
        slope.div_((1 - SQUARES_MOMENTUM ** (number + 1)) ** 0.5).add_(EPSILON)
        torch.div(self.momentum, slope, out=slope)
        self.value -= slope.mul_(rate / (1 - MOMENTUM ** (number + 1)))
