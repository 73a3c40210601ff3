"""A text's creator by a linear softmax on what a frozen encoder of texts gives.

The encoder (`networks/encoders.py`) is chosen by name and is not trained; its vectors come from the cache
(`networks/text_vectors.py`), and the heads of all folds are fitted side by side (`linear_head/dense.py`). A work
without a text gets the shares of the creators.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import Any, ClassVar, Self

import numpy as np

from sakka.arrays import Features, IntArray, Mask, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import FoldPrediction, Modality, ModelParts, known_labels
from sakka.models.feature_model import EncodedTextModel
from sakka.models.linear_head.dense import fit_dense
from sakka.models.linear_head.head import LinearHead
from sakka.networks.encoders import TextEncoder, text_encoder
from sakka.networks.text_vectors import text_features, text_vectors

PENALTY = 0.003


class EncodedText(EncodedTextModel):
    """A linear softmax on the vectors of a frozen text encoder.

    Attributes:
        penalty: The weight of the squared weights, beside the mean loss of a work.
        seed: Draws the order in which the heads see the works.
    """

    modality: ClassVar[Modality] = "text"
    encoder: ClassVar[str]

    def __init__(self, penalty: float = PENALTY, seed: int = 0) -> None:
        self.penalty = penalty
        self.seed = seed

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn from the works' texts.

        Raises:
            ModelError: There are no works, one's creator is not among `creators`, or the penalty can't be used.
        """
        self.creators_ = tuple(works.creators if creators is None else creators)
        self._check_settings()
        labels = known_labels(works, self.creators_)
        features, has_text = self.features(works)
        self._set_works(np.bincount(labels, minlength=len(self.creators_)))
        [self.head_] = self._heads(features, labels, [np.flatnonzero(has_text)], len(self.creators_))
        self._keep(features[has_text], labels[has_text])
        return self

    def features(self, works: Catalog) -> tuple[Features, Mask]:
        """The texts' vectors, and which works have a text."""
        return text_features(works, self._encoder)

    def predict_texts(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities of texts, shape (n_texts, n_creators); their vectors are not kept."""
        has_text = np.array([bool(text.strip()) for text in texts], dtype=np.bool_)
        features = np.zeros((len(texts), self._encoder.size), dtype=np.float32)
        features[has_text] = text_vectors([text for text in texts if text.strip()], self._encoder, keeps=False)
        return self._predict(features, has_text)

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Look the vectors up once and fit all folds' heads; each gives the same bytes alone and among others."""
        self._check_settings()
        labels = works.creator_indices(creators)
        for fold in folds:
            known_labels(works.take(fold.train), creators)
        features, has_text = self.features(works)
        parts = [fold.train[has_text[fold.train]] for fold in folds]
        for fold, head in zip(folds, self._heads(features, labels, parts, len(creators)), strict=True):
            model = type(self)(**self.settings())
            model.head_ = head
            model._set_works(np.bincount(labels[fold.train], minlength=len(creators)))
            yield FoldPrediction(
                fold,
                model._predict(features[fold.validation], has_text[fold.validation]),
                model._predict(features[fold.test], has_text[fold.test]),
            )

    @cached_property
    def _encoder(self) -> TextEncoder:
        return text_encoder(self.encoder)

    def _check_settings(self) -> None:
        if not (isinstance(self.penalty, int | float) and 0 < self.penalty < float("inf")):
            raise ModelError(f"got penalty {self.penalty!r}; expected a number above 0")

    def _heads(
        self, features: Features, labels: IntArray, parts: Sequence[IntArray], n_classes: int
    ) -> list[LinearHead | None]:
        """A head for each of some parts of the works; None for a part without texts."""
        filled = [part for part in parts if len(part)]
        settings: dict[str, Any] = {"n_classes": n_classes, "penalty": float(self.penalty), "seed": self.seed}
        heads = iter(fit_dense(features, labels, filled, **settings))
        return [next(heads) if len(part) else None for part in parts]

    def _export(self) -> ModelParts:
        return replace(super()._export(), values={"encoders": {self._encoder.name: self._encoder.sha256}})

    def _restore(self, parts: ModelParts) -> None:
        super()._restore(parts)
        fitted_on = parts.values["encoders"][self._encoder.name]
        if self._encoder.sha256 != fitted_on:
            raise ModelError(
                f"the encoder {self._encoder.name} has SHA-256 {self._encoder.sha256[:16]}..., and the model was "
                f"fitted on {fitted_on[:16]}...; put that one back, or fit the model again"
            )


@cache
def text_encoded(encoder: str) -> type[EncodedText]:
    """The text model on an encoder; its name is `text-ENCODER`.

    Raises:
        ModelError: No encoder has such a name.
        MissingPartError: It needs a package that is not installed.
    """
    text_encoder(encoder)
    named = {"name": f"text-{encoder}", "encoder": encoder, "__doc__": EncodedText.__doc__}
    return type("EncodedText", (EncodedText,), named)
