"""The photos of works that pass by: each is decoded once at most, and one that can't be read costs itself only.

    photos -> SHA-256 -> those that the cache lacks -> pixels (threads) -> batches -> network (workers) -> cache

Hashing, decoding and the network run beside each other. However many works there are, only the photos of a few
batches are in memory. A work's first photo that can be read is taken, as a catalog does it.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from sakka.arrays import Features, Pixels
from sakka.errors import PhotoError
from sakka.networks.backbones import INPUT_PX
from sakka.networks.encoders import BATCH_PHOTOS, PhotoEncoder
from sakka.networks.features import batch_vectors, cache_path, photo_pixels, stored_bytes
from sakka.networks.workers import work_off
from sakka.photos.held import HeldPhoto
from sakka.photos.store import PhotoCache

Found = TypeVar("Found")
WORKS_A_JOB = 8  # for one thread: most of them may be done already
WORKS_AT_ONCE = 128  # that are looked up in the cache, and that wait for a batch to fill up where it has most of them


@dataclass(frozen=True)
class FirstPhoto(Generic[Found]):
    """The first photo of a work that can be read.

    Attributes:
        index: Its place among the work's photos, from 0; None where none can be read.
        sha256: Of its bytes; None where it has not been read.
        found: What was made of it; None without one.
        errors: Why the photos before it can't be read.
    """

    index: int | None
    sha256: str | None = None
    found: Found | None = None
    errors: tuple[PhotoError, ...] = ()


Squares = tuple[Pixels, ...]
"""A photo's pixels as each encoder wants them."""

Job = FirstPhoto[Squares] | Sequence[Path]
"""A work's first photo that is done, or the photos to look at."""


def first_photos(
    photos: Iterable[Sequence[Path]], look: Callable[[HeldPhoto], Found]
) -> Generator[FirstPhoto[Found], None, None]:
    """The first photo of each work that can be read, in order, read by threads a few works ahead.

    Args:
        photos: The photos of each work, the featured one first.
        look: Makes something of a photo, and raises `PhotoError` where it can't be read; called in several threads.
    """
    with closing(work_off(photos, partial(_first_photo, look=look), "sakka-photos")) as found:
        yield from found


def _first_photo(photos: Sequence[Path], look: Callable[[HeldPhoto], Found]) -> FirstPhoto[Found]:
    errors: list[PhotoError] = []
    for index, path in enumerate(photos):
        photo = HeldPhoto(path)
        try:
            return FirstPhoto(index, photo.sha256, look(photo), tuple(errors))
        except PhotoError as error:
            errors.append(PhotoError(str(error), error.reason))  # anew: the traceback would keep the photo's bytes
    return FirstPhoto(None, errors=tuple(errors))


def check_pixels(photo: HeldPhoto) -> None:
    """Decode a photo to be sure that it can be read.

    Raises:
        PhotoError: It can't.
    """
    photo_pixels(photo.content, INPUT_PX, photo.name)


def cache_vectors(photos: Iterable[Sequence[Path]], encoders: Sequence[PhotoEncoder]) -> Iterator[FirstPhoto[None]]:
    """The first photo of each work that can be read, in order; when it comes, the caches have its vectors.

    A photo whose vectors the caches have is read for its SHA-256 but not decoded.

    Args:
        photos: The photos of each work, the featured one first.
        encoders: What turns pixels into vectors.
    """
    caches = [PhotoCache(cache_path(encoder)) for encoder in encoders]
    batches = _batches(_pixels_that_lack(photos, caches, encoders), encoders)
    with closing(work_off(batches, partial(_vectors, encoders=encoders), "sakka-network")) as computed:
        for batch, tables in computed:
            keys = [photo.sha256 for photo in batch if photo.sha256 and photo.found is not None]
            for cache, encoder, vectors in zip(caches, encoders, tables, strict=False):
                cache.put(zip(keys, stored_bytes(vectors, encoder), strict=True))
            yield from (FirstPhoto(photo.index, photo.sha256, None, photo.errors) for photo in batch)


def _pixels_that_lack(
    photos: Iterable[Sequence[Path]], caches: Sequence[PhotoCache], encoders: Sequence[PhotoEncoder]
) -> Generator[FirstPhoto[Squares], None, None]:
    """The first photos, in order, with the pixels of those that a cache lacks, which threads decode."""
    look = partial(_squares, sides_px=[encoder.input_px for encoder in encoders])
    with closing(work_off(_jobs(photos, caches), partial(_decoded, look=look), "sakka-photos")) as found:
        for some in found:
            yield from some


def _jobs(photos: Iterable[Sequence[Path]], caches: Sequence[PhotoCache]) -> Iterator[list[Job]]:
    """Works by a few: the first photo where the caches have its vectors, else all photos, to be looked at."""
    rest = iter(photos)
    while some := list(islice(rest, WORKS_AT_ONCE)):
        keys = [_sha256_of_first(paths) for paths in some]
        kept = set.intersection(*(set(cache.kept([key for key in keys if key])) for cache in caches))
        jobs: list[Job] = [FirstPhoto(0, key) if key in kept else paths for key, paths in zip(keys, some, strict=True)]
        for start in range(0, len(jobs), WORKS_A_JOB):
            yield jobs[start : start + WORKS_A_JOB]


def _sha256_of_first(photos: Sequence[Path]) -> str | None:
    """The SHA-256 of the first photo; None without one that can be read, of which a thread then says why."""
    try:
        return HeldPhoto(photos[0]).sha256 if photos else None
    except PhotoError:
        return None


def _decoded(jobs: Sequence[Job], look: Callable[[HeldPhoto], Squares]) -> list[FirstPhoto[Squares]]:
    return [each if isinstance(each, FirstPhoto) else _first_photo(each, look) for each in jobs]


def _squares(photo: HeldPhoto, sides_px: Sequence[int]) -> Squares:
    """A photo's pixels at each side, decoded once a side."""
    squares = {side_px: photo_pixels(photo.content, side_px, photo.name) for side_px in set(sides_px)}
    return tuple(squares[side_px] for side_px in sides_px)


def _batches(
    photos: Generator[FirstPhoto[Squares], None, None], encoders: Sequence[PhotoEncoder]
) -> Iterator[list[FirstPhoto[Squares]]]:
    """Photos in order, as many at a time as fill a batch of the network with those that a cache lacks."""
    batch: list[FirstPhoto[Squares]] = []
    missing = 0
    with closing(photos):
        for photo in photos:
            batch.append(photo)
            if photo.found is not None:
                for encoder in encoders:
                    encoder.load()  # here, once, before the workers share it
                missing += 1
            if missing == BATCH_PHOTOS or len(batch) == WORKS_AT_ONCE:
                yield batch
                batch, missing = [], 0
    if batch:
        yield batch


def _vectors(
    batch: list[FirstPhoto[Squares]], encoders: Sequence[PhotoEncoder]
) -> tuple[list[FirstPhoto[Squares]], list[Features]]:
    """The batch, and of each encoder the vectors of the photos that have pixels; no tables where none has."""
    squares = [photo.found for photo in batch if photo.found is not None]
    if not squares:
        return batch, []
    by_encoder = zip(encoders, zip(*squares, strict=True), strict=True)
    return batch, [batch_vectors(pixels, encoder) for encoder, pixels in by_encoder]
