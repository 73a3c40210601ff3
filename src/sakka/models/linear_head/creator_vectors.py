"""Creators' vectors in a space whose scatter within creators is 1: in closed form, then trained with sampled negatives.

In closed form a creator's mean is drawn towards that of all by what few works are worth, and its works scatter by the
uncertainty of that mean too (probabilistic linear discriminant analysis). With m_j the mean of n works along coordinate
j and B_j the variance between creators there,

    u_j = m_j n B_j / (n B_j + 1),    t_j = 1 + B_j / (n B_j + 1)
    v_j = u_j / t_j,    b = log n - 1/2 sum over j of ( u_j^2 + 1 + B_j ) / t_j + log t_j

where the square of the work's own coordinate, which would make the score bend, is replaced by its mean 1 + B_j. Adding
a creator takes these formulas alone.

Then the log-loss of a softmax over all creators is lowered by Adam on batches of works. Creators are parted into groups
of near ones (the index's lists side by side); a batch holds works of one group, and of its softmax's sum

    sum over the group's creators of exp s  +  (C - G) / R  sum over R random others of exp s

the first part, the hard negatives, is whole and the second is estimated, so that the estimate of the sum is unbiased. A
vector is pulled towards its closed form in each batch whose sum it is part of. How many rounds are made, and the
temperature, are chosen on works held out; these enter the closed form at last, and what the training has moved is added
to it.

Sources: S. Ioffe, Probabilistic linear discriminant analysis, ECCV 2006; Y. Bengio, J.-S. Senécal, Adaptive importance
sampling to accelerate training of a neural probabilistic language model, IEEE TNN 2008 (sampled softmax).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from sakka.arrays import Features, FloatArray, IntArray, Mask
from sakka.catalog.splits import deal
from sakka.models.linear_head.inverted_lists import InvertedLists
from sakka.progress import track

ROUNDS = 4  # through all works, fewer where that is more than
MOST_STEPS = 1500  # batches, but one round at least
BATCH = 1024
GROUP = 2048  # creators whose works are learned side by side, all negatives of each other
RANDOM = 1024  # other negatives of a batch
RATE = 0.02  # of a coordinate, whose scatter within creators is 1; less where the closed form is too sure
PULL = 0.1  # towards the closed form: half the squared distance counts so much times the batch's share of the works
MOMENTUM, SQUARES_MOMENTUM, EPSILON = 0.9, 0.99, 1e-8
HELD_OUT = 20  # one work in so many, of creators with three or more
LEAST_HELD_OUT, MOST_HELD_OUT = 30, 2048  # with fewer the closed form is taken as it is
ROWS_AT_ONCE = 16_384
LEAST_BETWEEN = 1e-3


@dataclass(frozen=True)
class CreatorVectors:
    """What the creators' scores are made of.

    Attributes:
        vectors: Shape (n_creators, rank).
        bias: Shape (n_creators,).
        between: Variance between creators along each coordinate, shape (rank,).
        temperature: What the scores were divided by.
    """

    vectors: FloatArray
    bias: FloatArray
    between: FloatArray
    temperature: float


def closed_form(means: FloatArray, counts: IntArray, between: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Vectors and biases by the formulas above; a creator without a work gets a bias below every other's.

    Args:
        means: The means of the creators' works, shape (n_creators, rank).
        counts: How many works each has, shape (n_creators,).
        between: B, shape (rank,).
    """
    counted = np.maximum(counts, 1)[:, None].astype(np.float32)
    shrunk = counted * between / (counted * between + 1)
    scatter = 1 + between / (counted * between + 1)
    centre = means * shrunk
    bias = np.log(counted[:, 0]) - ((centre**2 + 1 + between) / scatter + np.log(scatter)).sum(axis=1) / 2
    vectors = np.where(counts[:, None] > 0, centre / scatter, 0).astype(np.float32)
    missing = counts == 0
    if missing.any():
        bias[missing] = (bias[~missing].min() if (~missing).any() else 0.0) - 20
    return vectors, bias.astype(np.float32)


def means_of(coordinates: Features, labels: IntArray, rows: IntArray, n_creators: int) -> tuple[FloatArray, IntArray]:
    """The mean coordinates of each creator's works, shape (n_creators, rank), and how many there are.

    Args:
        coordinates: Shape (n_works, rank).
        labels: Each work's creator as a column, shape (n_works,).
        rows: The works to take.
        n_creators: How many columns there are.
    """
    counts = np.bincount(labels[rows], minlength=n_creators)
    sums = np.zeros((n_creators, coordinates.shape[1]), dtype=np.float32)
    rows = rows[np.argsort(labels[rows], kind="stable")]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        found, firsts = np.unique(labels[some], return_index=True)
        sums[found] += np.add.reduceat(coordinates[some].astype(np.float32), firsts, axis=0)
    sums /= np.maximum(counts, 1)[:, None].astype(np.float32)
    return sums, counts


def between_of(means: FloatArray, counts: IntArray) -> FloatArray:
    """The variance between creators along each coordinate, without what the scatter of few works adds to it."""
    several = counts > 0
    weights = np.sqrt(counts[several])
    weights /= weights.sum()
    centre = weights @ means[several]
    spread = weights @ (means[several] - centre) ** 2 - (weights / counts[several]).sum()
    between: FloatArray = np.maximum(spread, LEAST_BETWEEN).astype(np.float32)
    return between


def fit_vectors(coordinates: Features, labels: IntArray, n_creators: int, *, seed: int = 0) -> CreatorVectors:
    """Fit the creators' vectors.

    Args:
        coordinates: Shape (n_works, rank); the scatter within creators is 1 along each.
        labels: Each work's creator as a column, shape (n_works,).
        n_creators: How many columns there are.
        seed: Draws the works held out and the order of the others.
    """
    held = _held_out(labels, n_creators, seed)
    learn, test = np.flatnonzero(~held), np.flatnonzero(held)
    means, counts = means_of(coordinates, labels, learn, n_creators)
    between = between_of(means, counts)
    vectors, bias = closed_form(means, counts, between)
    best, first = _loss(coordinates, labels, test, vectors, bias)
    vectors, bias, temperature = vectors / np.float32(first), bias / np.float32(first), 1.0
    training = _VectorTraining(coordinates, labels, learn, vectors, bias, seed)
    moved = np.zeros_like(vectors), np.zeros_like(bias)
    for number in track(range(training.rounds), "creators' vectors", total=training.rounds):
        training.go_round(number, RATE / first)
        loss, hotness = _loss(coordinates, labels, test, training.vectors.numpy(), training.bias.numpy())
        if loss < best:
            best, temperature = loss, hotness
            moved = training.vectors.numpy() - vectors, training.bias.numpy() - bias
    means, counts = means_of(coordinates, labels, np.arange(len(labels)), n_creators)
    vectors, bias = closed_form(means, counts, between)
    hot, hotter = np.float32(temperature), np.float32(first * temperature)
    return CreatorVectors(vectors / hotter + moved[0] / hot, bias / hotter + moved[1] / hot, between, float(hotter))


def _held_out(labels: IntArray, n_creators: int, seed: int) -> Mask:
    generator = np.random.default_rng((seed, 9))
    counts = np.bincount(labels, minlength=n_creators)
    chosen = (deal(labels, generator, HELD_OUT) == 0) & (counts[labels] > 2)
    rows = np.flatnonzero(chosen)
    rows = rows[: len(rows) * (len(rows) >= LEAST_HELD_OUT)]
    held = np.zeros(len(labels), dtype=np.bool_)
    held[rows if len(rows) <= MOST_HELD_OUT else generator.permutation(rows)[:MOST_HELD_OUT]] = True
    return held


def _loss(
    coordinates: Features, labels: IntArray, rows: IntArray, vectors: FloatArray, bias: FloatArray
) -> tuple[float, float]:
    """The mean log-loss of works under a softmax over all creators at the best temperature, and that."""
    if not len(rows):
        return np.inf, 1.0
    grid = np.exp(np.linspace(-1.5, 2.5, 17))
    losses = np.zeros(len(grid))
    table, biases = torch.from_numpy(vectors), torch.from_numpy(bias)
    for start in range(0, len(rows), 256):
        some = rows[start : start + 256]
        inputs = torch.from_numpy(coordinates[some]).float()
        scores = torch.addmm(biases, inputs, table.T)
        own = scores[torch.arange(len(some)), torch.from_numpy(labels[some])].clone()
        for place, temperature in enumerate(grid):
            losses[place] += float((torch.logsumexp(scores / temperature, dim=1) - own / temperature).sum())
    best = int(np.argmin(losses))
    return float(losses[best]) / len(rows), float(grid[best])


class _VectorTraining:
    """Vectors and biases that are moved in place."""

    def __init__(
        self, coordinates: Features, labels: IntArray, rows: IntArray, vectors: FloatArray, bias: FloatArray, seed: int
    ) -> None:
        self.coordinates = torch.from_numpy(coordinates)
        self.labels, self.seed = labels, seed
        self.start = torch.from_numpy(vectors), torch.from_numpy(bias)
        self.vectors, self.bias = self.start[0].clone(), self.start[1].clone()
        self.moments = [torch.zeros_like(each) for each in (self.vectors, self.vectors, self.bias, self.bias)]
        self.steps = torch.zeros(len(bias))
        order = np.argsort(labels[rows], kind="stable")
        self.rows = rows[order]
        self.firsts = np.searchsorted(labels[self.rows], np.arange(len(bias) + 1))
        lists = InvertedLists.of(vectors, bias, seed)
        self.groups = [lists.columns[start : start + GROUP] for start in range(0, len(bias), GROUP)]
        self.counts = torch.from_numpy(np.diff(self.firsts).astype(np.float32)).clamp(min=1)
        a_round = sum(-(-len(own) // BATCH) for own in self._rows_of_groups())
        self.rounds = max(min(ROUNDS, 1), min(ROUNDS, MOST_STEPS // max(1, a_round))) if len(rows) < len(labels) else 0
        self.total, self.done = self.rounds * a_round, 0

    def go_round(self, number: int, rate: float) -> None:
        """Learn from every work once.

        Args:
            number: Which time it is, from 0.
            rate: The length of a step at first; it falls to 0 with the last round.
        """
        generator = np.random.default_rng((self.seed, 10, number))
        batches = list(self._batches(generator))
        for place in generator.permutation(len(batches)):
            rows, group = batches[place]
            self._step(rows, self.groups[group], generator, rate * (1 - self.done / self.total))
            self.done += 1

    def _rows_of_groups(self) -> Iterator[IntArray]:
        for group in self.groups:
            parts = [self.rows[self.firsts[column] : self.firsts[column + 1]] for column in group]
            yield np.concatenate(parts)

    def _batches(self, generator: np.random.Generator) -> Iterator[tuple[IntArray, int]]:
        for number, rows in enumerate(self._rows_of_groups()):
            shuffled = generator.permutation(rows)
            for start in range(0, len(shuffled), BATCH):
                yield shuffled[start : start + BATCH], number

    def _step(self, rows: IntArray, group: IntArray, generator: np.random.Generator, rate: float) -> None:
        n_creators = len(self.bias)
        drawn = generator.integers(n_creators, size=min(RANDOM, n_creators))
        others = np.setdiff1d(drawn, group)
        columns = torch.from_numpy(np.concatenate([group, others]))
        place_of = np.full(n_creators, -1)
        place_of[group] = np.arange(len(group))
        own = torch.from_numpy(place_of[self.labels[rows]])[:, None]
        inputs = self.coordinates[torch.from_numpy(rows)].float()
        vectors, bias = self.vectors[columns], self.bias[columns]
        scores = torch.addmm(bias, inputs, vectors.T)
        if len(others):
            scores[:, len(group) :] += float(np.log((n_creators - len(group)) / len(others)))
        errors = torch.softmax(scores, dim=1)
        errors.scatter_add_(1, own, torch.full((len(rows), 1), -1.0))
        share = (PULL * len(rows) / len(self.rows)) * torch.ones(len(columns))
        slope = torch.mm(errors.T, inputs).addcmul_(share[:, None], vectors - self.start[0][columns])
        slope_bias = errors.sum(dim=0).addcmul_(share, bias - self.start[1][columns])
        self._move(columns, (vectors, slope), (bias, slope_bias), rate)

    def _move(
        self,
        columns: torch.Tensor,
        vectors: tuple[torch.Tensor, torch.Tensor],
        bias: tuple[torch.Tensor, torch.Tensor],
        rate: float,
    ) -> None:
        """Adam on the columns of a batch, each given with its slope; the others stay as they are."""
        self.steps[columns] += 1
        for table, (own, slope), place in ((self.vectors, vectors, 0), (self.bias, bias, 2)):
            steps = self.steps[columns] if own.dim() == 1 else self.steps[columns, None]
            first = self.moments[place][columns].lerp_(slope, 1 - MOMENTUM)
            second = self.moments[place + 1][columns].lerp_(slope.square(), 1 - SQUARES_MOMENTUM)
            self.moments[place][columns], self.moments[place + 1][columns] = first, second
            length = second.div(1 - SQUARES_MOMENTUM**steps).sqrt_().add_(EPSILON)
            table[columns] = own - rate * first.div(1 - MOMENTUM**steps).div_(length)
