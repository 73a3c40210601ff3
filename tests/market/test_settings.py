import pytest

from sakka.errors import CatalogError
from sakka.market import MarketSettings
from sakka.market.sizes import sorted_sizes, works_of_people


def test_at_944_creators_the_works_are_those_of_the_paper() -> None:
    sizes = works_of_people(MarketSettings(creators=944))
    assert len(sizes) == 944
    assert sum(sizes) == 109_685
    assert min(sizes) == 50
    assert max(sizes) == 4_367
    mean = 109_685 / 944
    deviation = (sum((size - mean) ** 2 for size in sizes) / 944) ** 0.5
    assert deviation == pytest.approx(177.7, rel=0.001)


def test_another_seed_gives_the_sizes_to_other_people() -> None:
    first, second = (works_of_people(MarketSettings(creators=944, seed=seed)) for seed in (0, 1))
    assert first != second
    assert sorted(first) == sorted(second)


@pytest.mark.parametrize(
    ("creators", "works", "fewest"), [(1, 30, 5), (7, 35, 5), (60, 2_500, 18), (3_000, 348_575, 50)]
)
def test_sizes_add_up_and_none_is_below_the_fewest(creators: int, works: int, fewest: int) -> None:
    sizes = sorted_sizes(creators, works, fewest)
    assert sizes.shape == (creators,)
    assert sizes.sum() == works
    assert sizes.min() >= fewest


def test_a_smaller_market_scales_the_fewest_works() -> None:
    assert MarketSettings(creators=60).total_works == 6_972
    assert MarketSettings(creators=60).fewest_works == 50
    assert MarketSettings(creators=60, works=2_500).fewest_works == 18


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"creators": 0}, "creators is 0, expected a whole number from 1"),
        ({"creators": 2.5}, "creators is 2.5"),
        ({"creators": True}, "creators is True"),
        ({"seed": -1}, "seed is -1"),
        ({"difficulty": 1.5}, "difficulty is 1.5, expected a number from 0 to 1"),
        ({"difficulty": float("nan")}, "difficulty is nan"),
        ({"photo_px": 10}, "photo_px is 10, expected a whole number from 64"),
        ({"works": 100, "creators": 50}, "got 100 works for 50 creators of at least 5 works, expected 250 or more"),
        ({"min_works": 0}, "min_works is 0"),
        ({"photos_per_work": 6}, "photos_per_work is 6, expected a whole number from 1 to 5"),
        ({"stray_share": 0.9}, "stray_share is 0.9"),
    ],
)
def test_bad_settings_are_refused_with_one_line(bad: dict[str, int], said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        MarketSettings(**bad)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_creator_with_more_works_than_an_id_can_tell_is_refused() -> None:
    with pytest.raises(CatalogError, match="one creator would have 200,000 works"):
        works_of_people(MarketSettings(creators=1, works=200_000))
