"""The photos of works that pass by: each is decoded once at most, and one that can't be read costs itself only.

    photos -> SHA-256 -> those that the cache lacks -> pixels (threads) -> batches -> network (workers) -> cache

Hashing, decoding and the network run beside each other. However many works there are, only the photos of a few
batches are in memory. Of a work the first photos that can be read are taken, as a catalog does it.
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
from sakka.engines.threads import work_off
from sakka.errors import PhotoError
from sakka.networks.backbones import INPUT_PX
from sakka.networks.encoders import BATCH_PHOTOS, PhotoEncoder
from sakka.networks.features import batch_vectors, cache_path, squashed, stored_bytes
from sakka.photos.held import HeldPhoto
from sakka.photos.store import PhotoCache

Found = TypeVar("Found")
WORKS_A_JOB = 8  # for one thread: most of them may be done already
WORKS_AT_ONCE = 128  # that are looked up in the cache, and that wait for a batch to fill up where it has most of them


@dataclass(frozen=True)
class ReadablePhotos(Generic[Found]):
    """The photos of a work that can be read.

    Attributes:
        indices: Their places among the work's photos, from 0.
        sha256: Of each one's bytes; None where it has not been read.
        found: What was made of each; None where it was not looked at.
        errors: Why the others before and between them can't be read.
    """

    indices: tuple[int, ...] = ()
    sha256: tuple[str | None, ...] = ()
    found: tuple[Found | None, ...] = ()
    errors: tuple[PhotoError, ...] = ()

    def seen(self) -> "ReadablePhotos[None]":
        """The same without what was made of them."""
        return ReadablePhotos(self.indices, self.sha256, (None,) * len(self.indices), self.errors)


Squares = tuple[Pixels, ...]
"""A photo's pixels as each encoder wants them."""

Job = tuple[Sequence[Path], Sequence[str | None]]
"""The photos of a work, and of each its SHA-256 where the cache has its vectors."""


def readable_photos(
    photos: Iterable[Sequence[Path]], look: Callable[[HeldPhoto], Found], most: int
) -> Generator[ReadablePhotos[Found], None, None]:
    """The photos of each work that can be read, in order, read by threads a few works ahead.

    Args:
        photos: The photos of each work, the featured one first.
        look: Makes something of a photo, and raises `PhotoError` where it can't be read; called in several threads.
        most: How many of a work are wanted.
    """
    jobs = ((paths, [None] * len(paths)) for paths in photos)
    with closing(work_off(jobs, partial(_look, look=look, most=most), "sakka-photos")) as found:
        yield from found


def _look(job: Job, look: Callable[[HeldPhoto], Found], most: int) -> ReadablePhotos[Found]:
    indices: list[int] = []
    keys: list[str | None] = []
    found: list[Found | None] = []
    errors: list[PhotoError] = []
    for index, (path, kept) in enumerate(zip(*job, strict=True)):
        if len(indices) == most:
            break
        photo = HeldPhoto(path)
        try:
            seen, key = (None, kept) if kept else (look(photo), photo.sha256)
        except PhotoError as error:
            errors.append(PhotoError(str(error), error.reason))  # anew: the traceback would keep the photo's bytes
            continue
        indices.append(index)
        keys.append(key)
        found.append(seen)
    return ReadablePhotos(tuple(indices), tuple(keys), tuple(found), tuple(errors))


def check_pixels(photo: HeldPhoto) -> None:
    """Decode a photo to be sure that it can be read.

    Raises:
        PhotoError: It can't.
    """
    photo.read(INPUT_PX)


def cache_vectors(
    photos: Iterable[Sequence[Path]], encoders: Sequence[PhotoEncoder], most: int
) -> Iterator[ReadablePhotos[None]]:
    """The photos of each work that can be read, in order; when they come, the caches have their vectors.

    A photo whose vectors the caches have is read for its SHA-256 but not decoded.

    Args:
        photos: The photos of each work, the featured one first.
        encoders: What turns pixels into vectors.
        most: How many of a work are wanted.
    """
    caches = [PhotoCache(cache_path(encoder)) for encoder in encoders]
    for cache in caches:
        cache.check()
    batches = _batches(_pixels_that_lack(photos, caches, encoders, most), encoders)
    with closing(work_off(batches, partial(_vectors, encoders=encoders), "sakka-network")) as computed:
        for batch, tables in computed:
            keys = [key for key, _ in _missing(batch)]
            for cache, encoder, vectors in zip(caches, encoders, tables, strict=False):
                cache.put(zip(keys, stored_bytes(vectors, encoder), strict=True))
            yield from (each.seen() for each in batch)


def _pixels_that_lack(
    photos: Iterable[Sequence[Path]], caches: Sequence[PhotoCache], encoders: Sequence[PhotoEncoder], most: int
) -> Generator[ReadablePhotos[Squares], None, None]:
    """The works' photos, in order, with the pixels of those that a cache lacks, which threads decode."""
    look = partial(_squares, sides_px=[encoder.input_px for encoder in encoders])
    read = partial(_look_at_some, look=look, most=most)
    with closing(work_off(_jobs(photos, caches, most), read, "sakka-photos")) as found:
        for some in found:
            yield from some


def _look_at_some(
    jobs: Sequence[Job], look: Callable[[HeldPhoto], Squares], most: int
) -> list[ReadablePhotos[Squares]]:
    return [_look(job, look, most) for job in jobs]


def _jobs(photos: Iterable[Sequence[Path]], caches: Sequence[PhotoCache], most: int) -> Iterator[list[Job]]:
    """Works by a few, with the SHA-256 of the photos whose vectors the caches have."""
    rest = iter(photos)
    while some := list(islice(rest, WORKS_AT_ONCE)):
        keys = [[_sha256_of(path) if index < most else None for index, path in enumerate(paths)] for paths in some]
        asked = [key for own in keys for key in own if key]
        kept = set.intersection(*(cache.kept(asked) for cache in caches))
        known = [[key if key in kept else None for key in own] for own in keys]
        jobs: list[Job] = list(zip(some, known, strict=True))
        for start in range(0, len(jobs), WORKS_A_JOB):
            yield jobs[start : start + WORKS_A_JOB]


def _sha256_of(photo: Path) -> str | None:
    """The SHA-256 of a photo; None where it can't be read, of which a thread then says why."""
    try:
        return HeldPhoto(photo).sha256
    except PhotoError:
        return None


def _squares(photo: HeldPhoto, sides_px: Sequence[int]) -> Squares:
    """A photo's pixels at each side, decoded once a side."""
    squares = {side_px: squashed(photo.read(side_px), side_px) for side_px in set(sides_px)}
    return tuple(squares[side_px] for side_px in sides_px)


def _missing(batch: Sequence[ReadablePhotos[Squares]]) -> list[tuple[str, Squares]]:
    """The photos of a batch that have pixels, each once, with their SHA-256."""
    every = ((key, pixels) for each in batch for key, pixels in zip(each.sha256, each.found, strict=True))
    return list({key: (key, pixels) for key, pixels in every if key and pixels is not None}.values())


def _batches(
    works: Generator[ReadablePhotos[Squares], None, None], encoders: Sequence[PhotoEncoder]
) -> Iterator[list[ReadablePhotos[Squares]]]:
    """Works in order, as many at a time as fill a batch of the network with the photos that a cache lacks."""
    batch: list[ReadablePhotos[Squares]] = []
    missing = 0
    with closing(works):
        for work in works:
            batch.append(work)
            lacks = sum(pixels is not None for pixels in work.found)
            if lacks:
                for encoder in encoders:
                    encoder.load()  # here, once, before the workers share it
            missing += lacks
            if missing >= BATCH_PHOTOS or len(batch) == WORKS_AT_ONCE:
                yield batch
                batch, missing = [], 0
    if batch:
        yield batch


def _vectors(
    batch: list[ReadablePhotos[Squares]], encoders: Sequence[PhotoEncoder]
) -> tuple[list[ReadablePhotos[Squares]], list[Features]]:
    """The batch, and of each encoder the vectors of the photos that have pixels; no tables where none has."""
    squares = [pixels for _, pixels in _missing(batch)]
    if not squares:
        return batch, []
    by_encoder = zip(encoders, zip(*squares, strict=True), strict=True)
    return batch, [_in_batches(pixels, encoder) for encoder, pixels in by_encoder]


def _in_batches(pixels: Sequence[Pixels], encoder: PhotoEncoder) -> Features:
    starts = range(0, len(pixels), BATCH_PHOTOS)
    return np.concatenate([batch_vectors(pixels[start : start + BATCH_PHOTOS], encoder) for start in starts])
