"""Any classifier of scikit-learn on the vectors of an encoder, or of a column of the catalog.

The name says all of it: `photo-lite0~sklearn.neighbors.KNeighborsClassifier`, `photo-column:clip~sklearn.svm.SVC`.
Before the tilde stands the model whose vectors are read (`photo-lite0`, `photo-column:clip`, `text-ENCODER`), behind it
the classifier's class. Vectors are standardised by the training works, column by column; they are computed once for all
folds. A creator without a work among them gets 0, a work without a vector the shares of the creators.

A fitted one is saved by skops (`estimator_files.py`), never as a pickle, or refused with the reason.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sakka.arrays import Features, FloatArray, IntArray, Mask, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models import estimator_files
from sakka.models.base import CreatorModel, FoldPrediction, ModelParts, known_labels, shares_of_creators
from sakka.models.estimators import estimator_class, fit_estimator, make_estimator, probabilities_of
from sakka.models.feature_model import FeatureModel, TextFeatureModel
from sakka.models.registry import make_model
from sakka.models.work_reader import Reads
from sakka.progress import track

if TYPE_CHECKING:
    from sakka.networks.readable_photos import ReadablePhotos

FILE = "classifier.skops"
LEAST_CLASSES = 2
POOLED_BY = (None, "featured", "mean")  # of a work's photos; nothing is learned for it here
LEAST_STD = 1e-6  # of a column; one that varies less is left as it is
TRIED = 4, 12, 32  # classes, works of each and features of the made-up works that saving is tried with


class SklearnModel(CreatorModel):
    """A classifier of scikit-learn on the vectors of an encoder.

    Attributes:
        estimator_settings: Arguments of the classifier's class; None: its defaults.
        encoder_settings: Settings of the model whose vectors are read, such as `stages`; None: its defaults.
        seed: The classifier's `random_state`.
    """

    vectors_of: ClassVar[str]
    estimator: ClassVar[str]

    def __init__(
        self,
        estimator_settings: dict[str, Any] | None = None,
        encoder_settings: dict[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        self.estimator_settings = estimator_settings
        self.encoder_settings = encoder_settings
        self.seed = seed

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn from the works' vectors.

        Raises:
            ModelError: There are no works, one's creator is not among `creators`, or the classifier can't be fitted.
        """
        self.creators_ = tuple(works.creators if creators is None else creators)
        self._check_encoder_settings()
        labels = known_labels(works, self.creators_)
        features, there = self._encoded.features_to_learn_from(works)
        self._fit(features[there], labels[there], labels)
        return self

    def predict_proba(self, works: Catalog) -> Probabilities:
        """Each work's probability of each creator, shape (n_works, n_creators), rows sum to 1."""
        return self._predict(*self._encoded.features(works))

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Look the vectors up once and fit a classifier a fold."""
        self._check_encoder_settings()
        labels = works.creator_indices(creators)
        for fold in folds:
            known_labels(works.take(fold.train), creators)
        features, there = self._encoded.features_to_learn_from(works)
        for fold in track(folds, self.estimator.rpartition(".")[2], total=len(folds)):
            model = type(self)(**self.settings())
            model.creators_ = tuple(creators)
            rows = fold.train[there[fold.train]]
            model._fit(features[rows], labels[rows], labels[fold.train])
            validation, test = (model._predict(features[each], there[each]) for each in (fold.validation, fold.test))
            yield FoldPrediction(fold, validation, test)

    def fill_cache(self, works: Catalog) -> None:
        """Compute what the encoding model reads and the cache lacks."""
        self._encoded.fill_cache(works)

    def check_can_save(self) -> None:
        """Refuse a classifier that can't be saved, before it is fitted: one fitted on made-up works is tried.

        Raises:
            MissingPartError: skops is not installed.
            ModelError: The classifier or a setting is not known, or it is made of types that are not trusted.
        """
        estimator_files.check_can_write()
        classes, works, size = TRIED
        features = np.random.default_rng(0).normal(0, 1, (classes * works, size)).astype(np.float32)
        estimator = make_estimator(self.estimator, self.estimator_settings or {}, self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of works that are made up
            try:
                fit_estimator(self.estimator, estimator, features, np.repeat(np.arange(classes), works))
            except ModelError:
                return  # what it needs more works for shows when it has them
        estimator_files.written(estimator)

    @property
    def reads(self) -> tuple[Reads, ...]:
        """What its vectors are made of."""
        return self._encoded.reads

    @property
    def photos_read(self) -> int:
        """How many photos of a work are read at most: the mean of their vectors is."""
        return self._encoded.photos_read

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """The column of its vectors, where they are of one."""
        return self._encoded.kept_columns

    def can_read(self, works: Catalog) -> Mask:
        """Say of each work whether it has a vector, or what one is made of."""
        return self._encoded.can_read(works)

    def parts_read(self, works: Catalog) -> IntArray:
        """What its vectors are made of, or stand for."""
        return self._encoded.parts_read(works)

    def unusable(self, works: Catalog) -> dict[int, str]:
        """What a work holds instead of a vector."""
        return self._encoded.unusable(works)

    def why_unreadable(self, works: Catalog) -> str:
        """Why no work has a vector."""
        return self._encoded.why_unreadable(works)

    def read_in_words(self) -> tuple[str, str]:
        """What its vectors are made of, and what to give it."""
        return self._encoded.read_in_words()

    def prepare_photos(self, photos: Iterable[Sequence[Path]]) -> "Iterator[ReadablePhotos[None]]":
        """The photos of each work that can be read, in order; their vectors are then in the cache."""
        return self._encoded.prepare_photos(photos)

    def _check_encoder_settings(self) -> None:
        given = self.encoder_settings or {}
        if given.get("pooling") not in POOLED_BY:
            raise ModelError(f"got pooling {given['pooling']!r} for {self.name}; expected featured or mean")
        if given.get("photos_per_work", 1) < 1:
            raise ModelError(f"got photos_per_work {given['photos_per_work']!r}; expected 1 or more")

    @cached_property
    def _encoded(self) -> FeatureModel:
        """The model whose vectors are read; its head is never fitted."""
        model = make_model(self.vectors_of, **(self.encoder_settings or {}))
        assert isinstance(model, FeatureModel)
        return model

    def _fit(self, features: Features, labels: IntArray, of_all: IntArray) -> None:
        """Fit on vectors.

        Args:
            features: Of the works that have one, shape (n_rows, size).
            labels: Their creators as columns.
            of_all: Those of all works.
        """
        self.shares_ = shares_of_creators(of_all, len(self.creators_))
        self._encoded.expect_size(features.shape[1])
        self.classes_, places = np.unique(labels, return_inverse=True)
        wide = features.astype(np.float32)
        self.mean_, self.scale_ = np.zeros(wide.shape[1], np.float32), np.ones(wide.shape[1], np.float32)
        if len(wide):
            std = wide.std(axis=0, dtype=np.float64)
            self.mean_ = wide.mean(axis=0, dtype=np.float64).astype(np.float32)
            self.scale_ = np.where(std > LEAST_STD, std, 1).astype(np.float32)
        estimator = make_estimator(self.estimator, self.estimator_settings or {}, self.seed)
        self.classifier_: Any = None
        if len(self.classes_) >= LEAST_CLASSES:
            self.classifier_ = fit_estimator(self.estimator, estimator, self._standardised(wide), places)

    def _standardised(self, features: Features) -> FloatArray:
        standard: FloatArray = (features.astype(np.float32) - self.mean_) / self.scale_
        return standard

    def _predict(self, features: Features, there: Mask) -> Probabilities:
        probabilities = np.tile(self.shares_, (len(there), 1))
        rows = np.flatnonzero(there)
        if not len(rows) or not len(self.classes_):
            return probabilities
        found = np.ones((len(rows), 1), dtype=np.float32)
        if self.classifier_ is not None:
            found = probabilities_of(self.classifier_, self._standardised(features[rows]))
        known = np.isfinite(found).all(axis=1)  # a classifier may have nothing to say of a work far from all others
        probabilities[rows[known]] = 0
        probabilities[np.ix_(rows[known], self.classes_)] = found[known]
        return probabilities

    def _export(self) -> ModelParts:
        names = ("shares", "classes", "mean", "scale")
        return ModelParts(
            tensors={name: getattr(self, f"{name}_") for name in names},
            values={"encoders": self._encoded.weights_sha256()},
            files={} if self.classifier_ is None else {FILE: estimator_files.written(self.classifier_)},
        )

    def _restore(self, parts: ModelParts) -> None:
        self._encoded.check_weights(parts.values["encoders"])
        known = {} if self._encoded.n_features is None else {"features": self._encoded.n_features}
        shapes = {"shares": "creators", "classes": "classes", "mean": "features", "scale": "features"}
        parts.check_shapes(shapes, creators=len(self.creators_), **known)
        parts.check_columns("classes", below=len(self.creators_))
        self.shares_, self.classes_, self.mean_, self.scale_ = (
            parts.tensors[name] for name in ("shares", "classes", "mean", "scale")
        )
        self._encoded.expect_size(len(self.mean_))
        self.classifier_ = estimator_files.read(parts.files[FILE]) if FILE in parts.files else None
        if self.classifier_ is not None and not self._is_own(self.classifier_):
            raise ModelError(f"the classifier in the model is not the {self.estimator} of its creators; it is not read")

    def _is_own(self, classifier: Any) -> bool:
        """Whether a classifier is of the class, the creators and the vectors that the model is of."""
        return (
            type(classifier) is estimator_class(self.estimator)
            and np.array_equal(classifier.classes_, np.arange(len(self.classes_)))
            and classifier.n_features_in_ == len(self.mean_)
        )


@cache
def sklearn_model(vectors_of: str, estimator: str) -> type[SklearnModel]:
    """The model of a classifier on the vectors of another model; its name is `VECTORS_OF~ESTIMATOR`.

    Args:
        vectors_of: The model whose vectors are read, such as `photo-lite0`.
        estimator: The classifier's class, such as `sklearn.svm.SVC`.

    Raises:
        ModelError: One of the two is not known, or the model has no vectors without being fitted.
        MissingPartError: The encoder needs a package that is not installed.

    >>> sklearn_model("photo-column:clip", "sklearn.svm.SVC")(estimator_settings={"C": 2.0})
    SklearnModel(photo-column:clip~sklearn.svm.SVC, not fitted)
    """
    estimator_class(estimator)
    encoded = make_model(vectors_of)
    if not isinstance(encoded, FeatureModel) or isinstance(encoded, TextFeatureModel):
        raise ModelError(
            f"the model {vectors_of} has no vectors that a classifier could read; expected an encoder's, such as "
            "photo-lite0, or photo-column:NAME"
        )
    name, modality = f"{vectors_of}~{estimator}", encoded.modality
    named: dict[str, Any] = {"name": name, "modality": modality, "vectors_of": vectors_of, "estimator": estimator}
    return type("SklearnModel", (SklearnModel,), {**named, "__doc__": SklearnModel.__doc__})
