"""JSON Lines files, read line by line: one object a line, in UTF-8. Source: https://jsonlines.org/."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import columns_of
from sakka.errors import CatalogError

MOST_LINE_BYTES = 64 << 20
HEADER_ROWS = 1000


def read_json_lines(path: Path, columns: Mapping[str, str]) -> Iterator[Listing]:
    """The rows of a JSON Lines file; the first `HEADER_ROWS` of them say which columns there are.

    Raises:
        CatalogError: The file can't be opened, holds no JSON objects, or lacks a column that is needed.
    """
    try:
        with path.open("rb") as file:
            rows = _objects(file)
            first = list(islice(rows, HEADER_ROWS))
            names = list(dict.fromkeys(key for _, value in first if isinstance(value, dict) for key in value))
            if not first:
                raise CatalogError(f"{path} is empty; expected one JSON object a line")
            if not any(isinstance(value, dict) for _, value in first):
                row, trouble = first[0]
                raise CatalogError(
                    f"none of the first lines of {path} is a JSON object (line {row}: {trouble}); "
                    "expected one JSON object a line; write it so, or say its kind with --source"
                )
            chosen = columns_of(names, columns, str(path))
            for row, value in chain(first, rows):
                if isinstance(value, dict):
                    yield Listing(row, {name: value.get(column) for name, column in chosen.items()})
                else:
                    yield Listing(row, {}, value)
    except OSError as error:
        raise CatalogError(f"{path} can't be read: {error.strerror or error}; check the path") from error


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
