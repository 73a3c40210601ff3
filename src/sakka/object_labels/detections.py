"""The boxes of a catalog's featured photos: each photo is detected once and kept in the cache.

Boxes are kept in the cache under the SHA-256 of the photo's bytes (`photos/store.py`); the cache's file is named
after the weights and the settings.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from sakka.arrays import Pixels
from sakka.cache import cache_folder
from sakka.catalog.photo_keys import photo_keys
from sakka.catalog.works import Catalog
from sakka.engines.threads import work_off
from sakka.networks.weights.registry import weight_files, weights_sha256
from sakka.object_labels.boxes import LOWEST_CONFIDENCE, Boxes
from sakka.object_labels.detector import WEIGHTS_NAME, Detector, squeeze
from sakka.object_labels.network import SIDE_PX
from sakka.photos.decode import Photo
from sakka.photos.store import PhotoCache, read_ahead
from sakka.progress import task

BATCH = 8
AHEAD_PHOTOS = 3 * BATCH
SETTINGS_NAME = f"bilinear{SIDE_PX}-from{LOWEST_CONFIDENCE}-1"
"""Size, lowest confidence and version of the preprocessing: part of the name of the cache's file."""


def boxes_of(works: Catalog) -> list[Boxes | None]:
    """The boxes in each work's featured photo, down to `LOWEST_CONFIDENCE`; None for a work without a photo.

    Raises:
        PhotoError: A photo can't be read, or is not the one that the catalog was built with.
        WeightsError: The detector's weights are missing or no detector.
        MissingPartError: onnx or onnxruntime is not installed.
    """
    keys = photo_keys(works)
    pairs = zip(keys, works.photos, strict=True)
    first = {key: path for key, path in pairs if key is not None and path is not None}
    found = kept_boxes(list(first))
    missing = [(key, path) for key, path in first.items() if key not in found]
    if missing:
        cache = PhotoCache(cache_path())
        cache.check()
        found.update(_detect_all(missing, cache))
    return [None if key is None else found[key] for key in keys]


def kept_boxes(keys: Sequence[str]) -> dict[str, Boxes]:
    """The boxes of photos that the cache has, by the SHA-256 of the photo's bytes.

    Raises:
        SakkaError: The cache can't be read.
    """
    kept = PhotoCache(cache_path()).get(keys)
    return {key: np.frombuffer(value, dtype="<f4").astype(np.float32).reshape(-1, 6) for key, value in kept.items()}


def cache_path() -> Path:
    """The cache's file for these weights and settings."""
    return cache_folder() / "labels" / f"{weights_sha256(WEIGHTS_NAME)[:16]}-{SETTINGS_NAME}.sqlite"


def load_detector() -> Detector:
    """The detector with the weights in the cache; they are fetched where it lacks them."""
    (graph,) = weight_files(WEIGHTS_NAME).values()
    return Detector(graph)


def to_bytes(boxes: Boxes) -> bytes:
    """The boxes as the cache keeps them: little-endian float32."""
    return boxes.astype("<f4").tobytes()


def detected(photos: Sequence[tuple[str, Photo]], detector: Detector) -> Iterator[list[tuple[str, Boxes]]]:
    """The boxes of photos by key, a batch at a time in order; nothing is kept.

    Args:
        photos: Keys (the SHA-256 of each photo) and where it is read from.
        detector: What looks at them.

    Raises:
        PhotoError: A photo can't be read, or is not the one that its key stands for.
    """
    read = read_ahead(photos, squeeze, at_least_px=SIDE_PX, ahead=AHEAD_PHOTOS)
    batches = iter(lambda: list(islice(read, BATCH)), [])
    with closing(work_off(batches, partial(_detect_some, detector), "sakka-labels")) as found:
        yield from found


def _detect_some(detector: Detector, batch: Sequence[tuple[str, Pixels]]) -> list[tuple[str, Boxes]]:
    boxes = detector.detect([pixels for _, pixels in batch])
    return [(key, found) for (key, _), found in zip(batch, boxes, strict=True)]


def _detect_all(photos: Sequence[tuple[str, Photo]], cache: PhotoCache) -> Iterator[tuple[str, Boxes]]:
    files = {key for key, photo in photos if isinstance(photo, Path)}
    detector = load_detector()
    with task("object labels", len(photos)) as running:
        for pairs in detected(photos, detector):
            cache.put((key, to_bytes(found)) for key, found in pairs if key in files)  # a held photo has other pixels
            yield from pairs
            running.advance(len(pairs))
