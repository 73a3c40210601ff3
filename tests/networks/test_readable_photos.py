from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog
from tests.networks.test_features import Counting

from sakka.catalog.works import Catalog
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import cache_path, photo_features
from sakka.networks.readable_photos import ReadablePhotos, cache_vectors, readable_photos
from sakka.photos.store import PhotoCache


@pytest.fixture(autouse=True)
def _own_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(folder / "cache"))


@pytest.fixture
def works(folder: Path) -> Catalog:
    return tiny_catalog(folder / "works", creators=3, works=7)


@pytest.fixture
def extractor() -> PhotoExtractor:
    return PhotoExtractor("vgg16", "float32", Counting())


def paths_of(works: Catalog) -> list[Path]:
    return [path for path in works.photo_paths if path is not None]


def test_photos_that_pass_by_have_the_vectors_that_a_catalog_of_them_gets(
    works: Catalog, extractor: PhotoExtractor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = list(cache_vectors([[path] for path in paths_of(works)], [extractor], 5))
    assert found == [ReadablePhotos((0,), (sha256,), (None,)) for sha256 in works.table["photos_sha256"].list.first()]
    passed, _ = photo_features(works, extractor)
    assert extractor.network.seen == 3 * BATCH_PHOTOS
    monkeypatch.setenv("SAKKA_CACHE", str(folder / "other"))
    assert photo_features(works, extractor)[0].tobytes() == passed.tobytes()


def test_a_batch_is_filled_with_the_photos_that_the_cache_lacks(works: Catalog, extractor: PhotoExtractor) -> None:
    photos = [[path] for path in paths_of(works)]
    list(cache_vectors(photos[::2], [extractor], 5))  # 11 of 21
    before = extractor.network.seen
    list(cache_vectors(photos, [extractor], 5))
    assert extractor.network.seen - before == 2 * BATCH_PHOTOS  # for the 10 others
    list(cache_vectors(photos, [extractor], 5))
    assert extractor.network.seen - before == 2 * BATCH_PHOTOS


def test_a_photo_that_cannot_be_read_costs_itself_and_the_next_one_is_taken(
    works: Catalog, extractor: PhotoExtractor, folder: Path
) -> None:
    good, other, *_ = paths_of(works)
    damaged = folder / "damaged.jpg"
    damaged.write_bytes(b"\xff\xd8\xff" + b"no photo" * 9)
    gone = folder / "gone.jpg"
    found = list(cache_vectors([[damaged, gone, good], [], [gone], [other]], [extractor], 5))
    assert [photo.indices for photo in found] == [(2,), (), (), (0,)]
    reasons = [[error.reason for error in photo.errors] for photo in found]
    assert reasons == [["photo damaged", "photo missing"], [], ["photo missing"], []]
    assert str(gone) in str(found[2].errors[0])
    kept = PhotoCache(cache_path(extractor)).get([key for photo in found for key in photo.sha256 if key])
    assert len(kept) == 2


def test_no_more_works_are_taken_ahead_than_a_few_batches_need(works: Catalog, extractor: PhotoExtractor) -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            for path in paths_of(works):
                taken += 1
                yield [path]

    found = cache_vectors(endless(), [extractor], 5)  # type: ignore[arg-type]
    for _ in range(10 * BATCH_PHOTOS):
        next(found)
    found.close()  # type: ignore[attr-defined]
    assert taken < 5000


def test_the_order_is_that_of_the_works_whatever_takes_longer(works: Catalog) -> None:
    photos = [[path] for path in paths_of(works)]
    sizes = [photo.found for photo in readable_photos(photos, lambda photo: len(photo.content), 1)]
    assert sizes == [(path.stat().st_size,) for (path,) in photos]
    assert np.unique(sizes).size > 1


def test_no_more_photos_of_a_work_are_read_than_are_wanted_and_one_that_several_have_is_computed_once(
    works: Catalog, extractor: PhotoExtractor
) -> None:
    first, second, third, *_ = paths_of(works)
    found = list(cache_vectors([[first, second, third], [second, first]], [extractor], 2))
    assert [photo.indices for photo in found] == [(0, 1), (0, 1)]
    assert found[0].sha256 == found[1].sha256[::-1]
    assert extractor.network.seen == BATCH_PHOTOS
    assert len(PhotoCache(cache_path(extractor)).get([key for key in found[0].sha256 if key])) == 2
