"""Where a command writes: what can't be written there is one line, and is said before the computing where it can be."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sakka.errors import SakkaError
from sakka.files import remote_address


def check_output(folder: Path) -> None:
    """Refuse a folder that can't be written to, before anything long is done; nothing is made of it yet.

    Raises:
        SakkaError: It, or the first folder above it that is there, can't be written to.
    """
    if address := remote_address(folder):
        raise SakkaError(f"{address} is an address; give --output a path of this machine")
    with writing_to(folder):
        there = folder
        while not there.exists():
            there = there.parent
        with tempfile.TemporaryFile(dir=there):
            pass


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say in one line what can't be written inside the block.

    Raises:
        SakkaError: The folder can't be written to.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise SakkaError(f"{folder} can't be written to ({reason}); give another --output") from error
