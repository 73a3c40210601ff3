"""The photos of works that pass by: each is read and decoded once, and one that can't be read costs itself only.

    photos -> bytes, SHA-256, pixels (threads) -> batches of those that the cache lacks -> network (workers) -> cache

Reading, decoding and the network run beside each other. However many works there are, only the photos of a few
batches are in memory. A work's first photo that can be read is taken, as a catalog does it.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from sakka.arrays import Features, Pixels
from sakka.errors import PhotoError
from sakka.networks.extractor import BATCH_PHOTOS, PhotoExtractor
from sakka.networks.features import batch_vectors, cache_path, photo_pixels, stored_bytes
from sakka.networks.workers import work_off
from sakka.photos.held import HeldPhoto
from sakka.photos.store import PhotoCache

Found = TypeVar("Found")
WORKS_A_JOB = 8  # for one thread: to start a job takes as long as to hash a small photo
WORKS_AT_ONCE = 128  # that wait for a batch to fill up, where the cache has most of their photos


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


def first_photos(
    photos: Iterable[Sequence[Path]], look: Callable[[HeldPhoto], Found]
) -> Generator[FirstPhoto[Found], None, None]:
    """The first photo of each work that can be read, in order, read by threads a few works ahead.

    Args:
        photos: The photos of each work, the featured one first.
        look: Makes something of a photo, and raises `PhotoError` where it can't be read; called in several threads.
    """
    rest = iter(photos)
    jobs = iter(lambda: [list(each) for each in islice(rest, WORKS_A_JOB)], [])
    with closing(work_off(jobs, partial(_first_photos, look=look), "sakka-photos")) as found:
        for several in found:
            yield from several


def _first_photos(works: Sequence[Sequence[Path]], look: Callable[[HeldPhoto], Found]) -> list[FirstPhoto[Found]]:
    return [_first_photo(photos, look) for photos in works]


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
    photo_pixels(photo.content, photo.name)


def cache_vectors(photos: Iterable[Sequence[Path]], extractor: PhotoExtractor) -> Iterator[FirstPhoto[None]]:
    """The first photo of each work that can be read, in order; when it comes, the cache has its vector.

    A photo whose vector the cache has is read for its SHA-256 but not decoded.

    Args:
        photos: The photos of each work, the featured one first.
        extractor: What turns pixels into vectors.
    """
    cache = PhotoCache(cache_path(extractor))
    with cache.lookup() as is_kept:

        def pixels(photo: HeldPhoto) -> Pixels | None:
            return None if is_kept(photo.sha256) else photo_pixels(photo.content, photo.name)

        batches = _batches(first_photos(photos, pixels), extractor)
        with closing(work_off(batches, partial(_vectors, extractor=extractor), "sakka-network")) as computed:
            for batch, vectors in computed:
                keys = [photo.sha256 for photo in batch if photo.sha256 and photo.found is not None]
                if keys:
                    cache.put(zip(keys, stored_bytes(vectors, extractor), strict=True))
                yield from (FirstPhoto(photo.index, photo.sha256, None, photo.errors) for photo in batch)


def _batches(
    photos: Generator[FirstPhoto[Pixels | None], None, None], extractor: PhotoExtractor
) -> Iterator[list[FirstPhoto[Pixels | None]]]:
    """Photos in order, as many at a time as fill a batch of the network with those that the cache lacks."""
    batch: list[FirstPhoto[Pixels | None]] = []
    missing = 0
    with closing(photos):
        for photo in photos:
            batch.append(photo)
            if photo.found is not None:
                extractor.network  # noqa: B018  loaded here, once, before the workers share it
                missing += 1
            if missing == BATCH_PHOTOS or len(batch) == WORKS_AT_ONCE:
                yield batch
                batch, missing = [], 0
    if batch:
        yield batch


def _vectors(
    batch: list[FirstPhoto[Pixels | None]], extractor: PhotoExtractor
) -> tuple[list[FirstPhoto[Pixels | None]], Features]:
    pixels = [photo.found for photo in batch if photo.found is not None]
    return batch, batch_vectors(pixels, extractor) if pixels else np.empty((0, extractor.size), extractor.number)
