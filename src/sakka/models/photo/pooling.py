"""From the vectors of a work's photos to one vector: how much each photo counts.

    x = sum over photos i of a_i x_i,     sum of a_i = 1

    featured     a = 1 for the first photo
    mean         a_i = 1 / n
    attention    a = softmax(q (x_i - m)), a score for each photo: a size chart says less of its maker than a detail
    best         a = 1 for the photo whose own prediction is the surest

A linear head's log-odds are then the same mean of those of the single photos, so what each photo and each of its
regions said stays a sum. Which of the four, and the attention's q, are learned on training works alone: a ridge
regression of the creator that was not fitted on a work gives scores z_i of its photos (`out_of_fold.py`), and q lowers
the log-loss of softmax(t sum a_i z_i) on half of the works; the way that is best on the other half is taken. q stands
in `COORDINATES` random directions of the standardised vector, so that few works don't overfit it.

Source: M. Ilse, J. Tomczak, M. Welling, Attention-based deep multiple instance learning, ICML 2018,
https://arxiv.org/abs/1802.04712
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from sakka.arrays import DoubleArray, Features, FloatArray, IntArray, Mask, numbers_within
from sakka.errors import ModelError
from sakka.models.linear_head.head import Head
from sakka.models.photo.out_of_fold import RidgePredictions, TableRows

Way = Literal["featured", "mean", "attention", "best"]
WAYS: tuple[Way, ...] = get_args(Way)
COORDINATES = 32
PULL = 1.0  # of |q|^2, beside the summed log-loss of the works
STEPS = 60
START = 2.0  # the logarithm of t
LEAST_WORKS = 40  # with several photos, to learn a pooling on; the mean is taken below
ROWS_AT_ONCE = 1024  # photos that are scored at a time


@dataclass(frozen=True)
class PhotoTable:
    """The vectors of works' photos.

    Attributes:
        features: One row a photo, shape (n_photos, n_features).
        rows: The work of each photo, ascending, shape (n_photos,).
        n_works: How many works there are; one may have no photo.
    """

    features: Features
    rows: IntArray
    n_works: int

    @property
    def counts(self) -> IntArray:
        """How many photos each work has, shape (n_works,)."""
        return np.bincount(self.rows, minlength=self.n_works)

    @property
    def is_featured(self) -> Mask:
        """Whether each photo is the first of its work, shape (n_photos,)."""
        featured: Mask = numbers_within(self.rows) == 0
        return featured

    @property
    def has_one_each(self) -> bool:
        """Whether every work has one photo."""
        return np.array_equal(self.rows, np.arange(self.n_works))

    def take(self, works: IntArray) -> "PhotoTable":
        """The photos of some works, in the order given."""
        stops = np.cumsum(self.counts)
        chosen = [
            np.arange(stops[work] - count, stops[work]) for work, count in zip(works, self.counts[works], strict=True)
        ]
        photos = np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
        return PhotoTable(self.features[photos], np.repeat(np.arange(len(works)), self.counts[works]), len(works))

    def alone(self, works: IntArray) -> "TableRows | None":
        """The one photo's vector of each of some works, without a copy; None where one has several photos or none."""
        stops = np.cumsum(self.counts)
        return TableRows(self.features, stops[works] - 1) if (self.counts[works] == 1).all() else None

    def pooled(self, weights: FloatArray) -> Features:
        """One vector a work, zeros where it has no photo, in the features' format, shape (n_works, n_features).

        Args:
            weights: How much each photo counts, shape (n_photos,).
        """
        if self.has_one_each:
            return self.features  # a copy of a large table would be for nothing
        table: Features = np.zeros((self.n_works, self.features.shape[1]), dtype=self.features.dtype)
        alone = self.counts[self.rows] == 1
        table[self.rows[alone]] = self.features[alone]
        for work in np.unique(self.rows[~alone]):
            own = slice(*np.searchsorted(self.rows, (work, work + 1)))
            table[work] = weights[own] @ self.features[own].astype(np.float32)
        return table


SHAPES = {"pooling.way": "1", "pooling.query": "features", "pooling.centre": "features"}
"""Of the arrays of `Pooling.tensors`."""


@dataclass(frozen=True)
class Pooling:
    """How much each photo of a work counts.

    Attributes:
        way: One of `WAYS`.
        query: q of the attention, shape (n_features,); None for the other ways.
        centre: m of the attention, shape (n_features,); None for the other ways.
    """

    way: Way
    query: FloatArray | None = None
    centre: FloatArray | None = None

    def weights(self, table: PhotoTable, head: Head | None) -> FloatArray:
        """How much each photo counts, shape (n_photos,); those of a work sum to 1.

        Args:
            table: The photos.
            head: The head, whose surest photo `best` takes; None while it is learned, from the mean.
        """
        if self.way == "featured":
            return table.is_featured.astype(np.float32)
        if self.way == "best" and head is not None:
            sure = np.concatenate([head.predict_proba(rows).max(axis=1) for rows in _parts(table.features)])
            return _first_of_the_highest(sure, table.rows)
        scores = np.zeros(len(table.rows), dtype=np.float32)
        if self.query is not None and self.centre is not None:
            scores = np.concatenate([(rows - self.centre) @ self.query for rows in _parts(table.features)])
        return attention(torch.from_numpy(scores), torch.from_numpy(table.rows), table.n_works).numpy()

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The pooling as arrays by name; `from_tensors` takes them back."""
        parts = {"pooling.query": self.query, "pooling.centre": self.centre}
        kept = {name: array for name, array in parts.items() if array is not None}
        return {"pooling.way": np.array([WAYS.index(self.way)]), **kept}

    @classmethod
    def from_tensors(cls, tensors: dict[str, npt.NDArray[Any]]) -> "Pooling":
        """The pooling that `tensors` wrote."""
        way = WAYS[int(tensors["pooling.way"][0])]
        return cls(way, tensors.get("pooling.query"), tensors.get("pooling.centre"))


def check_way(way: str | None) -> None:
    """Refuse a way that there is not.

    Raises:
        ModelError: There is none of that name.
    """
    if way is not None and way not in WAYS:
        raise ModelError(f"got pooling {way!r}; expected {', '.join(WAYS)}, or None, which chooses on training works")


def attention(scores: torch.Tensor, rows: torch.Tensor, n_works: int) -> torch.Tensor:
    """The softmax of photos' scores within each work, shape (n_photos,).

    >>> attention(torch.tensor([0.0, 0.0, 5.0]), torch.tensor([0, 0, 1]), 2).tolist()
    [0.5, 0.5, 1.0]
    """
    highest = torch.full((n_works,), -torch.inf, dtype=scores.dtype)
    highest = highest.scatter_reduce(0, rows, scores.detach(), "amax")
    raised = torch.exp(scores - highest[rows])
    sums = torch.zeros(n_works, dtype=scores.dtype).index_add(0, rows, raised)
    return raised / sums[rows]


def learn_pooling(
    table: PhotoTable,
    labels: IntArray,
    part: IntArray,
    predictions: RidgePredictions,
    seed: int,
    way: Way | None = None,
) -> Pooling:
    """Choose how to pool, on works with several photos.

    Args:
        table: The training works' photos.
        labels: Each work's creator as a column, shape (n_works,).
        part: The part that each work was held out with, shape (n_works,).
        predictions: Of the creator, from each photo, by regressions not fitted on its work.
        seed: Draws the directions that the attention's q stands in.
        way: The way; None: the one with the least log-loss.
    """
    several = np.flatnonzero(table.counts > 1)
    if len(several) < LEAST_WORKS:
        return Pooling("mean")
    some = table.take(several)
    own = np.isin(table.rows, several)
    directions = np.random.default_rng((seed, 5)).standard_normal((table.features.shape[1], COORDINATES))
    scaled = (directions / predictions.scale[:, None]).astype(np.float32)
    coordinates = np.concatenate([(rows - predictions.mean) @ scaled for rows in _parts(some.features)])
    scored = _PhotoScores(
        torch.from_numpy(predictions.out_of_fold[own]).double(),
        torch.from_numpy(coordinates).double(),
        torch.from_numpy(some.rows),
        torch.from_numpy(labels[several]),
    )
    halves = part[several] % 2 == 0
    learn, judge = scored.take(halves), scored.take(~halves)
    losses = {each: judge.loss(each, *learn.fit(each)) for each in (WAYS if way is None else (way,))}
    best = min(losses, key=lambda each: losses[each])
    if best != "attention":
        return Pooling(best)
    query, _ = scored.fit(best)
    return Pooling(best, scaled @ query.numpy().astype(np.float32), predictions.mean)


@dataclass(frozen=True)
class _PhotoScores:
    """Photos of works with several.

    Attributes:
        scores: What regressions not fitted on a photo's work predict, shape (n_photos, n_creators).
        coordinates: Of the photos' vectors, shape (n_photos, COORDINATES).
        rows: The work of each photo, shape (n_photos,).
        labels: Each work's creator as a column, shape (n_works,).
    """

    scores: torch.Tensor
    coordinates: torch.Tensor
    rows: torch.Tensor
    labels: torch.Tensor

    def take(self, works: Mask) -> "_PhotoScores":
        """Those of some works."""
        chosen = torch.from_numpy(works)
        photos = chosen[self.rows]
        numbers = torch.cumsum(chosen, 0) - 1
        return _PhotoScores(
            self.scores[photos], self.coordinates[photos], numbers[self.rows[photos]], self.labels[chosen]
        )

    def weights(self, way: Way, query: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """How much each photo counts, shape (n_photos,)."""
        n_works = len(self.labels)
        if way == "attention":
            return attention(self.coordinates @ query, self.rows, n_works)
        if way == "mean":
            return attention(torch.zeros(len(self.rows), dtype=torch.float64), self.rows, n_works)
        sure = torch.softmax(scale * self.scores.detach(), dim=1).amax(dim=1).detach().numpy()
        rows = self.rows.numpy()
        chosen = numbers_within(rows) == 0 if way == "featured" else _first_of_the_highest(sure, rows)
        return torch.from_numpy(chosen.astype(np.float64))

    def loss(self, way: Way, query: torch.Tensor, log_scale: torch.Tensor) -> float:
        """The works' mean log-loss."""
        return float(self._losses(way, query, log_scale).mean())

    def fit(self, way: Way) -> tuple[torch.Tensor, torch.Tensor]:
        """The values of q in the random directions, and the logarithm of t, with the least log-loss."""
        from scipy.optimize import minimize

        size = COORDINATES if way == "attention" else 0

        def loss(values: DoubleArray) -> tuple[float, DoubleArray]:
            parameters = torch.tensor(values, requires_grad=True)
            query = parameters[1:]
            summed = self._losses(way, query, parameters[0]).sum() + PULL * query.square().sum() / 2
            (slope,) = torch.autograd.grad(summed, parameters)
            return float(summed.detach()), slope.numpy()

        found = minimize(
            loss, np.append(START, np.zeros(size)), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
        )
        return torch.from_numpy(found.x[1:]), torch.tensor(found.x[0])

    def _losses(self, way: Way, query: torch.Tensor, log_scale: torch.Tensor) -> torch.Tensor:
        scale = torch.exp(log_scale)
        weights = self.weights(way, query, scale)
        pooled = torch.zeros((len(self.labels), self.scores.shape[1]), dtype=torch.float64)
        pooled = pooled.index_add(0, self.rows, weights[:, None] * self.scores)
        return torch.nn.functional.cross_entropy(scale * pooled, self.labels, reduction="none")


def _first_of_the_highest(values: FloatArray, rows: IntArray) -> FloatArray:
    """1 for the first photo of each work that has the work's highest value, else 0."""
    order = np.lexsort((np.arange(len(values)), -values, rows))
    chosen = np.zeros(len(values), dtype=np.float32)
    chosen[order[numbers_within(rows) == 0]] = 1  # the order keeps the works' own
    return chosen


def _parts(features: Features) -> Sequence[Features]:
    return [features[start : start + ROWS_AT_ONCE] for start in range(0, len(features), ROWS_AT_ONCE)] or [features]
