"""Photos of a catalog that was read from an address: fetched when they are read, and kept in the cache.

Where each is to be had is known from the list of photos: in the catalog's own `fetched/` under its SHA-256, or below
its photo root where that is within the catalog's folder. Only the folder that the caller named is asked, and only bytes
of the recorded SHA-256 are taken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import polars as pl

from sakka.catalog.photo_list import FETCHED_FOLDER
from sakka.photos.by_sha256 import stored_path
from sakka.remote.cache import FetchedFiles
from sakka.remote.copies import fetch_by_sha256
from sakka.remote.folder import RemoteFolder


@dataclass(frozen=True)
class RemotePhotos:
    """From where the photos of a catalog at an address are fetched.

    Attributes:
        remote: The catalog's folder.
        folder: Where they are when they have been fetched, under their SHA-256.
        names: By SHA-256: the names below the folder of those that are not in `fetched/`.
    """

    remote: RemoteFolder
    folder: Path
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, remote: RemoteFolder, listed: pl.DataFrame, photo_root: str | None
    ) -> tuple["RemotePhotos", pl.DataFrame]:
        """What is known of the photos of a catalog, and their list without paths, and without those of no SHA-256.

        A path could lead to any file of the machine that reads, so only the SHA-256 says which photo is meant.

        Args:
            remote: The catalog's folder.
            listed: The list of photos, columns as in `photo_list.LISTED_SCHEMA`.
            photo_root: The photo root as `catalog.json` has it: relative where it is within the folder.
        """
        folder = FetchedFiles().folder.resolve()
        known = listed.filter(pl.col("sha256").is_not_null()).with_columns(number=pl.int_range(pl.len()).over("id"))
        root, names = PurePosixPath(photo_root or "/"), {}
        if not root.is_absolute():
            within = known.filter(~pl.col("path").str.starts_with("/"))
            names = {sha256: (root / path).as_posix() for sha256, path in within.select("sha256", "path").iter_rows()}
        return cls(remote, folder, names), known.with_columns(path=pl.lit(None, dtype=pl.String()))

    def fetch(self, sha256: Iterable[str]) -> None:
        """Fetch the photos of some SHA-256 that are not here.

        Raises:
            PhotoError: One can't be fetched, or is not the one of that SHA-256.
        """
        cache = FetchedFiles(self.folder)
        missing = [each for each in sha256 if not cache.is_whole(each)]
        stored = PurePosixPath(FETCHED_FOLDER)
        fetch_by_sha256(
            self.remote,
            [(self.names.get(each) or stored_path(Path(stored), each).as_posix(), each) for each in missing],
        )
