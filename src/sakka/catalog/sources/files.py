"""Opening a file of a source."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sakka.errors import CatalogError


@contextmanager
def opened_binary(path: Path) -> Iterator[BinaryIO]:
    """A file's bytes for as long as the block runs.

    Raises:
        CatalogError: The file can't be opened or read.
    """
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CatalogError(f"{path} can't be read: {error.strerror or error}; check the path") from error
