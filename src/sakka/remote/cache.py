"""Files that were fetched, kept under the SHA-256 of their bytes, up to a limit of bytes.

    cache_folder()/fetched/AB/ABCD...          the bytes; AB are the first two digits of their SHA-256
    cache_folder()/fetched/addresses.sqlite    by address: SHA-256, bytes, etag, when it was fetched

So a run that was interrupted, or is done again within a day, asks for nothing twice, and later only whether the file
is still the same. Everybody at work with the cache holds its lock with others; the limit is kept when nobody is, so
that no file goes that a run under way has found here. What was used longest ago goes first. A bucket's address counts
together with the service that it is asked of, which the environment may change.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sakka.cache import cache_folder
from sakka.files import sha256_of
from sakka.photos.by_sha256 import stored_path
from sakka.photos.store import PhotoCache
from sakka.remote.addresses import endpoint

MOST_CACHED_BYTES = 20 << 30
FRESH_S = 24 * 3600.0  # later an address is asked again: a shop may have put another photo there
FOLDERS = "folders"  # of links to files here, as long as somebody is at work
_whole: set[Path] = set()  # files whose SHA-256 this process has computed
_held: dict[Path, int] = {}  # open locks that this process holds until it ends


@dataclass(frozen=True)
class FetchedFile:
    """A file that was fetched.

    Attributes:
        sha256: Of its bytes.
        n_bytes: How many there are.
        etag: The server's own name for this state of the file; None where it gave none.
    """

    sha256: str
    n_bytes: int
    etag: str | None


class FetchedFiles:
    """Photos that were fetched, on this machine.

    Args:
        folder: Where they are; None: in the cache.
        most_bytes: What `shrink` leaves at most.
    """

    def __init__(self, folder: Path | None = None, most_bytes: int = MOST_CACHED_BYTES) -> None:
        self.folder = folder or cache_folder() / "fetched"
        self.most_bytes = most_bytes
        self._by_address = PhotoCache(self.folder / "addresses.sqlite")

    def path(self, sha256: str) -> Path:
        """Where a file's bytes are, or would be."""
        return stored_path(self.folder, sha256)

    def known(self, address: str) -> tuple[FetchedFile, float] | None:
        """The file that an address gave, and how many seconds ago; None where it is not here, or not whole."""
        value = self._by_address.get([_key(address)]).get(_key(address))
        if value is None:
            return None
        fields = json.loads(value)
        age_s = time.time() - fields.pop("at")
        found = FetchedFile(**fields)
        return (found, age_s) if self.has(found.sha256) else None

    def has(self, sha256: str) -> bool:
        """Whether the file of a SHA-256 is here, and whole."""
        path = self.path(sha256)
        try:
            if sha256_of(path) != sha256:
                return False
            os.utime(path)
        except OSError:
            return False
        return True

    def is_whole(self, sha256: str) -> bool:
        """Whether the file of a SHA-256 is here, and was whole when this process first asked."""
        path = self.path(sha256)
        if path not in _whole and self.has(sha256):
            _whole.add(path)
        return path in _whole and path.is_file()

    @contextmanager
    def part(self) -> Iterator[Path]:
        """Where to write a file, before its SHA-256 is known; removed when the block ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.folder)
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def keep(self, address: str, fetched: FetchedFile, part: Path) -> None:
        """Keep a file whose bytes were written to `part`, and which address gave it."""
        path = self.path(fetched.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        part.chmod(0o644)
        part.replace(path)
        self.note(address, fetched)

    def note(self, address: str, fetched: FetchedFile) -> None:
        """Note that an address has given a file just now."""
        value = json.dumps({**asdict(fetched), "at": time.time()}).encode()
        self._by_address.put([(_key(address), value)])

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep what is here while the block runs; after it the limit is kept again."""
        handle = self._lock()
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)
        self.shrink()

    def hold(self) -> None:
        """Keep what is here until this process ends."""
        if self.folder not in _held:
            self.shrink()
            _held[self.folder] = handle = self._lock()
            fcntl.flock(handle, fcntl.LOCK_SH)

    def _lock(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        return os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)

    def shrink(self) -> None:
        """Remove those used longest ago until the rest is within the limit; nothing while somebody is at work."""
        handle = self._lock()
        try:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._shrink()
        finally:
            os.close(handle)

    def _shrink(self) -> None:
        for part in self.folder.glob(".*.part"):  # of a process that was killed
            part.unlink(missing_ok=True)
        shutil.rmtree(self.folder / FOLDERS, ignore_errors=True)
        files = []
        for path in self.folder.glob("??/*"):
            with suppress(FileNotFoundError):
                state = path.stat()
                files.append((state.st_mtime, state.st_size, path))
        over = sum(size for _, size, _ in files) - self.most_bytes
        for _, size, path in sorted(files):
            if over <= 0:
                return
            path.unlink(missing_ok=True)
            over -= size


def _key(address: str) -> str:
    asked = f"{endpoint(address.partition('://')[0].lower())} {address}".lstrip()
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()
