"""Parquet files, read a batch of rows and the columns that are needed at a time.

A file is hostile until shown otherwise: a few kilobytes of it may stand for gigabytes, since pages are compressed, a
text that a dictionary has once may stand in any number of rows, and any number of empty cells takes no room. What it
unpacks to is counted before it is decoded (`parquet_pages.py`). Texts stay in their dictionaries until it is known how
long each row is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import FIRST_ROWS, PHOTOS, Columns, columns_of
from sakka.catalog.sources.files import opened_binary
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.catalog.sources.parquet_pages import IN_DICTIONARY, SHARING_PREFIXES, VALUE_BYTES, pages_of
from sakka.catalog.sources.stored_photos import holds_photos, photo_store, with_stored_photos
from sakka.errors import CatalogError

if TYPE_CHECKING:
    from pyarrow import parquet

BATCH_ROWS = 4096
MOST_ROW_BYTES = 64 << 20
MOST_UNPACKED_BYTES = 256 << 20
MOST_TIMES_ITS_SIZE = 100
AT_ONCE_BYTES = 16 << 20  # of rows that are made Python's at a time


def read_parquet(path: Path, options: ReadOptions) -> OpenedTable:
    """The rows of a Parquet file.

    Raises:
        CatalogError: The file can't be opened, is damaged, unpacks to too much, or lacks a column that is needed.
    """
    with _opened(path) as file:
        names = file.schema_arrow.names
        texts = [each.name for each in file.schema_arrow if names.count(each.name) == 1 and _is_string(each.type)]
        columns = columns_of(names, options, str(path), _first_rows(path, texts))
    reader = _Reader(path, columns.read)
    photos = _Reader(path, [name for name in columns.fields.get(PHOTOS, ()) if _has_bytes(reader.types[name])])
    stored = holds_photos((row for row in photos.rows(FIRST_ROWS) if isinstance(row, dict)), columns)
    folder = photo_store() if stored else path.parent
    rows = _rows(reader, columns)
    return OpenedTable(rows, folder, columns.fields, columns.unread, note=columns.note, holds_photos=stored)


def _is_string(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _first_rows(path: Path, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The first rows of some columns; none where they are beyond the limits, which hold for what is read in earnest."""
    with suppress(CatalogError):
        yield from (row for row in _Reader(path, names).rows(FIRST_ROWS) if isinstance(row, dict))


def _rows(reader: "_Reader", columns: Columns) -> Iterator[Listing]:
    for number, row in enumerate(reader.rows(BATCH_ROWS), start=1):
        if isinstance(row, str):
            yield columns.listing(number, {}, row)
        else:
            yield columns.listing(number, with_stored_photos(row, columns))


@dataclass
class _Reader:
    """Some columns of a file, within the limits.

    Attributes:
        path: The file.
        names: The columns.
    """

    path: Path
    names: Sequence[str]

    def __post_init__(self) -> None:
        """Look at the pages' headers."""
        self.most_bytes = max(MOST_UNPACKED_BYTES, MOST_TIMES_ITS_SIZE * self.path.stat().st_size)
        self.texts: dict[str, int] = {}  # columns that are left in dictionaries -> their largest page
        self.plain: set[str] = set()
        with _opened(self.path) as file, opened_binary(self.path) as pages:
            schema = file.schema
            leaves = [index for index in range(len(schema)) if self._is_read(schema.column(index).path)]
            self.texts = {schema.column(leaf).path: 0 for leaf in leaves if _is_text(schema.column(leaf))}
            self.types = {name: file.schema_arrow.field(name).type for name in self.names}
            self.widest = sum(self._width(schema.column(leaf)) for leaf in leaves)  # bytes of a row, read or filled up
            self._check(self.widest)
            n_bytes = 0
            for group in range(file.metadata.num_row_groups):
                for leaf in leaves:
                    n_bytes += self._column_bytes(file, pages, group, leaf)
                    self._check(n_bytes)
        self.widest = max([1, self.widest, *(self.texts.pop(path) for path in self.plain & self.texts.keys())])

    def _is_read(self, leaf: str) -> bool:
        return any(leaf == name or leaf.startswith(f"{name}.") for name in self.names)

    def _kinds(self, column: "parquet.ColumnSchema") -> list[Any]:
        return [kind for name, kind in self.types.items() if f"{column.path}.".startswith(f"{name}.")]

    def _width(self, column: "parquet.ColumnSchema") -> int:
        """What a row without open lists takes, in bytes, where it is empty too: Arrow fills it up."""
        return max(VALUE_BYTES, int(column.length)) * max(map(_lists_in, self._kinds(column)))

    def _column_bytes(self, file: "parquet.ParquetFile", pages: Any, group: int, leaf: int) -> int:
        """What a column of a row group unpacks to, in bytes."""
        column = file.schema.column(leaf)
        is_open = any(map(_is_open, self._kinds(column)))  # one row may hold all empty cells, which are filled up
        width = self._width(column) if is_open else max(VALUE_BYTES, column.length)
        n_bytes = 0
        for page in pages_of(pages, file.metadata.row_group(group).column(leaf)):
            n_bytes += max(page.n_bytes, page.values * width)
            if column.path in self.texts:
                self.texts[column.path] = max(self.texts[column.path], page.n_bytes)
            if page.encoding not in IN_DICTIONARY:
                self.plain.add(column.path)
            if page.encoding == SHARING_PREFIXES and column.max_repetition_level:  # one row may hold all of them
                self._check(page.values * page.n_bytes)
        return n_bytes

    def _check(self, n_bytes: int) -> None:
        if n_bytes > self.most_bytes:
            raise CatalogError(
                f"{self.path} unpacks to more than {self.most_bytes >> 20} MiB, and {MOST_UNPACKED_BYTES >> 20} MiB or "
                f"{MOST_TIMES_ITS_SIZE} times its size is the limit; write it as several files, or as csv"
            )

    def rows(self, batch_rows: int) -> Iterator[dict[str, Any] | str]:
        """The rows by column, in order; of one that can't be used, why."""
        if not self.names:
            return
        n_bytes = 0
        at_once = max(1, min(batch_rows, MOST_ROW_BYTES // self.widest))
        with _opened(self.path, list(self.texts)) as file:
            for batch in self._batches(file, at_once):
                sizes = sum((_sizes(column) for column in batch.columns), np.zeros(batch.num_rows, dtype=np.int64))
                for start, stop in pairwise(_parts(sizes)):
                    if sizes[start] > MOST_ROW_BYTES:
                        yield f"the row has more than {MOST_ROW_BYTES >> 20} MiB"
                        continue
                    n_bytes += int(sizes[start:stop].sum())
                    self._check(n_bytes)
                    yield from self._values(batch.slice(start, stop - start))

    def _batches(self, file: "parquet.ParquetFile", at_once: int) -> Iterator[Any]:
        """Record batches, each within a row group: Arrow can't join lists and structures of different dictionaries."""
        for group in range(file.metadata.num_row_groups):
            yield from file.iter_batches(batch_size=at_once, row_groups=[group], columns=list(self.names))

    def _values(self, batch: Any) -> Iterator[dict[str, Any] | str]:
        """Rows of a batch, plain; one with a value that Python has no date or number for alone is lost."""
        try:
            columns = [_plain_texts(batch.column(name), self.types[name]).to_pylist() for name in self.names]
            yield from (dict(zip(self.names, row, strict=True)) for row in zip(*columns, strict=True))
        except (ValueError, OverflowError) as error:
            if batch.num_rows == 1:
                yield f"a value can't be read: {' '.join(str(error).split())}"
                return
            for row in range(batch.num_rows):
                yield from self._values(batch.slice(row, 1))


def _has_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)) or any(
        map(_has_bytes, _inside(kind))
    )


def _inside(kind: Any) -> list[Any]:
    """The types that a type is made of."""
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return [kind.storage_type]
    return [kind.field(index).type for index in range(kind.num_fields)] if pa.types.is_nested(kind) else []


def _is_text(column: "parquet.ColumnSchema") -> bool:
    return bool(column.physical_type == "BYTE_ARRAY" and column.logical_type.type != "DECIMAL")


def _lists_in(kind: Any) -> int:
    """How many values a cell has at least, where Arrow fills up empty ones to lists of a fixed length."""
    import pyarrow as pa

    own = max(1, kind.list_size) if pa.types.is_fixed_size_list(kind) else 1
    return int(own) * max(map(_lists_in, _inside(kind)), default=1)


def _is_open(kind: Any) -> bool:
    """Tell whether a cell may have any number of values."""
    import pyarrow as pa

    is_list = pa.types.is_nested(kind) and not (pa.types.is_struct(kind) or pa.types.is_fixed_size_list(kind))
    return is_list or any(map(_is_open, _inside(kind)))


def _sizes(array: Any) -> IntArray:
    """The bytes of each value of an array, text and all, shape (n,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _sizes(array.storage)
    if pa.types.is_dictionary(kind):
        inside = _sizes(array.dictionary)
        indices: IntArray = pc.fill_null(array.indices, len(inside)).to_numpy()
        return np.append(inside, VALUE_BYTES)[indices]
    sizes: IntArray = np.full(len(array), VALUE_BYTES, dtype=np.int64)
    if pa.types.is_struct(kind):
        for each in array.flatten():
            sizes += _sizes(each)
    elif pa.types.is_fixed_size_list(kind):
        own = _sizes(array.values.slice(array.offset * kind.list_size, len(array) * kind.list_size))
        sizes += own.reshape(len(array), kind.list_size).sum(axis=1)
    elif pa.types.is_nested(kind):
        ends = np.concatenate([[0], np.cumsum(_sizes(array.values))])[array.offsets.to_numpy()]
        sizes += np.diff(ends)
    elif pa.types.is_fixed_size_binary(kind):
        sizes += kind.byte_width
    elif pa.types.is_string(kind) or pa.types.is_binary(kind) or _is_large(kind):
        sizes += pc.fill_null(pc.binary_length(array), 0).to_numpy()
    return sizes


def _is_large(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_large_string(kind) or pa.types.is_large_binary(kind))


def _parts(sizes: IntArray) -> list[int]:
    """Where the rows of a batch are parted so that a part has about `AT_ONCE_BYTES`, a row that is too long alone."""
    large = np.flatnonzero(sizes > MOST_ROW_BYTES)
    full = np.flatnonzero(np.diff(np.cumsum(sizes) // AT_ONCE_BYTES)) + 1
    return sorted({0, len(sizes), *large.tolist(), *(large + 1).tolist(), *full.tolist()})


def _plain_texts(column: Any, kind: Any) -> Any:
    """A column without dictionaries, which Python's values are made of much faster; as it is where Arrow can't."""
    import pyarrow as pa

    try:
        return column.cast(kind)
    except pa.ArrowNotImplementedError:
        return column


@contextmanager
def _opened(path: Path, texts: Sequence[str] = ()) -> "Iterator[parquet.ParquetFile]":
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, read_dictionary=list(texts)) as file:
            yield file
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise CatalogError(f"{path} can't be read as Parquet: {reason}; write the file again") from error
