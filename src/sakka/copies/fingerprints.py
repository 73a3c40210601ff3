"""What is kept of a photo to find its copies: perceptual hashes of several views, and a small picture.

A copy may be cut, framed, mirrored, recoloured, scaled or compressed anew. Even borders are trimmed first. Then the
DCT hash (see `photos/hashes.py`) is taken of the whole, of its mirror image, and of 3 x 3 windows of 90 % and
4 x 4 of 80 % of its width and height: what was cut out of a photo looks like one of its windows.

Fingerprints are kept by the SHA-256 of the photo's bytes in the cache, `near-identical/fingerprints-VERSION.sqlite`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sakka.arrays import IntArray, Mask
from sakka.cache import cache_folder
from sakka.catalog.photo_keys import PhotoKeys, all_photo_keys
from sakka.catalog.works import Catalog
from sakka.engines.engine import LocalEngine, current_engine
from sakka.photos.decode import Photo
from sakka.photos.hashes import GRID_PX, photo_hash
from sakka.photos.store import PhotoCache, prepared_photo
from sakka.progress import task

HashTable = npt.NDArray[np.uint64]
GreyTable = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]

FINGERPRINT_VERSION = 3
GREY_PX = 128
SMALL_PX = 48
COLOUR_PX = 24
EVEN = 14  # grey values (0 to 255) by which a border may differ from its own middle
MOST_BORDER = 0.25  # of a side; what is even further in is part of the picture
PHOTOS_AT_ONCE = 32
WINDOWS: tuple[Box, ...] = (
    (0.0, 0.0, 1.0, 1.0),
    *(
        (left * (1 - size), top * (1 - size), left * (1 - size) + size, top * (1 - size) + size)
        for size, steps in ((0.9, 3), (0.8, 4))
        for top in np.linspace(0, 1, steps).tolist()
        for left in np.linspace(0, 1, steps).tolist()
    ),
)
"""Left, top, right, bottom of each view, as shares of the photo's width and height; the whole first."""
HASHES = len(WINDOWS) + 1  # the mirror image of the whole comes last
_HASH_BYTES = 8 * HASHES
_GREY_BYTES = SMALL_PX * SMALL_PX
_COLOUR_BYTES = 2 * COLOUR_PX * COLOUR_PX
_FINGERPRINT_BYTES = 1 + _HASH_BYTES + _GREY_BYTES + _COLOUR_BYTES


@dataclass(frozen=True)
class PhotoFingerprints:
    """The fingerprints of photos.

    Attributes:
        hashes: uint64, shape (n_photos, `HASHES`): of each of `WINDOWS`, then of the whole mirrored.
        small: Grey, uint8, shape (n_photos, `SMALL_PX`, `SMALL_PX`), borders trimmed.
        colour: Cb and Cr of the trimmed photo, uint8, shape (n_photos, 2, `COLOUR_PX`, `COLOUR_PX`).
        known: bool, shape (n_photos,): False where a photo shows nothing.
    """

    hashes: HashTable
    small: GreyTable
    colour: GreyTable
    known: Mask

    def take(self, rows: IntArray) -> "PhotoFingerprints":
        """The fingerprints at some rows."""
        return PhotoFingerprints(self.hashes[rows], self.small[rows], self.colour[rows], self.known[rows])


def photo_fingerprints(works: Catalog) -> PhotoFingerprints:
    """The fingerprints of the works' photos, in the order of `all_photo_keys`; those not in the cache are read.

    Raises:
        PhotoError: A photo can't be read, or is not the one that the catalog was built with.
    """
    every = all_photo_keys(works)
    found = _stored_or_read(every)
    return fingerprints_from([found[key] for key in every.keys])


def fingerprints_from(stored: Sequence[bytes]) -> PhotoFingerprints:
    """The fingerprints of photos from what `fingerprint_of` returned for each."""
    table = np.frombuffer(b"".join(stored), dtype=np.uint8).reshape(len(stored), _FINGERPRINT_BYTES)
    known, hashes, small, colour = np.split(table, np.cumsum([1, _HASH_BYTES, _GREY_BYTES]), axis=1)
    return PhotoFingerprints(
        hashes=np.ascontiguousarray(hashes).view("<u8").astype(np.uint64),
        small=small.reshape(-1, SMALL_PX, SMALL_PX),
        colour=colour.reshape(-1, 2, COLOUR_PX, COLOUR_PX),
        known=known[:, 0] == 1,
    )


def fingerprint_of(image: Image.Image) -> bytes:
    """The fingerprint of one photo as it is stored: whether it shows anything, its hashes, its small picture."""
    reduced = image.resize((GREY_PX, GREY_PX), Image.Resampling.BOX)
    grey = reduced.convert("L")
    box = trimmed_box(np.asarray(grey))
    whole = grey.resize((GREY_PX, GREY_PX), Image.Resampling.BILINEAR, box=box)
    views = [_window(whole, window) for window in WINDOWS]
    views.append(whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    hashes = [photo_hash(view) for view in views]
    if hashes[0] is None:
        return bytes(_FINGERPRINT_BYTES)
    values = np.array([hashes[0] if each is None else each for each in hashes], dtype="<u8")
    small = whole.resize((SMALL_PX, SMALL_PX), Image.Resampling.BOX)
    chroma = reduced.convert("YCbCr").resize((COLOUR_PX, COLOUR_PX), Image.Resampling.BOX, box=box)
    colour = np.asarray(chroma)[..., 1:].transpose(2, 0, 1)
    return b"\1" + values.tobytes() + np.asarray(small).tobytes() + colour.tobytes()


def trimmed_box(grey: GreyTable) -> Box:
    """Left, top, right, bottom of a grey picture without its even borders, in pixels.

    >>> picture = np.full((100, 100), 255, dtype=np.uint8)
    >>> picture[10:90, 5:95] = np.arange(90)
    >>> trimmed_box(picture)
    (5.0, 10.0, 95.0, 90.0)
    """
    height, width = grey.shape
    top, bottom = _even_lines(grey), height - _even_lines(grey[::-1])
    left, right = _even_lines(grey.T), width - _even_lines(grey.T[::-1])
    return float(left), float(top), float(right), float(bottom)


def _even_lines(grey: GreyTable) -> int:
    """Count the lines from the top that are all of one grey, that of the first line; 0 where they are too many."""
    most = int(MOST_BORDER * len(grey))
    middle = np.median(grey[0])
    # The outermost pixels of a line belong to the borders beside it, which may be of another grey.
    even = (np.abs(grey[: most + 1].astype(np.int16) - middle) <= EVEN).mean(axis=1) >= 0.98
    return 0 if even.all() else int(np.argmin(even))


def _window(image: Image.Image, window: Box) -> Image.Image:
    left, top, right, bottom = (share * GREY_PX for share in window)
    return image.resize((GRID_PX, GRID_PX), Image.Resampling.BOX, box=(left, top, right, bottom))


def _stored_or_read(every: PhotoKeys) -> dict[str, bytes]:
    cache = PhotoCache(cache_folder() / "near-identical" / f"fingerprints-{FINGERPRINT_VERSION}.sqlite")
    paths = dict(zip(every.keys, every.photos, strict=True))
    found = {key: value for key, value in cache.get(list(paths)).items() if len(value) == _FINGERPRINT_BYTES}
    missing = {key: path for key, path in paths.items() if key not in found}
    if missing:
        cache.check(len(missing) * _FINGERPRINT_BYTES)
    for batch in _batches(missing):
        cache.put(batch)
        found.update(batch)
    return found


def _batches(missing: Mapping[str, Photo]) -> Iterator[list[tuple[str, bytes]]]:
    if not missing:
        return
    photos = list(missing.items())
    jobs = [photos[start : start + PHOTOS_AT_ONCE] for start in range(0, len(photos), PHOTOS_AT_ONCE)]
    in_files = all(isinstance(photo, Path) for photo in missing.values())
    engine = current_engine() if in_files else LocalEngine()  # a held photo stays in this process
    found = engine.each(_fingerprints_of, jobs, "sakka-photos")
    with task("photo fingerprints", total=len(missing)) as running, closing(found):
        for job, fingerprints in found:
            yield [(key, each) for (key, _), each in zip(job, fingerprints, strict=True)]
            running.advance(len(job))


def _fingerprints_of(job: Sequence[tuple[str, Photo]]) -> list[bytes]:
    return [prepared_photo(key, photo, fingerprint_of, GREY_PX) for key, photo in job]
