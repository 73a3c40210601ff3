import io

import numpy as np
from PIL import Image

from sakka.pages.heat_map import AGAINST_COLOUR, FOR_COLOUR, LEGEND_PX, heat_map


def drawn(regions: np.ndarray, size: tuple[int, int] = (90, 60), **settings: object) -> np.ndarray:
    photo = Image.new("RGB", size, (128, 128, 128))
    content = heat_map(photo, regions.astype(np.float32), side_px=180, **settings)  # type: ignore[arg-type]
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(float)


def test_the_picture_has_the_photos_own_proportions() -> None:
    assert drawn(np.zeros((7, 7))).shape == (120, 180, 3)
    assert drawn(np.zeros((7, 7)), legend=("Sato", "Mori")).shape == (120 + LEGEND_PX, 180, 3)
    assert drawn(np.zeros((7, 7)), size=(3, 4000)).shape == (180, 1, 3)


def test_what_speaks_for_is_orange_and_what_speaks_against_is_purple() -> None:
    regions = np.zeros((8, 8))
    regions[2:6, :3], regions[2:6, 5:] = 1, -1
    pixels = drawn(regions)
    for place, colour in ((25, FOR_COLOUR), (155, AGAINST_COLOUR)):
        away = np.abs(pixels[60, place] - 128)
        towards = np.sign(np.array(colour) - 128)
        assert (np.sign(pixels[60, place] - 128) == towards).all()
        assert away.max() > 20
    np.testing.assert_allclose(pixels[60, 90], pixels[60, 90].mean(), atol=12)  # nothing in the middle


def test_a_map_that_says_nothing_leaves_the_photo_grey() -> None:
    pixels = drawn(np.zeros((7, 7)))
    assert np.ptp(pixels) == 0


def test_the_same_map_gives_the_same_bytes() -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8))
    regions = np.random.default_rng(1).normal(size=(56, 56)).astype(np.float32)
    assert heat_map(photo, regions, legend=("佐藤", "a" * 200)) == heat_map(photo, regions, legend=("佐藤", "a" * 200))
