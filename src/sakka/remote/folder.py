"""A folder's address, and what an object store has below it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from sakka.errors import MissingPartError, PhotoError, SakkaError
from sakka.files import remote_address, shown_address
from sakka.remote.addresses import BUCKETS, PORTS, FileAddress

SILENT_S = 30.0
TRIES = 5
MOST_CONTENT_BYTES = 64 << 20  # of a lock or a description, which are read into memory
EXPECTED = "expected s3://BUCKET/NAME, gs://BUCKET/NAME, https://HOST/NAME or a path"


@dataclass(frozen=True)
class RemoteFolder:
    """A folder at an address.

    Attributes:
        address: Without a slash at its end.
    """

    address: str

    @classmethod
    def of(cls, written: Path | str) -> "RemoteFolder | None":
        """The folder at an address that was written where a folder is expected; None where it is a path.

        Raises:
            SakkaError: It is an address where no folder can be.

        >>> RemoteFolder.of(Path("s3://shop/model/")), RemoteFolder.of("model")
        (RemoteFolder(address='s3://shop/model'), None)
        """
        address = remote_address(written)
        if address is None or address.lower().startswith("file:"):
            return None
        scheme, _, rest = address.rstrip("/").partition("://")
        try:
            if scheme.lower() not in (*BUCKETS, *PORTS) or "?" in rest or "#" in rest or not rest.partition("/")[2]:
                raise PhotoError(EXPECTED)
            FileAddress.parse(f"{scheme.lower()}://{rest}")
        except PhotoError as error:
            raise SakkaError(f"{shown_address(address)} is no address of a folder: {error}") from error
        return cls(f"{scheme.lower()}://{rest}")

    @property
    def in_bucket(self) -> bool:
        """Whether it is in an object store, which can be listed and written to."""
        return self.address.startswith(tuple(f"{scheme}://" for scheme in BUCKETS))

    def file(self, name: str) -> str:
        """The address of a file below it."""
        return f"{self.address}/{name}"


@dataclass(frozen=True)
class RemoteFile:
    """A file in a bucket.

    Attributes:
        name: Its path below the folder.
        n_bytes: How many it has.
        etag: The store's own name for its state.
    """

    name: str
    n_bytes: int
    etag: str | None


class Bucket:
    """The files of a folder in an object store.

    Args:
        remote: The folder.

    Raises:
        SakkaError: It is on a web server, which can only be read.
        MissingPartError: obstore is not installed.
    """

    def __init__(self, remote: RemoteFolder) -> None:
        if not remote.in_bucket:
            raise SakkaError(f"{remote.address} can be read only, and not listed; give s3:// or gs://, or a path")
        try:
            from sakka.remote.buckets import bucket_store
        except ImportError as error:
            raise MissingPartError("obstore, which reads and writes s3:// and gs://,", "remote", error) from error
        self.remote = remote
        parsed = FileAddress.parse(remote.address)
        self._prefix = parsed.target
        with self._speaking_plainly("opened"):
            self._store = bucket_store(parsed.scheme, parsed.host, timedelta(seconds=SILENT_S), TRIES)

    def files(self, below: str = "") -> Iterator[RemoteFile]:
        """The files, or those of a folder in it; an object that stands for the folder itself is passed over.

        Raises:
            SakkaError: They can't be listed.
        """
        import obstore

        with self._speaking_plainly("read"):
            for some in obstore.list(self._store, self._key(below)):
                yield from (self._file(each) for each in some if each["path"] != self._key(below))

    def top_files(self) -> tuple[list[RemoteFile], list[str]]:
        """The files that are in no folder below it, and the names of the folders."""
        import obstore

        with self._speaking_plainly("read"):
            found = obstore.list_with_delimiter(self._store, self._key(""))
            folders = [PurePosixPath(each).name for each in found["common_prefixes"]]
            return [self._file(each) for each in found["objects"] if each["path"] != self._prefix], folders

    def send(self, file: Path | bytes, name: str, *, mode: Any = "overwrite") -> tuple[str | None, str | None]:
        """Write a file whole; returns its etag and version.

        Args:
            file: Its path, or its bytes.
            name: Its name below the folder.
            mode: What obstore's `put` takes: `overwrite`, `create`, or the state that is replaced.

        Raises:
            SakkaError: It can't be written.
            obstore.exceptions.BaseError: There is one already, or another than that state.
        """
        import obstore

        with self._speaking_plainly("written"):
            given = obstore.put(self._store, self._key(name), file, mode=mode)
            return given["e_tag"], given["version"]

    def content(self, name: str) -> tuple[bytes, str | None, str | None] | None:
        """A small file's bytes, its etag and version; None where there is none.

        Raises:
            SakkaError: It can't be read, or has more than `MOST_CONTENT_BYTES`.
        """
        import obstore

        with self._speaking_plainly("read"):
            try:
                found = obstore.get(self._store, self._key(name))
                if found.meta["size"] > MOST_CONTENT_BYTES:
                    raise SakkaError(
                        f"{self.remote.file(name)} has {found.meta['size']:,} bytes, expected {MOST_CONTENT_BYTES:,} "
                        "at most; remove it, or give another folder"
                    )
                return bytes(found.bytes()), found.meta["e_tag"], found.meta["version"]
            except FileNotFoundError:
                return None

    def remove(self, names: list[str]) -> None:
        """Remove files; those that are not there are passed over."""
        import obstore

        with self._speaking_plainly("written"):
            for name in names:
                try:
                    obstore.delete(self._store, self._key(name))
                except FileNotFoundError:
                    continue

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if name else self._prefix

    def _file(self, found: Any) -> RemoteFile:
        return RemoteFile(found["path"].removeprefix(f"{self._prefix}/"), found["size"], found["e_tag"])

    @contextmanager
    def _speaking_plainly(self, doing: str) -> Iterator[None]:
        from obstore.exceptions import (
            AlreadyExistsError,
            BaseError,
            NotFoundError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        from sakka.remote.buckets import obstore_said

        what = f"{self.remote.address} can't be {doing}"
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except (FileNotFoundError, NotFoundError) as error:
            raise SakkaError(f"{what}: there is no such bucket; check the address and the endpoint") from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise SakkaError(f"{what}: access is refused; check the credentials in the environment") from error
        except (BaseError, ValueError, OSError) as error:
            why = obstore_said(error)
            raise SakkaError(f"{what}: {why}; check the address, the endpoint and the network") from error


def is_safe(name: str) -> bool:
    r"""Whether a name that stands in a bucket or a manifest is that of a file within a folder.

    >>> is_safe("predictions/a/0-0.safetensors"), is_safe("../a"), is_safe("/a"), is_safe("a\\..\\b")
    (True, False, False, False)
    """
    parts = name.split("/")
    return bool(name) and not any(part in ("", ".", "..") for part in parts) and "\\" not in name and "\0" not in name


def is_hidden(name: str) -> bool:
    """Whether a file is no part of what a folder holds, such as a lock, or one that is not finished."""
    return any(part.startswith(".") for part in name.split("/"))
