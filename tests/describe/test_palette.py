from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sakka.describe.colours import NAMES, name_of
from sakka.describe.palette import palette_of, swatches_of
from sakka.errors import PhotoError
from sakka.photos.cielab import to_lab


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


def test_the_cloth_under_a_work_is_no_colour_of_it(folder: Path) -> None:
    photo = Image.new("RGB", (128, 128), (28, 38, 84))
    photo.paste((206, 32, 40), (48, 48, 80, 80))
    photo.save(folder / "square.png")
    assert [(each.name.english, each.share) for each in palette_of([folder / "square.png"])] == [("red", 1)]


def test_a_small_work_counts_as_much_as_a_large_one(folder: Path) -> None:
    for name, half, colour in (("small", 8, (206, 32, 40)), ("large", 40, (48, 140, 66))):
        photo = Image.new("RGB", (128, 128), (250, 250, 250))
        photo.paste(colour, (64 - half, 64 - half, 64 + half, 64 + half))
        photo.save(folder / f"{name}.png")
    shares = {each.name.english: each.share for each in palette_of([folder / "small.png", folder / "large.png"])}
    assert shares == {"red": 0.5, "green": 0.5}


def test_the_same_photos_and_seed_give_the_same_palette() -> None:
    lab = to_lab(np.random.default_rng(0).integers(0, 256, (500, 3)))
    assert swatches_of(lab, seed=3) == swatches_of(lab, seed=3)
    assert sum(swatch.share for swatch in swatches_of(lab)) == pytest.approx(1)


def test_no_photo_has_no_palette_and_one_that_can_not_be_read_is_named(folder: Path) -> None:
    assert palette_of([]) == []
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    with pytest.raises(PhotoError, match=r"broken\.jpg"):
        palette_of([folder / "broken.jpg"])
