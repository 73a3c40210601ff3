"""Where a command writes: what can't be written there is one line, and is said before the computing where it can be."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sakka.errors import SakkaError
from sakka.files import as_written, remote_address, why_no_name

PROBE_BYTES = 1 << 16  # a full disk still takes a file without bytes


def check_output(folder: Path, *, at_addresses: bool = False) -> None:
    """Refuse a folder that can't be written to, before anything long is done; nothing is made of it yet.

    Args:
        folder: The folder.
        at_addresses: Whether it may be an address in a bucket.

    Raises:
        SakkaError: It, or the first folder above it that is there, can't be written to.
    """
    with writing_to(folder, at_addresses=at_addresses):
        if remote_address(folder):
            from sakka.remote.folder import Bucket, RemoteFolder

            if (remote := RemoteFolder.of(folder)) is not None:
                Bucket(remote).top_files()
            return
        there = folder
        while not there.exists():
            there = there.parent
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(bytes(PROBE_BYTES))


@contextmanager
def writing_to(folder: Path, *, at_addresses: bool = False) -> Iterator[None]:
    """Say in one line what can't be written inside the block.

    Args:
        folder: The folder.
        at_addresses: Whether it may be an address in a bucket.

    Raises:
        SakkaError: The folder can't be written to.
    """
    if not at_addresses or not remote_address(folder):
        refuse_address(folder)
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise SakkaError(f"{as_written(folder)} can't be written to ({reason}); give another --output") from error


def refuse_address(path: Path) -> None:
    """Refuse an address where only a path can be written to, and a path that is no UTF-8.

    Raises:
        SakkaError: It is one of them.
    """
    if trouble := why_no_name(path):
        raise SakkaError(trouble)
    if remote_address(path):
        raise SakkaError(f"{as_written(path)} is an address; give --output a path of this machine")
