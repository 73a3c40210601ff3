"""The database of an index: two LanceDB tables in a folder, or below the address of an object store.

    works     one row a work, and one a photo of works with several (`records.py`)
    parts     name, content: `index.json` and `space.safetensors`, which tell how vectors of new works are made

Every change of a table is one new version of it, which is there wholly or not at all. A build writes `works` first and
`parts` last; each names the build, so that a build that was cut short is not taken for an index.

Source: https://lancedb.github.io/lancedb/
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sakka.errors import MissingPartError, SakkaError, SearchError
from sakka.files import remote_address
from sakka.search.records import OF, OF_WORKS, PHOTO, VECTORS
from sakka.search.sql import among

if TYPE_CHECKING:
    import pyarrow as pa

WORKS_TABLE, PARTS_TABLE = "works", "parts"
IDS_AT_ONCE = 500
FRESH_S = 2.0  # how soon one process sees what another has changed
VECTOR_INDEX_FROM = 20_000  # rows; below it all vectors are compared, which is exact
OLD_AFTER = timedelta(hours=1)  # how long versions stay for readers that are at them


def address_of(folder: Path | str) -> str:
    """A folder, or the address of an object store (`s3://bucket/index`), as LanceDB wants it."""
    return remote_address(folder) or str(Path(folder).absolute())


def lancedb_module() -> Any:
    """The module of LanceDB.

    Raises:
        MissingPartError: It is not installed.
    """
    os.environ.setdefault("LANCEDB_LOG", "error")  # a table may not exist yet
    try:
        import lancedb
    except ImportError as error:
        raise MissingPartError("LanceDB, which keeps the index,", "index", error) from error
    return lancedb


@contextmanager
def speaking_plainly(address: str, doing: str) -> Iterator[None]:
    """Turn what LanceDB raises into an error of one line."""
    try:
        yield
    except (RuntimeError, ValueError, OSError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        which = f"the index {address}" if address else "the index"
        raise SearchError(f"{which} can't be {doing}: {reason}; check the address, or build it again") from error


def connected(folder: Path | str) -> Any:
    """Connect to the database at a folder or an address.

    Raises:
        MissingPartError: LanceDB is not installed.
        SearchError: There can't be a database.
    """
    lancedb = lancedb_module()
    address = address_of(folder)
    with speaking_plainly(address, "opened"):
        return lancedb.connect(address, read_consistency_interval=timedelta(seconds=FRESH_S))


def table_names(database: Any) -> list[str]:
    """The names of the tables."""
    return list(database.list_tables().tables)


def write_works(database: Any, schema: "pa.Schema", batches: Iterable["pa.RecordBatch"]) -> Any:
    """Replace the table of works and make its indexes; returns the table."""
    import pyarrow as pa

    troubles: list[SakkaError] = []
    reader = pa.RecordBatchReader.from_batches(schema, _watched(batches, troubles))
    try:
        with speaking_plainly(str(database.uri), "written"):
            table = database.create_table(WORKS_TABLE, data=reader, mode="overwrite", on_bad_vectors="null")
            make_indexes(table)
    except SearchError as error:
        raise (troubles[0] if troubles else error) from None
    return table


def _watched(batches: Iterable["pa.RecordBatch"], troubles: list[SakkaError]) -> Iterator["pa.RecordBatch"]:
    """Pass batches on, keeping the error that ends them: on its way through the database it loses its kind."""
    try:
        yield from batches
    except SakkaError as error:
        troubles.append(error)
        raise


def rows_by_id(table: Any, ids: Iterable[str], columns: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """Rows of works of those ids that are in the table of works, by id.

    Args:
        table: The table of works.
        ids: The works' ids.
        columns: The columns wanted; None: all.
    """
    wanted, found = list(dict.fromkeys(ids)), {}
    for start in range(0, len(wanted), IDS_AT_ONCE):
        some = wanted[start : start + IDS_AT_ONCE]
        query = table.search().where(f"{among('id', some)} AND {OF_WORKS}").limit(len(some))
        query = query if columns is None else query.select(["id", *(name for name in columns if name != "id")])
        found.update({row["id"]: row for row in query.to_list()})
    return found


def upsert(table: Any, rows: "pa.Table", without: Sequence[str] = ()) -> None:
    """Write rows in one change: those with known ids replace what was there, and the rows `without` go."""
    with speaking_plainly(str(table.uri), "written"):
        writing = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        writing = writing.when_not_matched_by_source_delete(among("id", without)) if without else writing
        writing.execute(rows, on_bad_vectors="null")


def make_indexes(table: Any) -> None:
    """Make the indexes of ids, creators and words, and from `VECTOR_INDEX_FROM` rows on those of vectors."""
    from lancedb.index import FTS, Bitmap, BTree

    table.create_index("id", config=BTree())
    table.create_index("near_identical", config=BTree())
    table.create_index(OF, config=BTree())
    for column in ("creator", "category", PHOTO):
        table.create_index(column, config=Bitmap())
    plain = FTS(base_tokenizer="whitespace", stem=False, remove_stop_words=False, ascii_folding=False, lower_case=False)
    table.create_index("words", config=plain)
    if table.count_rows() >= VECTOR_INDEX_FROM:
        make_vector_indexes(table)


def make_vector_indexes(table: Any) -> None:
    """Make the indexes of the vectors: partitions by k-means, values rounded to a byte."""
    from lancedb.index import IvfSq

    for column in (name for name in VECTORS if name in table.schema.names):
        table.create_index(column, config=IvfSq(distance_type="l2"))


def take_in_changes(table: Any) -> None:
    """Merge small files, bring the indexes up to date and forget old versions."""
    with speaking_plainly(str(table.uri), "written"):
        _take_in_changes(table)


def _take_in_changes(table: Any) -> None:
    names = {column for index in table.list_indices() for column in index.columns}
    if table.count_rows() >= VECTOR_INDEX_FROM and "style" not in names:
        make_vector_indexes(table)
    try:
        table.optimize(cleanup_older_than=OLD_AFTER)
    except RuntimeError:
        # LanceDB 0.40 fails where an index has several partitions and none of the new rows has a vector.
        make_vector_indexes(table)
        table.optimize(cleanup_older_than=OLD_AFTER)
