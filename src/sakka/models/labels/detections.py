"""The boxes of a catalog's featured photos: each photo looked at once, whatever asks for it afterwards.

Boxes are kept in the cache under the SHA-256 of the photo's bytes; the cache's file is named after the weights and the
settings. Photos are read by threads a few batches ahead of the network, so memory does not grow with the catalog.
"""

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from sakka.cache import cache_folder
from sakka.errors import PhotoError
from sakka.models.labels.detector import LOWEST_CONFIDENCE, SIDE_PX, WEIGHTS_NAME, Boxes, Detector, Pixels, squeeze
from sakka.models.photo_cache import PhotoCache
from sakka.photos import read_photo
from sakka.progress import task
from sakka.weights import weight_files, weights_sha256
from sakka.works import Catalog

BATCH = 8
BATCHES_AHEAD = 2
SETTINGS_NAME = f"bilinear{SIDE_PX}-from{LOWEST_CONFIDENCE}-1"
"""Size, lowest confidence and version of the preprocessing: part of the name of the cache's file."""

_Decoded = tuple[str, Pixels]


def boxes_of(works: Catalog) -> list[Boxes | None]:
    """Give the boxes in each work's featured photo, down to `LOWEST_CONFIDENCE`; None for a work without a photo.

    Raises:
        PhotoError: A photo can't be read.
        WeightsError: The detector's weights are missing or no detector.
        MissingPartError: OpenCV is not installed.
    """
    paths = works.photo_paths
    keys = [_key_of(path, known) for path, known in zip(paths, works.table["photo_sha256"], strict=True)]
    first = {key: path for key, path in zip(keys, paths, strict=True) if key is not None and path is not None}
    cache = PhotoCache(cache_path())
    found = {key: _from_bytes(value) for key, value in cache.get(list(first)).items()}
    missing = [(key, path) for key, path in first.items() if key not in found]
    if missing:
        found.update(_detect_all(missing, cache))
    return [None if key is None else found[key] for key in keys]


def cache_path() -> Path:
    """Give the cache's file for these weights and settings."""
    return cache_folder() / "labels" / f"{weights_sha256(WEIGHTS_NAME)[:16]}-{SETTINGS_NAME}.sqlite"


def load_detector() -> Detector:
    """Give the detector with the weights in the cache; they are fetched where it lacks them."""
    files = weight_files(WEIGHTS_NAME)
    graph = next(path for name, path in files.items() if name.endswith(".pb"))
    text = next(path for name, path in files.items() if name.endswith(".pbtxt"))
    return Detector(graph, text)


def to_bytes(boxes: Boxes) -> bytes:
    """Give the boxes as the cache keeps them: little-endian float32."""
    return boxes.astype("<f4").tobytes()


def _from_bytes(content: bytes) -> Boxes:
    return np.frombuffer(content, dtype="<f4").astype(np.float32).reshape(-1, 6)


def _key_of(path: Path | None, known: str | None) -> str | None:
    if path is None or known is not None:
        return known if path is not None else None
    return hashlib.sha256(_content_of(path)).hexdigest()


def _content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"{path} can't be opened ({error.strerror}); check the path") from error


def _detect_all(photos: Sequence[tuple[str, Path]], cache: PhotoCache) -> Iterator[tuple[str, Boxes]]:
    detector = load_detector()
    with task("object labels", len(photos)) as running:
        for batch in _decoded_batches(photos):
            boxes = detector.detect([pixels for _, pixels in batch])
            pairs = [(key, found) for (key, _), found in zip(batch, boxes, strict=True)]
            cache.put((key, to_bytes(found)) for key, found in pairs)
            yield from pairs
            running.advance(len(batch))


def _decoded_batches(photos: Iterable[tuple[str, Path]]) -> Iterator[list[_Decoded]]:
    """Decode photos by threads in order, at most `BATCHES_AHEAD` batches ahead of the one that is asked for."""
    rest = iter(photos)
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        waiting: deque[Future[_Decoded]] = deque()
        try:
            while True:
                room = BATCH * (1 + BATCHES_AHEAD) - len(waiting)
                waiting.extend(pool.submit(_decode, key, path) for key, path in islice(rest, room))
                if not waiting:
                    return
                yield [waiting.popleft().result() for _ in range(min(BATCH, len(waiting)))]
        finally:
            for future in waiting:
                future.cancel()


def _decode(key: str, path: Path) -> _Decoded:
    return key, squeeze(read_photo(path, at_least_px=SIDE_PX))
