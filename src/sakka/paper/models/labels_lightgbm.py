"""The paper's label model (section 3.6): which objects a photo shows, and LightGBM with the paper's settings.

A work becomes a vector of 92 confidences (`table.py`): learning rate 0.1, num_leaves 23, min_data_in_leaf 1, 100
iterations, and a penalty on leaves that the paper does not have (`lightgbm_table.py`). A work without a photo
gets the creators' shares in what was learned from.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import CreatorModel, FoldPrediction, ModelParts, known_labels, shares_of_creators
from sakka.models.work_reader import Modality
from sakka.object_labels.coco import N_LABELS
from sakka.object_labels.table import THRESHOLD, LabelVectors, find_labels
from sakka.paper.models.lightgbm_table import (
    LEAF_PENALTY,
    Booster,
    export_lightgbm,
    fit_lightgbm,
    import_lightgbm,
    predict_lightgbm,
)

TEXT_NAME = "lightgbm"


class LabelsLightGBM(CreatorModel):
    """LightGBM on the objects that a photo shows.

    Args:
        threshold: Detections with a lower confidence do not count.
        iterations: Trees a creator.
        learning_rate: The share of each tree that is added.
        num_leaves: Leaves a tree.
        min_data_in_leaf: Works a leaf holds at least.
        l2: The penalty on leaves; 0 as in the paper.
        seed: Where LightGBM's own draws start.
    """

    name: ClassVar[str] = "labels-lightgbm"
    modality: ClassVar[Modality] = "labels"

    def __init__(
        self,
        threshold: float = THRESHOLD,
        iterations: int = 100,
        learning_rate: float = 0.1,
        num_leaves: int = 23,
        min_data_in_leaf: int = 1,
        l2: float = LEAF_PENALTY,
        seed: int = 0,
    ) -> None:
        self.threshold = threshold
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_data_in_leaf = min_data_in_leaf
        self.l2 = l2
        self.seed = seed

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Find the labels of the works and train the trees on them.

        Raises:
            ModelError: There are no works, or one has no creator among `creators`.
            SakkaError: A photo can't be read, or the detector is not at hand.
        """
        columns = tuple(works.creators if creators is None else creators)
        labels = known_labels(works, columns)
        return self._fit_vectors(find_labels(works, self.threshold).vectors, labels, columns)

    def predict_proba(self, works: Catalog) -> Probabilities:
        """Each work's probability of each creator, shape (n_works, n_creators)."""
        return self._predict(find_labels(works, self.threshold).vectors)

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Find the labels once, then train and predict fold by fold."""
        vectors = find_labels(works, self.threshold).vectors
        for fold in folds:
            labels = known_labels(works.take(fold.train), creators)
            model = type(self)(**self.settings())._fit_vectors(vectors[fold.train], labels, tuple(creators))
            yield FoldPrediction(fold, model._predict(vectors[fold.validation]), model._predict(vectors[fold.test]))

    def fill_cache(self, works: Catalog) -> None:
        """Find the labels of the works that the cache lacks."""
        find_labels(works, self.threshold)

    def _fit_vectors(self, vectors: LabelVectors, labels: IntArray, creators: tuple[str, ...]) -> Self:
        looked_at = vectors.any(axis=1)
        if not looked_at.any():
            raise ModelError(f"the model {self.name} reads photos and none of the {len(labels)} works has one")
        self.creators_ = creators
        self.shares_ = shares_of_creators(labels, len(creators))
        settings = {name: value for name, value in self.settings().items() if name != "threshold"}
        self.booster_: Booster = fit_lightgbm(vectors[looked_at], labels[looked_at], len(creators), **settings)
        return self

    def _predict(self, vectors: LabelVectors) -> Probabilities:
        looked_at = vectors.any(axis=1)
        probabilities = np.tile(self.shares_, (len(vectors), 1))
        if looked_at.any():
            probabilities[looked_at] = predict_lightgbm(self.booster_, vectors[looked_at])
        return probabilities

    def _export(self) -> ModelParts:
        values, text = export_lightgbm(self.booster_)
        return ModelParts(tensors={"shares": self.shares_}, values=values, texts={TEXT_NAME: text})

    def _restore(self, parts: ModelParts) -> None:
        parts.check_shapes({"shares": "creators"}, creators=len(self.creators_))
        self.shares_ = parts.tensors["shares"]
        self.booster_ = import_lightgbm(parts.values, parts.texts[TEXT_NAME], N_LABELS, len(self.creators_))
