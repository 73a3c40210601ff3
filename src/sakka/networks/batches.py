"""Photos of several questions, through the networks side by side, each with the bytes that it gives alone.

A network is faster a photo on a batch of several, but a convolution of another batch size may add in another order.
So a batch size is used only where a probe of it gave, to the last bit, the maps and vectors of each photo alone: which
of a convolution's ways is taken depends on shapes, not on what is in them. What is left is computed photo by photo. The
probe is made once a machine and network and kept in the cache, as the number format is (`extractor.measured_dtype`).
"""

import hashlib
import json
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch

from sakka.arrays import Pixels
from sakka.cache import cache_folder
from sakka.engines.threads import work_off
from sakka.files import write_json
from sakka.networks.encoders import BATCH_PHOTOS, PhotoEncoder
from sakka.networks.extractor import PhotoExtractor, machine_name
from sakka.networks.features import cache_path, held_vector, photo_pixels
from sakka.photos.held import HeldPhoto
from sakka.photos.store import PhotoCache

SIZES = (BATCH_PHOTOS, BATCH_PHOTOS // 2, BATCH_PHOTOS // 4)


def hold_vectors(photos: Sequence[HeldPhoto], encoders: Sequence[PhotoEncoder]) -> None:
    """Compute what `held_vector` gives of each photo, on this thread, and keep it with the photo.

    Args:
        photos: Photos of any number of works.
        encoders: What turns pixels into vectors.

    Raises:
        PhotoError: One can't be read.
    """
    for encoder in encoders:
        encoder.load()
        kept = PhotoCache(cache_path(encoder)).kept([photo.sha256 for photo in photos])
        lacking = [photo for photo in photos if photo.sha256 not in kept]
        for batch in _batches(lacking, same_byte_sizes(encoder) if len(lacking) > 1 else ()):
            _hold(batch, encoder)


def same_byte_sizes(encoder: PhotoEncoder) -> tuple[int, ...]:
    """The batch sizes above 1 that give each photo the bytes it has alone on this machine, the largest first.

    An encoder that is not one of the networks in the box has none: what it computes with is its own.
    """
    if not isinstance(encoder, PhotoExtractor) or encoder.mirrored:
        return ()
    machine = machine_name()
    digest = hashlib.sha256(f"{encoder.key} {machine}".encode()).hexdigest()[:12]
    path = cache_folder() / "features" / f"{encoder.backbone.name}-batch-sizes-{digest}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["sizes"]
        return tuple(size for size in SIZES if size in found)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not probed yet, or not readable: probe
    with closing(work_off([encoder], _probed, "sakka-photos")) as probing:  # on one core, as photos are computed
        sizes = next(probing)
    write_json(path, {"sizes": sizes, "key": encoder.key, "machine": machine})
    return tuple(sizes)


def _probed(encoder: PhotoExtractor) -> list[int]:
    side_px = encoder.input_px
    photos = np.random.default_rng(0).integers(0, 256, (BATCH_PHOTOS, side_px, side_px, 3), dtype=np.uint8)
    alone = [next(_computed(photo[None], encoder)) for photo in photos]
    return [
        size
        for size in SIZES
        if all(map(_same_bytes, alone[:size], _computed(np.ascontiguousarray(photos[:size]), encoder)))
    ]


def _same_bytes(one: dict[Hashable, Any], other: dict[Hashable, Any]) -> bool:
    (maps, vector), (other_maps, other_vector) = one.values(), other.values()
    return np.array_equal(vector, other_vector) and all(torch.equal(maps[name], other_maps[name]) for name in maps)


def _batches(photos: Sequence[HeldPhoto], sizes: Sequence[int]) -> Iterator[Sequence[HeldPhoto]]:
    """Photos in batches of an allowed size, the largest first, or of one."""
    start = 0
    while start < len(photos):
        size = next((size for size in sizes if size <= len(photos) - start), 1)
        yield photos[start : start + size]
        start += size


def _hold(photos: Sequence[HeldPhoto], encoder: PhotoEncoder) -> None:
    if len(photos) == 1 or not isinstance(encoder, PhotoExtractor):
        for photo in photos:
            held_vector(photo, encoder)
        return
    pixels = np.stack([photo_pixels(photo, encoder.input_px) for photo in photos])
    for photo, values in zip(photos, _computed(pixels, encoder), strict=True):
        photo.keep(values)


def _computed(pixels: Pixels, encoder: PhotoExtractor) -> Iterator[dict[Hashable, Any]]:
    """What each photo of a batch keeps, as `held_maps` and `held_vector` look for it: the maps, and the vector."""
    maps = encoder.maps(pixels)
    for row, vector in enumerate(encoder.statistics(maps)):
        own = {stage: each[row : row + 1] for stage, each in maps.items()}
        yield {("maps", encoder.key): own, ("vector", encoder.key): vector}
