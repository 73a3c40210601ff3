"""Works as the rows of the index, and back; the spaces that the vectors of the rows come from."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.arrays import FloatArray, Mask
from sakka.catalog.works import SCHEMA as WORK_SCHEMA
from sakka.catalog.works import Catalog, Work
from sakka.search.kept_columns import KeptColumn
from sakka.search.style.meaning import MeaningSpace
from sakka.search.style.space import MOST_WORKS, StyleSpace, unit_rows
from sakka.search.style.words import WordSpace, segmented

if TYPE_CHECKING:
    import pyarrow as pa

WORK_COLUMNS = tuple(WORK_SCHEMA)
GROUP = "near_identical"
STYLE, TEXT, SEEN, MEANING, WORD_COLUMN = "style", "text", "seen", "meaning", "words"
SEEN_LENGTH = "seen_length"  # of the photo's coordinates, whose direction is in `seen`
VECTORS = (STYLE, TEXT, SEEN, MEANING)
"""The columns of vectors; the last stands only in an index that has a text encoder."""


@dataclass(frozen=True)
class Spaces:
    """How the vectors of an index are made.

    Attributes:
        style: Style embeddings of photos.
        words: Vectors of texts, and what photos show in words.
        meaning: Vectors of texts in any language; None where the index was built without a text encoder.
    """

    style: StyleSpace
    words: WordSpace
    meaning: MeaningSpace | None = None


def words_of_catalog(catalog: Catalog, style: StyleSpace, seed: int) -> WordSpace:
    """Learn the word space from as many works as the style space at most."""
    rows = np.sort(np.random.default_rng((seed, 2)).permutation(len(catalog))[:MOST_WORKS])
    some = catalog.take(rows)
    parts = [(coordinates, seen) for _, coordinates, seen in style.coordinates(some)]
    coordinates, seen = (np.concatenate(each) for each in zip(*parts, strict=True))
    return WordSpace.fit(some.texts, coordinates, seen, seed=seed)


def schema_of(spaces: Spaces, build: str | None = None, kept: Sequence[KeptColumn] = ()) -> "pa.Schema":
    """The schema of the table: the works' columns, group and words, unit vectors (null: none), kept columns.

    Args:
        spaces: How the vectors are made, whose sizes the schema holds.
        build: The name of the build that the table belongs to; None: a new one.
        kept: The kept columns.
    """
    import pyarrow as pa

    sizes = {STYLE: spaces.style.size, TEXT: spaces.words.size, SEEN: spaces.words.seen_size}
    sizes |= {} if spaces.meaning is None else {MEANING: spaces.meaning.size}
    return pa.schema(
        [
            *(pa.field(name, pa.string()) for name in ("id", "creator", "title", "description", "category")),
            pa.field("created_at", pa.timestamp("us")),
            pa.field("photos", pa.list_(pa.string())),
            pa.field("photos_sha256", pa.list_(pa.string())),
            pa.field(GROUP, pa.string()),
            pa.field(WORD_COLUMN, pa.string()),
            pa.field(SEEN_LENGTH, pa.float32()),
            *(pa.field(name, pa.list_(pa.float32(), size)) for name, size in sizes.items()),
            *(pa.field(each.column, each.arrow_type) for each in kept),
        ],
        metadata={"build": build or uuid.uuid4().hex},
    )


def batches_of(
    works: Catalog,
    groups: Sequence[str],
    spaces: Spaces,
    schema: "pa.Schema",
    kept: Sequence[KeptColumn] = (),
) -> Iterator["pa.RecordBatch"]:
    """The works' rows in batches.

    Args:
        works: The works.
        groups: The name of each work's group of near-identical works.
        spaces: How their vectors are made.
        schema: See `schema_of`.
        kept: The kept columns of the index.

    Raises:
        PhotoError: A photo can't be read.
        SearchError: The text encoder of the index is not at hand.
    """
    for rows, coordinates, seen in spaces.style.coordinates(works):
        some = works.take(rows)
        texts = spaces.words.vectors(some.texts)
        vectors = {
            STYLE: (spaces.style.style(coordinates), seen),
            TEXT: (texts, np.any(texts != 0, axis=1)),
            SEEN: (coordinates[:, : spaces.words.seen_size], seen),
        }
        vectors |= {} if spaces.meaning is None else {MEANING: spaces.meaning.vectors(some)}
        yield batch_of(some, [groups[row] for row in rows], vectors, schema, kept)


def batch_of(
    works: Catalog,
    groups: Sequence[str],
    vectors: dict[str, tuple[FloatArray, Mask]],
    schema: "pa.Schema",
    kept: Sequence[KeptColumn] = (),
) -> "pa.RecordBatch":
    """The rows of works with the given vectors.

    Args:
        works: The works.
        groups: The name of each work's group.
        vectors: By column: the vectors, and which of the works have one; of `seen`, the coordinates.
        schema: See `schema_of`.
        kept: The kept columns of the index.
    """
    import pyarrow as pa

    table = works.table
    paths = [
        [str((works.photo_root or "") / path) if works.photo_root else path for path in photos or ()]
        for photos in table["photos"].to_list()
    ]
    columns: dict[str, Any] = {name: table[name].to_list() for name in WORK_COLUMNS if name != "photos"}
    coordinates, seen = vectors[SEEN]
    lengths = np.linalg.norm(coordinates, axis=1)
    vectors = {**vectors, SEEN: (unit_rows(coordinates), seen)}
    columns[SEEN_LENGTH] = [float(length) if there else None for length, there in zip(lengths, seen, strict=True)]
    columns |= {"photos": paths, GROUP: list(groups), WORD_COLUMN: [segmented(text) for text in works.texts]}
    columns |= {each.column: each.values(works) for each in kept}
    arrays = [
        _vector_array(*vectors[field.name], field.type)
        if field.name in VECTORS
        else pa.array(columns[field.name], field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _vector_array(vectors: FloatArray, there: Mask, kind: Any) -> Any:
    import pyarrow as pa

    values = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(values, type=kind, mask=pa.array(~there))


def work_of(row: dict[str, Any]) -> Work:
    """The work that a row holds; its kept columns are those under `kept` (`kept_columns.with_kept`)."""
    lists = {name: tuple(row[name] or ()) for name in ("photos", "photos_sha256")}
    return Work(**{name: row[name] for name in WORK_COLUMNS} | lists, kept=row.get("kept", {}))


def vector_of(row: dict[str, Any], column: str) -> FloatArray | None:
    """A vector of a row, shape (n_values,); None where the work has none."""
    return None if row[column] is None else np.asarray(row[column], dtype=np.float32)
