import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from tests.catalogs import tiny_catalog
from torch import nn

from sakka.cache import cache_folder
from sakka.catalog.works import Catalog
from sakka.errors import PhotoError
from sakka.networks.backbones import INPUT_PX
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import cache_path, photo_features, photo_pixels
from sakka.photos.store import PhotoCache


class Counting(nn.Module):
    """A network in place of VGG16 that is fast and counts the photos it sees; stage s gives each colour's share."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 2.0]))
        self.seen = 0
        self.breaks_after: int | None = None

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        self.seen += len(photos)
        if self.breaks_after is not None and self.seen > self.breaks_after:
            raise KeyboardInterrupt
        small = nn.functional.avg_pool2d(photos, 16)
        sizes = {"block1": 64, "block2": 128, "block3": 256, "block4": 512, "block5": 512, "last": 512}
        return {stage: small.repeat(1, -(-size // 3), 1, 1)[:, :size] for stage, size in sizes.items()}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def works(tmp_path: Path) -> Catalog:
    return tiny_catalog(tmp_path / "works", creators=3, works=7, without_photo=1)


@pytest.fixture
def extractor() -> PhotoExtractor:
    return PhotoExtractor("vgg16", "float32", Counting())


def seen(extractor: PhotoExtractor) -> int:
    return extractor.network.seen


def test_a_photo_is_computed_once_and_gives_the_same_bytes_from_the_cache(
    works: Catalog, extractor: PhotoExtractor
) -> None:
    fresh, has_photo = photo_features(works, extractor)
    after = seen(extractor)
    cached, _ = photo_features(works, extractor)
    assert seen(extractor) == after == 3 * BATCH_PHOTOS
    assert fresh.tobytes() == cached.tobytes()
    assert has_photo.tolist() == works.has_photo.tolist() == [False] * 3 + [True] * 18
    assert not fresh[~has_photo].any()


def test_each_vector_is_that_of_the_works_own_photo(works: Catalog, extractor: PhotoExtractor) -> None:
    table, _ = photo_features(works, extractor)
    for row in (3, 20):
        alone = extractor.vectors(photo_pixels(works.photo_paths[row], INPUT_PX)[None])
        np.testing.assert_allclose(table[row], alone[0], rtol=1e-4, atol=1e-5)


def test_identical_photos_are_computed_once(works: Catalog, extractor: PhotoExtractor) -> None:
    rows = [3] * 2 * BATCH_PHOTOS
    table, _ = photo_features(works.take(rows), extractor)
    assert seen(extractor) == BATCH_PHOTOS
    assert (table == table[0]).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_photos_bytes_do_not_depend_on_the_photos_beside_it(works: Catalog, dtype: str) -> None:
    real = PhotoExtractor("efficientnet_lite0", dtype)
    some, _ = photo_features(works.take(np.arange(3, 15)), real)
    (cache_folder() / "features" / f"{real.key}.sqlite").unlink()
    again, _ = photo_features(works.take(np.arange(14, 11, -1)), real)
    assert again[::-1].tobytes() == some[-3:].tobytes()


def test_one_work_alone_is_answered_and_not_kept(works: Catalog, extractor: PhotoExtractor) -> None:
    alone, _ = photo_features(works.take([5]), extractor)
    assert seen(extractor) == 1
    together, _ = photo_features(works, extractor)
    assert seen(extractor) == 1 + 3 * BATCH_PHOTOS
    np.testing.assert_allclose(alone[0], together[5], rtol=1e-4, atol=1e-5)


def test_what_was_done_before_an_interruption_is_kept(works: Catalog) -> None:
    whole, _ = photo_features(works, PhotoExtractor("vgg16", "float32", Counting()))
    features = cache_folder() / "features"
    for file in features.iterdir():
        file.unlink()
    network = Counting()
    network.breaks_after = 2 * BATCH_PHOTOS
    with pytest.raises(KeyboardInterrupt):
        photo_features(works, PhotoExtractor("vgg16", "float32", network))
    second = PhotoExtractor("vgg16", "float32", Counting())
    resumed, _ = photo_features(works, second)
    assert seen(second) < 3 * BATCH_PHOTOS
    assert resumed.tobytes() == whole.tobytes()


def test_a_vector_of_the_wrong_length_in_the_cache_is_computed_anew(works: Catalog, extractor: PhotoExtractor) -> None:
    whole, _ = photo_features(works, extractor)
    cache = PhotoCache(cache_folder() / "features" / f"{extractor.key}.sqlite")
    cache.put([(works.table["photos_sha256"][4][0], b"short")])
    again, _ = photo_features(works, extractor)
    assert again.tobytes() == whole.tobytes()


def test_a_vector_that_was_changed_in_the_cache_is_computed_anew(works: Catalog, extractor: PhotoExtractor) -> None:
    whole, _ = photo_features(works, extractor)
    cache = PhotoCache(cache_path(extractor))
    key = works.table["photos_sha256"][4][0]
    value = bytearray(cache.get([key])[key])
    value[5] ^= 1
    with closing(sqlite3.connect(cache.path)) as connection, connection:
        connection.execute("UPDATE photos SET value = ? WHERE key = ?", (bytes(value), key))
    assert cache.get([key]) == {}
    again, _ = photo_features(works, extractor)
    assert again.tobytes() == whole.tobytes()
    with closing(sqlite3.connect(cache.path)) as connection, connection:  # as an older version would have left it
        connection.execute("DELETE FROM photos WHERE key LIKE '% checksum'")
        connection.execute("UPDATE photos SET value = ? WHERE key = ?", (b"\xff" * len(value), key))  # no numbers
    again, _ = photo_features(works, extractor)
    assert again.tobytes() == whole.tobytes()


def test_a_catalog_without_hashes_or_photos_is_answered(works: Catalog, extractor: PhotoExtractor) -> None:
    whole, _ = photo_features(works, extractor)
    without_hashes = replace(
        works, table=works.table.with_columns(photos_sha256=pl.lit(None, dtype=pl.List(pl.String)))
    )
    assert photo_features(without_hashes, extractor)[0].tobytes() == whole.tobytes()
    none, has_photo = photo_features(works.take([0, 1]), extractor)
    assert not none.any()
    assert not has_photo.any()
    assert photo_features(works.take([]), extractor)[0].shape == (0, extractor.size)


def test_an_unreadable_photo_is_named(works: Catalog, extractor: PhotoExtractor) -> None:
    path = works.photo_paths[9]
    path.write_bytes(b"\x89PNG\r\n\x1a\n no more")
    with pytest.raises(PhotoError, match=path.name):
        photo_features(works, extractor)
    path.unlink()
    with pytest.raises(PhotoError, match=path.name):
        photo_features(works, extractor)


def test_a_photo_that_was_exchanged_since_the_catalog_was_built_is_refused(
    works: Catalog, extractor: PhotoExtractor
) -> None:
    works.photo_paths[9].write_bytes(works.photo_paths[10].read_bytes())
    with pytest.raises(PhotoError, match="build the catalog again"):
        photo_features(works, extractor)


def test_threads_are_as_many_afterwards_as_before(works: Catalog, extractor: PhotoExtractor) -> None:
    before = torch.get_num_threads()
    photo_features(works, extractor)
    assert torch.get_num_threads() == before


def test_a_photo_of_any_shape_is_squashed_to_the_input(folder: Path) -> None:
    Image.new("RGB", (600, 300), (10, 20, 30)).save(folder / "wide.png")
    pixels = photo_pixels(folder / "wide.png", INPUT_PX)
    assert pixels.shape == (INPUT_PX, INPUT_PX, 3)
    assert (pixels == (10, 20, 30)).all()


def test_a_mirror_image_is_looked_at_and_kept_beside_the_photo(works: Catalog, tmp_path: Path) -> None:
    row = int(np.flatnonzero(works.has_photo)[0])
    with Image.open(works.photo_paths[row]) as photo:
        path = tmp_path / "mirrored.png"
        photo.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    extractor = PhotoExtractor("efficientnet_lite0", "float32")
    expected = extractor.vectors(photo_pixels(path, INPUT_PX)[None])[0]
    straight, _ = photo_features(works, extractor)
    turned, _ = photo_features(works, extractor.of_mirror_images())
    assert np.abs(turned[row].astype(np.float32) - expected).max() < 0.05
    assert np.abs(straight[row].astype(np.float32) - expected).max() > 0.1
    assert extractor.key != extractor.of_mirror_images().key
