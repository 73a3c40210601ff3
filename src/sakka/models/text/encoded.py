"""A text's creator by a linear softmax on what a frozen encoder of texts gives.

The encoder (`networks/encoders.py`) is chosen by name and is not trained; its vectors come from the cache
(`networks/text_vectors.py`), and the heads of all folds are fitted side by side (`linear_head/dense.py`). A work
without a text gets the shares of the creators.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import ClassVar

import numpy as np

from sakka.arrays import Features, Mask, Probabilities
from sakka.catalog.works import Catalog
from sakka.models.base import ModelParts
from sakka.models.dense_model import DenseModel
from sakka.models.feature_model import EncodedTextModel
from sakka.models.work_reader import Modality
from sakka.networks.encoders import TextEncoder, text_encoder
from sakka.networks.text_vectors import text_features, text_vectors


class EncodedText(DenseModel, EncodedTextModel):
    """A linear softmax on the vectors of a frozen text encoder.

    Attributes:
        penalty: The weight of the squared weights, beside the mean loss of a work.
        seed: Draws the order in which the heads see the works.
    """

    modality: ClassVar[Modality] = "text"
    encoder: ClassVar[str]

    def features(self, works: Catalog) -> tuple[Features, Mask]:
        """The texts' vectors, and which works have a text."""
        return text_features(works, self._encoder)

    def fill_cache(self, works: Catalog) -> None:
        """Compute the vectors of the works' texts that the cache lacks."""
        text_features(works, self._encoder)

    def predict_texts(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities of texts, shape (n_texts, n_creators); their vectors are not kept."""
        has_text = np.array([bool(text.strip()) for text in texts], dtype=np.bool_)
        features = np.zeros((len(texts), self._encoder.size), dtype=np.float32)
        features[has_text] = text_vectors([text for text in texts if text.strip()], self._encoder, keeps=False)
        return self._predict(features, has_text)

    @property
    def n_features(self) -> int:
        """The length of the encoder's vectors."""
        return self._encoder.size

    @cached_property
    def _encoder(self) -> TextEncoder:
        return text_encoder(self.encoder)

    def weights_sha256(self) -> dict[str, str]:
        """The SHA-256 of the encoder's weights."""
        return {self._encoder.name: self._encoder.sha256}

    def _export(self) -> ModelParts:
        return replace(super()._export(), values={"encoders": self.weights_sha256()})

    def _restore(self, parts: ModelParts) -> None:
        self.check_weights(parts.values["encoders"])
        super()._restore(parts)


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
