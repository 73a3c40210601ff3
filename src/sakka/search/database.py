"""The database of an index: two LanceDB tables in a folder, or below the address of an object store.

    works     one row a work, and one a photo of works with several (`records.py`)
    parts     name, content: `index.json` and `space.safetensors`, which tell how vectors of new works are made

While it is built there are two more, `plan` and `shards` (`shards.py`).

Every change of a table is one new version of it, which is there wholly or not at all. A build writes `works` first and
`parts` last; each names the build, so that a build that was cut short is not taken for an index. Until `parts` is of
the new build, the earlier version of `works` answers.

Source: https://lancedb.github.io/lancedb/
"""

import json
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sakka.errors import IndexDatabaseError, MissingPartError, SakkaError, SearchError
from sakka.files import as_written, remote_address
from sakka.remote.addresses import endpoint
from sakka.search.records import GROUP, OF, OF_WORKS, PHOTO, VECTORS
from sakka.search.sql import among

if TYPE_CHECKING:
    import pyarrow as pa

WORKS_TABLE, PARTS_TABLE = "works", "parts"
PANIC = "PanicException"  # of pyo3, which no module offers
FORK_WARNING = "lance is not fork-safe"
IDS_AT_ONCE = 500
FRESH_S = 2.0  # how soon one process sees what another has changed
SHARD_WORKS = 20_000  # works that are written as one file, and rows from which a file is left as it is
VECTOR_INDEX_FROM = 20_000  # rows; below it all vectors are compared, which is exact
SAMPLED = 64  # vectors a partition that k-means learns from; LanceDB itself takes 256, and several times as long
LARGER = 4  # times: a segment of an index that has more rows than so many times the newer ones is left as it is
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


def lance_module() -> Any:
    """The module of the format that LanceDB keeps its tables in: it writes files that a later change names.

    Raises:
        MissingPartError: It is not installed.
    """
    os.environ.setdefault("LANCE_LOG", "error")  # that a table does not exist yet is no warning
    try:
        import lance
    except ImportError as error:
        raise MissingPartError("pylance, which writes the files of the index,", "index", error) from error
    warnings.filterwarnings("ignore", FORK_WARNING)  # other programs are started, and leave Lance at once
    return lance


@contextmanager
def speaking_plainly(address: str, doing: str) -> Iterator[None]:
    """Turn what LanceDB raises into an error of one line; a panic of its Rust code is no `Exception`."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, RuntimeError | ValueError | OSError | KeyError) and type(error).__name__ != PANIC:
            raise
        shown = as_written(address)
        said = str(error).replace(address, shown) if address else str(error)
        reason = " ".join(said.split())[:200]
        which = f"the index {shown}" if address else "the index"
        raise IndexDatabaseError(f"{which} can't be {doing}: {reason}; check the address, or build it again") from error


def connected(folder: Path | str) -> Any:
    """Connect to the database at a folder or an address.

    Raises:
        MissingPartError: LanceDB is not installed.
        SearchError: There can't be a database.
    """
    lancedb = lancedb_module()
    address = address_of(folder)
    with speaking_plainly(address, "opened"):
        fresh = timedelta(seconds=FRESH_S)
        return lancedb.connect(address, read_consistency_interval=fresh, storage_options=_storage(address))


def _storage(address: str) -> dict[str, str] | None:
    """What a store is to be asked with, beside what the environment says by itself."""
    plain = endpoint(address.partition("://")[0]).startswith("http://")  # as the environment names it
    return {"allow_http": "true"} if plain else None


def table_names(database: Any) -> list[str]:
    """The names of the tables."""
    return list(database.list_tables().tables)


def write_files(address: str, schema: "pa.Schema", batches: Iterable["pa.RecordBatch"]) -> list[dict[str, Any]]:
    """Write rows as data files of the table of works that no version of it names; returns what names them.

    Raises:
        SearchError: They can't be written. An error of our own that ends the batches is passed on.
    """
    import pyarrow as pa

    lance_module()
    from lance.fragment import write_fragments

    troubles: list[SakkaError] = []
    reader = pa.RecordBatchReader.from_batches(schema, _watched(batches, troubles))
    try:
        with speaking_plainly(address, "written"):
            fragments = write_fragments(
                reader, _works_at(address), schema=schema, mode="overwrite", storage_options=_storage(address)
            )
    except SearchError as error:
        raise (troubles[0] if troubles else error) from None
    return [each.to_json() for each in fragments]


def name_files(address: str, schema: "pa.Schema", files: Sequence[dict[str, Any]]) -> None:
    """Make the version of the table of works that has the rows of files, in their order, and no others."""
    lance = lance_module()
    fragments = [lance.FragmentMetadata.from_json(json.dumps(each)) for each in files]
    with speaking_plainly(address, "written"):
        change = lance.LanceOperation.Overwrite(schema, fragments)
        lance.LanceDataset.commit(_works_at(address), change, storage_options=_storage(address))


def names_of(files: Sequence[dict[str, Any]]) -> set[str]:
    """The names of data files."""
    return {str(file["path"]) for each in files for file in each["files"]}


def file_names(address: str) -> set[str]:
    """The names of all data files of the table of works, also of those that no version names."""
    return _listed(address, "data")


def _listed(address: str, part: str) -> set[str]:
    """The names of the files in a part of the table of works; none where there is no such part."""
    lance_module()
    from lance.file import LanceFileSession

    with speaking_plainly(address, "read"):
        session = LanceFileSession(f"{_works_at(address)}/{part}", storage_options=_storage(address))
        return {name.rpartition("/")[2] for name in session.list()}


def remove_unnamed(address: str) -> None:
    """Remove files of the table of works that no version names, and versions that nobody reads any longer."""
    with speaking_plainly(address, "written"):
        _dataset(_works_at(address)).cleanup_old_versions(older_than=OLD_AFTER, delete_unverified=True)


def is_of_build(connection: Any, build: str) -> bool:
    """Whether there is a table of works, and of that build."""
    if not _listed(str(connection.uri), "_versions"):  # files of shards alone are no table yet
        return False
    with speaking_plainly(str(connection.uri), "read"):
        return build_of(connection.open_table(WORKS_TABLE)) == build


def build_of(table: Any) -> str:
    """The build that the table of works belongs to."""
    return _build_in(table.schema)


def turn_to_build(table: Any, build: str) -> bool:
    """Turn the table of works to its newest version that is of a build; False where there is none."""
    with speaking_plainly(str(table.uri), "read"):
        table.checkout_latest()
        if build_of(table) == build:
            return True
        for version in sorted((each["version"] for each in table.list_versions()), reverse=True):
            table.checkout(version)
            if build_of(table) == build:
                return True
    return False


def require_build(table: Any, build: str) -> None:
    """Refuse a table of works that another build has written since it was opened.

    Raises:
        SearchError: It is of another build, or can't be read.
    """
    with speaking_plainly(str(table.uri), "read"):
        table.checkout_latest()
        found = build_of(table)
    if found != build:
        raise SearchError(f"the index of {table.uri} was built anew; open it again")


def _build_in(schema: "pa.Schema") -> str:
    return str((schema.metadata or {}).get(b"build", b"").decode())


def _dataset(address: str) -> Any:
    return lance_module().dataset(address, storage_options=_storage(address))


def _works_at(address: str) -> str:
    return f"{address.rstrip('/')}/{WORKS_TABLE}.lance"


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
        with speaking_plainly("", "read"):
            found.update({row["id"]: row for row in query.to_list()})
    return found


def upsert(table: Any, rows: "pa.Table", without: Sequence[str] = ()) -> None:
    """Write rows in one change: those with known ids replace what was there, and the rows `without` go.

    Raises:
        SearchError: The table is of another build than the rows' schema says, or it can't be written to.
    """
    require_build(table, _build_in(rows.schema))
    with speaking_plainly(str(table.uri), "written"):
        writing = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        writing = writing.when_not_matched_by_source_delete(among("id", without)) if without else writing
        writing.execute(rows, on_bad_vectors="null")


def make_indexes(table: Any) -> None:
    """Make the missing indexes: of ids, creators and words, and from `VECTOR_INDEX_FROM` rows on those of vectors."""
    from lancedb.index import FTS, Bitmap, BTree

    plain = FTS(base_tokenizer="whitespace", stem=False, remove_stop_words=False, ascii_folding=False, lower_case=False)
    kinds = {"id": BTree(), GROUP: BTree(), OF: BTree(), "words": plain}
    kinds |= {column: Bitmap() for column in ("creator", "category", PHOTO)}
    there = _indexed_columns(table)
    for column, config in kinds.items():
        if column not in there:
            table.create_index(column, config=config)
    if table.count_rows() >= VECTOR_INDEX_FROM:
        make_vector_indexes(table, there)


def make_vector_indexes(table: Any, there: Collection[str] = ()) -> None:
    """Make the indexes of the vectors but for those that are there: partitions by k-means, values rounded to a byte."""
    from lancedb.index import IvfSq

    for column in (name for name in VECTORS if name in table.schema.names and name not in there):
        table.create_index(column, config=IvfSq(distance_type="l2", sample_rate=SAMPLED))


def take_in_changes(table: Any) -> None:
    """Merge small files, bring the indexes up to date and forget old versions.

    What that costs depends on the new rows, not on all: those that an index does not know become a segment of it, and
    its newest segments are merged (`mergeable`), so that they stay few and a row is written again a few times only. A
    file of a shard stays as it is. LanceDB's own `optimize` would write files of up to a million rows anew.
    """
    with speaking_plainly(str(table.uri), "written"):
        if table.count_rows() >= VECTOR_INDEX_FROM and "style" not in _indexed_columns(table):
            make_vector_indexes(table)
        dataset = _dataset(str(table.uri))
        dataset.optimize.compact_files(target_rows_per_fragment=SHARD_WORKS)
        dataset.optimize.optimize_indices(num_indices_to_merge=0)
        for name, rows in rows_of_segments(dataset).items():
            if (newest := mergeable(rows)) > 1:
                whole = newest == len(rows)  # vectors then get as many partitions as so many rows should have
                dataset.optimize.optimize_indices(index_names=[name], num_indices_to_merge=newest, retrain=whole)
        dataset.cleanup_old_versions(older_than=OLD_AFTER)
        table.checkout_latest()


def rows_of_segments(dataset: Any) -> dict[str, list[int]]:
    """How many rows each segment of each index has, the oldest first."""
    rows_of = {fragment.fragment_id: fragment.physical_rows for fragment in dataset.get_fragments()}
    return {
        index.name: [sum(rows_of.get(each, 0) for each in segment.fragment_ids) for segment in index.segments]
        for index in dataset.describe_indices()
    }


def mergeable(rows: Sequence[int]) -> int:
    """How many of an index's newest segments are merged: each has at most `LARGER` times the rows of the newer ones.

    Args:
        rows: How many rows each segment has, the oldest first.

    >>> mergeable([1_000_000, 5_000, 1_000]), mergeable([1_000_000, 3_000, 1_000])
    (1, 2)
    """
    newest, newer = 0, 0
    for count in reversed(rows):
        if newest and count > LARGER * newer:
            break
        newest, newer = newest + 1, newer + count
    return newest


def _indexed_columns(table: Any) -> set[str]:
    return {column for index in table.list_indices() for column in index.columns}
