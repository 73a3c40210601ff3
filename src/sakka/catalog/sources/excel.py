"""Workbooks of Excel and LibreOffice (xlsx, xlsm, xls, ods), one sheet of them, every cell as text.

Cells come as they are shown without a format: whole numbers without a point, dates as 2024-01-02 00:00:00, texts with
their leading zeros. Typed columns would lose the cells of another type, such as 令和3年 among dates.

The names of the columns need not stand in the first row: exports often begin with a title. Of the first
`HEADER_ROWS` rows the one in which most columns are recognised is taken.

A workbook is a zip archive and hostile until shown otherwise: what it unpacks to is counted before it is read, and so
are the cells up to the last one, for which the reader takes memory even where all but two are empty.
Reader: https://github.com/ToucanToco/fastexcel, on calamine.
"""

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING
from xml.parsers import expat

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import HEADER_ROWS, Columns, columns_of, recognised, with_numbered_photos
from sakka.catalog.sources.files import opened_binary
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.errors import CatalogError

if TYPE_CHECKING:
    import polars as pl

MOST_UNPACKED_BYTES = 1 << 30
MOST_CELLS = 10_000_000  # of texts: about 2 GB
_CHUNK_BYTES = 1 << 20
_LONGEST_REFERENCE = 64
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, expat.ExpatError, RuntimeError, EOFError, OSError, ValueError,
    OverflowError,
)  # fmt: skip
_CELL = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")


def read_excel(path: Path, options: ReadOptions) -> OpenedTable:
    """The rows of one sheet of a workbook.

    Raises:
        CatalogError: The file can't be read, unpacks to too much, has no such sheet, or lacks a column that is needed.
    """
    with opened_binary(path) as file:
        is_archive = file.read(2) == b"PK"
    if is_archive:
        _check_size(path)
    name, names, frame = _sheet(path, options)
    header = _header_row(frame, options)
    found = _names(frame, header)
    first = (dict(zip(found, row, strict=True)) for row in frame.slice(header + 1).iter_rows())
    columns = columns_of(found, options, f"the sheet {name} of {path}", first)
    notes = [columns.note] if columns.note else []
    if len(names) > 1 and options.sheet is None:
        others = ", ".join(each for each in names if each != name)
        notes.append(f"read was the sheet {name}; `sheet=NAME` reads another ({others})")
    info = {"sheet": name, "header_row": header + 1}
    rows = _rows(frame, header, columns)
    return OpenedTable(rows, path.parent, columns.fields, columns.unread, info, "\n".join(notes))


def _check_size(path: Path) -> None:
    """Unpack a workbook once without keeping it; sizes that its directory understates are found by the checksums."""
    unpacked = width = height = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                unpacked += member.file_size
                if unpacked > MOST_UNPACKED_BYTES:
                    raise CatalogError(
                        f"{path} unpacks to more than {MOST_UNPACKED_BYTES >> 30} GiB, which is the limit; "
                        "save the sheet as csv"
                    )
                if member.filename == "content.xml":
                    with archive.open(member) as file:
                        width, height = _used_of_opendocument(file)
                    continue
                with archive.open(member) as file:
                    tail = b""
                    while chunk := file.read(_CHUNK_BYTES):
                        for letters, digits in _CELL.findall(tail + chunk):
                            width, height = max(width, _column_number(letters)), max(height, int(digits))
                        tail = chunk[-_LONGEST_REFERENCE:]
    except _DAMAGED as error:
        raise CatalogError(f"{path} can't be read as a workbook: {error}; save it again as xlsx or csv") from error
    if width * height > MOST_CELLS:
        raise CatalogError(
            f"{path} has a cell in row {height:,} and one in column {width:,}: {width * height:,} cells, and "
            f"{MOST_CELLS:,} is the limit; delete the rows and columns that are far off, or save the sheet as csv"
        )


def _used_of_opendocument(file: IO[bytes]) -> tuple[int, int]:
    """How many columns and rows are used in the largest sheet of an OpenDocument's content; cells may be repeated.

    Source: https://docs.oasis-open.org/office/OpenDocument/v1.3/ (table:number-rows-repeated)
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    used = row = filled = repeated = 0
    width = height = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal used, row, filled, repeated, height
        local = name.rpartition(" ")[2]
        given = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if local == "table":
            used = 0
        elif local == "table-row":
            row, filled, repeated = 0, 0, int(given.get("number-rows-repeated", 1))
        elif local in ("table-cell", "covered-table-cell"):
            row += int(given.get("number-columns-repeated", 1))
            filled = row if given.keys() & {"value-type", "formula"} else filled
        elif local == "p":
            filled = row

    def end(name: str) -> None:
        nonlocal used, width, height
        if name.rpartition(" ")[2] == "table-row":
            used += repeated
            if filled:
                width, height = max(width, filled), max(height, used)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.ParseFile(file)
    return width, height


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheet(path: Path, options: ReadOptions) -> "tuple[str, list[str], pl.DataFrame]":
    """The sheet asked for, or the first one with rows: its name, the names of all, and its cells."""
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        names = list(book.sheet_names)
        if options.sheet is not None and options.sheet not in names:
            raise CatalogError(f"{path} has no sheet {options.sheet!r}; it has {', '.join(names)}")
        for name in names if options.sheet is None else [options.sheet]:
            frame = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            if frame.height:
                return name, names, frame
    except fastexcel.FastExcelError as error:
        reason = str(error).partition("\n")[0]
        raise CatalogError(f"{path} can't be read as a workbook: {reason}; save it again as xlsx or csv") from error
    raise CatalogError(f"{path} holds no rows; expected a row with the columns' names, and one row a work below it")


def _header_row(frame: "pl.DataFrame", options: ReadOptions) -> int:
    """The row that holds the names of the columns: most are recognised, or most are filled where none is."""
    rows = [_texts(row) for row in frame.head(HEADER_ROWS).iter_rows()]
    return max(range(len(rows)), key=lambda at: (recognised(rows[at], options), sum(map(bool, rows[at])), -at))


def _names(frame: "pl.DataFrame", header: int) -> list[str]:
    return with_numbered_photos(_texts(frame.row(header)))


def _texts(row: tuple[str | None, ...]) -> list[str]:
    return [(cell or "").strip() for cell in row]


def _rows(frame: "pl.DataFrame", header: int, columns: Columns) -> Iterator[Listing]:
    names = _names(frame, header)
    at = {name: names.index(name) for name in columns.read}
    number = 0
    for row in frame.slice(header + 1).iter_rows():
        if any(row):
            number += 1
            yield columns.listing(number, {name: row[index] for name, index in at.items()})
