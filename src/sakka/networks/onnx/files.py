"""Files that a user names: opened so that no pipe, device or folder is waited for, and read whole within a limit."""

import os
import stat
from pathlib import Path

from sakka.errors import ModelError

OPENED_AT_ONCE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe too, without waiting for its writer


def read_bytes(path: Path, most_bytes: int, kind: str) -> bytes:
    """Read a file whole.

    Args:
        path: The file.
        most_bytes: How large it may be.
        kind: What it should be, for messages: "a JSON file".

    Raises:
        ModelError: It is not there, is no file, is empty or too large, or can't be read.
    """
    try:
        with os.fdopen(os.open(path, OPENED_AT_ONCE), "rb") as file:
            _check(path, os.fstat(file.fileno()), most_bytes, kind)
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path} can't be read ({reason}); give it {kind} that is there") from error
    if len(content) > most_bytes:
        raise ModelError(f"{path} grows while it is read; give it {kind} that is whole")
    return content


def _check(path: Path, found: os.stat_result, most_bytes: int, kind: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is no file, expected {kind}; copy it into a file")
    if found.st_size == 0:
        raise ModelError(f"{path} is empty, expected {kind}; copy it again from where it came")
    if found.st_size > most_bytes:
        raise ModelError(f"{path} has {found.st_size:,} bytes, at most {most_bytes:,} are read; take a smaller network")
