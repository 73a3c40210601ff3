"""CSV and TSV files, read row by row: a file of any size takes the memory of one row.

Read is RFC 4180 in UTF-8 (with or without a byte order mark), separated by commas, semicolons or tabs, whichever the
header has most of. A row that breaks the rules is given as a listing with its trouble; reading goes on with
the line after it.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from sakka.curation.listings import Listing
from sakka.curation.sources.columns import columns_of
from sakka.errors import CatalogError

MOST_FIELD_CHARACTERS = 16 << 20
_DELIMITERS = ",;\t"
_OTHER_ENCODINGS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def read_delimited(path: Path, columns: Mapping[str, str]) -> Iterator[Listing]:
    """Give the rows of a CSV or TSV file.

    Raises:
        CatalogError: The file can't be opened, is not UTF-8, or lacks a column that is needed.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2)
        for mark, encoding in _OTHER_ENCODINGS:
            if start == mark:
                raise CatalogError(f"{path} is {encoding}, expected UTF-8; {_conversion(encoding, path)}")
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from _rows(text, columns, path)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise CatalogError(
            f"{path} is not UTF-8 (it has the byte 0x{byte:02x}); {_conversion('CP932', path)} or from what it is"
        ) from error
    except OSError as error:
        raise CatalogError(f"{path} can't be read: {error.strerror or error}; check the path") from error


def _conversion(encoding: str, path: Path) -> str:
    return f"convert it with `iconv -f {encoding} -t UTF-8 {path.name} > new.csv`"


def _rows(text: TextIO, chosen: Mapping[str, str], path: Path) -> Iterator[Listing]:
    csv.field_size_limit(MOST_FIELD_CHARACTERS)  # the module's own limit is 128 KiB
    first = text.readline(MOST_FIELD_CHARACTERS)
    if not first.strip():
        raise CatalogError(f"{path} is empty or starts with an empty line; expected a line with the columns' names")
    delimiter = max(_DELIMITERS, key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
    columns = columns_of(header, chosen, str(path))
    places = {name: header.index(column) for name, column in columns.items()}
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    row = 0
    while True:
        line = reader.line_num + 2  # the header is line 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row += 1
            yield Listing(row, {}, f"lines {line} to {max(line, reader.line_num + 1)}: {error}; check the quotes")
            continue
        if not values:
            continue  # an empty line is no row
        row += 1
        trouble = None
        if len(values) != len(header):
            trouble = f"line {line}: {len(values)} fields, expected {len(header)}; check the quotes and commas"
        yield Listing(row, {name: values[at] for name, at in places.items() if at < len(values)}, trouble)
