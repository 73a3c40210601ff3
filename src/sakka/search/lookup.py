"""Rows of an index: nearest by a vector, or matching words; what searches are made of."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sakka.arrays import FloatArray
from sakka.search.database import speaking_plainly
from sakka.search.filters import Filters
from sakka.search.hits import Row
from sakka.search.index import Index
from sakka.search.kept_columns import with_kept
from sakka.search.records import GROUP, OF_PHOTOS, OF_WORKS, STYLE, VECTORS, WORD_COLUMN, WORK_COLUMNS

PARTITIONS = 48  # of the vector index that are looked at, of about 8,000 rows each: all up to 390,000 rows
REFINED = 3  # candidates compared exactly for each wanted
RETURNED = (*WORK_COLUMNS, GROUP)


def nearest(
    index: Index,
    column: str,
    vector: FloatArray,
    depth: int,
    filters: Filters,
    not_groups: Sequence[str] = (),
    columns: Sequence[str] = (STYLE,),
    *,
    of_photos: bool = False,
) -> list[Row]:
    """The rows with the vectors nearest to a unit vector, the nearest first; `score` is their product with it.

    They are works' rows, or with `of_photos` those of photos (`records.py`).
    """
    conditions = [filters.condition(not_groups=not_groups, kept=index.kept)]
    if column == STYLE and index.has_photo_rows:  # else every row with a style is both
        conditions.append(OF_PHOTOS if of_photos else OF_WORKS)
    condition = " AND ".join(filter(None, conditions)) or None
    query = index.table.search(vector, vector_column_name=column).distance_type("l2")
    some = query.minimum_nprobes(PARTITIONS).maximum_nprobes(PARTITIONS).refine_factor(REFINED)
    rows = _rows_of(index, some, depth, condition, [*columns, "_distance"])
    if len(rows) < depth and condition is not None:  # what may be found is elsewhere, and not much
        query = index.table.search(vector, vector_column_name=column).distance_type("l2").bypass_vector_index()
        rows = _rows_of(index, query, depth, condition, [*columns, "_distance"])
    return [{**row, "score": 1 - row.pop("_distance") / 2} for row in rows]


def matching(
    index: Index,
    words: str,
    depth: int,
    filters: Filters,
    not_groups: Sequence[str] = (),
    columns: Sequence[str] = (STYLE,),
) -> list[Row]:
    """The rows whose words match segmented words, the best first; `score` is BM25's."""
    query = index.table.search(words, query_type="fts", fts_columns=WORD_COLUMN)
    rows = _rows_of(
        index, query, depth, filters.condition(not_groups=not_groups, kept=index.kept), [*columns, "_score"]
    )
    return [{**row, "score": row.pop("_score")} for row in rows]


def ids_within(index: Index, filters: Filters) -> list[str]:
    """The ids of the works that filters let through, in no order."""
    condition = " AND ".join(filter(None, (filters.condition(kept=index.kept), OF_WORKS)))
    with speaking_plainly("", "asked"):
        ids: list[str] = index.table.search().where(condition).select(["id"]).to_arrow()["id"].to_pylist()
    return ids


def at_once(asks: Sequence[Callable[[], list[Row]]]) -> list[list[Row]]:
    """The rows of several queries, asked side by side: one of the database has little for a second core to do."""
    if len(asks) < 2:
        return [ask() for ask in asks]
    with ThreadPoolExecutor(len(asks), "sakka-search") as pool:
        return list(pool.map(lambda ask: ask(), asks))


def _rows_of(index: Index, query: Any, depth: int, condition: str | None, columns: Sequence[str]) -> list[Row]:
    if condition is not None:
        query = query.where(condition, prefilter=True)
    with speaking_plainly("", "asked"):
        table = query.limit(depth).select([*RETURNED, *(each.column for each in index.kept), *columns]).to_arrow()
    vectors = [name for name in VECTORS if name in table.column_names]
    rows = with_kept(table.drop_columns(vectors).to_pylist(), index.kept)
    for name in vectors:  # by way of Python's own lists this would take longer than the search
        column = table[name].combine_chunks()
        values = column.values.to_numpy(zero_copy_only=False).reshape(-1, column.type.list_size)
        start = column.offset
        for number, there in enumerate(column.is_valid().to_pylist()):
            rows[number][name] = values[start + number] if there else None
    return rows
