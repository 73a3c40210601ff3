"""Perceptual hashes and near-identical pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from sakka.catalog.works import Catalog, Work
from sakka.photos import hashes
from sakka.photos.hashes import PhotoHashes, near_pairs, photo_hash, photo_hashes


def picture(seed: int, size_px: int = 96) -> Image.Image:
    generator = np.random.default_rng(seed)
    return Image.fromarray(generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize(
        (size_px, size_px), Image.Resampling.BICUBIC
    )


def hashes_of(values: list[int]) -> PhotoHashes:
    return PhotoHashes(np.array(values, dtype=np.uint64), np.ones(len(values), dtype=np.bool_))


def distance(first: Image.Image, second: Image.Image) -> int:
    return ((photo_hash(first) or 0) ^ (photo_hash(second) or 0)).bit_count()


@pytest.mark.parametrize("seed", range(5))
def test_scaling_and_light_keep_a_hash_and_another_picture_does_not(seed: int) -> None:
    image = picture(seed)
    assert distance(image, image.resize((64, 64))) <= hashes.NEAR_DISTANCE
    assert distance(image, ImageEnhance.Brightness(image).enhance(0.8)) <= hashes.NEAR_DISTANCE
    assert distance(image, picture(seed + 100)) > 2 * hashes.NEAR_DISTANCE


def test_a_hash_is_the_sign_of_the_lowest_frequencies() -> None:
    grid = np.asarray(picture(3).convert("L").resize((32, 32), Image.Resampling.BOX), dtype=float)
    place = np.arange(32)
    frequencies = [
        sum(
            grid[y] @ np.cos(np.pi * column * (2 * place + 1) / 64) * np.cos(np.pi * row * (2 * y + 1) / 64)
            for y in range(32)
        )
        for row in range(1, 9)
        for column in range(1, 9)
    ]
    bits = "".join("1" if value > np.median(frequencies) else "0" for value in frequencies)
    assert photo_hash(picture(3)) == int(bits, 2)


def test_an_even_photo_has_no_hash() -> None:
    assert photo_hash(Image.new("RGB", (50, 50), "white")) is None


@settings(max_examples=60)
@given(st.integers(0, 11), st.integers(0, 2**32))
def test_near_pairs_are_those_that_comparing_all_with_all_gives(max_distance: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    base = generator.integers(0, 2**63, 12).tolist()
    values = [value ^ sum(1 << int(bit) for bit in generator.choice(64, flips, replace=False))
              for value in base for flips in (0, 0, 2, 5, 9, 12)]  # fmt: skip
    expected = [
        [first, second]
        for first in range(len(values))
        for second in range(first + 1, len(values))
        if (values[first] ^ values[second]).bit_count() <= max_distance
    ]
    assert near_pairs(hashes_of(values), max_distance).tolist() == expected


def test_works_without_a_hash_are_in_no_pair() -> None:
    hashes = PhotoHashes(np.zeros(4, dtype=np.uint64), np.array([False, True, False, True]))
    assert near_pairs(hashes).tolist() == [[1, 3]]
    assert near_pairs(PhotoHashes(np.zeros(2, dtype=np.uint64), np.zeros(2, dtype=np.bool_))).shape == (0, 2)


def test_pieces_of_candidates_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [(1 << place) | 0xF0F0 for place in range(40)]
    whole = near_pairs(hashes_of(values), 2)
    monkeypatch.setattr(hashes, "CANDIDATES_AT_ONCE", 7)
    assert len(whole) > 100
    assert np.array_equal(near_pairs(hashes_of(values), 2), whole)


def test_fifty_thousand_hashes_are_compared_in_seconds() -> None:
    values = np.random.default_rng(0).integers(0, 2**63, 50_000, dtype=np.uint64)
    values[-1] = values[0] ^ np.uint64(0b111)
    assert near_pairs(PhotoHashes(values, np.ones(len(values), dtype=np.bool_))).tolist() == [[0, 49_999]]


@pytest.mark.parametrize("max_distance", [-1, 16])
def test_a_distance_out_of_range_is_refused(max_distance: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 15"):
        near_pairs(hashes_of([0]), max_distance)


def test_a_catalogs_hashes_stand_beside_its_works(folder) -> None:
    picture(1).save(folder / "a.png")
    (folder / "b.png").write_bytes(b"")
    works = [Work("a", photos=("a.png",)), Work("b", photos=("b.png",)), Work("c"), Work("d", photos=("a.png",))]
    hashes = photo_hashes(Catalog.from_works(works, photo_root=folder).photo_paths)
    assert hashes.known.tolist() == [True, False, False, True]
    assert hashes.values[0] == hashes.values[3] == photo_hash(picture(1))
