"""Parquet files, read a batch of rows at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import columns_of
from sakka.errors import CatalogError

BATCH_ROWS = 4096


def read_parquet(path: Path, columns: Mapping[str, str]) -> Iterator[Listing]:
    """The rows of a Parquet file.

    Raises:
        CatalogError: The file can't be opened, is damaged, or lacks a column that is needed.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            chosen = columns_of(file.schema_arrow.names, columns, str(path))
            row = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=sorted(set(chosen.values()))):
                for values in batch.to_pylist():
                    row += 1
                    yield Listing(row, {name: values[column] for name, column in chosen.items()})
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise CatalogError(f"{path} can't be read as Parquet: {reason}; write the file again") from error
