"""The photos of works as one table of bytes, decoded once by threads, that training goes through again and again.

A large table lies in an unnamed file below the cache, which the system keeps in memory as far as there is room and
removes when the process ends.
"""

import tempfile
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sakka.arrays import IntArray, Mask, Pixels
from sakka.cache import cache_folder
from sakka.catalog.photo_keys import photo_keys
from sakka.catalog.works import Catalog
from sakka.photos.store import read_ahead
from sakka.progress import track

MOST_BYTES_IN_MEMORY = 1 << 30
READ_AHEAD = 32


@dataclass(frozen=True)
class Photos:
    """The featured photos of works.

    Attributes:
        keys: SHA-256 of each work's photo; None where it has none.
        rows: Where each work's photo stands in `table`, shape (n_works,); -1 where it has none.
        table: RGB, shape (n_photos, side, side, 3).
    """

    keys: list[str | None]
    rows: IntArray
    table: Pixels

    @property
    def has_photo(self) -> Mask:
        """Whether each work has a photo, shape (n_works,)."""
        return self.rows >= 0

    def take(self, works: IntArray) -> Pixels:
        """The photos of some works that have one, shape (n, side, side, 3)."""
        return self.table[self.rows[works]]


def read_photos(works: Catalog, side_px: int) -> Photos:
    """Read the works' featured photos, each squashed to a square; a photo that several works share is read once.

    Raises:
        PhotoError: A photo can't be read, or is not the one that the catalog was built with.
    """
    keys = photo_keys(works)
    paths = {key: path for key, path in zip(keys, works.photos, strict=True) if key is not None and path}
    row_of = {key: row for row, key in enumerate(paths)}
    table = _empty(len(paths), side_px)

    def squash(photo: Image.Image) -> Pixels:
        square = photo.resize((side_px, side_px), Image.Resampling.BILINEAR)
        return np.asarray(square)

    read = read_ahead(paths.items(), squash, at_least_px=side_px, ahead=READ_AHEAD)
    for key, pixels in track(read, "reading photos", total=len(paths)):
        table[row_of[key]] = pixels
    rows = np.array([-1 if key is None else row_of[key] for key in keys], dtype=np.int64)
    return Photos(keys, rows, table)


def _empty(count: int, side_px: int) -> Pixels:
    shape = (count, side_px, side_px, 3)
    if count * side_px * side_px * 3 <= MOST_BYTES_IN_MEMORY:
        return np.empty(shape, dtype=np.uint8)
    folder = cache_folder() / "pixels"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:  # the map keeps the file's space after the name is gone
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)
