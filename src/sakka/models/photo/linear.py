"""A photo's creator by a linear softmax on what a frozen network gives.

The network is an encoder (`networks/encoders.py`), or several side by side, chosen by name. It is not trained; its
vectors come from the feature cache (`features.py`), and the heads of all folds are fitted side by side
(`linear_head/dense.py`). A work without a photo gets the shares of the creators; the photos of a work with several
are pooled to one vector (`pooling.py`).

Means and deviations are one block of features and each stage's covariances another; the blocks count alike, however
many columns each has. The heads are also given out-of-fold predictions of the creator (`out_of_fold.py`). They can
learn from the mean of a photo's vector and its mirror image's and read the photo as it is, so that what depends on left
and right counts for less. The penalty's defaults, the stages, the predictions and that mirror images are left out were
chosen on validation parts of nested folds, never on test parts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import Any, ClassVar, Self

import numpy as np

from sakka.arrays import Features, FloatArray, IntArray, Mask, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.engines.threads import work_off
from sakka.errors import ModelError
from sakka.models.base import FoldPrediction, ModelParts, known_labels
from sakka.models.feature_model import PhotoFeatureModel, Reading
from sakka.models.learned_fusion import every_so_many
from sakka.models.linear_head.dense import block_weights
from sakka.models.linear_head.head import LinearHead
from sakka.models.photo.out_of_fold import (
    LEAST_WORKS,
    MOST_WORKS,
    RidgePredictions,
    TableRows,
    WorkVectors,
    fit_ridge,
    fit_stacked,
    is_solved_by_works,
    one_head,
    parts_of,
)
from sakka.models.photo.pooling import SHAPES as POOLING_SHAPES
from sakka.models.photo.pooling import PhotoTable, Pooling, Way, check_way, learn_pooling
from sakka.models.work_reader import Modality
from sakka.networks.encoders import PhotoEncoder, photo_encoders
from sakka.networks.features import every_photo_features
from sakka.photos.limits import PHOTOS_PER_WORK
from sakka.progress import track

LEAST_PENALTY = 0.003
PENALTY_A_FEATURE = 1e-5  # of a head that is solved to its minimum
PENALTY_A_FEATURE_BY_BATCHES = 8.2e-7
ROWS_AT_ONCE = 1024


def mean_vectors(one: Features, other: Features) -> Features:
    """The means of two tables of vectors, in their format."""
    mean = np.empty_like(one)
    for start in range(0, len(one), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        mean[rows] = (one[rows].astype(np.float32) + other[rows]) / 2
    return mean


class PhotoLinear(PhotoFeatureModel):
    """A linear softmax on the vectors of a frozen network, or of several.

    Attributes:
        stages: The stages of the network that are used; None means every one but the last layer. `["last"]` is the
            paper's way: the means of the last layer.
        covariances: The stages whose covariances between channels are used; None means all that the network is read
            for where `stages` is None, and none otherwise.
        penalty: The weight of the squared weights, beside the mean loss of a work; None: 1e-5 for each feature (8.2e-7
            where the head is solved by batches: works outnumber features, or are more than 8,000), 0.003 or more.
        dtype: The network's number format, `float32` or `bfloat16`; None: the faster one on this machine.
        seed: Draws the order in which the heads see the works.
        mirrored: Whether mirror images are learned from too.
        out_of_fold: Whether the head is given out-of-fold predictions of the creator (`out_of_fold.py`); None: where
            covariances are used.
        pooling: How the photos of a work are pooled, `featured`, `mean`, `attention` or `best`; None: chosen on
            training works (`pooling.py`).
        photos_per_work: How many photos of a work are read at most, from the featured one on.
    """

    modality: ClassVar[Modality] = "photo"
    encoder: ClassVar[str]

    def __init__(
        self,
        stages: Sequence[str] | None = None,
        penalty: float | None = None,
        dtype: str | None = None,
        seed: int = 0,
        covariances: Sequence[str] | None = None,
        mirrored: bool = False,
        out_of_fold: bool | None = None,
        pooling: Way | None = None,
        photos_per_work: int = PHOTOS_PER_WORK,
    ) -> None:
        self.stages = stages if stages is None else list(stages)
        self.covariances = covariances if covariances is None else list(covariances)
        self.penalty = penalty
        self.dtype = dtype
        self.seed = seed
        self.mirrored = mirrored
        self.out_of_fold = out_of_fold
        self.pooling = pooling
        self.photos_per_work = photos_per_work

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn from the works' photos.

        Raises:
            ModelError: There are no works, one's creator is not among `creators`, or a setting can't be used.
            PhotoError: A photo can't be read.
        """
        self.creators_ = tuple(works.creators if creators is None else creators)
        self._check_settings()
        labels = known_labels(works, self.creators_)
        table = self._table(works, self.readings())
        self._set_works(np.bincount(labels, minlength=len(self.creators_)))
        self.pooling_, self.head_ = next(
            self._learn(works, table, labels, [np.arange(len(works))], len(self.creators_))
        )
        with_photo = np.flatnonzero(works.has_photo)
        alone = table.alone(with_photo)
        self._keep(self._pooled(table)[with_photo] if alone is None else alone, labels[with_photo])
        return self

    def features(self, works: Catalog) -> tuple[Features, Mask]:
        """The chosen columns of the photos' vectors, pooled to one a work, and which works have a photo.

        Before it is fitted they are pooled to their mean, unless `pooling` is `featured`.
        """
        return self._pooled(self._table(works, self.readings())), works.has_photo

    def photo_weights(self, work: Catalog) -> list[float]:
        """How much each photo of a work counts that is read; they sum to 1.

        Args:
            work: A catalog of one work, with a photo.
        """
        weights: list[float] = self.pooling_.weights(self._table(work, self.readings()), self.head_).tolist()
        return weights

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Look the features up once and fit all folds' heads; each gives the same bytes alone and among others."""
        self._check_settings()
        labels = works.creator_indices(creators)
        for fold in folds:
            known_labels(works.take(fold.train), creators)
        table = self._table(works, self.readings())
        learned = self._learn(works, table, labels, [fold.train for fold in folds], len(creators))
        for fold, (pooling, head) in zip(folds, learned, strict=True):
            model = type(self)(**self.settings())
            model.pooling_, model.head_ = pooling, head
            model._set_works(np.bincount(labels[fold.train], minlength=len(creators)))
            validation, test = (
                model._predict_rows(table, rows, works.has_photo[rows]) for rows in (fold.validation, fold.test)
            )
            yield FoldPrediction(fold, validation, test)

    def learn_features(self, works: Catalog) -> None:  # noqa: ARG002
        """Photos of a work are pooled by their mean unless another way is set that needs no learning."""
        self._check_settings()
        self.pooling_ = Pooling("featured" if self.pooling == "featured" else "mean")

    def feature_weights(self, size: int) -> FloatArray:  # noqa: ARG002
        """Blocks of features count alike."""
        return block_weights(self._widths())

    def readings(self) -> list[Reading]:
        """What the head reads of each encoder, in its order."""
        return list(self._readings)

    @cached_property
    def _readings(self) -> tuple[Reading, ...]:
        wanted = (self.stages, self.covariances)
        return tuple(Reading(encoder, np.concatenate(encoder.blocks(*wanted))) for encoder in self._encoders)

    def encoders_to_learn_from(self) -> list[PhotoEncoder]:
        """Those of its readings, and where it is `mirrored` those for mirror images."""
        encoders = super().encoders_to_learn_from()
        return encoders + [each.of_mirror_images() for each in encoders if self.mirrored]

    def spelled_out_settings(self) -> list[dict[str, Any]]:
        """The settings with the penalty that None stands for: of heads solved by works, and of those by batches."""
        penalties = dict.fromkeys(self._penalty(works) for works in (1, MOST_WORKS + 1))
        return [{**self.settings(), "penalty": penalty} for penalty in penalties]

    def _check_settings(self) -> None:
        if self.penalty is not None and not (isinstance(self.penalty, int | float) and 0 < self.penalty < float("inf")):
            raise ModelError(f"got penalty {self.penalty!r}; expected a number above 0")
        check_way(self.pooling)
        if not (isinstance(self.photos_per_work, int) and self.photos_per_work >= 1):
            raise ModelError(f"got photos_per_work {self.photos_per_work!r}; expected 1 or more")
        self._widths()

    @cached_property
    def _encoders(self) -> tuple[PhotoEncoder, ...]:
        return photo_encoders(self.encoder, self.dtype)

    @property
    def n_features(self) -> int:
        """How many numbers of all encoders together are read."""
        return sum(self._widths())

    def _has_covariances(self) -> bool:
        return len(self._widths()) > 1

    def _penalty(self, works: int) -> float:
        """The penalty of a head that learns from so many works."""
        if self.penalty is not None:
            return float(self.penalty)
        exact = is_solved_by_works(works, self.n_features)
        return max(LEAST_PENALTY, self.n_features * (PENALTY_A_FEATURE if exact else PENALTY_A_FEATURE_BY_BATCHES))

    def _table(self, works: Catalog, readings: Sequence[Reading]) -> PhotoTable:
        """What the encoders give for the works' photos, side by side."""
        most = self.photos_per_work
        rows = np.repeat(np.arange(len(works)), np.minimum(works.photo_counts, most))
        number = np.result_type(*(each.encoder.number for each in readings))
        table: Features = np.zeros((len(rows), sum(len(each.columns) for each in readings)), dtype=number)
        start = 0
        for each in readings if len(rows) else ():
            every_photo_features(works, each.encoder, each.columns, most, table[:, start : start + len(each.columns)])
            start += len(each.columns)
        return PhotoTable(table, rows, len(works))

    def _pooled(self, table: PhotoTable) -> Features:
        if table.has_one_each:
            return table.features
        pooling = vars(self).get("pooling_", Pooling("featured" if self.pooling == "featured" else "mean"))
        return table.pooled(pooling.weights(table, vars(self).get("head_")))

    def _predict_rows(self, table: PhotoTable, rows: IntArray, has_photo: Mask) -> Probabilities:
        """Probabilities of some works, of which few vectors are copied at a time where each has one photo."""
        alone = table.alone(rows[has_photo])
        if alone is None or self.head_ is None:
            return self._predict(self._pooled(table.take(rows)), has_photo)
        probabilities = self._predict(np.empty((len(rows), 0), dtype=np.float32), np.zeros(len(rows), dtype=np.bool_))
        starts = range(0, len(alone), ROWS_AT_ONCE)
        parts = [self.head_.predict_proba(alone[start : start + ROWS_AT_ONCE]) for start in starts]
        if parts:
            probabilities[has_photo] = np.concatenate(parts)
        return probabilities

    def _learn(
        self, works: Catalog, table: PhotoTable, labels: IntArray, parts: Sequence[IntArray], n_classes: int
    ) -> Iterator[tuple[Pooling, LinearHead | None]]:
        """A pooling and a head for each of some parts of the works to learn from; no head for a part without photos."""
        learn = partial(self._learn_part, works, self._training_table(works, table), labels, n_classes)
        yield from track(work_off(parts, learn, "sakka-heads"), "photo heads", total=len(parts))

    def _learn_part(
        self, works: Catalog, table: PhotoTable, labels: IntArray, n_classes: int, part: IntArray
    ) -> tuple[Pooling, LinearHead | None]:
        rows = part[works.has_photo[part]]
        if len(rows) == 0:
            return Pooling(self.pooling or "mean"), None
        own, pooling, predictions = table.alone(rows), Pooling(self.pooling or "mean"), list[RidgePredictions]()
        if own is None:
            photos = table.take(rows)
            pooling = self._choose_pooling(photos, labels[rows], n_classes)
            own = TableRows.of(photos.pooled(pooling.weights(photos, None)))
        uses_them = self._has_covariances() if self.out_of_fold is None else self.out_of_fold
        if uses_them and len(rows) >= LEAST_WORKS:
            predictions = self._predictions(works.take(part), own, labels[part], n_classes)
        head = self._fit_head(own, predictions, labels[rows], np.arange(len(rows)), n_classes)
        return pooling, one_head(head, predictions) if predictions else head

    def _choose_pooling(self, photos: PhotoTable, labels: IntArray, n_classes: int) -> Pooling:
        """How the photos of training works are pooled, each of which has a photo."""
        if self.pooling is not None and self.pooling != "attention":
            return Pooling(self.pooling)
        works = every_so_many(np.flatnonzero(photos.counts > 1), n_classes * self.photos_per_work)
        photos, labels = photos.take(works), labels[works]
        part = parts_of(labels, self.seed)
        targets = np.eye(n_classes, dtype=np.float32)[labels[photos.rows]]
        given = np.ones(len(photos.rows), dtype=np.bool_)
        predictions = fit_ridge(photos.features, self._widths(), targets, given, part[photos.rows])
        return learn_pooling(photos, labels, part, predictions, self.seed, self.pooling)

    def _predictions(
        self, works: Catalog, vectors: WorkVectors, labels: IntArray, n_classes: int
    ) -> list[RidgePredictions]:
        """What the head is given beside the vectors of the works that have a photo."""
        has_photo = works.has_photo
        targets = np.eye(n_classes, dtype=np.float32)[labels[has_photo]]
        given = np.ones(len(targets), dtype=np.bool_)
        return [fit_ridge(vectors, self._widths(), targets, given, parts_of(labels, self.seed)[has_photo])]

    def _fit_head(
        self,
        vectors: WorkVectors,
        predictions: Sequence[RidgePredictions],
        labels: IntArray,
        rows: IntArray,
        n_classes: int,
    ) -> LinearHead:
        settings: dict[str, Any] = {"n_classes": n_classes, "penalty": self._penalty(len(rows)), "seed": self.seed}
        return fit_stacked(vectors, predictions, labels, rows, widths=self._widths(), **settings)

    def _widths(self) -> list[int]:
        """How many features each block has; what all encoders give is one list of blocks."""
        wanted = (self.stages, self.covariances)
        return [len(block) for encoder in self._encoders for block in encoder.blocks(*wanted)]

    def _training_table(self, works: Catalog, table: PhotoTable) -> PhotoTable:
        """What the heads learn from: the photos' vectors, or their means with the mirror images' vectors."""
        if not self.mirrored or not len(table.rows):
            return table
        mirrors = [replace(reading, encoder=reading.encoder.of_mirror_images()) for reading in self.readings()]
        return replace(table, features=mean_vectors(table.features, self._table(works, mirrors).features))

    def weights_sha256(self) -> dict[str, str]:
        """The SHA-256 of the encoders' weights."""
        return {encoder.name: encoder.sha256 for encoder in self._encoders}

    def _export(self) -> ModelParts:
        parts = super()._export()
        tensors = parts.tensors | self.pooling_.tensors()
        return replace(parts, values={"encoders": self.weights_sha256()}, tensors=tensors)

    def _restore(self, parts: ModelParts) -> None:
        self.check_weights(parts.values["encoders"])
        super()._restore(parts)
        parts.check_shapes(POOLING_SHAPES, features=self.n_features)
        self.pooling_ = Pooling.from_tensors(parts.tensors)


class EfficientNetLinear(PhotoLinear):
    """The fast photo model: EfficientNet-Lite0, frozen."""

    name: ClassVar[str] = "photo-lite0"
    encoder: ClassVar[str] = "lite0"


class VGG16Linear(PhotoLinear):
    """The paper's network, frozen."""

    name: ClassVar[str] = "photo-vgg16"
    encoder: ClassVar[str] = "vgg16"


@cache
def photo_linear(encoder: str) -> type[PhotoLinear]:
    """The photo model on an encoder, or on a sum of them; its name is `photo-ENCODER`.

    Raises:
        ModelError: No encoder has such a name.
        MissingPartError: One needs a package that is not installed.
    """
    photo_encoders(encoder)
    named = {"name": f"photo-{encoder}", "encoder": encoder, "__doc__": PhotoLinear.__doc__}
    return type("PhotoLinear", (PhotoLinear,), named)
