"""Boxes of a catalog: found once, kept by the photo's content."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.detector_weights import put_detector_into_cache, sample_photo

from sakka.catalog.works import Catalog, Work
from sakka.errors import PhotoError
from sakka.object_labels import detections
from sakka.object_labels.coco import LABELS
from sakka.object_labels.detections import boxes_of, cache_path, to_bytes
from sakka.object_labels.table import find_labels, read_labels, write_labels
from sakka.photos.store import PhotoCache


@pytest.fixture
def sample(folder: Path) -> Catalog:
    put_detector_into_cache()
    works = [Work("nothing")]
    for name in ("chelsea", "coffee", "chelsea"):
        photo = f"{len(works)}.png"
        shutil.copyfile(sample_photo(f"{name}.png"), folder / photo)
        works.append(Work(f"{name}-{len(works)}", creator=name, photos=(photo,)))
    return Catalog.from_works(works, photo_root=folder)


@pytest.fixture
def no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make any use of the network an error: what is asked for must come from the cache."""
    monkeypatch.setattr(detections, "load_detector", lambda: pytest.fail("the network was asked again"))


def _names(row: np.ndarray) -> set[str]:
    return {LABELS[index].english for index in np.flatnonzero(row)}


def test_labels_of_works_go_with_their_own_photos(sample: Catalog) -> None:
    vectors = find_labels(sample).vectors
    assert _names(vectors[0]) == set()
    assert "cat" in _names(vectors[1])
    assert {"cup", "dining table"} <= _names(vectors[2])
    assert np.array_equal(vectors[1], vectors[3])


def test_a_photo_is_looked_at_once_whatever_its_name(
    sample: Catalog, folder: Path, request: pytest.FixtureRequest
) -> None:
    before = boxes_of(sample)
    (folder / "2.png").rename(folder / "renamed.png")
    renamed = Catalog.from_works([Work("cup", photos=("renamed.png",))], photo_root=folder)
    request.getfixturevalue("no_detector")
    assert np.array_equal(boxes_of(renamed)[0], before[2])


def test_a_higher_threshold_needs_no_second_look(sample: Catalog, request: pytest.FixtureRequest) -> None:
    low = find_labels(sample, 0.2).vectors
    request.getfixturevalue("no_detector")
    high = find_labels(sample, 0.8).vectors
    assert np.array_equal(high[:, 1:] > 0, low[:, 1:] >= np.float32(0.8))


@pytest.mark.usefixtures("no_detector")
def test_kept_boxes_are_answered_without_weights_and_without_the_photo(folder: Path) -> None:
    boxes = np.array([[17, 0.5, 0, 0.25, 0.5, 1]], dtype=np.float32)
    PhotoCache(cache_path()).put([("0" * 64, to_bytes(boxes))])
    works = Catalog.from_works([Work("a", photos=("gone.jpg",), photos_sha256=("0" * 64,))], photo_root=folder)
    assert np.array_equal(boxes_of(works)[0], boxes)


def test_a_photo_that_is_missing_is_one_clear_line(folder: Path) -> None:
    works = Catalog.from_works([Work("a", photos=("gone.jpg",))], photo_root=folder)
    with pytest.raises(PhotoError, match="gone"):
        find_labels(works)


def test_a_photo_that_changed_since_the_catalog_was_built_is_one_clear_line(sample: Catalog, folder: Path) -> None:
    works = [Work("a", photos=("1.png",), photos_sha256=("f" * 64,))]
    with pytest.raises(PhotoError, match="build the catalog again"):
        find_labels(Catalog.from_works(works, photo_root=folder))


def test_what_a_run_folder_keeps_is_what_was_found(sample: Catalog, folder: Path) -> None:
    written = write_labels(folder / "run", sample)
    read = read_labels(folder / "run")
    assert read is not None
    assert read.ids == tuple(sample.ids)
    assert np.array_equal(read.vectors, written.vectors)
