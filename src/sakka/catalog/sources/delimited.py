"""CSV and TSV files, read row by row: a file of any size takes the memory of one row, which has a limit.

Read is RFC 4180 in any encoding (`encodings.py`), separated by commas, semicolons or tabs, whichever the header has
most of. The header may stand below a title. A row that breaks the rules is given as a listing with its trouble; reading
goes on with the line after it. That a quote is not closed may show many lines later: then the line that opened it is
the row, and the lines after it are read again.
"""

import csv
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from sakka.catalog.kept import clean_text
from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import (
    HEADER_ROWS,
    MOST_COLUMNS,
    Columns,
    columns_of,
    recognised,
    with_numbered_photos,
)
from sakka.catalog.sources.encodings import UTF_8, encoding_of, opened_text
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.errors import CatalogError

MOST_FIELD_CHARACTERS = 16 << 20
MOST_ROW_CHARACTERS = 64 << 20
MOST_HEADER_CHARACTERS = 1 << 20
_DELIMITERS = ",;\t"
_LONG = "a line that is too long"


def read_delimited(path: Path, options: ReadOptions) -> OpenedTable:
    """The rows of a CSV or TSV file.

    Raises:
        CatalogError: The file can't be opened, its encoding is unknown, or it lacks a column that is needed.
    """
    encoding = encoding_of(path, options)
    with opened_text(path, encoding.name) as text:
        header = _header(text, options)
    if header is None:
        raise CatalogError(f"{path} is empty; expected a line with the columns' names, and one line a work below it")
    is_plain = encoding.name == UTF_8 and encoding.found == "detected"
    where = str(path) if is_plain else f"{path} (read as {encoding.name})"
    every = Columns({}, kept=tuple(header.names))
    columns = columns_of(header.names, options, where, (row.kept for row in _rows(path, encoding.name, header, every)))
    info = {"encoding": encoding.name, "encoding_found": encoding.found}
    rows = _rows(path, encoding.name, header, columns)
    return OpenedTable(rows, path.parent, columns.fields, columns.unread, info, columns.note)


@dataclass(frozen=True)
class Header:
    """The line that names the columns.

    Attributes:
        names: The names.
        delimiter: What stands between them.
        line: Its number in the file, from 1; of the last one where a name has a line feed.
    """

    names: list[str]
    delimiter: str
    line: int


def _header(text: TextIO, options: ReadOptions) -> Header | None:
    """The line that names the columns: the first of those with the most names that are known; None in an empty file.

    Exports often begin with a title and an empty line; `HEADER_ROWS` lines are looked at.
    """
    csv.field_size_limit(MOST_FIELD_CHARACTERS)  # the module's own limit is 128 KiB
    lines = [text.readline(MOST_HEADER_CHARACTERS) for _ in range(HEADER_ROWS)]
    found = []
    for at, line in enumerate(lines):
        if line.strip():
            delimiter = max(_DELIMITERS, key=line.count)
            reader = csv.reader(lines[at:], delimiter=delimiter)  # a name in quotes may have a line feed
            with suppress(csv.Error):  # a quote that is not closed before the limit
                names = with_numbered_photos([clean_text(name) for name in next(reader)[: MOST_COLUMNS + 1]])
                found.append(Header(names, delimiter, at + reader.line_num))
    return max(found, key=lambda header: recognised(header.names, options), default=None)


def _rows(path: Path, encoding: str, header: Header, columns: Columns) -> Iterator[Listing]:
    with opened_text(path, encoding) as text:
        for _ in range(header.line):
            text.readline(MOST_HEADER_CHARACTERS)
        yield from records(text, header, columns)


def records(text: TextIO, header: Header, columns: Columns) -> Iterator[Listing]:
    """The rows below the header, which has been read."""
    lines = _Lines(text, number=header.line)
    reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
    row = 0
    while True:
        lines.record.clear()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row += 1
            where = f"line {lines.first}: {error}, read up to line {lines.number}"
            yield columns.listing(row, {}, f"{where}; check its quotes")
            lines.put_back()
            continue
        if not values:
            continue  # an empty line is no row
        row += 1
        trouble = None
        if len(values) != len(header.names):
            where = f"line {lines.first}" if lines.first == lines.number else f"lines {lines.first} to {lines.number}"
            trouble = f"{where}: {len(values)} fields, expected {len(header.names)}; check the quotes and commas"
        yield columns.listing(row, dict(zip(header.names, values, strict=False)), trouble)


@dataclass
class _Lines:
    """The lines below the header, of which those of a record that failed can be read again.

    Each is read twice at most: where a record failed in line n, a quote was open at the end of each line before n. Any
    record that has a quote open there fails in line n too, so one that starts before n may have one line only.

    Attributes:
        text: The file, its header read.
        again: Lines that were put back.
        record: The lines of the present record.
        number: The line that was given last; the first line of the file is 1.
        failed: The last line of the record that failed and reached furthest.
        characters: How many the present record has.
    """

    text: TextIO
    again: deque[str] = field(default_factory=deque)
    record: list[str] = field(default_factory=list)
    number: int = 1
    failed: int = 0
    characters: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.record and self.number < self.failed:
            raise StopIteration
        line = self.again.popleft() if self.again else self._read()
        self.characters = len(line) + (self.characters if self.record else 0)
        self.record.append(line)
        self.number += 1
        if line is _LONG or self.characters > MOST_ROW_CHARACTERS:
            raise csv.Error(f"the row has more than {MOST_ROW_CHARACTERS:,} characters")
        return line

    def _read(self) -> str:
        """The next line of the file; `_LONG` in the place of one that is too long, which is passed over."""
        line = self.text.readline(MOST_ROW_CHARACTERS)
        if not line:
            raise StopIteration
        if len(line) < MOST_ROW_CHARACTERS or line.endswith(("\r", "\n")):
            return line
        while (rest := self.text.readline(MOST_ROW_CHARACTERS)) and not rest.endswith(("\r", "\n")):
            pass
        return _LONG

    @property
    def first(self) -> int:
        """The number of the present record's first line."""
        return self.number - len(self.record) + 1

    def put_back(self) -> None:
        """Read all lines of the present record but the first again."""
        self.failed = max(self.failed, self.number)
        self.again.extendleft(reversed(self.record[1:]))
        self.number = self.first
