"""The spaces of an index: how the vectors of its works are made, and the schema that follows from their sizes."""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sakka.catalog.works import Catalog
from sakka.search.records import arrow_schema
from sakka.search.style.space import MOST_WORKS, StyleSpace
from sakka.search.style.words import WordSpace

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Spaces:
    """How the vectors of an index are made.

    Attributes:
        style: Style embeddings of photos.
        words: Vectors of texts, and what photos show in words.
    """

    style: StyleSpace
    words: WordSpace


def schema_of(spaces: Spaces, build: str | None = None) -> "pa.Schema":
    """The schema of an index's rows; None makes the name of a new build."""
    sizes = (spaces.style.size, spaces.words.size, spaces.words.seen_size)
    return arrow_schema(*sizes, build or uuid.uuid4().hex)


def words_of_catalog(catalog: Catalog, style: StyleSpace, seed: int) -> WordSpace:
    """Learn the word space from as many works as the style space at most."""
    rows = np.sort(np.random.default_rng((seed, 2)).permutation(len(catalog))[:MOST_WORKS])
    some = catalog.take(rows)
    parts = [(coordinates, seen) for _, coordinates, seen in style.coordinates(some)]
    coordinates, seen = (np.concatenate(each) for each in zip(*parts, strict=True))
    return WordSpace.fit(some.texts, coordinates, seen, seed=seed)
