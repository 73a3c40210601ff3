"""Fusion that is learned: how far to trust photo and text is fitted on works that neither model was fitted on.

Each creator c of a work gets a score, and the probabilities are the softmax of the scores (a conditional logit):

    log-linear    s_c = a log p_c + b log t_c + g log share_c + d_c
    stacked       the same and, for each model, p_c, log p_c times the entropy of p, minus log(1 + rank of c), whether
                  c is first, the lead of the first over the second where c is first; log(p_c + t_c), sqrt(p_c t_c)

p and t are the two models' probabilities, share_c is the creator's share of the works fitted on. Where works have
several photos, h log(n) log p_c is added, with n how many the work has. The weights lower the summed log-loss +
|weights - start|^2 / 2 + PENALTY |d|^2 / 2, a convex problem, by L-BFGS; `start` is equal weights, so that few works
change little. a + b other than 1 is a temperature: the probabilities come out calibrated.

A work with only a photo, or only a text, is predicted by weights of its own, fitted on all works that have it with the
other one left out.

Of more than `CANDIDATES` creators the weights are fitted on so many of each work, those that come first for one of the
two models, and on the works whose own creator is among them: under a conditional logit the choice among some of the
alternatives has the weights of the choice among all.

The probabilities must be of models not fitted on the works. A single model's are less confident than a mean of
several models', so several models are fused one pair at a time and the results averaged.

Sources: D. Wolpert, Stacked generalization, Neural Networks 5, 1992; D. McFadden, Conditional logit analysis, 1974, and
Modelling the choice of residential location, 1978 (some of the alternatives);
C. Guo et al., On calibration of modern neural networks, ICML 2017, https://arxiv.org/abs/1706.04599
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np

from sakka.arrays import (
    FLOOR,
    DoubleArray,
    FloatArray,
    IntArray,
    Mask,
    Probabilities,
    log_probabilities,
    softmax,
    top,
)
from sakka.errors import ModelError
from sakka.models.fusion import BLOCK_ROWS, Counts, Fuser, kept_log_odds
from sakka.models.work_reader import Reads

Kind = Literal["log-linear", "stacked"]
View = Literal["both", "photo", "text"]

KINDS: tuple[Kind, ...] = get_args(Kind)
VIEWS: tuple[View, ...] = get_args(View)
UNDER_LOSS = 1e-300  # stands for a smaller probability in the loss of a fit, which is in double precision
PENALTY = 4.0  # a creator's own d is taken to stay within about 1/2
MOST_ENTRIES = 2**22  # of works times creators; beyond it every second, third ... work is fitted on
CANDIDATES = 96  # of each work that a fusion is fitted on
STEPS = 200
WEIGHT_NAMES = ("features", "bias", "share", "photos")


@dataclass(frozen=True)
class Weights:
    """What one view has learned.

    Attributes:
        features: One weight a feature, shape (n_features,).
        bias: One term a creator, g log share_c + d_c, shape (n_creators,).
        share: g, and the logarithm of the works that the shares are of, shape (2,).
        photos: h, shape (1,); 0 where no work fitted on had several photos.
    """

    features: DoubleArray
    bias: DoubleArray
    share: DoubleArray
    photos: DoubleArray = field(default_factory=lambda: np.zeros(1))

    def with_creators(self, works: IntArray) -> "Weights":
        """These with new creators, each with the term of its share and d_c = 0.

        Args:
            works: How many works of each would have been fitted on, shape (n_new,).
        """
        terms = self.share[0] * (np.log(works + 1) - self.share[1])
        return replace(self, bias=np.append(self.bias, terms))

    def without(self, label: int) -> "Weights":
        """These without one creator."""
        return replace(self, bias=np.delete(self.bias, label))


@dataclass(frozen=True)
class LearnedFusion(Fuser):
    """A fitted fusion.

    Attributes:
        kind: `log-linear` or `stacked`.
        views: The weights for works with both, with only a photo and with only a text.
    """

    kind: Kind
    views: Mapping[View, Weights]
    is_learned: ClassVar[bool] = True

    def predict(
        self,
        photo: Probabilities,
        text: Probabilities,
        photos: Counts | None = None,
        has_text: Mask | None = None,
        columns: IntArray | None = None,
    ) -> Probabilities:
        """Fuse by the weights of what each work has; one with neither gets what the text model's row gives."""
        fused = np.empty(photo.shape, dtype=np.float32)
        logs = log_counts(len(photo), photos)
        for view, rows in zip(VIEWS, _rows_of_views(len(photo), photos, has_text), strict=True):
            for start in range(0, len(rows), BLOCK_ROWS):
                some, weights = rows[start : start + BLOCK_ROWS], self.views[view]
                table = features(self.kind, tables_of(view, photo[some], text[some]))
                bias = weights.bias if columns is None else weights.bias[columns[some]]
                scores = (table @ weights.features + bias).astype(np.float64, copy=False)
                if weights.photos[0]:
                    scores += weights.photos[0] * logs[some, None] * table[:, :, 0]
                fused[some] = softmax(scores)
        return fused

    def tensors(self) -> dict[str, DoubleArray]:
        """The weights as arrays by name; `from_tensors` takes them back."""
        named = ((view, name, getattr(self.views[view], name)) for view in VIEWS for name in WEIGHT_NAMES)
        return {f"{view}_{name}": array for view, name, array in named}

    @classmethod
    def from_tensors(cls, kind: Kind, tensors: Mapping[str, DoubleArray]) -> "LearnedFusion":
        """Make a fusion of what `tensors` gave; `shapes` says what shapes the arrays must have."""
        views = {view: Weights(**{name: tensors[f"{view}_{name}"] for name in WEIGHT_NAMES}) for view in VIEWS}
        return cls(kind, views)

    @staticmethod
    def shapes(kind: Kind) -> dict[str, str]:
        """The shapes of what `tensors` gives, as `ModelParts.check_shapes` takes them."""
        one = np.ones((1, 1), dtype=np.float32)
        widths = {view: features(kind, tables_of(view, one, one)).shape[2] for view in VIEWS}
        of_view = {"bias": "creators", "share": "2", "photos": "1"}
        return {
            f"{view}_{name}": shape
            for view, width in widths.items()
            for name, shape in {"features": str(width), **of_view}.items()
        }

    def with_creators(self, works: IntArray) -> Self:
        """This with new creators, each with the term of its share and d_c = 0."""
        return replace(self, views={view: weights.with_creators(works) for view, weights in self.views.items()})

    def without(self, label: int) -> Self:
        """This without one creator."""
        return replace(self, views={view: weights.without(label) for view, weights in self.views.items()})

    def weights(self, given: Collection[Reads], photos: int = 1) -> dict[Reads, float]:
        """The weights a (with h log n) and b of the models' logarithms."""
        names = tuple(given)
        if not names:
            return {}
        learned = self.views["both" if len(names) == 2 else names[0]]
        weights = dict(zip(names, learned.features[: len(names)].tolist(), strict=True))
        if "photo" in weights:
            weights["photo"] += float(learned.photos[0]) * float(np.log(max(photos, 1)))
        return weights

    def shares(
        self, given: Mapping[Reads, Probabilities], creator: int, against: int, photos: int = 1
    ) -> dict[Reads, float]:
        """The weights, less where probabilities are below `FLOOR`; what `stacked` says beyond them is left out."""
        weights = self.weights(given, photos)
        return {name: weight * kept_log_odds(given[name], creator, against, FLOOR) for name, weight in weights.items()}

    def values(self) -> dict[str, Any]:
        """The kind."""
        return {"kind": self.kind}

    def in_words(self, photo: str, text: str) -> str:
        """The kind in words."""
        return f"{photo} + {text}, weights learned ({self.kind})"


def fit_fusion(
    photo: Probabilities,
    text: Probabilities,
    labels: IntArray,
    photos: Counts | None = None,
    has_text: Mask | None = None,
    *,
    kind: Kind = "log-linear",
    views: Collection[View] = VIEWS,
) -> LearnedFusion:
    """Learn to fuse on works that neither model was fitted on.

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        labels: Each work's creator as a column index, shape (n_works,).
        photos: How many photos each work has, or whether it has one; None means all have one.
        has_text: Whether each has a text; None means all have one.
        kind: `log-linear` or `stacked`.
        views: What the works that are to be fused have: both, or only one of the two.

    Raises:
        ModelError: The shapes differ or `kind` is unknown.
    """
    if photo.shape != text.shape or photo.ndim != 2 or len(photo) != len(labels):
        raise ModelError(f"can't fuse probabilities of shapes {photo.shape} and {text.shape} for {len(labels)} works")
    if kind not in KINDS:
        raise ModelError(f"no learned fusion is called {kind!r}; known are {', '.join(KINDS)}")
    everyone, logs = np.ones(len(photo), np.bool_), log_counts(len(photo), photos)
    seen, read = (everyone if given is None else given > 0 for given in (photos, has_text))
    counts = np.bincount(labels, minlength=photo.shape[1]) + 1
    fitted: dict[View, Weights] = {}
    for view, given in zip(VIEWS, (seen & read, seen, read), strict=True):
        if view not in views:
            continue
        rows = every_so_many(np.flatnonzero(given), photo.shape[1])
        some = _candidates(kind, tables_of(view, photo[rows], text[rows]), labels[rows])
        several = logs[rows][some.rows] * (view != "text")
        fitted[view] = _fit_view(some, counts, several, 1 + (view == "both"))
    return LearnedFusion(kind, fitted)


@dataclass(frozen=True)
class _FittedOn:
    """What a view is fitted on.

    Attributes:
        rows: The works whose own creator is among their candidates, shape (n_rows,).
        table: The candidates' features, shape (n_rows, n_candidates, n_features).
        own: Where each work's own creator is among its candidates, shape (n_rows,).
        columns: Who the candidates of each work are, shape (n_rows, n_candidates); None: all creators in order.
    """

    rows: IntArray
    table: FloatArray
    own: IntArray
    columns: IntArray | None = None

    def of_candidates(self, values: DoubleArray) -> DoubleArray:
        """Values of the creators as those of each work's candidates."""
        return values if self.columns is None else values[self.columns]

    def sums(self, values: DoubleArray, n_creators: int) -> DoubleArray:
        """Sums by creator of values of the works' candidates."""
        if self.columns is None:
            of_all: DoubleArray = values.sum(axis=0)
            return of_all
        return np.bincount(self.columns.ravel(), values.ravel(), n_creators).astype(np.float64)


def _candidates(kind: Kind, tables: Sequence[Probabilities], labels: IntArray) -> _FittedOn:
    n_creators = tables[0].shape[1]
    if n_creators <= CANDIDATES:
        return _FittedOn(np.arange(len(labels)), features(kind, tables), labels)
    parts = []
    for start in range(0, max(1, len(labels)), BLOCK_ROWS):  # features of all creators take much memory
        block = slice(start, start + BLOCK_ROWS)
        some, own = [table[block] for table in tables], labels[block]
        first = np.minimum.reduce([_ranks(table) for table in some])
        columns = np.sort(top(-first, CANDIDATES), axis=1)
        rows = np.flatnonzero((columns == own[:, None]).any(axis=1))
        columns = columns[rows]
        table = np.take_along_axis(features(kind, [table[rows] for table in some]), columns[:, :, None], axis=1)
        parts.append((start + rows, table, (columns == own[rows, None]).argmax(axis=1), columns))
    return _FittedOn(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def fused_views(n_works: int, photos: Counts | None, has_text: Mask | None) -> tuple[View, ...]:
    """The views that some works are fused in; the arguments are those of `fit_fusion`.

    >>> fused_views(3, np.array([1, 0, 2]), np.array([True, True, True]))
    ('both', 'text')
    """
    found = zip(VIEWS, _rows_of_views(n_works, photos, has_text), strict=True)
    return tuple(view for view, rows in found if len(rows))


def log_counts(n_works: int, photos: Counts | None) -> FloatArray:
    """The logarithm of how many photos each work has, 0 where it has none, float32, shape (n_works,).

    >>> log_counts(3, np.array([0, 1, 2])).round(2).tolist()
    [0.0, 0.0, 0.6899999976158142]
    """
    logs: FloatArray = np.zeros(n_works, dtype=np.float32)
    if photos is not None:
        logs = np.log(np.maximum(photos, 1)).astype(np.float32)
    return logs


def every_so_many(rows: IntArray, columns: int) -> IntArray:
    """Thin out rows evenly until they have at most `MOST_ENTRIES` entries in so many columns.

    >>> every_so_many(np.arange(6), 2**21).tolist()
    [0, 3]
    """
    return rows[:: max(1, -(-len(rows) * columns // MOST_ENTRIES))]


def features(kind: Kind, tables: Sequence[Probabilities]) -> FloatArray:
    """What a creator's score is made of, shape (n_works, n_creators, n_features); the logarithms come first.

    Args:
        kind: `log-linear` or `stacked`.
        tables: The probabilities of one model or two, each of shape (n_works, n_creators).
    """
    columns = [log_probabilities(table, FLOOR) for table in tables]
    if kind == "stacked":
        for table in tables:
            columns += _candidate_features(table)
        if len(tables) == 2:
            columns += [log_probabilities(tables[0] + tables[1], FLOOR), np.sqrt(tables[0] * tables[1])]
    return np.stack(columns, axis=2).astype(np.float32, copy=False)


def _candidate_features(table: Probabilities) -> Iterator[Probabilities]:
    logarithm = log_probabilities(table, FLOOR)
    entropy = -(table * logarithm).sum(axis=1, keepdims=True)
    rank = _ranks(table)
    ordered = -np.partition(-table, min(1, table.shape[1] - 1), axis=1)[:, :2]
    first = (rank == 0).astype(np.float32)
    yield from (table, logarithm * entropy, -np.log1p(rank), first, first * (ordered[:, :1] - ordered[:, -1:]))


def _ranks(table: Probabilities) -> IntArray:
    """How many creators come before each, shape of `table`; among equals the lower column."""
    order = top(table)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(table.shape[1])[None], axis=1)
    return ranks


def _fit_view(some: _FittedOn, counts: IntArray, logs: FloatArray, n_models: int) -> Weights:
    """Fit one view; without a work it is the equal weights it starts from."""
    from scipy.optimize import minimize

    share, table = np.log(counts / counts.sum()), some.table
    several, n_features = bool(logs.any()), table.shape[2]
    if several:
        table = np.concatenate([table, logs[:, None, None] * table[:, :, :1]], axis=2)
    width = table.shape[2]
    start = np.zeros(width + 1 + len(share))
    start[:n_models] = 1 / n_models
    pull = np.concatenate([np.ones(width + 1), np.full(len(share), PENALTY)])
    rows = np.arange(len(some.own))

    def loss(parameters: DoubleArray) -> tuple[float, DoubleArray]:
        bias = some.of_candidates(parameters[width] * share + parameters[width + 1 :])
        probabilities = softmax(table @ parameters[:width].astype(np.float32) + bias)
        off = parameters - start
        value = -log_probabilities(probabilities[rows, some.own], UNDER_LOSS).sum() + (pull * off * off).sum() / 2
        probabilities[rows, some.own] -= 1
        by_creator = some.sums(probabilities, len(share))
        by_feature = np.einsum("nk,nkf->f", probabilities, table)
        slope = np.concatenate([by_feature, [by_creator @ share], by_creator]) + pull * off
        return float(value), slope

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    shares = np.array([found[width], np.log(counts.sum())])
    photos = found[n_features:width] if several else np.zeros(1)
    return Weights(found[:n_features], found[width] * share + found[width + 1 :], shares, photos)


def tables_of(view: View, photo: Probabilities, text: Probabilities) -> tuple[Probabilities, ...]:
    """What a view reads of the two models' probabilities."""
    return {"both": (photo, text), "photo": (photo,), "text": (text,)}[view]


def _rows_of_views(n_works: int, photos: Counts | None, has_text: Mask | None) -> tuple[IntArray, IntArray, IntArray]:
    everyone = np.ones(n_works, dtype=np.bool_)
    seen = everyone if photos is None else photos > 0
    read = everyone if has_text is None else has_text
    return np.flatnonzero(seen & read), np.flatnonzero(seen & ~read), np.flatnonzero(~seen)
