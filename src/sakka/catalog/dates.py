"""Dates as people and programs write them -> a point in time.

Read are: a year ("1890", "c. 1890", 1890), a year and month ("1890-05", "May 1890"), a day in the order year, month,
day ("2012-04-03", "2012/4/3", "20120403", "2012年4月3日"), a day with its month's English name ("3 May 2005",
"May 3rd, 2005"), a day in the order day, month, year or month, day, year where only one of the two can be
meant ("26.09.2005"), each with a time of day or without, and seconds, milliseconds or microseconds since 1970 (10,
13 or 16 digits). What is missing is the first: month 1, day 1, midnight. A time with an offset is turned into UTC.
"""

import math
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1)
_MICROSECONDS_PER_UNIT = {10: 1_000_000, 13: 1_000, 16: 1}
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_TIME = re.compile(
    r"(?:[T ]\s*|\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?$",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"^(?:c|ca|circa)\.?\s*(?=\d)", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"^(\d{4})(?:[-/. ](\d{1,2})(?:[-/. ](\d{1,2}))?)?$")
_JAPANESE = re.compile(r"^(\d{4})年(?:(\d{1,2})月(?:(\d{1,2})日)?)?$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$")
_WORDS = re.compile(r"[a-z]+|\d+")
_DIGITS = re.compile(r"^\d+$")


def parse_date(value: object) -> datetime | None:
    """A date; None where the value is empty.

    Args:
        value: Text, a number, a date, or nothing.

    Raises:
        ValueError: It can't be read as one date; the message says why, without the value.

    >>> parse_date("1890"), parse_date("2012年4月3日 11:03")
    (datetime.datetime(1890, 1, 1, 0, 0), datetime.datetime(2012, 4, 3, 11, 3))
    """
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"a {type(value).__name__} is no date")
    text = " ".join(unicodedata.normalize("NFKC", str(value)).split())
    if not text:
        return None
    try:
        return _parse_text(re.sub(r"\.0$", "", text) if text.count(".") == 1 else text)
    except OverflowError as error:
        raise ValueError("the date is out of range") from error


def _parse_text(text: str) -> datetime:
    if _DIGITS.match(text) and len(text) in _MICROSECONDS_PER_UNIT:
        return _EPOCH + timedelta(microseconds=int(text) * _MICROSECONDS_PER_UNIT[len(text)])
    clock = _TIME.search(text)
    day = _parse_day(_ABOUT.sub("", text[: clock.start()] if clock else text).strip(" ,"))
    return day if clock is None else day + _time_of(clock)


def _time_of(clock: re.Match[str]) -> timedelta:
    hour, minute, second, fraction, zone = clock.groups()
    if int(hour) > 24 or int(minute) > 59 or int(second or 0) > 60:
        raise ValueError("there is no such time of day")
    time = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    time += timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
    if zone and zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
        time -= timedelta(minutes=minutes if zone[0] == "+" else -minutes)
    return time


def _parse_day(text: str) -> datetime:
    if _DIGITS.match(text) and len(text) == 8:
        return _day(int(text[:4]), int(text[4:6]), int(text[6:]))
    if (found := _YEAR_FIRST.match(text) or _JAPANESE.match(text)) is not None:
        year, month, day = (int(part or 1) for part in found.groups())
        return _day(year, month, day)
    if (found := _YEAR_LAST.match(text)) is not None:
        return _year_last(*(int(part) for part in found.groups()))
    return _month_by_name(text)


def _year_last(first: int, second: int, year: int) -> datetime:
    if first > 12 or first == second:
        return _day(year, second, first)
    if second > 12:
        return _day(year, first, second)
    raise ValueError("day and month can't be told apart; write year-month-day")


def _month_by_name(text: str) -> datetime:
    words = _WORDS.findall(text.lower())
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    years = [int(word) for word in words if word.isdigit() and len(word) == 4]
    days = [int(word) for word in words if word.isdigit() and len(word) < 3]
    others = [
        word
        for word in words
        if not word.isdigit() and word not in _MONTHS and word not in {"st", "nd", "rd", "th", "of"}
    ]
    if len(months) != 1 or len(years) != 1 or len(days) > 1 or others or len(words) > 5:
        raise ValueError("it is in no form that is read; write year-month-day")
    return _day(years[0], months[0], days[0] if days else 1)


def _day(year: int, month: int, day: int) -> datetime:
    try:
        return datetime(year, month, day)
    except ValueError as error:
        raise ValueError("there is no such day") from error
