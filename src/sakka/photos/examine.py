"""Many photos read by threads: whether each can be read, its SHA-256, and the result of a function on it."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from PIL import Image

from sakka.errors import PhotoError
from sakka.photos.decode import check_photo
from sakka.progress import task

Asked = TypeVar("Asked")
Found = TypeVar("Found")
BATCH = 256
MOST_THREADS = 4


@dataclass(frozen=True)
class ExaminedPhoto(Generic[Found]):
    """A photo that was read.

    Attributes:
        sha256: Of the file's bytes.
        n_bytes: How many there are.
        found: What the function made of its pixels.
    """

    sha256: str
    n_bytes: int
    found: Found


def examine_photos(
    paths: Sequence[Path], look: Callable[[Image.Image], Found], name: str
) -> Iterator[ExaminedPhoto[Found] | PhotoError]:
    """The result for each photo, in order, read in parallel; an unreadable photo yields its error.

    Args:
        paths: The files.
        look: Makes something of a photo; see `examine_photo`. Called in several threads.
        name: What the work is called where progress is shown.
    """
    return in_threads(paths, partial(examine_photo, look=look), name)


def examine_photo(
    path: Path, look: Callable[[Image.Image], Found], name: str | None = None
) -> ExaminedPhoto[Found] | PhotoError:
    """The result for one photo; its error where it can't be read.

    Args:
        path: The file.
        look: Makes something of a photo (RGB, the shorter side `decode.CHECK_PX` or more).
        name: What its error calls it; None: its path.
    """
    try:
        photo = check_photo(path, name)
    except PhotoError as error:
        return PhotoError(str(error), error.reason)  # anew: the traceback would keep the photo's bytes
    return ExaminedPhoto(photo.sha256, photo.n_bytes, look(photo.image))


def in_threads(asked: Sequence[Asked], answer: Callable[[Asked], Found], name: str) -> Iterator[Found]:
    """The answer to each, in order, by a few threads, no more than a batch ahead.

    Args:
        asked: What is to be answered.
        answer: Called in several threads.
        name: What the work is called where progress is shown.
    """
    # Decoding releases the interpreter's lock, so threads are enough and hold one picture each.
    pool = ThreadPoolExecutor(max_workers=min(MOST_THREADS, os.cpu_count() or 1), thread_name_prefix="photos")
    try:
        with task(name, len(asked)) as running:
            for start in range(0, len(asked), BATCH):
                for result in pool.map(answer, asked[start : start + BATCH]):
                    yield result
                    running.advance()
    finally:
        pool.shutdown(cancel_futures=True)
