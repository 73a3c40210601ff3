"""A folder per creator: `DIR/CREATOR/photo.jpg` is a work, `DIR/CREATOR/WORK/` is one with all photos in it.

The creator is the name of the folder, the id the path below `DIR`. A folder below a creator's is one work, whatever
its depth, with the photos that lie in it, by name (2.jpg before 10.jpg); the first is the featured one. File names are
no titles: they may give the creator away. Pictures of kinds that are not read are listed as such; other files,
hidden ones and what systems leave behind (Thumbs.db, __MACOSX) are passed over.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sakka.catalog.listings import Listing
from sakka.catalog.photo_paths import PICTURES
from sakka.catalog.sources.columns import check_no_columns
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.errors import CatalogError

_LEFT_BEHIND = "__MACOSX"
_DIGITS = re.compile(r"(\d+)")


def read_folder(folder: Path, options: ReadOptions) -> OpenedTable:
    """The works below a folder, in the order of their paths.

    Raises:
        CatalogError: It is no folder or can't be read, or columns were named.
    """
    check_no_columns(options, "folder")
    if not folder.is_dir():
        raise CatalogError(f"{folder} is not a folder; expected one with a folder per creator, and photos in these")
    return OpenedTable(_listings(folder), folder)


def holds_pictures(folder: Path) -> bool:
    """Tell whether a folder below this one has a picture."""
    return any(below.parts for below, _ in _pictures(folder, PurePosixPath()))


def _listings(folder: Path) -> Iterator[Listing]:
    row = 0
    for below, names in _pictures(folder, PurePosixPath()):
        creator = below.parts[0] if below.parts else ""
        works = [[name] for name in names] if len(below.parts) < 2 else [names]
        for photos in works:
            row += 1
            identity = below / photos[0] if len(below.parts) < 2 else below
            values = {"id": _composed(str(identity)), "creator": _composed(creator)}
            yield Listing(row, {**values, "photos": [str(below / name) for name in photos]})


def _pictures(folder: Path, below: PurePosixPath) -> Iterator[tuple[PurePosixPath, list[str]]]:
    """Every folder with pictures, as a path below the first one, and the names of its pictures."""
    try:
        with os.scandir(folder / below) as found:
            entries = [entry for entry in found if not entry.name.startswith(".") and entry.name != _LEFT_BEHIND]
    except OSError as error:
        raise CatalogError(f"{folder / below} can't be read: {error.strerror or error}; check the folder") from error
    entries.sort(key=lambda entry: _by_number(entry.name))
    names = [entry.name for entry in entries if Path(entry.name).suffix.lower() in PICTURES and entry.is_file()]
    if names:
        yield below, names
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _pictures(folder, below / entry.name)


def _by_number(name: str) -> tuple[list[tuple[int, str]], str]:
    """The order of names in which photo 2 comes before photo 10."""
    parts = [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(_composed(name).casefold())]
    return parts, name


def _composed(name: str) -> str:
    """A name with its characters in one piece: macOS stores ガ as two."""
    return unicodedata.normalize("NFC", name)
