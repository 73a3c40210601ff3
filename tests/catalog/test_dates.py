"""Dates as people and programs write them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakka.catalog.dates import parse_date


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1890", datetime(1890, 1, 1)),
        (1890, datetime(1890, 1, 1)),
        (1890.0, datetime(1890, 1, 1)),
        ("1890.0", datetime(1890, 1, 1)),
        ("c. 1890", datetime(1890, 1, 1)),
        ("ca.1890", datetime(1890, 1, 1)),
        ("1890-05", datetime(1890, 5, 1)),
        ("2012-04-03", datetime(2012, 4, 3)),
        ("2012/4/3", datetime(2012, 4, 3)),
        ("20120403", datetime(2012, 4, 3)),
        ("2012年4月3日", datetime(2012, 4, 3)),
        ("２０１２年４月", datetime(2012, 4, 1)),
        ("2012-04-03 11:03", datetime(2012, 4, 3, 11, 3)),
        ("2012-04-03T11:03:09.5Z", datetime(2012, 4, 3, 11, 3, 9, 500_000)),
        ("2012-04-03T11:03:09+09:00", datetime(2012, 4, 3, 2, 3, 9)),
        ("2012-04-03 11:03-0130", datetime(2012, 4, 3, 12, 33)),
        ("3 May 2005", datetime(2005, 5, 3)),
        ("May 3rd, 2005", datetime(2005, 5, 3)),
        ("September 2005", datetime(2005, 9, 1)),
        ("2005 August 21", datetime(2005, 8, 21)),
        ("26.09.2005", datetime(2005, 9, 26)),
        ("09/26/2005", datetime(2005, 9, 26)),
        ("05/05/2005", datetime(2005, 5, 5)),
        ("1333450980", datetime(2012, 4, 3, 11, 3)),
        (1333450980000, datetime(2012, 4, 3, 11, 3)),
        (date(2012, 4, 3), datetime(2012, 4, 3)),
        (datetime(2012, 4, 3, 9, tzinfo=timezone(timedelta(hours=9))), datetime(2012, 4, 3)),
        ("", None),
        ("  ", None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_a_date_is_read_as_it_is_meant(written: object, meant: datetime | None) -> None:
    assert parse_date(written) == meant


@pytest.mark.parametrize(
    "written",
    ["03/04/2005", "2005-02-30", "2005-13", "yesterday", "99", "05-08-21", "0000", "2012-04-03 25:00", "12:30",
     "Fco. Andrade", "1890-1895", "May June 2005", True, [], float("inf"), "9999-12-31T23:59-23:00", "-5", "1e9"],
)  # fmt: skip
def test_what_is_no_single_date_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_date(written)


@given(st.datetimes(), st.sampled_from(["T", " "]))
def test_any_iso_date_comes_back(moment: datetime, between: str) -> None:
    assert parse_date(moment.isoformat(between)) == moment
    assert parse_date(moment) == moment
    assert parse_date(moment.replace(tzinfo=UTC)) == moment


@given(st.one_of(st.text(), st.text("0123456789-/.: 年月日TZ+"), st.integers(), st.floats()))
def test_anything_else_is_a_date_or_a_value_error(written: object) -> None:
    try:
        found = parse_date(written)
    except ValueError:
        return
    assert found is None or found.tzinfo is None
