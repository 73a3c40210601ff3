"""Kept columns: what a column's cells say is what its type is, whatever the source."""

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakka.catalog.kept import as_text, check_kept_names, kept_table, kept_texts, kept_value, typed
from sakka.errors import CatalogError


def column(*cells: Any) -> pl.Series:
    return kept_table([kept_texts([{"x": kept_value(cell)} for cell in cells])])["x"]


@pytest.mark.parametrize(
    ("cells", "dtype", "expected"),
    [
        (["1200", "", "0"], pl.Int64(), [1200, None, 0]),
        (["1,200", "¥980", "￥１，０００", "1200円", "-3"], pl.Int64(), [1200, 980, 1000, 1200, -3]),
        (["1200.0", 3, 4.0, Decimal("5.00")], pl.Int64(), [1200, 3, 4, 5]),
        (["1.50", "2", "$1,234.5"], pl.Float64(), [1.5, 2.0, 1234.5]),
        ([1e16, 0.000001, Decimal("0.1")], pl.Float64(), [1e16, 0.000001, 0.1]),
        (["007", "7"], pl.String(), ["007", "7"]),
        (["12", "1e5"], pl.String(), ["12", "1e5"]),
        (["1,20", "1"], pl.String(), ["1,20", "1"]),
        (["$5", "¥500"], pl.String(), ["$5", "¥500"]),
        (["1234567890123456789"], pl.String(), ["1234567890123456789"]),
        (["a|b", "c"], pl.String(), ["a|b", "c"]),
        ([True, None], pl.String(), ["true", None]),
        ([date(2024, 1, 5), datetime(2024, 1, 5, 6, 7)], pl.String(), ["2024-01-05", "2024-01-05 06:07:00"]),
        (["", None, math.nan, []], pl.String(), [None, None, None, None]),
        ([["a", ""], "b", None], pl.List(pl.String()), [["a"], ["b"], None]),
        ([[1, 2.5], ["3"]], pl.List(pl.Float64()), [[1.0, 2.5], [3.0]]),
    ],
)
def test_a_column_has_the_type_of_its_cells(cells: list[Any], dtype: pl.DataType, expected: list[Any]) -> None:
    found = column(*cells)
    assert (found.dtype, found.to_list()) == (dtype, expected)


@pytest.mark.parametrize("value", [{"a": 1}, b"x", [["a"]], math.inf, Decimal("NaN")])
def test_a_cell_of_a_wrong_kind_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        kept_value(value)


def test_parts_with_and_without_lists_become_one_column() -> None:
    parts = [kept_texts([{"tags": "花"}, {"tags": None}]), pl.DataFrame(), kept_texts([{"tags": ("a", "b")}])]
    assert kept_table(parts)["tags"].to_list() == [["花"], None, ["a", "b"]]


def test_a_column_named_like_the_catalogs_own_is_refused() -> None:
    with pytest.raises(CatalogError, match="'title' can't be kept"):
        check_kept_names(["price", "title"], ["id", "title"])


@given(st.lists(st.none() | st.integers(-(10**17), 10**17), min_size=1))
def test_whole_numbers_are_the_same_as_numbers_as_texts_and_with_commas(numbers: list[int | None]) -> None:
    for written in (numbers, [None if each is None else f"{each:,}" for each in numbers]):
        assert column(*written).to_list() == numbers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15), min_size=1))
def test_numbers_are_the_same_as_texts(numbers: list[float]) -> None:
    assert column(*numbers).to_list() == column(*[as_text(each) for each in numbers]).to_list() == numbers


@given(st.lists(st.none() | st.text(), min_size=1))
def test_any_text_comes_back_or_is_a_number(texts: list[str | None]) -> None:
    found = column(*texts)
    cleaned = [kept_value(text) for text in texts]
    if found.dtype == pl.String():
        assert found.to_list() == cleaned
    else:
        assert found.null_count() == cleaned.count(None)
    assert typed(pl.Series(cleaned, dtype=pl.String())).dtype == found.dtype
