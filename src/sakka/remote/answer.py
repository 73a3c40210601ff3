"""What a server gives for an address, whatever it speaks, and the failure that is worth another try."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sakka.errors import PhotoError
from sakka.remote.addresses import FileAddress


@dataclass(frozen=True)
class FileAnswer:
    """A file that is being sent.

    Attributes:
        n_bytes: As the server announces them; None where it does not.
        etag: The server's own name for this state of the file; None where it has none.
        pieces: The bytes, as they arrive.
    """

    n_bytes: int | None
    etag: str | None
    pieces: AsyncIterator[bytes]


class Unchanged(Exception):  # noqa: N818
    """The answer of a server that has still the file with the etag that it was asked with."""


class AbsentFile(PhotoError):  # noqa: N818
    """The server, or the bucket, has nothing at an address."""


class TryAgain(Exception):  # noqa: N818
    """A failure that another try may not meet: a busy server, a cut connection, silence.

    Attributes:
        after_s: How long the server asks to wait, in seconds.
    """

    def __init__(self, why: str, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.after_s = after_s


class FileSource(Protocol):
    """What asks servers of one kind for files (`web.py`, `buckets.py`)."""

    def open(self, address: FileAddress, etag: str | None = None) -> AbstractAsyncContextManager[FileAnswer]:
        """Ask for a file.

        Args:
            address: Where it is.
            etag: Of the file that is here already; None: there is none.

        Raises:
            Unchanged: The server still has the file of this etag.
            PhotoError: It may not be asked for, or the server has none.
            TryAgain: The server is busy, silent, or cut the connection.
        """
