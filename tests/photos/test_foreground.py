"""What of a photo is the work, on pictures whose truth can be counted."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sakka.arrays import Mask
from sakka.market import MarketSettings, draw_photo, market_listings
from sakka.market.photo import photo_truth
from sakka.photos.foreground import SIDE_PX, work_mask

RED, BLUE, WHITE = (200, 30, 40), (40, 60, 150), (255, 255, 255)


def cloth(side_px: int = 128) -> Image.Image:
    """Blue with a coarse weave."""
    weave = np.random.default_rng(0).normal(0, 12, (side_px // 2, side_px // 2, 1)).repeat(2, 0).repeat(2, 1)
    return Image.fromarray(np.clip(np.full((side_px, side_px, 3), BLUE) + weave, 0, 255).astype(np.uint8))


def circle(middle: tuple[int, int], radius_px: int) -> Mask:
    """A disc in a mask, as large as half of it in a photo of 128 pixels."""
    down, across = np.mgrid[:SIDE_PX, :SIDE_PX]
    return np.hypot(across - middle[0] / 2, down - middle[1] / 2) < radius_px / 2


def overlap(found: Mask, true: Mask) -> float:
    """The intersection over the union."""
    return float((found & true).sum() / (found | true).sum())


@pytest.mark.parametrize(("middle", "radius_px"), [((64, 64), 30), ((64, 64), 20), ((50, 76), 24)])
def test_a_red_disc_on_blue_cloth_is_the_work(middle: tuple[int, int], radius_px: int) -> None:
    photo, (x, y) = cloth(), middle
    ImageDraw.Draw(photo).ellipse((x - radius_px, y - radius_px, x + radius_px, y + radius_px), RED)
    assert overlap(work_mask(photo), circle(middle, radius_px)) > 0.75


def test_a_dish_under_the_work_is_backdrop_too() -> None:
    photo = cloth()
    pen = ImageDraw.Draw(photo)
    pen.ellipse((10, 10, 118, 118), (235, 232, 225))
    pen.ellipse((34, 34, 94, 94), RED)
    assert overlap(work_mask(photo), circle((64, 64), 30)) > 0.8


def test_a_painting_is_all_work() -> None:
    field, sky, wood = (120, 140, 60), (150, 190, 220), (90, 60, 40)
    painting = Image.new("RGB", (160, 120), field)
    painting.paste(sky, (0, 0, 160, 50))
    painting.paste(wood, (20, 10, 60, 120))
    assert work_mask(painting).all()


def test_what_is_drawn_on_a_page_is_all_work_wherever_it_stands() -> None:
    drawing = Image.new("RGB", (128, 128), WHITE)
    drawing.paste(RED, (16, 16, 32, 112))
    drawing.paste("black", (96, 16, 112, 112))
    expected = np.zeros((64, 64), dtype=np.bool_)
    expected[8:56, 8:16] = expected[8:56, 48:56] = True
    assert np.array_equal(work_mask(drawing), expected)


def test_white_within_a_drawing_is_work_and_the_page_around_it_is_not() -> None:
    drawing = Image.new("RGB", (128, 128), WHITE)
    ImageDraw.Draw(drawing).rectangle((32, 32, 95, 95), outline="black", width=4)
    assert work_mask(drawing).sum() == 32 * 32


def test_a_transparent_ground_is_a_page() -> None:
    drawing = Image.new("RGBA", (128, 128), (0, 0, 0, 0))
    drawing.paste((*RED, 255), (0, 32, 64, 96))
    page = Image.new("RGBA", drawing.size, (*WHITE, 255))
    page.alpha_composite(drawing)
    assert work_mask(page.convert("RGB")).mean() in (0.25, 1.0)


@pytest.mark.parametrize("colour", [WHITE, RED])
def test_a_photo_of_one_colour_is_all_work(colour: tuple[int, int, int]) -> None:
    assert work_mask(Image.new("RGB", (40, 70), colour)).all()


def test_a_mask_does_not_depend_on_the_size_of_the_photo() -> None:
    photo = cloth()
    ImageDraw.Draw(photo).ellipse((40, 40, 88, 88), RED)
    assert overlap(work_mask(photo), work_mask(photo.resize((256, 256), Image.Resampling.NEAREST))) == 1


def test_on_the_market_most_of_what_is_found_is_work() -> None:
    market = MarketSettings(creators=12, works=120, seed=3)
    listed = [name for name, image in market_listings(market).select("id", "image").iter_rows() if image][:24]
    shares = []
    for name in listed:
        true = photo_truth(market, name).work
        small = np.asarray(Image.fromarray(true).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
        shares.append(float(small[work_mask(draw_photo(market, name))].mean() - small.mean()))
    assert np.median(shares) > 0.5
