"""The keys of works' photos: what is computed once a photo is cached under its SHA-256 (`photos/store.py`)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog
from sakka.photos.held import HeldPhoto
from sakka.photos.store import photo_sha256


@dataclass(frozen=True)
class PhotoKeys:
    """Every photo of some works, work by work, each work's featured photo first.

    Attributes:
        photos: What each is read from.
        keys: The SHA-256 of each; equal where two works have the same file.
        rows: The row of each one's work, shape (n_photos,), ascending.
    """

    photos: list[Path | HeldPhoto]
    keys: list[str]
    rows: IntArray


def photo_keys(works: Catalog) -> list[str | None]:
    """SHA-256 of each work's featured photo, from the catalog where it knows it; None where a work has no photo.

    Raises:
        PhotoError: The catalog does not know it and the file can't be read.
    """
    pairs = zip(works.photos, works.table["photos_sha256"].to_list(), strict=True)
    return [None if photo is None else _key(photo, known, 0) for photo, known in pairs]


def all_photo_keys(works: Catalog, most: int | None = None) -> PhotoKeys:
    """The photos of every work with their SHA-256, from the catalog where it knows it.

    Args:
        works: The works.
        most: How many photos of a work at most, from the featured one on; None: all.

    Raises:
        PhotoError: The catalog does not know one and its file can't be read.

    >>> from sakka.catalog.works import Work
    >>> works = [Work("a"), Work("b", photos=("1.png", "2.png"), photos_sha256=("0" * 64, "1" * 64))]
    >>> every = all_photo_keys(Catalog.from_works(works))
    >>> [str(photo) for photo in every.photos], every.rows.tolist()
    (['1.png', '2.png'], [1, 1])
    """
    works_known = zip(works.every_photo, works.table["photos_sha256"].to_list(), strict=True)
    every = [(photo, _key(photo, known, index)) for row, known in works_known for index, photo in enumerate(row[:most])]
    counts = works.photo_counts if most is None else np.minimum(works.photo_counts, most)
    rows = np.repeat(np.arange(len(works)), counts)
    return PhotoKeys([photo for photo, _ in every], [key for _, key in every], rows)


def _key(photo: Path | HeldPhoto, known: list[str | None] | None, index: int) -> str:
    """The SHA-256 of the photo at an index of a work's photos, whose SHA-256 may be known (None: none of them is)."""
    return (known[index] if known else None) or photo_sha256(photo)
