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
        ("二〇一二年四月三日", datetime(2012, 4, 3)),
        ("2012年4月3日（火） 11時03分", datetime(2012, 4, 3, 11, 3)),
        ("2012年4月3日11:03", datetime(2012, 4, 3, 11, 3)),
        ("2012 年 4 月 3 日", datetime(2012, 4, 3)),
        ("明治6年1月1日", datetime(1873, 1, 1)),
        ("大正元年七月三十日", datetime(1912, 7, 30)),
        ("昭和64年1月7日", datetime(1989, 1, 7)),
        ("S63-1-5", datetime(1988, 1, 5)),
        ("平成元年1月8日", datetime(1989, 1, 8)),
        ("㍻３１年４月", datetime(2019, 4, 1)),
        ("H31/04/30", datetime(2019, 4, 30)),
        ("平成32年", datetime(2020, 1, 1)),
        ("令和元年五月一日", datetime(2019, 5, 1)),
        ("令和 5 年 4 月 3 日", datetime(2023, 4, 3)),
        ("令和5", datetime(2023, 1, 1)),
        ("令5.4.3 12:30", datetime(2023, 4, 3, 12, 30)),
        ("Ｒ5.4.3", datetime(2023, 4, 3)),
        ("r05/04", datetime(2023, 4, 1)),
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
     "Fco. Andrade", "令和0年", "令和100年", "H5-13-1", "平成5年2月30日", "M 5 2004", "元年", "十十年", "平成",
     "1890-1895", "May June 2005", True, [], float("inf"), "9999-12-31T23:59-23:00", "-5", "1e9"],
)  # fmt: skip
def test_what_is_no_single_date_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_date(written)


@given(st.datetimes(), st.sampled_from(["T", " "]))
def test_any_iso_date_comes_back(moment: datetime, between: str) -> None:
    assert parse_date(moment.isoformat(between)) == moment
    assert parse_date(moment) == moment
    assert parse_date(moment.replace(tzinfo=UTC)) == moment


ERAS = (  # first day, name, letter: the calendar that the figures above are counted by
    (date(1873, 1, 1), "明治", "M", 1868),
    (date(1912, 7, 30), "大正", "T", 1912),
    (date(1926, 12, 25), "昭和", "S", 1926),
    (date(1989, 1, 8), "平成", "H", 1989),
    (date(2019, 5, 1), "令和", "R", 2019),
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
FIRST_DAY, LAST_DAY = date(1873, 1, 1), date(2099, 12, 31)


def kanji(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("十" if tens == 1 else f"{'〇一二三四五六七八九'[tens]}十" if tens else "") + " 一二三四五六七八九"[
        ones
    ].strip()


@given(st.dates(FIRST_DAY, LAST_DAY))
def test_any_day_of_the_japanese_calendar_is_read_in_every_way_it_is_written(day: date) -> None:
    _, era, letter, first = max(each for each in ERAS if each[0] <= day)
    year = day.year - first + 1
    written = [
        f"{era}{year}年{day.month}月{day.day}日",
        f"{era}{'元' if year == 1 else kanji(year)}年{kanji(day.month)}月{kanji(day.day)}日",
        *(f"{letter}{year}{between}{day.month}{between}{day.day}" for between in "./-"),
        f"{letter}{year:02}.{day.month:02}.{day.day:02}",
        f"{era[0]}{year}年{day.month}月{day.day}日({'月火水木金土日'[day.weekday()]})",
    ]
    for text in (*written, *(text.translate(FULL_WIDTH) for text in written)):
        assert parse_date(text) == datetime(day.year, day.month, day.day), text


@given(
    st.one_of(
        st.text(),
        st.text("明大昭平令和成治元年月日時分十一二三〇MTSHR0123456789.-/ ()"),
        st.text("0123456789-/.: 年月日TZ+"),
        st.integers(),
        st.floats(),
    )
)
def test_anything_else_is_a_date_or_a_value_error(written: object) -> None:
    try:
        found = parse_date(written)
    except ValueError:
        return
    assert found is None or found.tzinfo is None
