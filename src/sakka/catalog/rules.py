"""The rules of the paper's section 3.1, each of them optional: which works of a source stay in the catalog.

Period, category and the fewest works a creator must have are here; several accounts of one person are in
`accounts.py`. Each rule says how many works and creators it removed. They are applied in the paper's order.
"""

import calendar
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict

import polars as pl

from sakka.catalog.accounts import SHARED_PHOTOS
from sakka.catalog.dates import parse_date, western
from sakka.errors import CatalogError

_TO_THE_MINUTE = re.compile(r"\d{1,2}:\d{2}(\s*(Z|UTC|[+-]\d{2}:?\d{2}))?$", re.IGNORECASE)
_YEAR_ONLY = re.compile(r"^\d{4}年?$")
_MONTH_ONLY = re.compile(r"^(\d{4}[-/. ]\d{1,2}|\d{4}年\d{1,2}月)$")
NO_CATEGORIES = 'none has any; leave out `categories`, or name their column with `columns={"category": COLUMN}`'


class RuleChoices(TypedDict, total=False):
    """The rules as keyword arguments; see `Rules`."""

    from_date: str | datetime | None
    until_date: str | datetime | None
    categories: Sequence[str]
    one_account: bool
    shared_photos: float
    min_works: int


@dataclass(frozen=True)
class Rules:
    """Which works stay.

    Attributes:
        from_date: The earliest date, as `dates.parse_date` reads it; None: no limit. With a limit, undated works go.
        until_date: The latest date, its last moment included ("2019" is all of 2019); None: no limit.
        categories: The categories that stay, compared without regard to case and width; empty: all.
        one_account: Whether the accounts of one person are joined.
        shared_photos: The share of near-identical photos from which accounts are one person's, above 0 and up to 1.
        min_works: The fewest works of a creator who stays; 0: no limit.

    Raises:
        CatalogError: A date can't be read, or a number is out of its range.
    """

    from_date: str | datetime | None = None
    until_date: str | datetime | None = None
    categories: Sequence[str] = ()
    one_account: bool = False
    shared_photos: float = SHARED_PHOTOS
    min_works: int = 0

    def __post_init__(self) -> None:
        """Check the numbers and the dates."""
        if not 0 < self.shared_photos <= 1:
            raise CatalogError(f"shared_photos is {self.shared_photos}, expected a share above 0 and up to 1")
        if self.min_works < 0:
            raise CatalogError(f"min_works is {self.min_works}, expected 0 or more")
        start, end = self.period()
        if start is not None and end is not None and start > end:
            raise CatalogError(f"the period starts at {start} and ends at {end}; expected the start first")

    def period(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last moment of the period; None where it is open."""
        return _limit(self.from_date, "from_date"), _last_moment(self.until_date)


@dataclass(frozen=True)
class RuleReport:
    """What a rule did.

    Attributes:
        rule: Its name.
        settings: Its settings, in words.
        works_removed: How many works it removed.
        creators_removed: How many creators have no work left through it, or were joined with another.
        works: How many works it left.
        creators: How many creators it left.
        notes: What else should be known, such as how many works went because they have no date.
    """

    rule: str
    settings: str
    works_removed: int
    creators_removed: int
    works: int
    creators: int
    notes: dict[str, Any] = field(default_factory=dict)


def report_of(
    rule: str, settings: str, before: pl.DataFrame, after: pl.DataFrame, notes: dict[str, Any] | None = None
) -> RuleReport:
    """Compare the works before a rule with those after it."""
    creators = before["creator"].n_unique(), after["creator"].n_unique()
    return RuleReport(
        rule=rule,
        settings=settings,
        works_removed=before.height - after.height,
        creators_removed=creators[0] - creators[1],
        works=after.height,
        creators=creators[1],
        notes=notes or {},
    )


def keep_period(table: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, RuleReport]:
    """Keep the works of the period; a work without a date can't be shown to be of it and goes."""
    start, end = rules.period()
    kept = table.filter(pl.col("created_at").is_not_null())
    undated = table.height - kept.height
    if start is not None:
        kept = kept.filter(pl.col("created_at") >= start)
    if end is not None:
        kept = kept.filter(pl.col("created_at") <= end)
    settings = " ".join(
        f"{word} {limit}" for word, limit in (("from", rules.from_date), ("until", rules.until_date)) if limit
    )
    return kept, report_of("period", settings, table, kept, {"without a date": undated})


def keep_categories(table: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, RuleReport]:
    """Keep the works of the categories.

    Raises:
        CatalogError: No work has one of the categories.
    """
    names = {name: folded(name) for name in table["category"].unique().to_list()}
    wanted = {folded(category): category for category in rules.categories}
    for value, category in wanted.items():
        if value not in names.values():
            named = table.filter(pl.col("category") != "")["category"]
            counts = named.value_counts(sort=True, name="n").head(8)["category"].to_list()
            raise CatalogError(
                f"no work has the category {category!r}; "
                + (f"the most frequent are {', '.join(map(repr, counts))}" if counts else NO_CATEGORIES)
            )
    kept = table.filter(pl.col("category").is_in([name for name, value in names.items() if value in wanted]))
    return kept, report_of("category", " or ".join(rules.categories), table, kept)


def keep_min_works(table: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, RuleReport]:
    """Keep the works of the creators who have `min_works` or more."""
    kept = table.filter(pl.len().over("creator") >= rules.min_works) if table.height else table
    return kept, report_of("fewest works", f"{rules.min_works} or more works", table, kept)


def folded(text: str) -> str:
    """A text as it is compared: Unicode NFKC, case folded, without blanks at its ends."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _limit(value: str | datetime | None, name: str) -> datetime | None:
    try:
        return parse_date(value)
    except ValueError as error:
        raise CatalogError(f"`{name}` is {value!r}: {error}") from error


def _last_moment(value: str | datetime | None) -> datetime | None:
    """The end of the year, month, day or minute that a text names."""
    start = _limit(value, "until_date")
    if start is None or not isinstance(value, str):
        return start
    text = western(value)
    just_before = timedelta(microseconds=1)
    if _YEAR_ONLY.match(text):
        return start.replace(month=12, day=31, hour=23, minute=59, second=59, microsecond=999_999)
    if _MONTH_ONLY.match(text):
        days = calendar.monthrange(start.year, start.month)[1]
        return start.replace(day=days, hour=23, minute=59, second=59, microsecond=999_999)
    if _TO_THE_MINUTE.search(text) and text.count(":") == 1:
        return start + timedelta(minutes=1) - just_before
    if ":" not in text and not (text.isdigit() and len(text) >= 10):
        return start.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return start
