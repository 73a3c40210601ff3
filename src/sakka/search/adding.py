"""Works that are added to an index: read, compared with what is there, written.

A new work joins the group of near-identical works that it belongs to: its nearest works by style and by text are
looked at as `copies/` does it for a whole catalog. Where it joins two groups, the rows of both are written again in
the same change, so that the database never holds half of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.catalog.works import Catalog, Work
from sakka.copies.groups import find_near_identical, group_names
from sakka.progress import task
from sakka.search.database import rows_by_id, take_in_changes, upsert
from sakka.search.kept_columns import KeptColumn
from sakka.search.records import GROUP, STYLE, TEXT, WORK_COLUMNS, Spaces, batches_of, work_of
from sakka.search.sql import among

if TYPE_CHECKING:
    import pyarrow as pa

WORKS_AT_ONCE = 500
LOOKED_AT = 5  # nearest works by style, and as many by text, that may be near-identical
VECTORS_AT_ONCE = 50
PARTITIONS = 8  # of the vector index that are looked at: a copy is very near
TAKEN_IN_FROM = 200  # rows that no index of the database knows yet


def add_works(
    table: Any, spaces: Spaces, schema: "pa.Schema", catalog: Catalog, kept: Sequence[KeptColumn] = ()
) -> int:
    """Add works to the table of an index or replace them; returns the number of new works.

    Args:
        table: The LanceDB table of works.
        spaces: How the vectors of its works are made.
        schema: The table's schema.
        catalog: The works.
        kept: The kept columns of the index.
    """
    before = table.count_rows()
    with task("works added", total=len(catalog)) as running:
        for start in range(0, len(catalog), WORKS_AT_ONCE):
            some = catalog.take(np.arange(start, min(start + WORKS_AT_ONCE, len(catalog))))
            _add(table, spaces, schema, some, kept)
            running.advance(len(some))
    _take_in(table)
    return int(table.count_rows() - before)


def _add(table: Any, spaces: Spaces, schema: "pa.Schema", works: Catalog, kept: Sequence[KeptColumn]) -> None:
    import pyarrow as pa

    batches = list(batches_of(works, works.ids, spaces, schema, kept))
    rows = pa.Table.from_batches(batches, schema=schema)
    groups = _groups_of(table, works, rows)
    own = pa.array([groups.get(each, each) for each in works.ids])
    rows = rows.set_column(rows.schema.get_field_index(GROUP), GROUP, own)
    changed = _changed_rows(table, schema, groups, works)
    if changed is not None:
        rows = pa.concat_tables([rows, changed])
    upsert(table, rows)


def _groups_of(table: Any, works: Catalog, rows: "pa.Table") -> dict[str, str]:
    """The group of each new work, and of each known work whose group changes."""
    own = set(works.ids)
    beside = {row["id"]: row for column in (STYLE, TEXT) for row in _near(table, rows, column) if row["id"] not in own}
    known = [work_of(row) for row in beside.values() if all(Path(path).is_file() for path in row["photos"] or ())]
    both = Catalog.from_works([*_absolute(works), *known])
    name_of = {work.id: beside[work.id][GROUP] for work in known}
    return group_names(both.ids, find_near_identical(both).pairs(), name_of)


def _near(table: Any, rows: "pa.Table", column: str) -> list[dict[str, Any]]:
    """The rows that are nearest to any of some rows by a vector."""
    vectors = [np.float32(value) for value in rows[column].to_pylist() if value is not None]
    found: list[dict[str, Any]] = []
    for start in range(0, len(vectors), VECTORS_AT_ONCE):
        query = table.search(vectors[start : start + VECTORS_AT_ONCE], vector_column_name=column)
        query = query.distance_type("l2").nprobes(PARTITIONS).limit(LOOKED_AT).select([*WORK_COLUMNS, GROUP])
        found += query.to_list()
    return found


def _changed_rows(table: Any, schema: "pa.Schema", groups: dict[str, str], works: Catalog) -> Any:
    """The rows of known works whose group gets another name; None where no group changes."""
    import pyarrow as pa

    own = set(works.ids)
    rows = rows_by_id(table, [each for each in groups if each not in own], [GROUP])
    renamed = {row[GROUP]: groups[each] for each, row in rows.items() if row[GROUP] != groups[each]}
    if not renamed:
        return None
    found = table.search().where(among(GROUP, renamed)).limit(table.count_rows()).to_list()
    changed = [{**row, GROUP: renamed[row[GROUP]]} for row in found if row["id"] not in own]
    return pa.Table.from_pylist(changed, schema=schema)


def _take_in(table: Any) -> None:
    """Bring the database's indexes up to date where many rows are not in them."""
    statistics = table.index_stats("words_idx")
    if statistics is None or statistics.num_unindexed_rows >= TAKEN_IN_FROM:
        take_in_changes(table)


def _absolute(works: Catalog) -> list[Work]:
    root = works.photo_root
    return [
        work if root is None else replace(work, photos=tuple(str(root / path) for path in work.photos))
        for work in works
    ]
