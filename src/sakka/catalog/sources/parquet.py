"""Parquet files, read a batch of rows and the columns that are needed at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import PHOTOS, Columns, columns_of
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.catalog.sources.stored_photos import holds_photos, photo_store, with_stored_photos
from sakka.errors import CatalogError

if TYPE_CHECKING:
    from pyarrow import parquet

BATCH_ROWS = 4096
FIRST_ROWS = 64


def read_parquet(path: Path, options: ReadOptions) -> OpenedTable:
    """The rows of a Parquet file.

    Raises:
        CatalogError: The file can't be opened, is damaged, or lacks a column that is needed.
    """
    with _opened(path) as file:
        columns = columns_of(file.schema_arrow.names, options, str(path))
        photos = list(columns.fields.get(PHOTOS, ()))
        batches = file.iter_batches(batch_size=FIRST_ROWS, columns=photos) if photos else ()
        stored = any(holds_photos(batch.to_pylist(), columns) for batch in batches)
    folder = photo_store() if stored else path.parent
    return OpenedTable(_rows(path, columns), folder, columns.fields, columns.unread, holds_photos=stored)


def _rows(path: Path, columns: Columns) -> Iterator[Listing]:
    row = 0
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns.read)):
            for values in batch.to_pylist():
                row += 1
                yield columns.listing(row, with_stored_photos(values, columns))


@contextmanager
def _opened(path: Path) -> "Iterator[parquet.ParquetFile]":
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise CatalogError(f"{path} can't be read as Parquet: {reason}; write the file again") from error
