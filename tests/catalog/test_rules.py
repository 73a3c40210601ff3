"""The rules of the paper's section 3.1."""

from datetime import datetime

import polars as pl
import pytest

from sakka.catalog.rules import Rules, keep_categories, keep_min_works, keep_period
from sakka.errors import CatalogError

TABLE = pl.DataFrame(
    {
        "id": list("abcdef"),
        "creator": ["Mori", "Mori", "Mori", "Hara", "Hara", "Sato"],
        "category": ["Brooch", "ＢＲＯＯＣＨ", "ring", "brooch ", "", "ring"],
        "created_at": [datetime(2012, 4, 3, 11, 3), datetime(2012, 4, 3, 11, 2), None, datetime(2019, 9, 1, 23, 31, 59),
                       datetime(2019, 9, 2), datetime(2015, 1, 1)],
    }
)  # fmt: skip


def test_a_period_keeps_both_its_ends_and_removes_undated_works() -> None:
    kept, report = keep_period(TABLE, Rules(from_date="2012-04-03 11:03", until_date="2019-09-01 23:31"))
    assert kept["id"].to_list() == ["a", "d", "f"]
    assert (report.works_removed, report.creators_removed, report.notes) == (3, 0, {"without a date": 1})


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("2019", datetime(2019, 12, 31, 23, 59, 59, 999_999)),
        ("2020-02", datetime(2020, 2, 29, 23, 59, 59, 999_999)),
        ("令和元年", datetime(2019, 12, 31, 23, 59, 59, 999_999)),
        ("R2.2", datetime(2020, 2, 29, 23, 59, 59, 999_999)),
        ("2019年9月1日", datetime(2019, 9, 1, 23, 59, 59, 999_999)),
        ("2019-09-01 23:31", datetime(2019, 9, 1, 23, 31, 59, 999_999)),
        ("2019-09-01 23:31:05", datetime(2019, 9, 1, 23, 31, 5)),
        (datetime(2019, 9, 1), datetime(2019, 9, 1)),
    ],
)
def test_a_period_lasts_to_the_end_of_what_is_named(until: str | datetime, last: datetime) -> None:
    assert Rules(until_date=until).period() == (None, last)


def test_categories_are_compared_without_case_and_width() -> None:
    kept, report = keep_categories(TABLE, Rules(categories=("brooch",)))
    assert kept["id"].to_list() == ["a", "b", "d"]
    assert (report.works_removed, report.creators_removed, report.works, report.creators) == (3, 1, 3, 2)
    with pytest.raises(CatalogError, match="no work has the category 'hat'; the most frequent are 'ring'"):
        keep_categories(TABLE, Rules(categories=("brooch", "hat")))


def test_categories_that_no_work_has_are_not_shown_as_an_empty_name() -> None:
    with pytest.raises(CatalogError, match=r"the category 'hat'; none has any; leave out `categories`"):
        keep_categories(TABLE.with_columns(category=pl.lit("")), Rules(categories=("hat",)))


def test_creators_with_too_few_works_go_with_all_their_works() -> None:
    kept, report = keep_min_works(TABLE, Rules(min_works=2))
    assert kept["id"].to_list() == list("abcde")
    assert (report.works_removed, report.creators_removed) == (1, 1)
    assert keep_min_works(TABLE, Rules(min_works=3))[0]["id"].to_list() == list("abc")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"from_date": "soon"}, "`from_date` is 'soon'"),
        ({"from_date": "2020", "until_date": "2019"}, "expected the start first"),
        ({"min_works": -1}, "expected 0 or more"),
        ({"shared_photos": 0.0}, "expected a share above 0"),
    ],
)
def test_a_wrong_rule_is_refused(choices: dict[str, object], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Rules(**choices)
