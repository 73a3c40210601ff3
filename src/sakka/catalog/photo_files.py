"""The files of a source's photos: in its own folder, or fetched from addresses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sakka.catalog.photo_list import FETCHED_FOLDER
from sakka.catalog.sources.stored_photos import photo_store
from sakka.errors import PhotoError
from sakka.photos.by_sha256 import store
from sakka.photos.remote.addresses import is_fetched
from sakka.photos.remote.cache import FetchedPhoto
from sakka.photos.remote.fetcher import PhotoFetcher


@dataclass(frozen=True)
class PhotoFiles:
    """Finds the files of photos.

    Attributes:
        root: The folder that paths start at.
        fetcher: Fetches what is at addresses; None: photos are paths only.
    """

    root: Path
    fetcher: PhotoFetcher | None = None

    def fetch_first(self, photos: Iterable[Sequence[str]], per_work: int) -> None:
        """Fetch the first photos of every work, several at once; others are fetched when their files are asked for."""
        if self.fetcher is not None:
            self.fetcher.fetch(photo for some in photos for photo in some[:per_work] if is_fetched(photo))

    def file_of(self, photo: str) -> Path | PhotoError:
        """The file of a photo, or why it can't be fetched."""
        if self.fetcher is None or not is_fetched(photo):
            return self.root / photo
        found = self.fetcher.photo(photo)
        return self.fetcher.cache.path(found.sha256) if isinstance(found, FetchedPhoto) else found

    def origin_of(self, photo: str) -> tuple[str | None, str | None]:
        """The address of a photo that was fetched, and its etag; None and None of one in the folder."""
        if self.fetcher is None or not is_fetched(photo):
            return None, None
        found = self.fetcher.photo(photo)
        return photo, found.etag if isinstance(found, FetchedPhoto) else None

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
