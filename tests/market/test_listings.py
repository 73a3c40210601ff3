import unicodedata
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sakka.market import MarketSettings, market_listings
from sakka.market.identity import WorkKey, work_id, work_key
from sakka.market.plan import second_accounts
from sakka.market.sizes import works_of_people
from sakka.market.vocabulary import COLOURS, MATERIALS, MOTIFS, PAPER_CATEGORY
from sakka.market.wording import shop_name

MARKET = MarketSettings(creators=30, works=1_500)


@pytest.fixture(scope="module")
def listings() -> pl.DataFrame:
    return market_listings(MARKET)


@pytest.fixture(scope="module")
def kept(listings: pl.DataFrame) -> pl.DataFrame:
    """What the paper's rules of period and category leave."""
    in_period = pl.col("created_at").is_between(pl.lit("2012-04-03 11:03:00"), pl.lit("2019-09-01 23:31:00"))
    return listings.filter(in_period & (pl.col("category") == PAPER_CATEGORY))


@given(st.integers(0, 2**63 - 1), st.integers(0, 32_767), st.integers(0, 131_071))
@settings(max_examples=200)
def test_an_id_leads_back_to_its_work(seed: int, person: int, number: int) -> None:
    key = WorkKey(person, number)
    identifier = work_id(seed, key)
    assert len(identifier) == 10
    assert work_key(seed, identifier) == key


def test_the_same_settings_give_the_same_table(listings: pl.DataFrame) -> None:
    assert market_listings(MARKET).equals(listings)
    assert not market_listings(MarketSettings(creators=30, works=1_500, seed=1)).equals(listings)


def test_ids_are_unique_and_each_creator_keeps_their_number_of_works(
    kept: pl.DataFrame, listings: pl.DataFrame
) -> None:
    assert listings["id"].is_unique().all()
    assert listings["id"].is_sorted()
    counts = dict(kept["person"].value_counts().iter_rows())
    assert [counts[person] for person in range(30)] == list(works_of_people(MARKET))


def test_each_rule_has_something_to_remove(listings: pl.DataFrame) -> None:
    assert listings.filter(pl.col("category") != PAPER_CATEGORY).height > 5
    assert listings.filter(pl.col("created_at") < "2012-04-03 11:03").height > 5
    assert listings.filter(pl.col("created_at") > "2019-09-01 23:31:59").height > 5


def test_title_and_description_name_motif_material_and_colour(listings: pl.DataFrame) -> None:
    described = listings.filter(pl.col("description") != "")
    assert described.height > 1_400
    for row in described.iter_rows(named=True):
        text = row["title"] + row["description"]
        assert any(word in row["title"] for word in MOTIFS[row["motif"]].words), row
        assert any(word in text for word in MATERIALS[row["material"]].words), row
        assert any(word in text for word in COLOURS[row["colour"]].words), row


def test_a_relisting_says_nearly_the_same(listings: pl.DataFrame) -> None:
    texts = {row["id"]: row for row in listings.iter_rows(named=True)}
    again = [row for row in texts.values() if row["group"] != row["id"]]
    assert 0.08 < len(again) / len(texts) < 0.2
    same_person = [row for row in again if row["creator"] == texts[row["group"]]["creator"]]
    assert all(row["title"] == texts[row["group"]]["title"] for row in same_person)
    assert all(row["person"] == texts[row["group"]]["person"] for row in again)


def test_some_people_sell_under_two_names(listings: pl.DataFrame) -> None:
    names = listings.group_by("person").agg(pl.col("creator").unique().sort()).filter(pl.col("creator").list.len() > 1)
    seconds = second_accounts(MARKET)
    assert sorted(names["person"]) == sorted(seconds)
    for person, names_of_one in names.iter_rows():
        normal = {unicodedata.normalize("NFKC", name).casefold() for name in names_of_one}
        assert (len(normal) == 1) == (seconds[person] == "name")
    smallest = listings.group_by("creator").len()["len"].min()
    assert smallest >= MARKET.fewest_works


def test_second_accounts_known_by_their_photos_share_many(listings: pl.DataFrame) -> None:
    market = MarketSettings(creators=30, works=1_500, second_account_share=0.2)
    person = next(person for person, kind in second_accounts(market).items() if kind == "photos")
    rows = market_listings(market).filter(pl.col("person") == person)
    accounts = rows.group_by("group").agg(pl.col("creator").n_unique())
    assert accounts.filter(pl.col("creator") == 2).height > rows.height / 10


def test_without_strays_and_second_accounts_the_market_is_the_bare_law() -> None:
    rows = market_listings(MarketSettings(creators=20, works=400, stray_share=0, second_account_share=0))
    assert rows.height == 400
    assert rows["creator"].n_unique() == 20


def test_missing_photos_and_descriptions_grow_with_difficulty() -> None:
    missing = []
    for difficulty in (0.0, 1.0):
        rows = market_listings(MarketSettings(creators=30, works=1_500, difficulty=difficulty))
        missing.append([rows.filter(pl.col(column) == "").height for column in ("image", "description")])
    assert 0 < missing[0][0] < missing[1][0]
    assert 0 < missing[0][1] < missing[1][1]


def test_shop_names_are_all_different_even_in_the_largest_market() -> None:
    market = MarketSettings(creators=20_000, second_account_share=0)
    names = Counter(shop_name(market, person) for person in range(20_000))
    assert len(names) == 20_000
