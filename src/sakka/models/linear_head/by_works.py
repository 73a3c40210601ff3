"""The dense solver where features outnumber works: a linear softmax as a sum over works, solved until it is done.

With z_i as in `dense.py`, the weights that lower

    1/n * sum over works i of -log softmax(W' z_i + b)[y_i]  +  penalty / 2 * |W|^2

are W = Z' A for some A of one row a work, so that Z enters through K = Z Z' alone: scores are K A + b. The constant
terms b are the logarithms of the classes' shares. In the space of functions the gradient is (P - Y) / n + penalty A,
and limited-memory BFGS goes down it with the inner product <U, V> = trace(U' K V), preconditioned by

    (S^2 K / n + penalty)^-1 = (1 - S (S K S / n + penalty)^-1 S K / n) / penalty,    s_i^2 = (1 - |p_i|^2) / 2,

where S is the diagonal matrix of the s_i: a softmax curves as much as its probabilities p_i are undecided, at first by
1/2 for every work, and less the better a work is fitted. The factor is made anew as the probabilities move. A step
costs a few products with a table of works by works, however many features there are. `dense.py`'s steps are too few to
get there where works are few, and cost more where features are many.

Sources: D. Böhning, Multinomial logistic regression algorithm, Annals of the Institute of Statistical Mathematics 44,
1992 (bounds instead of the Hessian); D. Liu, J. Nocedal, On the limited memory BFGS method, Mathematical Programming
45, 1989.
"""

from dataclasses import dataclass

import numpy as np
import torch

from sakka.arrays import Features, FloatArray, IntArray
from sakka.models.linear_head.head import LinearHead

MOST_STEPS = 50
FACTOR_AT = frozenset({0, 5, 10, 15, 20, 30, 40})  # the steps before which the preconditioner's factor is made anew
LEAST_CURVATURE = 5e-4  # of a work: one that is fitted well today may not be tomorrow
MEMORY = 8  # steps that the curvature is estimated from
ENOUGH = 1e-5  # of the objective: a step that saves less is the last
DESCENT = 1e-4  # of what the slope promises must come true, or the step is halved
LEAST_LENGTH = 1e-3


def fit_by_works(
    features: Features,
    labels: IntArray,
    *,
    n_classes: int,
    penalty: float,
    weights: FloatArray,
    products: FloatArray | None = None,
) -> LinearHead:
    """Fit one head.

    Args:
        features: Shape (n_works, n_features), float32 or float16.
        labels: Each work's class, shape (n_works,).
        n_classes: How many classes there are; one that no work has keeps a probability of next to nothing.
        penalty: As in `fit_dense`.
        weights: What each standardised column is multiplied by, shape (n_features,).
        products: K above where it is known, shape (n_works, n_works).
    """
    inputs = torch.from_numpy(features).to(torch.float32, copy=True)
    mean = inputs.mean(dim=0)
    inputs -= mean
    std = torch.linalg.vector_norm(inputs, dim=0) / len(inputs) ** 0.5
    varies = std > 1e-6 * mean.abs().clamp(min=1e-6)
    scale = torch.where(varies, std, 1.0) / torch.from_numpy(weights)
    inputs /= scale
    known = torch.from_numpy(np.eye(n_classes, dtype=np.float32)[labels])
    bias = known.mean(dim=0).clamp(min=1 / len(inputs) ** 2).log()
    whole = inputs @ inputs.T if products is None else torch.from_numpy(products)
    per_work = _Softmax(whole, known, bias, penalty).solved()
    return LinearHead((inputs.T @ per_work).numpy(), bias.numpy(), penalty, mean.numpy(), scale.numpy())


@dataclass(frozen=True)
class _Point:
    """A table A, what K makes of it, the objective there, its gradient, and what K makes of that."""

    per_work: torch.Tensor
    scores: torch.Tensor
    objective: float
    gradient: torch.Tensor
    through: torch.Tensor


@dataclass(frozen=True)
class _Step:
    """How A and the gradient changed, what K makes of both changes, and 1 / <change of A, change of gradient>."""

    moved: torch.Tensor
    moved_through: torch.Tensor
    turned: torch.Tensor
    turned_through: torch.Tensor
    per_curvature: float


class _Softmax:
    """The problem: K, the works' classes, the constant terms and the penalty."""

    def __init__(self, products: torch.Tensor, known: torch.Tensor, bias: torch.Tensor, penalty: float) -> None:
        self.products, self.known, self.bias, self.penalty = products, known, bias, penalty

    def solved(self) -> torch.Tensor:
        """The A that is best, shape (n_works, n_classes)."""
        point = self._at(torch.zeros_like(self.known), torch.zeros_like(self.known))
        steps: list[_Step] = []
        for number in range(MOST_STEPS):
            if number in FACTOR_AT:
                self._make_factor(point)
            following = self._next(point, self._direction(point, steps))
            steps = [*steps, *self._step(point, following)][-MEMORY:]
            saved, point = point.objective - following.objective, following
            if saved < ENOUGH * point.objective:
                break
        return point.per_work

    def _at(self, per_work: torch.Tensor, scores: torch.Tensor) -> _Point:
        logarithms = torch.log_softmax(scores + self.bias, dim=1)
        loss = -float((logarithms * self.known).sum()) / len(self.known)
        objective = loss + self.penalty / 2 * float((per_work * scores).sum())
        gradient = (logarithms.exp() - self.known) / len(self.known) + self.penalty * per_work
        return _Point(per_work, scores, objective, gradient, self.products @ gradient)

    def _direction(self, point: _Point, steps: list[_Step]) -> torch.Tensor:
        """Where to go from a point: L-BFGS's two loops over the last steps."""
        direction, shares = point.gradient.clone(), []
        for step in reversed(steps):
            shares.append(step.per_curvature * float((step.moved_through * direction).sum()))
            direction -= shares[-1] * step.turned
        direction = self._preconditioned(direction)
        for step, share in zip(steps, reversed(shares), strict=True):
            direction += (share - step.per_curvature * float((step.turned_through * direction).sum())) * step.moved
        return -direction

    def _make_factor(self, point: _Point) -> None:
        probabilities = torch.softmax(point.scores + self.bias, dim=1)
        curvature = ((1 - probabilities.square().sum(dim=1, keepdim=True)) / 2).clamp(min=LEAST_CURVATURE)
        self.roots = curvature.sqrt()
        table = self.products * (self.roots / len(self.products)) * self.roots.T
        table.diagonal().add_(self.penalty)
        self.factor = torch.linalg.cholesky(table)

    def _preconditioned(self, table: torch.Tensor) -> torch.Tensor:
        through = self.roots * (self.products @ table) / len(table)
        return (table - self.roots * torch.cholesky_solve(through, self.factor)) / self.penalty

    def _next(self, point: _Point, direction: torch.Tensor) -> _Point:
        """The point that the direction leads to, by the first of the lengths 1, 1/2, 1/4 ... that saves enough."""
        through = self.products @ direction
        promised = float((point.through * direction).sum())
        length = 1.0
        while True:
            found = self._at(point.per_work + length * direction, point.scores + length * through)
            if found.objective <= point.objective + DESCENT * length * promised or length < LEAST_LENGTH:
                return found
            length /= 2

    def _step(self, point: _Point, following: _Point) -> list[_Step]:
        """What is remembered of a step; nothing where the curvature along it is not above 0."""
        moved, moved_through = following.per_work - point.per_work, following.scores - point.scores
        turned, turned_through = following.gradient - point.gradient, following.through - point.through
        curvature = float((moved_through * turned).sum())
        return [_Step(moved, moved_through, turned, turned_through, 1 / curvature)] if curvature > 0 else []
