"""The objects in photos: labels of the detector where they are in the cache, or are asked for."""

from dataclasses import dataclass

import numpy as np

from sakka.arrays import top
from sakka.catalog.works import Catalog
from sakka.errors import MissingPartError, WeightsError

MOST_LABELS = 6
LEAST_SHARE = 0.05


@dataclass(frozen=True)
class ObjectShare:
    """A kind of object.

    Attributes:
        english: Its name in English.
        japanese: In Japanese.
        share: The share of the photos that show it, 0 to 1.
    """

    english: str
    japanese: str
    share: float


def objects_in(works: Catalog, *, looking: bool = False) -> list[ObjectShare] | None:
    """The objects that works' photos show, the most frequent first; None where nobody has looked.

    Args:
        works: The works.
        looking: Look at photos whose labels are not in the cache; else they are left out.

    Raises:
        PhotoError: A photo can't be read.
        WeightsError: The detector's weights can't be had, and `looking` is set.
        MissingPartError: onnx or onnxruntime is not installed, and `looking` is set.
    """
    from sakka.object_labels.coco import LABELS
    from sakka.object_labels.table import find_labels

    try:
        known = works.take(np.flatnonzero(works.has_photo)) if looking else _looked_at(works)
        if len(known) == 0:
            return None
        shown = find_labels(known).shown.mean(axis=0)
    except (MissingPartError, WeightsError):
        if looking:
            raise
        return None
    order = [index for index in top(shown).tolist() if shown[index] >= LEAST_SHARE]
    labels = [LABELS[index + 1] for index in order[:MOST_LABELS]]
    return [ObjectShare(label.english, label.japanese, float(shown[label.id - 1])) for label in labels]


def _looked_at(works: Catalog) -> Catalog:
    """The works whose boxes the cache has."""
    from sakka.catalog.photo_keys import photo_keys
    from sakka.object_labels.detections import cache_path
    from sakka.photos.store import PhotoCache

    keys = photo_keys(works)
    found = PhotoCache(cache_path()).get([key for key in keys if key is not None])
    return works.take([row for row, key in enumerate(keys) if key in found])
