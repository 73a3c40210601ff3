import io

import numpy as np
import polars as pl
import pytest
from PIL import Image

from sakka.arrays import DoubleArray
from sakka.errors import CatalogError
from sakka.market import MarketSettings, contact_sheet, draw_photo, market_listings
from sakka.market.chance import Chance
from sakka.market.motifs import Form, parts_of
from sakka.market.photo import photo_bytes, photo_truth
from sakka.market.style import BACKDROPS
from sakka.market.vocabulary import MOTIFS

MARKET = MarketSettings(creators=20, works=400)


@pytest.fixture(scope="module")
def listings() -> pl.DataFrame:
    return market_listings(MARKET)


def _small(identifier: str) -> DoubleArray:
    """A photo at 24 x 24, its brightness evened out."""
    small = np.asarray(draw_photo(MARKET, identifier).resize((24, 24), Image.Resampling.BOX), dtype=np.float64)
    return small / small.mean()


def test_the_same_id_gives_the_same_bytes_in_any_order(listings: pl.DataFrame) -> None:
    some = listings["id"].to_list()[:6]
    forward = [photo_bytes(MARKET, identifier) for identifier in some]
    backward = [photo_bytes(MARKET, identifier) for identifier in reversed(some)]
    assert forward == backward[::-1]
    assert len(set(forward)) == 6


def test_a_photo_is_a_jpeg_of_the_size_asked_for(listings: pl.DataFrame) -> None:
    for side in (96, 320):
        market = MarketSettings(creators=20, works=400, photo_px=side)
        image = Image.open(io.BytesIO(photo_bytes(market, listings["id"][0])))
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (side, side))


def test_relistings_look_alike_and_other_works_do_not(listings: pl.DataFrame) -> None:
    again = listings.filter(pl.col("group") != pl.col("id")).head(12)
    first = [_small(identifier) for identifier in again["group"]]
    second = [_small(identifier) for identifier in again["id"]]
    alike = [np.abs(a - b).mean() for a, b in zip(first, second, strict=True)]
    strangers = [
        np.abs(a - b).mean()
        for a, one in zip(first, again.iter_rows(named=True), strict=True)
        for b, other in zip(second, again.iter_rows(named=True), strict=True)
        if one["group"] != other["group"]
    ]
    assert max(alike) < 0.09
    assert np.median(strangers) > 3 * np.median(alike)


def test_the_truth_of_a_photo_says_where_the_work_is_and_what_it_is_laid_on(listings: pl.DataFrame) -> None:
    first, again = (
        listings.filter((pl.col("group") == pl.col("id")) == kept, pl.col("image") != "")["id"].to_list()[:4]
        for kept in (True, False)
    )
    for identifier in [*first, *again]:
        truth = photo_truth(MARKET, identifier)
        photo = np.asarray(draw_photo(MARKET, identifier), dtype=np.float64)
        assert truth.work.shape == photo.shape[:2]
        assert 0.03 < truth.work.mean() < 0.6
        assert truth.work[:4].max() == 0
        within, around = photo[truth.work > 0.9], photo[truth.work < 0.1]
        assert np.linalg.norm(within.mean(axis=0) - around.mean(axis=0)) > 8
        assert truth.backdrop in BACKDROPS


def test_works_of_one_hand_resemble_each_other_more_than_works_of_others(listings: pl.DataFrame) -> None:
    first_listings = listings.filter(pl.col("group") == pl.col("id"))
    rows = pl.concat([first_listings.filter(pl.col("person") == person).head(5) for person in range(8)])
    means = np.array([_small(identifier).reshape(-1, 3).mean(axis=0) for identifier in rows["id"]])
    people = rows["person"].to_numpy()
    distances = np.linalg.norm(means[:, None] - means[None], axis=-1)
    same = people[:, None] == people[None]
    off_diagonal = ~np.eye(len(people), dtype=bool)
    assert distances[same & off_diagonal].mean() < 0.8 * distances[~same].mean()


@pytest.mark.parametrize("motif", MOTIFS)
def test_every_motif_fills_the_middle_of_its_square(motif: str) -> None:
    for petals in range(4, 11):
        parts = parts_of(motif, Form(petals, 0.5, 1.0), Chance("test", motif, petals))
        points = np.concatenate([part.outline for part in parts])
        assert np.isfinite(points).all()
        assert np.abs(points).max() < 1.3
        assert np.ptp(points, axis=0).min() > 0.8


def test_a_contact_sheet_has_one_row_a_creator(tmp_path) -> None:
    path = contact_sheet(MARKET, tmp_path / "sheet.png", rows=2, columns=4)
    with Image.open(path) as sheet:
        width, height = sheet.size
    assert 1_190 <= width <= 1_200
    assert height == pytest.approx(width / 2, abs=8)


def test_a_contact_sheet_that_cannot_be_made_is_refused(tmp_path) -> None:
    with pytest.raises(CatalogError, match="got 21 rows"):
        contact_sheet(MARKET, tmp_path / "sheet.png", rows=21, columns=4)
    with pytest.raises(CatalogError, match=r"expected a name that ends in \.png or \.jpg"):
        contact_sheet(MARKET, tmp_path / "sheet.bmp", rows=2, columns=4)
