"""What a Parquet file would take in memory, told by the headers of its pages before anything of it is decoded.

A page of a few bytes may unpack to gigabytes, and its size in the footer need not be the one that the decoder goes by,
so the headers themselves are read: structures of Thrift's compact protocol, one before each page.
Sources: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (PageHeader) and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pyarrow.parquet import ColumnChunkMetaData

IN_DICTIONARY = (0, 2, 8)  # encodings of texts that Arrow can leave in a dictionary
SHARING_PREFIXES = 7  # a value may be the start of the one before it and a rest: more text than bytes
VALUE_BYTES = 16  # of a value beside its text, in Arrow's arrays: what an empty cell takes
FIRST_HEADER_BYTES, MOST_HEADER_BYTES = 512, 1 << 24
MOST_DEPTH = 16
PADDING_BYTES = 100  # by which old writers understate a column's size (PARQUET-816)
_UNCOMPRESSED, _COMPRESSED, _DATA, _DICTIONARY, _DATA_V2 = 2, 3, 5, 7, 8  # fields of PageHeader
_ENCODING = {_DATA: 2, _DICTIONARY: 2, _DATA_V2: 4}  # field of the header inside; field 1 is the number of values
_TRUE, _FALSE, _BYTE, _WHOLE, _DOUBLE, _BINARY, _LISTS, _STRUCT = 1, 2, 3, (4, 5, 6), 7, 8, (9, 10), 12


@dataclass(frozen=True)
class Page:
    """One page of a column.

    Attributes:
        n_bytes: How many bytes it unpacks to.
        values: How many values it holds.
        encoding: How they are written, as the format numbers it.
    """

    n_bytes: int
    values: int
    encoding: object


def pages_of(file: BinaryIO, chunk: "ColumnChunkMetaData") -> Iterator[Page]:
    """The pages of a column in a row group, in order.

    Raises:
        ValueError: A header can't be read.
    """
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and 0 < (chunk.dictionary_page_offset or 0) < start:
        start = chunk.dictionary_page_offset
    position, end, missing = start, start + chunk.total_compressed_size + PADDING_BYTES, chunk.num_values
    while missing > 0 and position < end:
        header, length = _header(file, position)
        n_bytes, stored = _whole(header.get(_UNCOMPRESSED)), _whole(header.get(_COMPRESSED))
        position += length + stored
        for kind, encoding in _ENCODING.items():  # a page of an index has none of these and is passed over
            described = header.get(kind)
            if isinstance(described, dict):
                values = _whole(described.get(1))
                missing -= values if kind != _DICTIONARY else 0
                yield Page(n_bytes, values, described.get(encoding))


def _whole(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("a page's header lacks a size")
    return value


def _header(file: BinaryIO, position: int) -> tuple[dict[int, object], int]:
    """The header at a position, field -> value, and how many bytes it has."""
    n_bytes = FIRST_HEADER_BYTES
    while True:
        file.seek(position)
        content = file.read(n_bytes)
        try:
            compact = _Compact(content)
            return compact.structure(), compact.at
        except IndexError as error:
            if len(content) < n_bytes or n_bytes >= MOST_HEADER_BYTES:
                raise ValueError("a page's header is cut off") from error
            n_bytes <<= 5


@dataclass
class _Compact:
    """Bytes of Thrift's compact protocol that are being read."""

    content: bytes
    at: int = 0

    def structure(self, depth: int = 0) -> dict[int, object]:
        """The fields of a structure by number; what is neither a number nor a structure is None."""
        if depth > MOST_DEPTH:
            raise ValueError("a page's header is too deep")
        fields: dict[int, object] = {}
        number = 0
        while kind := self.content[self.at]:
            self.at += 1
            number = number + (kind >> 4) if kind >> 4 else self._signed()
            fields[number] = self._value(kind & 15, depth)
        self.at += 1
        return fields

    def _value(self, kind: int, depth: int) -> object:
        if kind in (_TRUE, _FALSE):
            return None
        if kind in _WHOLE:
            return self._signed()
        if kind == _STRUCT:
            return self.structure(depth + 1)
        if kind in _LISTS:
            self._pass_list(depth)
        elif kind in (_BYTE, _DOUBLE, _BINARY):
            self._pass({_BYTE: 1, _DOUBLE: 8}.get(kind) or self._unsigned())
        else:
            raise ValueError(f"a page's header has a value of the kind {kind}")
        return None

    def _pass_list(self, depth: int) -> None:
        first = self.content[self.at]
        self.at += 1
        for _ in range(self._unsigned() if first >> 4 == 15 else first >> 4):
            if first & 15 in (_TRUE, _FALSE):
                self._pass(1)
            else:
                self._value(first & 15, depth + 1)

    def _pass(self, n_bytes: int) -> None:
        self.at += n_bytes
        if self.at > len(self.content):
            raise IndexError("the end of the bytes")

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self.content[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128 or shift > 63:
                return value

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
