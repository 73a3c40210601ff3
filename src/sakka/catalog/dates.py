"""Dates as people and programs write them -> a point in time.

Read are: a year ("1890", "c. 1890", 1890), a year and month ("1890-05", "May 1890"), a day in the order year, month,
day ("2012-04-03", "2012/4/3", "20120403", "2012年4月3日"), a day with its month's English name ("3 May 2005",
"May 3rd, 2005"), a day in the order day, month, year or month, day, year where only one of the two can be
meant ("26.09.2005"), each with a time of day or without, and seconds, milliseconds or microseconds since 1970 (10,
13 or 16 digits). What is missing is the first: month 1, day 1, midnight. A time with an offset is turned into UTC.

Japanese dates may have an era's year ("令和5年4月3日", "平成元年", "R5.4.3", "S63-1-5"), kanji numbers
("令和五年四月三日") and a weekday behind them ("2012年4月3日(火)"). An era's years are counted on past its end and
before its first day in its first year, as calendars and contracts printed earlier have them: 平成32年 is 2020,
令和元年1月 is January 2019. Days before 1873 (明治6年) are taken as the Gregorian calendar's, though Japan had another.
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
_ERAS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}
_ERA_OF = {**{name[0]: name for name in _ERAS}, **dict(zip("MTSHR", _ERAS, strict=True))}
_ERA_YEAR = re.compile(
    rf"^({'|'.join(_ERAS)}|[{''.join(_ERA_OF)}])\.? ?(元|0?[1-9]|[1-9]\d)(?=年|[-/.]\d|$)", re.IGNORECASE
)
_KANJI_DIGITS = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")} | {"零": "0"}
_KANJI_NUMBER = re.compile(rf"[{''.join(_KANJI_DIGITS)}十]+(?= ?[年月日時分秒])")
_WEEKDAY = re.compile(r" ?\([月火水木金土日](?:曜日?)?\)")
_JAPANESE_TIME = re.compile(r"(\d{1,2})時(\d{1,2})分(?:(\d{1,2})秒)?")
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
    text = western(str(value))
    if not text:
        return None
    try:
        return _parse_text(re.sub(r"\.0$", "", text) if text.count(".") == 1 else text)
    except OverflowError as error:
        raise ValueError("the date is out of range") from error


def western(text: str) -> str:
    """A date with its era's year, kanji numbers and Japanese time of day written in the western way, without a weekday.

    >>> western("令和五年四月三日（月）"), western("Ｈ31/04/30"), western("昭和元年")
    ('2023年4月3日', '2019/04/30', '1926年')
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if plain.isascii() and plain[:1].isdigit():
        return plain  # nothing of it is Japanese
    plain = _WEEKDAY.sub(" ", _KANJI_NUMBER.sub(_kanji_number, plain)).strip()
    plain = _JAPANESE_TIME.sub(lambda found: ":".join(f"{part:0>2}" for part in found.groups() if part), plain)
    plain = re.sub(r"日(?=\d)", "日 ", re.sub(r" ?([年月]) ?| ?(日)", r"\1\2", plain))
    era = _ERA_YEAR.match(plain)
    if era is None:
        return plain
    first = _ERAS[_ERA_OF.get(era[1].upper(), era[1])]
    return f"{first - 1 + (1 if era[2] == '元' else int(era[2]))}{plain[era.end() :].lstrip()}"


def _kanji_number(found: re.Match[str]) -> str:
    """Digits in a row ("二〇一二"), or tens and ones ("二十一")."""
    tens, ten, ones = found[0].rpartition("十")
    digits = [_KANJI_DIGITS.get(each, each) for each in (tens or "一" if ten else "") + (ones or "〇" if ten else ones)]
    return str(int("".join(digits))) if all(each.isdigit() for each in digits) else found[0]


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
