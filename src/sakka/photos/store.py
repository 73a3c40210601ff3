"""What is computed once a photo, kept on disk under the SHA-256 of the photo's bytes: one SQLite file a kind of value.

The caller names the file after everything else that the value depends on (the weights' SHA-256, the preprocessing).
Values are stored as they come, in transactions, so an interrupted run goes on where it was, and several processes may
read and write the same file. A file that is no database is replaced: all of it can be computed again. Photos that the
cache lacks are read by threads ahead of whatever works on them, a bounded number at a time.
"""

import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from sakka.errors import PhotoError, SakkaError
from sakka.files import sha256_of
from sakka.photos.decode import Photo, read_photo

TIMEOUT_S = 60.0
KEYS_AT_ONCE = 500
PROBE_BYTES = 1 << 16
MOST_READERS = 4
MOST_READING = 4  # files that are kept open to read

Prepared = TypeVar("Prepared")

_reading: dict[Path, tuple[tuple[int, ...], sqlite3.Connection]] = {}
_reading_lock = threading.Lock()


class PhotoCache:
    """A table of bytes by photo.

    Attributes:
        path: The SQLite file; made on the first `put`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The values that are kept, by key; a key that is not kept is left out, and one whose value was changed.

        What an older version kept has no checksum and is taken as it is.

        Raises:
            SakkaError: The file can't be opened, or another process keeps it locked.
        """
        found = dict(self._selected("key, value", [*keys, *map(_sum_key, keys)]))
        return {key: found[key] for key in keys if key in found and _is_as_put(key, found)}

    def kept(self, keys: Sequence[str]) -> set[str]:
        """Those of some keys that are kept.

        Raises:
            SakkaError: The file can't be opened, or another process keeps it locked.
        """
        return {key for (key,) in self._selected("key", keys)}

    def _selected(self, columns: str, keys: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        if not self.path.is_file():
            return found
        with self._explained(), _reading_lock:
            connection = self._connected_to_read()
            for start in range(0, len(keys), KEYS_AT_ONCE):
                some = keys[start : start + KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                found += connection.execute(f"SELECT {columns} FROM photos WHERE key IN ({marks})", some).fetchall()
        return found

    def _connected_to_read(self) -> sqlite3.Connection:
        """A connection that stays open, since opening one takes longer than asking it; anew where the file changed."""
        at = self.path.stat()
        state = (at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns)
        known_state, connection = _reading.pop(self.path, (None, None))
        if connection is not None and known_state != state:
            connection.close()
            connection = None
        if connection is None:
            connection = self._connect_anew_if_damaged()
        _reading[self.path] = state, connection  # behind those that were used before
        while len(_reading) > MOST_READING:
            _reading.pop(next(iter(_reading)))[1].close()
        return connection

    def put(self, values: Iterable[tuple[str, bytes]]) -> None:
        """Keep pairs of key and value: all of them or, if interrupted, none.

        Raises:
            SakkaError: The file can't be written, or another process keeps it locked.
        """
        with self._open() as connection, connection:
            every = (row for key, value in values for row in ((key, value), (_sum_key(key), _sum_of(key, value))))
            connection.executemany("INSERT OR REPLACE INTO photos VALUES (?, ?)", every)

    def check(self, n_bytes: int = 0) -> None:
        """Make sure that values can be kept, before they are computed.

        Args:
            n_bytes: How many bytes they have.

        Raises:
            SakkaError: The file can't be written, or the disk has no room for them.
        """
        with self._open() as connection, tempfile.TemporaryFile(dir=self.path.parent) as probe:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            probe.write(bytes(PROBE_BYTES))
            free = shutil.disk_usage(self.path.parent).free
            if free < n_bytes:
                raise OSError(f"{n_bytes >> 20:,} MiB are to be kept, and {free >> 20:,} MiB are free")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect_anew_if_damaged()) as connection:
                yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SakkaError(
                f"the cache {self.path} can't be used ({error}); remove it, or choose another folder with SAKKA_CACHE"
            ) from error

    def _connect_anew_if_damaged(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.OperationalError:
            raise  # locked or not writable, which a new file would not mend
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=TIMEOUT_S, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("CREATE TABLE IF NOT EXISTS photos (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _sum_key(key: str) -> str:
    """Under what a value's checksum stands: a row of its own, which older versions pass over."""
    return f"{key} checksum"


def _sum_of(key: str, value: bytes) -> bytes:
    return hashlib.blake2b(value, key=key.encode()[: hashlib.blake2b.MAX_KEY_SIZE], digest_size=16).digest()


def _is_as_put(key: str, found: dict[str, Any]) -> bool:
    value, checksum = found[key], found.get(_sum_key(key))
    return isinstance(value, bytes) and (checksum is None or checksum == _sum_of(key, value))


def read_ahead(
    photos: Iterable[tuple[str, Photo]],
    prepare: Callable[[Image.Image], Prepared],
    *,
    at_least_px: int,
    ahead: int,
) -> Iterator[tuple[str, Prepared]]:
    """Keys and prepared photos in order; the next `ahead` photos are being read by threads meanwhile.

    Args:
        photos: Keys (the SHA-256 of each photo) and where it is read from.
        prepare: What makes an RGB image what the caller wants; it runs in the threads.
        at_least_px: What a photo's shorter side must have at the least (see `read_photo`).
        ahead: How many photos are in memory at most.

    Raises:
        PhotoError: A photo can't be read, or is not the one that its key stands for.
    """
    remaining = iter(photos)
    pool = ThreadPoolExecutor(max_workers=min(MOST_READERS, os.cpu_count() or 1), thread_name_prefix="sakka-photos")
    try:
        reading: deque[tuple[str, Future[Prepared]]] = deque()
        while True:
            for key, path in islice(remaining, ahead - len(reading)):
                reading.append((key, pool.submit(prepared_photo, key, path, prepare, at_least_px)))
            if not reading:
                return
            key, future = reading.popleft()
            yield key, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def prepared_photo(key: str, photo: Photo, prepare: Callable[[Image.Image], Prepared], at_least_px: int) -> Prepared:
    """What is made of a photo; see `read_ahead`.

    Raises:
        PhotoError: It can't be read, or is not the one that its key stands for.
    """
    prepared = prepare(read_photo(photo, at_least_px=at_least_px))
    if photo_sha256(photo) != key:
        raise PhotoError(f"{photo} is not the photo that the catalog was built with; build the catalog again")
    return prepared


def photo_sha256(photo: Photo) -> str:
    """SHA-256 of a photo's bytes, hexadecimal.

    Raises:
        PhotoError: The file can't be read.
    """
    if not isinstance(photo, Path):
        return photo.sha256
    try:
        return sha256_of(photo)
    except OSError as error:
        raise PhotoError(f"{photo} can't be opened ({error.strerror}); check the path") from error
