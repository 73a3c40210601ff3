"""JSON Lines files, read line by line: one object a line, in UTF-8. Source: https://jsonlines.org/."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import Columns, columns_of
from sakka.catalog.sources.files import opened_binary
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.errors import CatalogError

MOST_LINE_BYTES = 64 << 20
HEADER_ROWS = 1000


def read_json_lines(path: Path, options: ReadOptions) -> OpenedTable:
    """The rows of a JSON Lines file; the first `HEADER_ROWS` of them say which columns there are.

    Raises:
        CatalogError: The file can't be opened, holds no JSON objects, or lacks a column that is needed.
    """
    with opened_binary(path) as file:
        first = list(islice(_objects(file), HEADER_ROWS))
    if not first:
        raise CatalogError(f"{path} is empty; expected one JSON object a line")
    if not any(isinstance(value, dict) for _, value in first):
        row, trouble = first[0]
        raise CatalogError(
            f"none of the first lines of {path} is a JSON object (line {row}: {trouble}); "
            "expected one JSON object a line; write it so, or say its kind with `kind=KIND`"
        )
    names = list(dict.fromkeys(key for _, value in first if isinstance(value, dict) for key in value))
    objects = (value for _, value in first if isinstance(value, dict))
    columns = columns_of(names, options, str(path), objects)
    return OpenedTable(_rows(path, columns), path.parent, columns.fields, columns.unread, note=columns.note)


def _rows(path: Path, columns: Columns) -> Iterator[Listing]:
    with opened_binary(path) as file:
        for row, value in _objects(file):
            if isinstance(value, dict):
                yield columns.listing(row, dict.fromkeys(columns.read) | value)
            else:
                yield columns.listing(row, {}, value)


def _objects(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each line's number and its object, or what is wrong with it."""
    number = 0
    while line := file.readline(MOST_LINE_BYTES):
        number += 1
        if len(line) == MOST_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MOST_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield number, f"the line has more than {MOST_LINE_BYTES >> 20} MiB"
        elif line.strip(b"\xef\xbb\xbf \t\r\n"):
            yield number, _object(line)


def _object(line: bytes) -> dict[str, Any] | str:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "the line is not UTF-8"
    except (ValueError, RecursionError) as error:
        return f"the line is not JSON ({error or 'too deep'})"
    return value if isinstance(value, dict) else f"the line is a {type(value).__name__}, expected an object"
