"""A table in memory as a source: pandas, Polars, Arrow, DuckDB, or a `datasets.Dataset`, a batch of rows at a time.

Whatever gives an Arrow stream is read through it, without its library being known here. A `datasets.Dataset` gives
none, and its Arrow table is not its rows once it was filtered or shuffled; it is asked for batches in Arrow's format.
Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import polars as pl

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import PHOTOS, Columns, columns_of
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.catalog.sources.stored_photos import holds_photos, photo_store, with_stored_photos
from sakka.errors import CatalogError

BATCH_ROWS = 1000
_INDEX = "__index_level_"  # what pandas calls an index without a name


@runtime_checkable
class ArrowStream(Protocol):
    """A table that can be read as a stream of Arrow's."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule that holds the stream."""


@runtime_checkable
class Dataset(Protocol):
    """The part of `datasets.Dataset` that is used here."""

    column_names: list[str]

    def with_format(self, type: str | None = None) -> Any:
        """The same rows in another format."""


def is_table(source: object) -> bool:
    """Tell whether a source is a table in memory."""
    return isinstance(source, ArrowStream | Dataset | pl.LazyFrame)


def read_table(table: object, options: ReadOptions) -> OpenedTable:
    """The rows of a table in memory; photo paths start at the present folder.

    Raises:
        CatalogError: It can't be read as Arrow, or a column that is needed is missing.
    """
    is_dataset = isinstance(table, Dataset)
    batches: Any = table.with_format("arrow").iter(BATCH_ROWS) if isinstance(table, Dataset) else _stream(table)
    found = table.column_names if isinstance(table, Dataset) else batches.schema.names
    columns = columns_of([name for name in found if not name.startswith(_INDEX)], options, "the table")
    rows = _rows(batches, columns)
    first = list(islice(rows, BATCH_ROWS))
    stored = holds_photos(first, columns) or (not is_dataset and _has_bytes(batches.schema, columns))
    listings = _listings(chain(first, rows), columns)
    info = {"kind": "table", "path": f"a {type(table).__module__.partition('.')[0]} table"}
    folder = photo_store() if stored else Path()
    return OpenedTable(listings, folder, columns.fields, columns.unread, info, holds_photos=stored)


def _has_bytes(schema: Any, columns: Columns) -> bool:
    """Whether a photo column is one of bytes, which may stand in later rows only."""
    import pyarrow as pa

    types = [schema.field(name).type for name in columns.fields.get(PHOTOS, ())]
    return any(pa.types.is_binary(each) or pa.types.is_large_binary(each) for each in types)


def _rows(batches: Iterable[Any], columns: Columns) -> Iterator[dict[str, Any]]:
    import pyarrow as pa

    try:
        for batch in batches:
            part = batch.select(list(columns.read))
            for start in range(0, part.num_rows, BATCH_ROWS):
                yield from part.slice(start, BATCH_ROWS).to_pylist()
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise _unreadable(error) from error


def _stream(table: object) -> Any:
    import pyarrow as pa

    try:
        return pa.RecordBatchReader.from_stream(table.collect() if isinstance(table, pl.LazyFrame) else table)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError, TypeError, AttributeError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> CatalogError:
    said = " ".join(str(error).split())
    return CatalogError(f"the table can't be read as Arrow: {said}; give each column values of one kind")


def _listings(rows: Iterator[dict[str, Any]], columns: Columns) -> Iterator[Listing]:
    for number, row in enumerate(rows, start=1):
        yield columns.listing(number, with_stored_photos(row, columns))
