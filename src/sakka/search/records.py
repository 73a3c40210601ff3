"""Works as the rows of the index, and back; the spaces that the vectors of the rows come from.

A work is one row, and where it has several photos one more row for each of them, all in one table: a change of a table
is there wholly or not at all, and so is a work.

    row of             id         work    photo    style
    a work, one photo  its own    null    0        of the photo
    a work, several    its own    null    null     of the mean of its photos, without common pictures (`copies/`)
    each of several    work + number      work's id    0, 1, ...    of the photo

A photo's row has what filters look at; its texts, words and other vectors are null. Rows of photos are written after
those of many works: the database keeps a stretch of nulls in no room, and single ones as zeros.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.arrays import FloatArray, IntArray, Mask, numbers_within
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
OF, PHOTO = "work", "photo"
OF_WORKS, OF_PHOTOS = f"{OF} IS NULL", f"{PHOTO} IS NOT NULL"
"""The conditions that a row is a work's, and that its style is a photo's."""
BETWEEN = "\x1f"  # a work's id and a photo's number
FILTERED = ("creator", "category", "created_at")
PHOTO_ROWS_HELD = 100_000  # in memory, about a kB each, before they are written
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

    def fill_cache(self, works: Catalog) -> None:
        """Compute of the works' photos and texts what the cache lacks, before several processes need it."""
        self.style.fill_cache(works)
        if self.meaning is not None:
            self.meaning.vectors(works)


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
            pa.field(OF, pa.string()),
            pa.field(PHOTO, pa.int16()),
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
    *,
    common: IntArray | None = None,
    coordinates: Iterable[tuple[IntArray, FloatArray, IntArray]] | None = None,
) -> Iterator["pa.RecordBatch"]:
    """The works' rows in batches, and after those of many works those of their photos.

    Args:
        works: The works.
        groups: The name of each work's group of near-identical works.
        spaces: How their vectors are made.
        schema: See `schema_of`.
        kept: The kept columns of the index.
        common: The photos that don't count for a work's own vectors: its row and the number of the photo, shape (n, 2).
        coordinates: What `spaces.style.photo_coordinates(works)` gives; None: it is asked.

    Raises:
        PhotoError: A photo can't be read.
        SearchError: The text encoder of the index is not at hand.
    """
    counts = _counting(works, common)
    held: list[pa.RecordBatch] = []
    for rows, of_photos, works_of in spaces.style.photo_coordinates(works) if coordinates is None else coordinates:
        some, names = works.take(rows), [groups[row] for row in rows]
        pooled = _means(of_photos, works_of, len(rows), np.concatenate([counts[row] for row in rows]))
        texts = spaces.words.vectors(some.texts)
        vectors = {
            STYLE: (spaces.style.style(pooled), some.has_photo),
            TEXT: (texts, np.any(texts != 0, axis=1)),
            SEEN: (pooled[:, : spaces.words.seen_size], some.has_photo),
        }
        vectors |= {} if spaces.meaning is None else {MEANING: spaces.meaning.vectors(some)}
        yield batch_of(some, names, vectors, schema, kept)
        several = some.photo_counts[works_of] > 1
        if several.any():
            styles = spaces.style.style(of_photos[several])
            held.append(photo_batch(some, names, works_of[several], styles, schema, kept))
        if sum(each.num_rows for each in held) >= PHOTO_ROWS_HELD:
            yield from held
            held.clear()
    yield from held


def _counting(works: Catalog, common: IntArray | None) -> list[Mask]:
    """Whether each photo of each work counts for the work's own vectors; the featured one always does."""
    counts = [np.ones(count, dtype=np.bool_) for count in works.photo_counts]
    for row, number in [] if common is None else common.tolist():
        counts[row][number] = number == 0
    return counts


def _means(coordinates: FloatArray, works_of: IntArray, n_works: int, counts: Mask) -> FloatArray:
    """The mean of the coordinates of each work's photos that count, shape (n_works, n_coordinates)."""
    sums = np.zeros((n_works, coordinates.shape[1]), dtype=np.float32)
    np.add.at(sums, works_of[counts], coordinates[counts])
    numbers = np.bincount(works_of[counts], minlength=n_works)
    means: FloatArray = sums / np.maximum(numbers, 1).astype(np.float32)[:, None]
    return means


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
    columns |= {OF: [None] * len(works), PHOTO: [0 if count == 1 else None for count in works.photo_counts]}
    columns |= {each.column: each.values(works) for each in kept}
    arrays = [
        _vector_array(*vectors[field.name], field.type)
        if field.name in VECTORS
        else pa.array(columns[field.name], field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def photo_batch(
    works: Catalog,
    groups: Sequence[str],
    works_of: IntArray,
    styles: FloatArray,
    schema: "pa.Schema",
    kept: Sequence[KeptColumn] = (),
) -> "pa.RecordBatch":
    """The rows of photos of works that have several.

    Args:
        works: The works.
        groups: The name of each work's group.
        works_of: Which of the works each photo is of, all photos of a work in a row, shape (n_photos,).
        styles: Their style embeddings, shape (n_photos, n_values).
        schema: See `schema_of`.
        kept: The kept columns of the index.
    """
    import pyarrow as pa

    ids, numbers = works.ids, numbers_within(works_of).tolist()
    each: dict[str, Sequence[Any]] = {name: works.table[name].to_list() for name in FILTERED}
    each |= {OF: ids, GROUP: groups, **{column.column: column.values(works) for column in kept}}
    columns = {name: [values[row] for row in works_of] for name, values in each.items()}
    columns |= {PHOTO: numbers, "id": [photo_row_id(ids[row], n) for row, n in zip(works_of, numbers, strict=True)]}
    arrays = [
        _vector_array(styles, np.ones(len(styles), dtype=np.bool_), field.type)
        if field.name == STYLE
        else pa.array(columns.get(field.name, [None] * len(works_of)), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def photo_row_id(work_id: str, number: int) -> str:
    """The id of the row of one of several photos of a work."""
    return f"{work_id}{BETWEEN}{number}"


def _vector_array(vectors: FloatArray, there: Mask, kind: Any) -> Any:
    import pyarrow as pa

    values = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(values, type=kind, mask=pa.array(~there))


def work_of(row: dict[str, Any]) -> Work:
    """The work that a row holds; its kept columns are those under `kept` (`kept_columns.with_kept`).

    Of the row of a photo, which has no title, it is what the row has of its work.
    """
    lists = {name: tuple(row.get(name) or ()) for name in ("photos", "photos_sha256")}
    return Work(**{name: row[name] for name in WORK_COLUMNS if name in row} | lists, kept=row.get("kept", {}))


def vector_of(row: dict[str, Any], column: str) -> FloatArray | None:
    """A vector of a row, shape (n_values,); None where the work has none."""
    return None if row[column] is None else np.asarray(row[column], dtype=np.float32)
