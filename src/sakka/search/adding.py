"""Works that are added to an index: read, compared with what is there, written.

A new work joins the group of near-identical works that it belongs to: the works of the photos nearest to its own, and
the nearest by text, are looked at as `copies/` does it for a whole catalog. Where it joins two groups, the rows of both
are written again in the same change, so that the database never holds half of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.arrays import FloatArray, IntArray
from sakka.catalog.works import Catalog, Work
from sakka.copies.groups import find_near_identical, group_names
from sakka.progress import task
from sakka.search.database import rows_by_id, take_in_changes, upsert
from sakka.search.kept_columns import KeptColumn
from sakka.search.records import (
    GROUP,
    OF,
    OF_PHOTOS,
    STYLE,
    TEXT,
    WORK_COLUMNS,
    Spaces,
    batches_of,
    photo_row_id,
    work_of,
)
from sakka.search.sql import among

if TYPE_CHECKING:
    import pyarrow as pa

WORKS_AT_ONCE = 500
LOOKED_AT = 7  # nearest photos, and as many works by text, that may be near-identical; more than `MOST_WORKS` of copies
VECTORS_AT_ONCE = 50
PARTITIONS = 8  # of the vector index that are looked at: a copy is very near
TAKEN_IN_FROM = 200  # rows that no index of the database knows yet


def add_works(
    table: Any, spaces: Spaces, schema: "pa.Schema", catalog: Catalog, kept: Sequence[KeptColumn] = ()
) -> None:
    """Add works to the table of an index, or replace them.

    Args:
        table: The LanceDB table of works.
        spaces: How the vectors of its works are made.
        schema: The table's schema.
        catalog: The works.
        kept: The kept columns of the index.
    """
    with task("works added", total=len(catalog)) as running:
        for start in range(0, len(catalog), WORKS_AT_ONCE):
            some = catalog.take(np.arange(start, min(start + WORKS_AT_ONCE, len(catalog))))
            _add(table, spaces, schema, some, kept)
            _take_in(table)
            running.advance(len(some))


def _add(table: Any, spaces: Spaces, schema: "pa.Schema", works: Catalog, kept: Sequence[KeptColumn]) -> None:
    import pyarrow as pa

    coordinates = list(spaces.style.photo_coordinates(works))
    styles = spaces.style.style(np.concatenate([of_photos for _, of_photos, _ in coordinates]))
    texts = spaces.words.vectors(works.texts)
    ids = [*_near(table, styles, STYLE, OF_PHOTOS), *_near(table, texts[np.any(texts != 0, axis=1)], TEXT)]
    own = set(works.ids)
    beside = rows_by_id(table, [each for each in ids if each not in own], [*WORK_COLUMNS, GROUP])
    groups, common = _groups_of(works, beside)
    named = [groups[each] for each in works.ids]
    batches = batches_of(works, named, spaces, schema, kept, common=common, coordinates=coordinates)
    rows = pa.Table.from_batches(list(batches), schema=schema)
    changed = _changed_rows(table, schema, groups, works)
    if changed is not None:
        rows = pa.concat_tables([rows, changed])
    upsert(table, rows, without=_old_photo_rows(table, works))


def _groups_of(works: Catalog, beside: dict[str, dict[str, Any]]) -> tuple[dict[str, str], IntArray]:
    """The group of each new work and of each known work whose group changes; the new works' common pictures.

    The latter as `NearIdentical.common` has them.
    """
    known = [work_of(row) for row in beside.values() if all(Path(path).is_file() for path in row["photos"] or ())]
    both = Catalog.from_works([*_absolute(works), *known])
    found = find_near_identical(both)
    name_of = {work.id: beside[work.id][GROUP] for work in known}
    return group_names(both.ids, found.pairs(), name_of), found.common[found.common[:, 0] < len(works)]


def _near(table: Any, vectors: FloatArray, column: str, condition: str | None = None) -> list[str]:
    """The ids of the works that are nearest to any of some vectors."""
    found: list[str] = []
    for start in range(0, len(vectors), VECTORS_AT_ONCE):
        query = table.search(list(vectors[start : start + VECTORS_AT_ONCE]), vector_column_name=column)
        query = query.distance_type("l2").nprobes(PARTITIONS).limit(LOOKED_AT).select(["id", OF])
        query = query if condition is None else query.where(condition, prefilter=True)
        found += [row[OF] or row["id"] for row in query.to_list()]
    return found


def _old_photo_rows(table: Any, works: Catalog) -> list[str]:
    """The rows of photos that works had before and have no longer."""
    found = table.search().where(among(OF, works.ids)).select(["id"]).limit(table.count_rows()).to_arrow()
    several = works.photo_counts > 1
    kept = {
        photo_row_id(each, number)
        for each, count, there in zip(works.ids, works.photo_counts.tolist(), several.tolist(), strict=True)
        for number in range(count if there else 0)
    }
    return [each for each in found["id"].to_pylist() if each not in kept]


def _changed_rows(table: Any, schema: "pa.Schema", groups: dict[str, str], works: Catalog) -> Any:
    """The rows of known works whose group gets another name; None where no group changes."""
    import pyarrow as pa

    own = set(works.ids)
    rows = rows_by_id(table, [each for each in groups if each not in own], [GROUP])
    renamed = {row[GROUP]: groups[each] for each, row in rows.items() if row[GROUP] != groups[each]}
    if not renamed:
        return None
    found = table.search().where(among(GROUP, renamed)).limit(table.count_rows()).to_list()
    changed = [{**row, GROUP: renamed[row[GROUP]]} for row in found if (row[OF] or row["id"]) not in own]
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
