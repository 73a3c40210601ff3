"""Models of very many creators: the vectors of another model, and a decision among the first candidates.

The name says it: `text-linear~candidates`, `photo-lite0+lite2~candidates`, `photo-column:clip~candidates`. What stands
before the tilde reads the works. The principal axes of what it reads, and on them the axes on which works of one
creator are near each other (`creator_axes.py`), both learned on a sample of works, give each work `RANK` coordinates at
most: the space. In it every creator has a vector (`linear_head/creator_vectors.py`), found by an index
(`linear_head/inverted_lists.py`). Nothing that is learned of a work grows with the number of creators, and a creator is
added by adding its vector.

With at most `FIRST` creators all of them are candidates, and the model is the one before the tilde.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np

from sakka.arrays import Features, FloatArray, IntArray, Mask, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import CreatorModel, FoldPrediction, known_labels
from sakka.models.candidates import FIRST, FirstCandidates, Slate
from sakka.models.creator_axes import fit_creator_axes
from sakka.models.feature_model import FeatureModel
from sakka.models.linear_head.candidate_head import CandidateHead
from sakka.models.linear_head.creator_vectors import closed_form, fit_vectors, means_of
from sakka.models.linear_head.inverted_lists import InvertedLists
from sakka.models.registry import CANDIDATES, model_class
from sakka.progress import track

WORKS_OF_ONE = 30  # that the axes are learned on
MOST_WORKS = 40_000  # of all creators together
MOST_ENTRIES = 2**28  # of works times features that the axes are learned on, 1 GiB
RANK = 512
WORKS_A_COORDINATE = 3  # fewer, and the scatter within creators is zero along some by chance
OVERSAMPLED, POWER_STEPS = 16, 2  # of the search for principal axes
SHORTLIST = 500  # creators that are scored exactly
ROWS_AT_ONCE = 8192
ASKED_AT_ONCE = 256  # works whose candidates are in memory side by side


class CandidateModel(FeatureModel):
    """A model whose creators are found by an index; it is mixed into the class of the model that reads the works."""

    fewest: ClassVar[int] = FIRST + 1

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn the space from some creators, and every creator's vector.

        Raises:
            ModelError: There are no works, or one's creator is not among `creators`.
        """
        creators = tuple(works.creators if creators is None else creators)
        if len(creators) < self.fewest:
            of_all: Any = super()
            of_all.fit(works, creators)
            return self
        labels = known_labels(works, creators)
        self.creators_, self.kept_, self.head_ = creators, None, None
        self._set_works(np.bincount(labels, minlength=len(creators)))
        readable = np.concatenate([self.can_read(part) for part in parts_of(works, ROWS_AT_ONCE)])
        some = _some_works(labels, readable)
        self.learn_features(works.take(some))
        head = self._space(works.take(some), labels[some])
        if head is not None:
            self.head_ = self._with_vectors(head, works, labels)
        return self

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Fit a model on each fold's training part."""
        if len(creators) < self.fewest:
            yield from super().predict_folds(works, folds, creators)
        else:
            yield from CreatorModel.predict_folds(self, works, folds, creators)

    def predict_candidates(self, works: Catalog) -> Probabilities | FirstCandidates:
        """The first candidates of each work."""
        head = self.head_
        if not isinstance(head, CandidateHead):
            return super().predict_candidates(works)
        return joined([self._candidates(part) for part in parts_of(works)], len(self.creators_))

    def predict_proba(self, works: Catalog) -> Probabilities:
        """Each work's probability of each creator, the rest shared out by works, shape (n_works, n_creators)."""
        if not isinstance(self.head_, CandidateHead):
            return super().predict_proba(works)
        return joined([self._candidates(part) for part in parts_of(works)], len(self.creators_)).dense(self.shares_)

    @property
    def has_index(self) -> bool:
        """Whether there are so many creators that candidates are found among them."""
        return isinstance(self.head_, CandidateHead)

    def coordinates(self, works: Catalog) -> tuple[FloatArray, Mask]:
        """Where works lie in the space, shape (n_works, rank), and which of them have anything that is read."""
        assert isinstance(self.head_, CandidateHead)
        features, there = self.features(works)
        return self.head_.coordinates(features), there

    def shortlist(self, coordinates: FloatArray) -> IntArray:
        """The columns with the highest scores, in no order, shape (n_works, SHORTLIST or fewer)."""
        assert isinstance(self.head_, CandidateHead)
        return self.head_.lists.shortlist(coordinates, SHORTLIST)

    def scores(self, coordinates: FloatArray, slate: Slate) -> FloatArray:
        """The scores of a slate's columns, shape (n_works, n_columns)."""
        assert isinstance(self.head_, CandidateHead)
        lists = self.head_.lists
        return np.hstack([lists.scores(coordinates, slate.listed), lists.scores(coordinates, slate.sample)])

    def check_can_add(self) -> None:
        """Nothing: a creator's vector needs no works of the others."""
        if not isinstance(self.head_, CandidateHead):
            super().check_can_add()

    def _candidates(self, works: Catalog) -> FirstCandidates:
        coordinates, there = self.coordinates(works)
        slate = Slate.of([self.shortlist(coordinates)], len(self.creators_))
        return slate.candidates(self.scores(coordinates, slate), len(self.creators_)).where(there, self.shares_)

    def _space(self, works: Catalog, labels: IntArray) -> CandidateHead | None:
        """The head without a creator's vector; None where no work has anything that is read."""
        features, there = self.features_to_learn_from(works)
        if not there.any():
            return None
        rows = np.flatnonzero(there)[: max(1, MOST_ENTRIES // features.shape[1])]
        table, labels = features[rows], labels[rows]
        mean, scale = self._standardising(table)
        if mean is not None:
            self.expect_size(features.shape[1])
            table = (table - mean) / scale
        principal = _principal_axes(table)
        axes = fit_creator_axes(np.asarray(table @ principal, dtype=np.float32), labels)
        projection = (principal.astype(np.float64) @ axes.axes).astype(np.float32)
        offset = (-axes.centre @ axes.axes).astype(np.float32)
        nobody = InvertedLists.of(np.zeros((0, len(offset)), np.float32), np.zeros(0, np.float32))
        between, one = axes.between.astype(np.float32), np.ones(1, dtype=np.float32)
        return CandidateHead(projection, offset, nobody, between, one, mean, scale)

    def _standardising(self, table: Any) -> tuple[FloatArray | None, FloatArray | None]:
        """What is subtracted from dense features and what they are divided by."""
        if not isinstance(table, np.ndarray):
            return None, None
        mean, scale = (
            each.astype(np.float32)
            for each in (table.mean(axis=0, dtype=np.float64), table.std(axis=0, dtype=np.float64))
        )
        scale = np.where(scale > 1e-6 * np.maximum(np.abs(mean), 1e-6), scale, np.float32(1))
        return mean, (scale / self.feature_weights(len(scale))).astype(np.float32)

    def _with_vectors(self, head: CandidateHead, works: Catalog, labels: IntArray) -> CandidateHead:
        """The head with a vector for every creator."""
        table: Features = np.empty((len(works), len(head.offset)), dtype=np.float16)
        masks = []
        parts = range(0, len(works), ROWS_AT_ONCE)
        for start in track(parts, f"{self.name}: works in the space", total=len(parts)):
            features, there = self.features(works.take(np.arange(start, min(start + ROWS_AT_ONCE, len(works)))))
            table[start : start + len(there)] = np.clip(head.coordinates(features), -60_000, 60_000)
            masks.append(there)
        there = np.concatenate(masks)
        table, labels = (table, labels) if there.all() else (table[there], labels[there])
        found = fit_vectors(table, labels, len(self.creators_), seed=int(self.settings().get("seed", 0)))
        lists = InvertedLists.of(found.vectors, found.bias)
        temperature = np.array([found.temperature], dtype=np.float32)
        scales = head.mean, head.scale
        return CandidateHead(head.projection, head.offset, lists, found.between, temperature, *scales)

    def _add(self, works: Catalog, added: Sequence[str]) -> None:
        head = self.head_
        if not isinstance(head, CandidateHead):
            super()._add(works, added)
            return
        creators = (*self.creators_, *added)
        own = works.creator_indices(creators) - len(self.creators_)
        coordinates, there = self.coordinates(works)
        means, counts = means_of(coordinates, own, np.flatnonzero(there), len(added))
        vectors, bias = closed_form(means, counts, head.between)
        vectors, bias = vectors / head.temperature, bias / head.temperature
        bias[counts == 0] = min(head.lists.bias.min(), bias.min()) - 20  # below the known creators' too
        self.head_ = head.with_vectors(vectors, bias)
        self._set_works(np.append(self.works_, np.bincount(own, minlength=len(added))))
        self.creators_ = creators


def _principal_axes(table: Any) -> FloatArray:
    """The directions in which rows vary most, shape (n_features, RANK or fewer); of few features all of them."""
    from sklearn.utils.extmath import randomized_svd

    kept = min(RANK, max(2, table.shape[0] // WORKS_A_COORDINATE), table.shape[1])
    if table.shape[1] <= kept:
        return np.eye(table.shape[1], dtype=np.float32)
    search = {"n_oversamples": OVERSAMPLED, "n_iter": POWER_STEPS, "random_state": 0}
    _, _, axes = randomized_svd(table, kept, **search)
    return np.ascontiguousarray(axes.T, dtype=np.float32)


def _some_works(labels: IntArray, readable: Mask) -> IntArray:
    """Works to learn the space on: of creators drawn by chance, those with two or more works before the others."""
    rows = np.flatnonzero(readable)
    rows = rows[few_of_each(labels[rows])] if len(rows) else few_of_each(labels)
    rank = np.random.default_rng(3).permutation(int(labels.max()) + 1)
    several = np.bincount(labels[rows])[labels[rows]] > 1
    chosen: IntArray = np.sort(rows[np.lexsort((rank[labels[rows]], ~several))][:MOST_WORKS])
    return chosen


def few_of_each(labels: IntArray, most: int = WORKS_OF_ONE) -> IntArray:
    """Some works of each creator, drawn by chance, ascending."""
    order = np.random.default_rng(12).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    counts = np.bincount(labels)
    within = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[within < most])


def parts_of(works: Catalog, size: int = ASKED_AT_ONCE) -> Iterator[Catalog]:
    """Works, so many at a time; at least one part, which may be empty."""
    if len(works) <= size:
        yield works
        return
    for start in range(0, len(works), size):
        yield works.take(np.arange(start, min(start + size, len(works))))


def joined(parts: Sequence[FirstCandidates], n_creators: int) -> FirstCandidates:
    """The candidates of works, part after part."""
    return FirstCandidates(
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.rest for part in parts]),
        n_creators,
    )


@cache
def candidate_model(name: str) -> type[CandidateModel]:
    """The candidates way of the model called `name`; its own name is `NAME~candidates`.

    Raises:
        ModelError: No model has that name, or it is not a linear one.
    """
    kind = model_class(name)
    if not issubclass(kind, FeatureModel):
        raise ModelError(
            f"the model {name} is no linear model on vectors, so no candidates can be found by its vectors; "
            f"put {CANDIDATES} behind another, such as text-linear{CANDIDATES}"
        )
    named: dict[str, Any] = {"name": f"{name}{CANDIDATES}", "__doc__": f"{kind.__doc__}\n\nDecides among candidates."}
    return type("Candidate" + kind.__name__, (CandidateModel, kind), named)
