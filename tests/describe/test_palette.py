from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sakka.describe.colours import NAMES, name_of, to_lab, to_rgb
from sakka.describe.palette import palette_of, swatches_of
from sakka.errors import PhotoError


def test_cielab_is_that_of_known_colours() -> None:
    lab = to_lab([[255, 0, 0], [0, 0, 255], [119, 119, 119]])
    known = [[53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [50.03, 0.0, 0.0]]  # CIE under D65
    np.testing.assert_allclose(lab, known, atol=0.05)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour_comes_back_from_cielab(rgb: tuple[int, int, int]) -> None:
    assert to_rgb(to_lab([rgb])).tolist() == [list(rgb)]


def test_every_named_colour_has_its_own_name() -> None:
    assert [name_of(name.rgb) for name in NAMES] == list(NAMES)


def test_a_photo_of_three_colours_has_these_in_their_shares(folder: Path) -> None:
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:32], pixels[32:48], pixels[48:] = (206, 32, 40), (28, 38, 84), (250, 250, 250)
    Image.fromarray(pixels).save(folder / "flag.png")
    found = palette_of([folder / "flag.png"])
    shares = [(swatch.name.english, swatch.share) for swatch in found]
    assert shares == [("red", 0.5), ("navy", 0.25), ("white", 0.25)]
    assert found[0].hex == "#ce2028"


def test_the_same_photos_and_seed_give_the_same_palette() -> None:
    lab = to_lab(np.random.default_rng(0).integers(0, 256, (500, 3)))
    assert swatches_of(lab, seed=3) == swatches_of(lab, seed=3)
    assert sum(swatch.share for swatch in swatches_of(lab)) == pytest.approx(1)


def test_no_photo_has_no_palette_and_one_that_can_not_be_read_is_named(folder: Path) -> None:
    assert palette_of([]) == []
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    with pytest.raises(PhotoError, match=r"broken\.jpg"):
        palette_of([folder / "broken.jpg"])
