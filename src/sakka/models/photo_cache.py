"""What is computed once a photo, kept on disk under the SHA-256 of the photo's bytes: one SQLite file a kind of value.

The caller names the file after everything else that the value depends on (the weights' SHA-256, the preprocessing).
Values are stored as they come, in transactions, so an interrupted run goes on where it was, and several processes may
read and write the same file. A file that is no database is replaced: all of it can be computed again.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sakka.errors import SakkaError

TIMEOUT_S = 60.0
KEYS_AT_ONCE = 500


class PhotoCache:
    """A table of bytes by photo.

    Attributes:
        path: The SQLite file; made on the first `put`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Give the values that are kept, by key; a key that is not kept is left out.

        Raises:
            SakkaError: The file can't be opened, or another process keeps it locked.
        """
        if not self.path.is_file():
            return {}
        found: dict[str, bytes] = {}
        with self._open() as connection:
            for start in range(0, len(keys), KEYS_AT_ONCE):
                some = keys[start : start + KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                found.update(connection.execute(f"SELECT key, value FROM photos WHERE key IN ({marks})", some))
        return found

    def put(self, values: Iterable[tuple[str, bytes]]) -> None:
        """Keep pairs of key and value: all of them or, if interrupted, none.

        Raises:
            SakkaError: The file can't be written, or another process keeps it locked.
        """
        with self._open() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO photos VALUES (?, ?)", values)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect_anew_if_damaged()) as connection:
                yield connection
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
        connection = sqlite3.connect(self.path, timeout=TIMEOUT_S)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS photos (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")
        except sqlite3.Error:
            connection.close()
            raise
        return connection
