"""Further photos of a listing: which there are, what they show, and that the truth says so."""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from PIL import Image

from sakka.arrays import DoubleArray
from sakka.market import MarketSettings, draw_photo, market_listings
from sakka.market.chance import Chance
from sakka.market.identity import photo_at
from sakka.market.listed_photos import photo_habits
from sakka.market.packaging import packaging_of
from sakka.market.photo import bytes_at
from sakka.photos.hashes import NEAR_DISTANCE, photo_hash

MARKET = MarketSettings(creators=20, works=400, photos_per_work=5, photo_px=96, second_account_share=0.3)


@pytest.fixture(scope="module")
def listings() -> pl.DataFrame:
    """The listings with photos, whose photos are lists."""
    found = market_listings(MARKET).filter(pl.col("image") != "")
    return found.with_columns(pl.col("image", "kinds", "shows").str.split("|"))


def _small(identifier: str, number: int) -> DoubleArray:
    """A photo at 24 x 24, its brightness evened out."""
    small = draw_photo(MARKET, identifier, number).resize((24, 24), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64) / np.asarray(small).mean()


def test_a_listing_has_one_to_five_photos_and_the_featured_one_first(listings: pl.DataFrame) -> None:
    counts = Counter(listings["image"].list.len())
    assert sorted(counts) == [1, 2, 3, 4, 5]
    assert listings["image"].list.len().equals(listings["kinds"].list.len())
    assert listings["image"].list.len().equals(listings["shows"].list.len())
    for row in listings.iter_rows(named=True):
        assert photo_at(row["image"][0]) == (row["id"], 0)
        assert (row["kinds"][0], row["shows"][0]) == ("featured", row["group"])
        assert "featured" not in row["kinds"][1:]
        assert len(set(row["image"])) == len(row["image"])


def test_fewer_photos_are_the_first_of_more_and_nothing_else_changes(listings: pl.DataFrame) -> None:
    every = {row["id"]: row["image"] for row in listings.iter_rows(named=True)}
    for most in (1, 3):
        fewer = market_listings(replace(MARKET, photos_per_work=most)).filter(pl.col("image") != "")
        assert fewer.drop("image", "kinds", "shows").equals(listings.drop("image", "kinds", "shows"))
        for identifier, image in fewer.select("id", "image").iter_rows():
            photos = image.split("|")
            assert photos == every[identifier][: len(photos)]
            assert len(photos) <= most
    path = listings["image"][0][0]
    assert bytes_at(MARKET, path) == bytes_at(replace(MARKET, photos_per_work=1), path)


def test_a_size_chart_is_one_file_that_many_creators_list_at_several_positions(listings: pl.DataFrame) -> None:
    photos = listings.select("person", "image", "kinds", "shows").with_columns(
        number=pl.int_ranges(pl.col("image").list.len())
    )
    charts = photos.explode("image", "kinds", "shows", "number").filter(pl.col("kinds") == "size chart")
    assert set(charts["shows"]) == {""}
    assert charts["image"].n_unique() <= 3
    assert charts.group_by("image").agg(pl.col("person").n_unique())["person"].max() > 3
    assert set(charts["number"]) == {1, 2, 3, 4}
    assert 20 < charts.height < listings.height / 2
    contents = {path: bytes_at(MARKET, path) for path in charts["image"].unique()}
    assert len(set(contents.values())) == len(contents)


def test_other_angles_and_details_are_other_pictures_of_the_work(listings: pl.DataFrame) -> None:
    seen = Counter()
    for row in listings.filter(pl.col("group") == pl.col("id")).head(12).iter_rows(named=True):
        first = photo_hash(draw_photo(MARKET, row["id"]))
        for number, kind in enumerate(row["kinds"]):
            if kind in ("angle", "detail"):
                assert row["shows"][number] == row["group"]
                other = photo_hash(draw_photo(MARKET, row["id"], number))
                assert first is not None
                assert other is not None
                seen[kind, (first ^ other).bit_count() > NEAR_DISTANCE] += 1
    assert seen["angle", True] > 10
    assert seen["detail", True] > 3
    assert seen["angle", False] + seen["detail", False] < 4, "cameras are far apart"


def test_a_relisting_shows_the_items_photos_anew(listings: pl.DataFrame) -> None:
    rows = {row["id"]: row for row in listings.iter_rows(named=True)}
    pairs = 0
    for row in rows.values():
        first = rows.get(row["group"], row)
        for number, kinds in enumerate(zip(row["kinds"], first["kinds"], strict=False)):
            if first is not row and number and kinds in (("angle", "angle"), ("packaging", "packaging")):
                assert row["image"][number] != first["image"][number]
                again, before = _small(row["id"], number), _small(first["id"], number)
                assert 0 < np.abs(again - before).mean() < 0.1
                pairs += 1
        if pairs > 5:
            return
    pytest.fail("no relisting with further photos")


def test_a_second_account_shows_featured_photos_of_the_firsts_other_items(listings: pl.DataFrame) -> None:
    rows = {row["id"]: row for row in listings.iter_rows(named=True)}
    copied = [(row, number) for row in rows.values() for number, kind in enumerate(row["kinds"]) if kind == "copied"]
    assert len(copied) > 5
    for row, number in copied[:6]:
        shown = [
            other
            for other in rows.values()
            if other["group"] == row["shows"][number] and other["creator"] != row["creator"]
        ]
        assert shown
        assert all(other["person"] == row["person"] for other in shown)
        assert row["shows"][number] != row["group"]
        copy = _small(row["id"], number)
        assert min(np.abs(copy - _small(other["id"], 0)).mean() for other in shown) < 0.1


def test_a_packaging_is_its_creators_own_or_one_of_a_few_common_ones() -> None:
    habits = [photo_habits(MARKET, person) for person in range(200)]
    names = Counter(each.packaging for each in habits)
    common = {name for name in names if name and name.startswith("common")}
    assert len(common) == 3
    assert 0.2 < names[None] / 200 < 0.6
    assert all(count == 1 for name, count in names.items() if name and name not in common)
    assert packaging_of(Chance(0, "packaging", "3")) == packaging_of(Chance(0, "packaging", "3"))


def test_every_packaging_can_be_drawn(listings: pl.DataFrame) -> None:
    forms = set()
    for row in listings.iter_rows(named=True):
        if "packaging" in row["kinds"]:
            form = packaging_of(Chance(MARKET.seed, "packaging", photo_habits(MARKET, row["person"]).packaging)).form
            if form not in forms:
                forms.add(form)
                photo = np.asarray(draw_photo(MARKET, row["id"], row["kinds"].index("packaging")), dtype=np.float64)
                assert photo.shape == (96, 96, 3)
                assert photo.std() > 5
    assert forms == {"box", "bag", "card"}
