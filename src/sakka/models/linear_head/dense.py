"""The dense solver: linear softmaxes on arrays of features, for many folds at once.

For each fold f, with its own training rows, means m_f and deviations s_f, it lowers

    1/n_f * sum over its rows i of -log softmax(W_f' z_i + b_f)[y_i]  +  penalty / 2 * |W_f|^2

with z_i = a (x_i - m_f) / s_f, where the columns' weights a are 1 unless features of several kinds are to count alike
however many columns each has (`block_weights`),

by Adam in minibatches, the step length rising to RATE / sqrt(features) over the first tenth of the steps and falling
to 0 at the last. Each fold is one job of a worker (`workers.py`): it draws its own rows, in an order
that depends on the seed and on how many rows it has, and gives the same bytes alone and among others. A fold's weights
fit into a core's own cache, so one batched product over all folds was not faster. The weights are kept as (classes,
features), the classes filled up to a multiple of `TILE` by ones that can't be chosen: both products then run at a
processor's full width.

Full-batch L-BFGS, preconditioned by the features' covariance, was tried: it ends at a lower objective and was slightly
better on validation parts (by a third of a point), for about five times the work.

Source: D. Kingma, J. Ba, Adam, ICLR 2015, https://arxiv.org/abs/1412.6980
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch.optim.adam import adam

from sakka.arrays import Features, FloatArray, IntArray
from sakka.engines.threads import work_off
from sakka.models.linear_head.head import ROWS_IN_CACHE, LinearHead
from sakka.progress import track

EPOCHS = 20
LEAST_STEPS = 600
RATE = 0.12  # over the root of the number of features: how far a step moves a score
WARMING = 0.1
MOMENTUM = 0.9
SQUARES_MOMENTUM = 0.99
EPSILON = 1e-8
LEAST_BATCH, MOST_BATCH = 128, 1024
STEPS_AN_EPOCH = 64  # a batch grows with the rows, so that the steps don't
TILE = 16  # single-precision numbers in the widest register


def fit_dense(
    features: Features,
    labels: IntArray,
    rows_of_folds: Sequence[IntArray],
    *,
    n_classes: int,
    penalty: float,
    weights: FloatArray | None = None,
    seed: int = 0,
    further: Features | None = None,
) -> list[LinearHead]:
    """Fit one head a fold.

    Args:
        features: Shape (n_rows, n_features), float32 or float16.
        labels: Each row's class, shape (n_rows,); rows that no fold trains on may hold anything.
        rows_of_folds: The training rows of each fold; none is empty.
        n_classes: How many creators there are.
        penalty: The weight of |W|^2 / 2, beside the mean loss of a row.
        weights: What each standardised column is multiplied by, shape (n_features + n_further,); None: 1.
        seed: Draws the order of the rows.
        further: Features that stand right of the others, in their format, shape (n_rows, n_further); a large table is
            not copied for them.
    """
    table = _SideBySide([np.ascontiguousarray(each) for each in (features, further) if each is not None])
    classes = torch.from_numpy(labels)
    stretch = torch.ones(table.width) if weights is None else torch.from_numpy(weights)
    fit_rows = partial(_fit_rows, table, classes, stretch, n_classes=n_classes, penalty=penalty, seed=seed)
    heads = work_off(rows_of_folds, fit_rows, "sakka-heads")
    return list(track(heads, "linear heads", total=len(rows_of_folds)))


def block_weights(widths: Sequence[int]) -> FloatArray:
    """Weights of columns with which each block of them counts alike: the sum of their squares is its share.

    >>> [round(float(weight), 3) for weight in block_weights([1, 4])]
    [1.581, 0.791, 0.791, 0.791, 0.791]
    """
    each = sum(widths) / len(widths)
    return np.concatenate([np.full(width, (each / width) ** 0.5, dtype=np.float32) for width in widths])


def _batch_size(n_rows: int) -> int:
    return min(MOST_BATCH, max(LEAST_BATCH, n_rows // STEPS_AN_EPOCH // LEAST_BATCH * LEAST_BATCH))


def _steps(n_rows: int) -> int:
    return max(LEAST_STEPS, round(EPOCHS * n_rows / _batch_size(n_rows)))


def _rows_in_turn(rows: IntArray, seed: int) -> Iterator[torch.Tensor]:
    """Batches of a fold's rows for ever, shuffled anew each time that all have been given."""
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


class _SideBySide:
    """Arrays of features side by side, of which rows are read."""

    def __init__(self, blocks: Sequence[Features]) -> None:
        self.blocks = [torch.from_numpy(block) for block in blocks]
        self.width = sum(block.shape[1] for block in self.blocks)

    def buffer(self, n_rows: int) -> torch.Tensor:
        """Room for so many rows."""
        return torch.empty(n_rows, self.width, dtype=self.blocks[0].dtype)

    def read(self, rows: torch.Tensor, into: torch.Tensor) -> torch.Tensor:
        """Some rows, read into the first ones of a buffer."""
        found, start = into[: len(rows)], 0
        for block in self.blocks:
            torch.index_select(block, 0, rows, out=found[:, start : start + block.shape[1]])
            start += block.shape[1]
        return found


def _moments(features: _SideBySide, rows: IntArray) -> tuple[torch.Tensor, torch.Tensor]:
    """The columns' means and standard deviations over some rows; a column that does not vary gets 1."""
    parts = torch.split(torch.from_numpy(rows), ROWS_IN_CACHE)
    mean, read = torch.zeros(features.width, dtype=torch.float64), features.buffer(ROWS_IN_CACHE)
    for part in parts:
        mean += features.read(part, read).sum(dim=0, dtype=torch.float32)
    mean /= len(rows)
    squares, centre = torch.zeros_like(mean), mean.float()
    for part in parts:
        squares += (features.read(part, read) - centre).square_().sum(dim=0)
    std = (squares / len(rows)).sqrt()
    varies = std > 1e-6 * mean.abs().clamp(min=1e-6)
    return centre, torch.where(varies, std, 1.0).float()


def _fit_rows(
    features: _SideBySide,
    labels: torch.Tensor,
    stretch: torch.Tensor,
    rows: IntArray,
    *,
    n_classes: int,
    penalty: float,
    seed: int,
) -> LinearHead:
    """Fit one fold's head on its training rows; B rows a batch, d features, K classes, filled up to whole tiles."""
    mean, scale = _moments(features, rows)
    scale /= stretch
    per_unit, offset = 1 / scale, -mean / scale
    filled = -(-n_classes // TILE) * TILE
    weights, bias = torch.zeros(filled, features.width), torch.zeros(filled)
    bias[n_classes:] = -torch.inf
    solver = _Adam(weights, bias)
    steps, size = _steps(len(rows)), _batch_size(len(rows))
    read, slope = features.buffer(size), torch.empty_like(weights)  # arrays of a step, kept: new pages cost more
    inputs = torch.empty(size, features.width)
    minus_one = torch.full((size, 1), -1.0)
    for step, batch in zip(range(steps), _rows_in_turn(rows, seed), strict=False):
        features.read(batch, read)
        torch.addcmul(offset, read, per_unit, out=inputs)  # (B, d)
        residual = torch.softmax(torch.addmm(bias, inputs, weights.T), dim=1)  # (B, K)
        residual.scatter_add_(1, labels.index_select(0, batch)[:, None], minus_one)
        residual /= size
        rate = _rate((step + 1) / steps, features.width)
        torch.mm(residual.T, inputs, out=slope).add_(weights, alpha=penalty)
        solver.move(slope, residual.sum(dim=0), rate=rate)
    fitted = weights[:n_classes].T.contiguous()
    return LinearHead(fitted.numpy(), bias[:n_classes].numpy(), penalty, mean.numpy(), scale.numpy())


def _rate(done: float, n_features: int) -> float:
    """The step length when this share of the steps is done."""
    return float(RATE / n_features**0.5 * min(done / WARMING, 1 - done, 1.0))


class _Adam:
    """What Adam keeps of some arrays of parameters, which it moves in place."""

    def __init__(self, *parameters: torch.Tensor) -> None:
        self.parameters = list(parameters)
        self.momentum = [torch.zeros_like(each) for each in parameters]
        self.squares = [torch.zeros_like(each) for each in parameters]
        self.steps = [torch.zeros(()) for _ in parameters]

    def move(self, *slopes: torch.Tensor, rate: float) -> None:
        """Take the next step against the slopes."""
        adam(
            self.parameters,
            list(slopes),
            self.momentum,
            self.squares,
            [],
            self.steps,
            fused=True,  # one pass over each array
            amsgrad=False,
            beta1=MOMENTUM,
            beta2=SQUARES_MOMENTUM,
            lr=rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )
