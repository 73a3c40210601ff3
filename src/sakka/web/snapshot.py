"""An index as it stands now, whatever is done to its folder later: a folder of hard links beside it.

LanceDB opens the files of a table one by one while it answers, and writes changes as new files beside the old ones. So
a folder with links to all files of this moment answers as the index does now, also when the index is replaced, added to
or removed meanwhile, and takes no space of its own as long as the index itself stands.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from sakka.files import remote_address

SUFFIX, LOCK = ".served", "lock"
VERSIONS = "_versions"  # what a version names was written before it, so versions are linked first


class Snapshot:
    """A folder of links to an index's files.

    Attributes:
        address: What to open: the folder of links, or the index itself where no links can be made (an object store, a
            file system that is read-only, files of somebody else).
    """

    def __init__(self, index: Path | str) -> None:
        """Link the files of an index.

        Args:
            index: Its folder, or its address in an object store.
        """
        self.address: Path | str = index
        self._links: Path | None = None
        self._lock: TextIO | None = None
        folder = Path(index)
        if remote_address(index) or not folder.is_dir():
            return
        self.address = folder = folder.resolve()  # where a symbolic link leads now
        _remove_abandoned(folder)
        with suppress(OSError):
            part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
            try:
                self._lock = (part / LOCK).open("w")
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._links = part.rename(part.with_suffix(SUFFIX))  # locked by now: not abandoned
            except OSError:
                shutil.rmtree(part, ignore_errors=True)
                raise
            _link(folder, self._links / folder.name)
            self.address = self._links / folder.name

    def close(self) -> None:
        """Remove the links."""
        if self._links is not None:
            shutil.rmtree(self._links, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()


def _link(folder: Path, to: Path) -> None:
    to.mkdir()
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: (entry.name != VERSIONS, entry.name))
    for entry in entries:
        with suppress(FileNotFoundError):  # of an old version that was just cleaned up
            if entry.is_dir():
                _link(Path(entry.path), to / entry.name)
            else:
                (to / entry.name).hardlink_to(entry.path)


def _remove_abandoned(folder: Path) -> None:
    """Remove links that a process left behind: nobody holds their lock."""
    for links in folder.parent.glob(f".{folder.name}.*{SUFFIX}"):
        with suppress(OSError), (links / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(links, ignore_errors=True)
