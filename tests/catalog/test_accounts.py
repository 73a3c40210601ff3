"""Which accounts are one person's."""

import numpy as np
import polars as pl
import pytest

from sakka.catalog.accounts import SAME_NAME, SAME_PHOTOS, apply_joins, find_joins, normalised_name
from sakka.photos.hashes import PhotoHashes

RANDOM = np.random.default_rng(0).integers(0, 2**63, 100, dtype=np.uint64).tolist()


def joins_of(works: list[tuple[str, int | None]], share: float = 0.5) -> list[tuple[str, str, str]]:
    values = np.array([value or 0 for _, value in works], dtype=np.uint64)
    known = np.array([value is not None for _, value in works])
    joins = find_joins([name for name, _ in works], PhotoHashes(values, known), share)
    return [(join.account, join.into, join.reason) for join in joins]


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ("Atelier Mori", "ATELIER・MORI", True),
        ("ＭＯＲＩ", "mori", True),
        ("森 の 店", "森の店", True),
        ("Straße", "STRASSE", True),
        ("mori", "mori2", False),
        ("花☆", "花", False),
        ("!!!", "???", False),
    ],
)
def test_names_are_compared_without_case_width_spaces_and_punctuation(first: str, second: str, equal: bool) -> None:
    assert (normalised_name(first) == normalised_name(second)) is equal


def test_equal_names_are_joined_under_the_name_with_most_works() -> None:
    works = [("MORI", None), ("mori", None), ("mori", None), ("Mo-ri", None), ("hara", None)]
    assert sorted(joins_of(works)) == [("MORI", "mori", SAME_NAME), ("Mo-ri", "mori", SAME_NAME)]


def test_accounts_that_share_half_of_the_smaller_ones_photos_are_joined() -> None:
    large = [("large", value) for value in RANDOM[:10]]
    small = [("small", RANDOM[0] ^ 1), ("small", RANDOM[1]), ("small", RANDOM[2] ^ 0b110)]
    others = [("small", value) for value in RANDOM[20:23]]
    assert joins_of(large + small + others) == [("small", "large", SAME_PHOTOS)]
    assert joins_of(large + small + others + [("small", RANDOM[30])]) == []
    assert joins_of(large + small[:2]) == []  # two photos are too few to tell


def test_one_photo_of_the_other_account_counts_once() -> None:
    assert joins_of([("a", RANDOM[0])] * 5 + [("b", RANDOM[0])]) == []
    assert joins_of([("a", RANDOM[0])] * 5 + [("b", RANDOM[0])] * 3) == [("b", "a", SAME_PHOTOS)]


def test_a_picture_that_many_accounts_have_joins_none() -> None:
    works = [(name, value) for name in "abcd" for value in RANDOM[:4]]
    assert joins_of(works) == []
    assert len(joins_of([work for work in works if work[0] in "abc"])) == 2


def test_works_without_photos_join_nothing() -> None:
    assert joins_of([("a", None)] * 5 + [("b", None)] * 5) == []


def test_joined_accounts_have_one_name_in_the_table() -> None:
    table = pl.DataFrame({"creator": ["a", "A", "A", "b"]})
    joins = find_joins(
        table["creator"].to_list(), PhotoHashes(np.zeros(4, dtype=np.uint64), np.zeros(4, dtype=np.bool_))
    )
    assert apply_joins(table, joins)["creator"].to_list() == ["A", "A", "A", "b"]
    assert apply_joins(table, []) is table
