"""The meaning space: texts as unit vectors of a frozen encoder, by which words of another language are found too.

An index has one where it was built with a text encoder. What the encoder is asked is the part of a query that no text
of the index says in any spelling: u, the vector of these words, a share s of all words of the query. With v the vector
of a work's text, c the mean of the texts' vectors and d the standard deviation of the products of pairs of them,

    e(u, work) = WEIGHT s (v - c)'u / d

is added to the evidence for the words that are said (`words.py`); a work without text has 0. Where every word is said
the encoder is not asked. Of what was tried on the simulated market of seed 1, this did best; joining the orders by
rank, and asking with the whole query, did worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, FloatArray, Mask
from sakka.catalog.works import Catalog
from sakka.errors import MissingPartError, ModelError, SearchError
from sakka.networks.encoders import TextEncoder, text_encoder
from sakka.networks.text_vectors import text_features, text_vectors
from sakka.search.style.space import unit_rows
from sakka.search.style.thesaurus import alternatives
from sakka.search.style.words import WordSpace, segmented
from sakka.words import normalise, words_of

WEIGHT = 1.0
STANDS_OUT = 2.0  # standard deviations from the mean
MOST_PAIRED = 1000  # works of which the products of pairs are taken


@dataclass(frozen=True)
class Unsaid:
    """The words of a query that no text says.

    Attributes:
        vector: What they mean, unit length, shape (size,).
        share: Their share of the query's words.
        centre: The mean of the texts' products with the vector.
        standard_deviation: The standard deviation of products.
    """

    vector: FloatArray
    share: float
    centre: float
    standard_deviation: float

    def evidence(self, texts: Sequence[FloatArray | None]) -> DoubleArray:
        """The evidence that works mean these words, shape (n_works,).

        Args:
            texts: The unit vectors of the works' texts; None for a work without text.
        """
        evidence: DoubleArray = WEIGHT * self.share * self._deviates(texts)
        return evidence

    def fits(self, texts: Sequence[FloatArray | None]) -> Mask:
        """Whether works stand out as those that mean these words, shape (n_works,); `texts` as in `evidence`."""
        fits: Mask = self._deviates(texts) >= STANDS_OUT
        return fits

    def _deviates(self, texts: Sequence[FloatArray | None]) -> DoubleArray:
        """How many standard deviations the texts' products are above their mean."""
        products = [self.centre if text is None else float(text @ self.vector) for text in texts]
        deviates: DoubleArray = (np.array(products) - self.centre) / self.standard_deviation
        return deviates


@dataclass(frozen=True)
class MeaningSpace:
    """Unit vectors of texts by an encoder.

    Attributes:
        encoder: Its name.
        key: What its vectors depend on besides the text.
        sha256: Of its weights.
        centre: The mean of the texts' vectors, shape (size,).
        standard_deviation: The standard deviation of the products of pairs of them.
    """

    encoder: str
    key: str
    sha256: str
    centre: FloatArray
    standard_deviation: float

    @classmethod
    def fit(cls, encoder: TextEncoder, works: Catalog, seed: int = 0) -> "MeaningSpace":
        """Learn the space of an encoder; the works' vectors are then in the cache.

        Args:
            encoder: The encoder.
            works: The works, of which those with a text count.
            seed: Draws the pairs.
        """
        vectors, has_text = text_features(works, encoder)
        vectors = unit_rows(vectors[has_text])
        if len(vectors) == 0:
            return cls(encoder.name, encoder.key, encoder.sha256, np.zeros(encoder.size, dtype=np.float32), 1.0)
        drawn = vectors[np.random.default_rng((seed, 3)).permutation(len(vectors))[:MOST_PAIRED]]
        halves = np.array_split(drawn, 2)
        standard_deviation = float((halves[0] @ halves[1].T).std()) if len(drawn) > 2 else 0.0
        return cls(encoder.name, encoder.key, encoder.sha256, vectors.mean(axis=0), standard_deviation or 1.0)

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return len(self.centre)

    def vectors(self, works: Catalog) -> tuple[FloatArray, Mask]:
        """The vectors of the works' texts, shape (n_works, size), zeros where there is no text; and which have one.

        Raises:
            SearchError: The encoder is not at hand, or is another.
        """
        vectors, has_text = text_features(works, self._encoder)
        return unit_rows(vectors), has_text

    def unsaid(self, query: str, space: WordSpace) -> Unsaid | None:
        """What of a query no text says; None where every word is said. Nothing of a query is kept.

        Args:
            query: The query.
            space: The word space of the same index.

        Raises:
            SearchError: The encoder is not at hand, or is another.
        """
        words = [word for word in words_of(normalise(query)) if segmented(word)]
        unsaid = [word for word in words if not _is_said(word, space)]
        if not unsaid:
            return None
        asked = text_vectors([" ".join(unsaid)], self._encoder.of_queries(), keeps=False)
        vector = unit_rows(asked)[0]
        return Unsaid(vector, len(unsaid) / len(words), float(self.centre @ vector), self.standard_deviation)

    def values(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {
            "encoder": self.encoder,
            "key": self.key,
            "sha256": self.sha256,
            "standard_deviation": self.standard_deviation,
        }

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name."""
        return {"meaning.centre": self.centre}

    @classmethod
    def from_parts(cls, values: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> "MeaningSpace":
        """The space that `values` and `tensors` describe."""
        return cls(
            values["encoder"], values["key"], values["sha256"], tensors["meaning.centre"], values["standard_deviation"]
        )

    @cached_property
    def _encoder(self) -> TextEncoder:
        """The encoder, which an index that is only asked by style does not need."""
        try:
            found = text_encoder(self.encoder)
        except (MissingPartError, ModelError) as error:
            raise SearchError(f"the index has texts through the encoder {self.encoder}, but {error}") from error
        if found.key != self.key:
            raise SearchError(
                f"the index has texts through {self.key}, and here the encoder {self.encoder} is {found.key}; "
                "build the index again"
            )
        return found


def _is_said(word: str, space: WordSpace) -> bool:
    """Whether any text has a word, or one that means the same."""
    return any(space.share_of(other) > 0 for part in segmented(word).split() for other in alternatives(part))
