"""The files of a source's photos: in its own folder, or fetched from addresses."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from sakka.catalog.photo_list import FETCHED_FOLDER
from sakka.catalog.problems import ListingProblem
from sakka.catalog.read_works import WorksBatch
from sakka.catalog.sources.stored_photos import photo_store
from sakka.errors import CatalogError, PhotoError
from sakka.files import remote_address, shown_address
from sakka.photos.by_sha256 import store
from sakka.remote.addresses import is_fetched
from sakka.remote.cache import FetchedFile
from sakka.remote.fetcher import Fetching, FileFetcher


@dataclass(frozen=True)
class PhotoFiles:
    """Finds the files of photos.

    Attributes:
        root: The folder that paths start at.
        fetcher: Fetches what is at addresses; None: photos are paths only.
        fetching: Whether addresses of a table are fetched.
        base: The address that paths start at in the place of the folder; "" where there is none.
    """

    root: Path
    fetcher: FileFetcher | None = None
    fetching: bool = False
    base: str = ""

    @property
    def fetched_from(self) -> list[str]:
        """The hosts that are asked, and the address that paths start at."""
        hosts = self.fetcher.settings.hosts if self.fetcher else ()
        return sorted([*hosts, *([shown_address(self.base)] if self.base else [])])

    def with_files(self, batch: WorksBatch) -> WorksBatch:
        """Works whose photos at addresses are files, several fetched at once; those that can't be had are problems."""
        if self.fetcher is None:
            return batch
        self.fetcher.fetch(photo for work in batch.works for photo in work.photos if is_fetched(photo))
        works, problems = [], list(batch.problems)
        for row, work in zip(batch.rows, batch.works, strict=True):
            found = [self.file_of(photo) if is_fetched(photo) else photo for photo in work.photos]
            errors = [each for each in found if isinstance(each, PhotoError)]
            problems += [ListingProblem(row, work.id, "photos", each.reason, str(each)) for each in errors]
            works.append(replace(work, photos=tuple(str(each) for each in found if not isinstance(each, PhotoError))))
        return replace(batch, works=tuple(works), problems=tuple(problems))

    def fetch_first(self, photos: Iterable[Sequence[str]], per_work: int) -> None:
        """Fetch the first photos of every work, several at once; others are fetched when their files are asked for."""
        if self.fetcher is not None:
            self.fetcher.fetch(photo for some in photos for photo in some[:per_work] if is_fetched(photo))

    def file_of(self, photo: str) -> Path | PhotoError:
        """The file of a photo, or why it can't be fetched."""
        if self.fetcher is None or not is_fetched(photo):
            return self.root / photo
        found = self.fetcher.file(photo)
        return self.fetcher.cache.path(found.sha256) if isinstance(found, FetchedFile) else found

    def origin_of(self, photo: str) -> tuple[str | None, str | None]:
        """The address of a photo that was fetched, and its etag; None and None of one in the folder."""
        if self.fetcher is None or not is_fetched(photo):
            return None, None
        found = self.fetcher.file(photo)
        return photo, found.etag if isinstance(found, FetchedFile) else None

    def stored(self, table: pl.DataFrame, folder: Path | str | None) -> pl.DataFrame:
        """A table of works whose fetched photos are files of a catalog's folder, with their paths there.

        Args:
            table: Works with `photos`, some of them addresses, and `photos_sha256`.
            folder: The catalog's folder; None: they are kept where photos in tables are.
        """
        if self.fetcher is None:
            return table
        store_in = photo_store() if folder is None else Path(folder).resolve() / FETCHED_FOLDER
        rows = table.select("photos", "photos_sha256").iter_rows()
        paths = [
            [self._stored(photo, sha256, store_in) for photo, sha256 in zip(*row, strict=True)] if row[0] else row[0]
            for row in rows
        ]
        return table.with_columns(pl.Series("photos", paths, dtype=table.schema["photos"]))

    def _stored(self, photo: str, sha256: str, folder: Path) -> str:
        file = self.file_of(photo)
        return str(store(file, sha256, folder)) if is_fetched(photo) and isinstance(file, Path) else photo


def base_of(photo_root: Path | str | None) -> str:
    """The address that was given where photo paths start, with a slash at its end; "" where a folder, or nothing, was.

    Raises:
        CatalogError: Nothing is fetched from such an address.

    >>> base_of(Path("s3://shop/photos")), base_of("photos")
    ('s3://shop/photos/', '')
    """
    address = remote_address(photo_root or "") or ""
    if not address or address.lower().startswith("file:"):
        return ""
    if not is_fetched(address) or "?" in address or "#" in address:
        raise CatalogError(
            f"photo paths can't start at {shown_address(address)}; expected s3://BUCKET/, gs://BUCKET/, https://HOST/ "
            "or a folder"
        )
    return address.rstrip("/") + "/"


@contextmanager
def photo_files(root: Path, fetch: Fetching | Sequence[str] | None, base: str = "") -> Iterator[PhotoFiles]:
    """Finds the files of a source's photos while the block runs.

    Args:
        root: The folder that paths start at.
        fetch: The hosts that addresses are fetched from, or these with limits; None: none is.
        base: The address that paths start at in the place of the folder, which is the caller's own; "" without.

    Raises:
        CatalogError: A host is written as none can be.
    """
    if fetch is None and not base:
        yield PhotoFiles(root)
        return
    settings = fetch if isinstance(fetch, Fetching) else Fetching(() if fetch is None else fetch)
    own = [f"{base}photo"] if base else []
    if fetch is not None and not settings.hosts:
        own = []  # refused in one line
    with FileFetcher(settings, own=own) as fetcher:
        yield PhotoFiles(root, fetcher, fetch is not None, base)
