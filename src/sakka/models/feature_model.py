"""A model that is a linear head on features of works.

New creators and nearest works rest on `features` and `head_` alone. For an exact explanation a model also says where
its features come from: `TextFeatureModel` where they stand in a text, `PhotoFeatureModel` of which maps they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.arrays import FloatArray, IntArray, Mask, Pixels, Probabilities
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.adding_creators import ExtensibleModel
from sakka.models.base import ModelParts
from sakka.models.linear_head import adding, candidate_head, head
from sakka.models.linear_head.adding import KeptWorks, add_creators
from sakka.models.linear_head.candidate_head import CandidateHead, is_candidate_head
from sakka.models.linear_head.head import Head, LinearHead

SHAPES = {**head.SHAPES, **candidate_head.SHAPES, **adding.SHAPES}

if TYPE_CHECKING:
    from sakka.networks.encoders import PhotoEncoder
    from sakka.networks.readable_photos import ReadablePhotos


class FeatureModel(ExtensibleModel, ABC):
    """A linear softmax on features; a work without any gets the shares of the creators.

    Attributes:
        head_: After `fit`: the head; None where no work had features.
        kept_: After `fit`: the works that stand for the known creators; None where nothing was kept.
        shares_: After `fit`: each creator's share of the works learned from, shape (n_creators,).
    """

    head_: Head | None
    kept_: KeptWorks | None
    shares_: Probabilities

    @abstractmethod
    def features(self, works: Catalog) -> tuple[Any, Mask]:
        """What the head reads of works.

        Returns:
            An array, or SciPy CSR, of shape (n_works, n_features); and which works have any, shape (n_works,).
        """

    def features_to_learn_from(self, works: Catalog) -> tuple[Any, Mask]:
        """The features of works that are learned from, as `features` gives them.

        Raises:
            ModelError: What should be a feature can't be used; of a work that is asked about it is passed over.
        """
        return self.features(works)

    def learn_features(self, works: Catalog) -> None:
        """Learn what `features` needs of works, such as a vocabulary; nothing where it needs nothing."""

    def feature_weights(self, size: int) -> FloatArray:
        """What standardised features are multiplied by to count as the model has them count, shape (n_features,).

        Args:
            size: How many features there are.
        """
        return np.ones(size, dtype=np.float32)

    @property
    def n_features(self) -> int | None:
        """How many features a work has; None where that is learned from works."""
        return None

    def expect_size(self, size: int) -> None:
        """Be told how many features a work has, where works from outside could bring others."""

    def weights_sha256(self) -> dict[str, str]:
        """The SHA-256 of the weights that the features come from, by encoder."""
        return {}

    def check_weights(self, fitted_on: Mapping[str, str]) -> None:
        """Refuse other weights than those that the model was fitted on.

        Args:
            fitted_on: What `weights_sha256` was then.

        Raises:
            ModelError: They are others.
        """
        for name, sha256 in self.weights_sha256().items():
            if sha256 != fitted_on[name]:
                raise ModelError(
                    f"the encoder {name} has SHA-256 {sha256[:16]}..., and the model was fitted on "
                    f"{fitted_on[name][:16]}...; put that one back, or fit the model again"
                )

    def predict_proba(self, works: Catalog) -> Probabilities:
        """Each work's probability of each creator, shape (n_works, n_creators), rows sum to 1."""
        return self._predict(*self.features(works))

    def check_can_add(self) -> None:
        """Refuse where creators can't be added.

        Raises:
            ModelError: No works of the known creators were kept.
        """
        if self.kept_ is None:
            raise ModelError(
                f"the model {self.name} has kept no works of its creators, so none can be added; fit it again"
            )

    def forget_works(self) -> None:
        """Let go of what was kept of single works; creators can be removed but no longer added then."""
        self.kept_ = None

    def _predict(self, features: Any, has_any: Mask) -> Probabilities:
        if self.head_ is not None and has_any.all() and len(has_any):
            return self.head_.predict_proba(features)
        probabilities = np.tile(self.shares_, (len(has_any), 1))
        if self.head_ is not None and has_any.any():
            probabilities[has_any] = self.head_.predict_proba(features[has_any])
        return probabilities

    def _keep(self, features: Any, labels: IntArray) -> None:
        """Keep some of the works that the head was fitted on, if there are any."""
        self.kept_ = KeptWorks.of(features, labels, len(self.creators_)) if len(labels) else None

    def _set_works(self, works: IntArray) -> None:
        self.works_ = works
        self.shares_ = (works / max(1, works.sum())).astype(np.float32)

    def _add(self, works: Catalog, added: Sequence[str]) -> None:
        assert isinstance(self.head_, LinearHead)
        assert self.kept_ is not None
        creators = (*self.creators_, *added)
        labels = works.creator_indices(creators)
        features, has_any = self.features(works)
        self.head_, self.kept_ = add_creators(self.head_, self.kept_, features[has_any], labels[has_any], len(added))
        self._set_works(np.append(self.works_, np.bincount(labels)[len(self.creators_) :]))
        self.creators_ = creators

    def _remove(self, label: int) -> None:
        self.head_ = self.head_ and self.head_.without(label)
        self.kept_ = self.kept_ and self.kept_.without(label)
        self._set_works(np.delete(self.works_, label))
        self.creators_ = (*self.creators_[:label], *self.creators_[label + 1 :])

    def _export(self) -> ModelParts:
        parts = [part.tensors() for part in (self.head_, self.kept_) if part is not None]
        return ModelParts(
            tensors={"works": self.works_} | {name: array for part in parts for name, array in part.items()}
        )

    def _restore(self, parts: ModelParts) -> None:
        known = {} if self.n_features is None else {"features": self.n_features}
        parts.check_shapes({"works": "creators", **SHAPES}, creators=len(self.creators_), **known)
        parts.check_columns("kept.labels", "lists.columns", "lists.positions", below=len(self.creators_))
        parts.check_columns("lists.starts", below=len(self.creators_) + 1)
        self._set_works(parts.tensors["works"])
        kind = CandidateHead if is_candidate_head(parts.tensors) else LinearHead
        self.head_ = kind.from_tensors(parts.tensors)
        self.kept_ = KeptWorks.from_tensors(parts.tensors, 0 if self.head_ is None else self.head_.n_features)


@dataclass(frozen=True)
class PlacedFeatures:
    """The features of one text, one entry an occurrence; column -1 is a feature that the model does not know.

    Attributes:
        words: The column of each word, in order, shape (n_words,).
        ngrams: For each size of n-grams the size, the columns, and where each starts in the text with its case
            ignored, every run of blanks made one and a blank before and after it.
    """

    words: IntArray
    ngrams: tuple[tuple[int, IntArray, IntArray], ...]


class TextFeatureModel(FeatureModel, ABC):
    """A model whose features are words and character n-grams of a text."""

    @abstractmethod
    def placed(self, text: str) -> PlacedFeatures:
        """Where the features of a normalised text stand in it."""


class EncodedTextModel(FeatureModel, ABC):
    """A model whose features are what a frozen encoder gives for texts."""

    @abstractmethod
    def predict_texts(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities of texts, shape (n_texts, n_creators); nothing of them enters a cache."""


@dataclass(frozen=True)
class Reading:
    """What a head reads of one encoder.

    Attributes:
        encoder: What turns pixels into vectors.
        columns: The values of a vector that the head reads, in its order.
    """

    encoder: "PhotoEncoder"
    columns: IntArray


class PhotoFeatureModel(FeatureModel, ABC):
    """A model whose features are what frozen encoders give for photos.

    Attributes:
        photos_per_work: How many photos of a work it reads at most.
    """

    photos_per_work: int

    @abstractmethod
    def photo_weights(self, work: Catalog) -> list[float]:
        """How much each photo of a work counts that is read; they sum to 1.

        Args:
            work: A catalog of one work, with a photo.
        """

    @abstractmethod
    def readings(self) -> list[Reading]:
        """What the head reads of each encoder; its features are these one after the other."""

    @property
    def photos_read(self) -> int:
        """How many photos of a work it reads at most."""
        return self.photos_per_work

    def prepare_photos(self, photos: Iterable[Sequence[Path]]) -> "Iterator[ReadablePhotos[None]]":
        """The photos of each work that can be read, in order; their features are then in the cache."""
        from sakka.networks.readable_photos import cache_vectors

        return cache_vectors(photos, [reading.encoder for reading in self.readings()], self.photos_per_work)

    def fill_cache(self, works: Catalog) -> None:
        """Compute the vectors of the works' photos that the cache lacks.

        Raises:
            PhotoError: A photo can't be read.
        """
        from sakka.networks.features import cache_features

        for encoder in self.encoders_to_learn_from():
            cache_features(works, encoder, self.photos_per_work)

    def encoders_to_learn_from(self) -> "list[PhotoEncoder]":
        """What reads the works that the model learns from and those that it predicts."""
        return [reading.encoder for reading in self.readings()]

    def predict_pixels(self, photos: Pixels) -> Probabilities:
        """Probabilities of photos as pixels, shape (n_photos, n_creators).

        Args:
            photos: Shape (n_photos, height, width, 3); an encoder that reads another size has them resized.
        """
        from sakka.networks.features import vectors_of_pixels

        tables = [vectors_of_pixels(photos, reading.encoder)[:, reading.columns] for reading in self.readings()]
        return self._predict(np.concatenate(tables, axis=1), np.ones(len(photos), dtype=np.bool_))
