"""Photos in a folder, each under the SHA-256 of its bytes: `AB/ABCD...`, where AB are its first two digits."""

import os
import re
import shutil
from pathlib import Path

from sakka.errors import PhotoError
from sakka.files import writing_whole


def is_sha256(written: str) -> bool:
    """Whether a text is a SHA-256 as sakka writes it.

    >>> is_sha256("0" * 64), is_sha256("../private.jpg")
    (True, False)
    """
    return re.fullmatch("[0-9a-f]{64}", written) is not None


def stored_path(folder: Path, sha256: str) -> Path:
    """Where a folder has the photo of a SHA-256, or would have it.

    Raises:
        PhotoError: It is no SHA-256, and so could lead out of the folder.
    """
    if not is_sha256(sha256):
        raise PhotoError(f"got {sha256[:80]!r} as a SHA-256, expected 64 digits of 0-9a-f; write what names it again")
    return folder / sha256[:2] / sha256


def is_stored(path: Path) -> bool:
    """Whether a path is one in such a folder: its photo was fetched, or taken out of a table.

    >>> is_stored(Path("fetched") / "ab" / ("ab" * 32)), is_stored(Path("photos/1.jpg"))
    (True, False)
    """
    return is_sha256(path.name)


def store(photo: Path, sha256: str, folder: Path) -> Path:
    """Put a photo's file into a folder, as a link where the disk allows it; returns its path."""
    path = stored_path(folder, sha256)
    if not path.exists():
        with writing_whole(path, one_of_many=True) as part:
            part.unlink()
            try:
                os.link(photo, part)
            except OSError:
                shutil.copyfile(photo, part)
    return path
