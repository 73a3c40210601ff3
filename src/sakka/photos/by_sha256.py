"""Photos in a folder, each under the SHA-256 of its bytes: `AB/ABCD...`, where AB are its first two digits."""

import os
import shutil
from pathlib import Path

from sakka.files import writing_whole


def stored_path(folder: Path, sha256: str) -> Path:
    """Where a folder has the photo of a SHA-256, or would have it."""
    return folder / sha256[:2] / sha256


def store(photo: Path, sha256: str, folder: Path) -> Path:
    """Put a photo's file into a folder, as a link where the disk allows it; returns its path."""
    path = stored_path(folder, sha256)
    if not path.exists():
        with writing_whole(path) as part:
            part.unlink()
            try:
                os.link(photo, part)
            except OSError:
                shutil.copyfile(photo, part)
    return path
