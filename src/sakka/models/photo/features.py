"""Photo features with a cache: what is computed once a photo is kept by the SHA-256 of the photo's bytes.

    cache_folder()/features/BACKBONE-WEIGHTS-PREPROCESSING-DTYPE.sqlite

All folds and all commands share it. Workers read and compute one batch of photos each; at most a few batches are in
memory. Every batch is kept when it is done, so that an interruption loses a few batches at most.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from sakka.cache import cache_folder
from sakka.errors import PhotoError
from sakka.files import sha256_of
from sakka.models.photo.extractor import BATCH_PHOTOS, INPUT_PX, FloatTable, PhotoExtractor, PixelTable
from sakka.models.photo_cache import PhotoCache, photo_keys
from sakka.photos import read_photo
from sakka.progress import task
from sakka.works import Catalog


def photo_features(works: Catalog, extractor: PhotoExtractor) -> tuple[FloatTable, npt.NDArray[np.bool_]]:
    """Give the vectors of the works' featured photos, computing those that the cache lacks.

    A photo that several works share is computed once. A catalog of one work is a question from outside: it is
    answered without filling up a batch, and what it gives is not kept.

    Args:
        works: The works.
        extractor: What turns pixels into vectors.

    Returns:
        The vectors, shape (n_works, extractor.size), zeros where a work has no photo; and whether it has one, shape
        (n_works,).

    Raises:
        PhotoError: A photo can't be read, or is not the one that the catalog was built with.
    """
    keys = photo_keys(works)
    has_photo = np.array([key is not None for key in keys], dtype=np.bool_)
    table = np.zeros((len(works), extractor.size), dtype=np.float32)
    if not has_photo.any():
        return table, has_photo
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        if key is not None:
            rows.setdefault(key, []).append(row)
    missing = dict.fromkeys(rows)
    cache = PhotoCache(cache_folder() / "features" / f"{extractor.key}.sqlite")
    for key, content in cache.get(list(rows)).items():
        if len(content) == 4 * extractor.size:
            table[rows[key]] = np.frombuffer(content, dtype="<f4")
            del missing[key]
    paths = works.photo_paths
    where = {key: path for key in missing if (path := paths[rows[key][0]]) is not None}
    for batch, vectors in _alone(where, extractor) if len(works) == 1 else _computed(where, extractor):
        if len(works) > 1:
            cache.put((key, vector.astype("<f4").tobytes()) for key, vector in zip(batch, vectors, strict=True))
        for key, vector in zip(batch, vectors, strict=True):
            table[rows[key]] = vector
    return table, has_photo


def photo_pixels(source: Path | bytes) -> PixelTable:
    """Read a photo as the networks want it: RGB, squashed to `INPUT_PX` square, shape (height, width, 3).

    Raises:
        PhotoError: It can't be read.
    """
    photo = read_photo(source, at_least_px=INPUT_PX)
    if photo.size != (INPUT_PX, INPUT_PX):
        photo = photo.resize((INPUT_PX, INPUT_PX), Image.Resampling.BILINEAR)
    return np.asarray(photo)


def _alone(where: dict[str, Path], extractor: PhotoExtractor) -> Iterator[tuple[list[str], FloatTable]]:
    for key, path in where.items():
        yield [key], extractor.vectors(_checked_pixels(key, path)[None])


def _computed(where: dict[str, Path], extractor: PhotoExtractor) -> Iterator[tuple[list[str], FloatTable]]:
    """Compute vectors batch by batch, in order.

    Each worker reads the photos of a batch and runs the network on it with one thread of its own, so that reading
    and computing overlap, no core waits for another, and the bytes don't depend on how many cores there are.
    """
    batches = _batches(where)
    threads = torch.get_num_threads()
    workers = max(1, min(threads, len(batches)))
    pool = ThreadPoolExecutor(
        workers, thread_name_prefix="sakka-photos", initializer=torch.set_num_threads, initargs=(1,)
    )
    try:
        extractor.network  # noqa: B018  loaded here, once, before the workers share it
        with task(f"photo features ({extractor.backbone.name})", total=len(where)) as running:
            waiting: deque[tuple[list[str], Future[FloatTable]]] = deque()
            for batch in [*batches, *[None] * (workers + 1)]:
                if batch is not None:
                    waiting.append((list(batch), pool.submit(_batch_vectors, batch, extractor)))
                if waiting and (batch is None or len(waiting) > workers + 1):
                    keys, future = waiting.popleft()
                    yield keys, future.result()
                    running.advance(len(keys))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(threads)  # the workers' setting would hold for threads that start later


def _batches(where: dict[str, Path]) -> list[dict[str, Path]]:
    photos = list(where.items())
    return [dict(photos[start : start + BATCH_PHOTOS]) for start in range(0, len(photos), BATCH_PHOTOS)]


def _batch_vectors(batch: dict[str, Path], extractor: PhotoExtractor) -> FloatTable:
    """Read a batch and compute its vectors; it is filled up to `BATCH_PHOTOS`.

    Convolutions of another batch size may add in another order: with a fixed size a photo's bytes don't depend on
    which photos are computed with it.
    """
    pixels = np.zeros((BATCH_PHOTOS, INPUT_PX, INPUT_PX, 3), dtype=np.uint8)
    for place, (key, path) in enumerate(batch.items()):
        pixels[place] = _checked_pixels(key, path)
    return extractor.vectors(pixels)[: len(batch)]


def _checked_pixels(key: str, path: Path) -> PixelTable:
    pixels = photo_pixels(path)
    try:
        found = sha256_of(path)
    except OSError as error:
        raise PhotoError(f"{path} can't be opened ({error.strerror}); check the path") from error
    if found != key:
        raise PhotoError(f"{path} is not the photo that the catalog was built with; build the catalog again")
    return pixels
