"""What the search page shows: the works that fit an address, put in order, with what they can be narrowed by.

Everything that is asked for stands in the address, so that a page can be kept, sent and gone back to. Words find the
works that have, more likely than not, what they name, a photo the nearest works, both together the works that fit the
words, by the photo's style; where there is neither, all works are gone through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import polars as pl

from sakka.describe.colours import NAMES as COLOURS
from sakka.describe.colours import ColourName
from sakka.models.question import Question
from sakka.photos.held import HeldPhoto
from sakka.search.filters import Filters
from sakka.search.hits import Hit
from sakka.search.kept_columns import NUMBERS, KeptColumn, KeptFilter
from sakka.search.style.thesaurus import alternatives
from sakka.search.style.words import segmented
from sakka.web.collection import Collection
from sakka.web.finding import Finder
from sakka.web.problems import Problem
from sakka.web.view import Leaf

PAGE_WORKS = 36
MOST_FOUND = 20 * PAGE_WORKS
MOST_SHOWN = 12  # values of a facet
MOST_VALUES, MOST_CHARACTERS = 60, 60  # of a kept column that is a facet: values, and characters of one
MOST_WAYS_OUT = 8
OPERATORS = {"from": ">=", "to": "<=", "is": "=", "has": "="}
BY_FIT, NEWEST, OLDEST = "fit", "newest", "oldest"
CHOICES = ("creator", "category", "colour", "year")
BASIC_COLOURS = ("white", "grey", "black", "brown", "red", "orange", "yellow", "green", "blue", "purple", "pink")


@dataclass(frozen=True)
class SearchAsked:
    """What an address of the search page asks for; what is empty does not limit.

    Attributes:
        q: Words.
        photo: The token of photos that were sent.
        like: The id of a work whose style is wanted.
        creator: Whose works.
        category: Their category.
        colour: The English name of one of `BASIC_COLOURS`.
        year: When they were made.
        kept: Limits on kept columns by their names in the address: `from:NAME`, `to:NAME`, `is:NAME`, `has:NAME`.
        sort: The order: `fit`, `newest`, `oldest`, `up:NAME` or `down:NAME`.
    """

    q: str = ""
    photo: str = ""
    like: str = ""
    creator: str = ""
    category: str = ""
    colour: str = ""
    year: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""

    @property
    def said(self) -> dict[str, str]:
        """What is asked for, by name in the address."""
        own = {name: value for name, value in vars(self).items() if name != "kept"}
        return {name: value for name, value in {**own, **self.kept}.items() if value}

    @property
    def phrases(self) -> list[str]:
        """What is searched for in words: those that were typed, and the colour's."""
        return [each for each in (self.q, self.colour) if segmented(each)]

    @property
    def has_style(self) -> bool:
        """Whether a photo or a work says which style is wanted."""
        return bool(self.photo or self.like)

    @property
    def limits(self) -> list[str]:
        """The names of what narrows the search."""
        return [name for name in self.said if name in CHOICES or name in self.kept]

    def address(self, changes: Mapping[str, str | int]) -> str:
        """The address that asks for this with some changes; an empty value takes a limit away."""
        return "/search?" + urlencode({name: value for name, value in {**self.said, **changes}.items() if value != ""})

    def without(self, name: str) -> "SearchAsked":
        """This with one limit less."""
        if name in self.kept:
            return replace(self, kept={each: value for each, value in self.kept.items() if each != name})
        changes: dict[str, Any] = {name: ""}
        return replace(self, **changes)

    def filters(self, columns: Sequence[KeptColumn]) -> Filters:
        """The limits as the index takes them.

        Raises:
            Problem: The year is none.
        """
        kept = []
        for each in columns:
            for word, operator in OPERATORS.items():
                if value := self.kept.get(f"{word}:{each.name}", ""):
                    wholly = word == "is" and each.kind == "text"
                    kept.append(KeptFilter(each.name, "==" if wholly else operator, value))
        after, before = _year(self.year)
        categories, creators = ((value,) if value else () for value in (self.category, self.creator))
        return Filters(categories, creators, after=after, before=before, kept=tuple(kept))


@dataclass(frozen=True)
class Facet:
    """What works can be narrowed by.

    Attributes:
        name: Its name in the address.
        label: The name of a kept column; empty for the page's own facets.
        values: The values with the number of works that have each, in the order shown; a colour has no number.
    """

    name: str
    label: str
    values: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class WayOut:
    """What finds something where all that was asked for together finds nothing.

    Attributes:
        name: What is left out: a limit by its name in the address, all `limits`, or the `style`; empty where one word
            is searched for alone.
        value: Its value, or the word.
        address: Where it is found.
        works: How many works are.
    """

    name: str
    value: str
    address: str
    works: int


@dataclass(frozen=True)
class FoundPage:
    """What one page of a search shows.

    Attributes:
        hits: The works.
        leaf: Which of all they are.
        facets: What all can be narrowed by.
        ways_out: Where nothing was found, what would find something.
    """

    hits: tuple[Hit, ...]
    leaf: Leaf
    facets: tuple[Facet, ...]
    ways_out: tuple[WayOut, ...]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more works than were looked for."""
        return self.leaf.total == MOST_FOUND


class SearchPage:
    """Answers the addresses of the search page."""

    def __init__(self, finder: Finder, collection: Collection) -> None:
        self.finder, self.collection = finder, collection
        self.kept = finder.index.kept

    @cached_property
    def colours(self) -> tuple[ColourName, ...]:
        """The colours that texts of the index name."""
        words = self.finder.index.spaces.words
        named = [name for name in BASIC_COLOURS if any(map(words.share_of, alternatives(segmented(name))))]
        return tuple(each for name in named for each in COLOURS if each.english == name)

    @cached_property
    def facet_columns(self) -> tuple[KeptColumn, ...]:
        """The kept columns of few and short values."""
        table = self.collection.works.table
        return tuple(
            each
            for each in self.kept
            if each.kind in ("text", "list of texts")
            and each.name in table.columns
            and _is_facet(_values(table, each.name))
        )

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders that works can be put in."""
        numbers = [each.name for each in self.kept if each.kind in NUMBERS]
        return (BY_FIT, NEWEST, OLDEST, *(f"{way}:{name}" for name in numbers for way in ("up", "down")))

    def listing(self, asked: SearchAsked, start: int, photos: Sequence[HeldPhoto] = ()) -> FoundPage:
        """The page of what is asked for that starts at a work.

        Args:
            asked: What is asked for.
            start: The first work that is shown, from 0.
            photos: The photos that `asked.photo` stands for.

        Raises:
            Problem: A limit or an order is none.
        """
        if asked.sort and asked.sort not in self.orders:
            raise Problem(422, f"there is no such order; expected one of {', '.join(self.orders)}")
        hits, rows = self._found(asked, photos)
        table = self.collection.works.table[rows]
        order = _order(table, asked.sort or (BY_FIT if hits is not None else NEWEST))
        start = min(start, max(0, len(rows) - 1) // PAGE_WORKS * PAGE_WORKS)
        shown = order[start : start + PAGE_WORKS]
        works = self.collection.at(rows[row] for row in shown)
        found = [
            Hit(work, 0.0) if hits is None else replace(hits[row], work=work)
            for row, work in zip(shown, works, strict=True)
        ]
        ways = () if rows else tuple(self._ways_out(asked, photos))
        return FoundPage(tuple(found), Leaf(start, PAGE_WORKS, len(rows)), self._facets(asked, table), ways)

    def _found(self, asked: SearchAsked, photos: Sequence[HeldPhoto]) -> tuple[list[Hit] | None, list[int]]:
        """The works that are found, the best first, and their rows; no hits where all works are gone through."""
        filters = asked.filters(self.kept)
        style = asked.like or (Question.of_parts(photos) if photos else None)
        if asked.phrases:
            words = " ".join(asked.phrases)
            hits = self.finder.search(words, MOST_FOUND, filters, photo=style, having=asked.phrases)
        elif style is not None:
            hits = self.finder.similar(style, MOST_FOUND, filters)
        elif asked.q:  # nothing but punctuation
            hits = []
        else:
            every = filters == Filters()
            return None, list(range(len(self.collection))) if every else self.collection.rows_of(
                self.finder.within(filters)
            )
        return hits, self.collection.rows_of(hit.work.id for hit in hits)

    def _facets(self, asked: SearchAsked, table: pl.DataFrame) -> tuple[Facet, ...]:
        years = _counted(table["created_at"].dt.year().cast(pl.String()))
        colours = tuple((each.english, None) for each in self.colours) if len(table) > 1 else ()
        facets = [
            Facet("category", "", _counted(table["category"])),
            Facet("colour", "", colours),
            Facet("creator", "", _counted(table["creator"])),
            Facet("year", "", tuple(sorted(years, reverse=True))),
            *(Facet(f"is:{each.name}", each.name, _counted(_values(table, each.name))) for each in self.facet_columns),
        ]
        said = asked.said
        return tuple(each for each in facets if len(each.values) > 1 and each.name not in said)

    def _ways_out(self, asked: SearchAsked, photos: Sequence[HeldPhoto]) -> list[WayOut]:
        fewer = [(name, asked.said[name], asked.without(name)) for name in asked.limits]
        words = dict.fromkeys(asked.q.split())
        fewer += [("", word, replace(asked, q=word)) for word in words if len(words) > 1]
        fewer += [("style", "", replace(asked, photo="", like=""))] if asked.has_style and asked.phrases else []
        if len(asked.limits) > 1:
            bare = SearchAsked(q=asked.q, photo=asked.photo, like=asked.like)
            fewer = [("limits", "", bare), *fewer]
        found = []
        for name, value, other in fewer[:MOST_WAYS_OUT]:
            works = len(self._found(other, photos if other.photo else ())[1])
            found += [WayOut(name, value, other.address({}), works)] if works else []
        return found


def _order(table: pl.DataFrame, sort: str) -> list[int]:
    """The rows of works in an order; those without what it goes by come last."""
    if sort == BY_FIT:
        return list(range(len(table)))
    way, _, name = sort.partition(":")
    key = table[name or "created_at"].rename("key").to_frame().with_row_index("row")
    down = way in (NEWEST, "down")
    rows: list[int] = key.sort("key", descending=down, nulls_last=True, maintain_order=True)["row"].to_list()
    return rows


def _values(table: pl.DataFrame, name: str) -> pl.Series:
    """The values of a column, each entry of a list by itself."""
    values = table[name]
    return values.list.explode() if isinstance(values.dtype, pl.List) else values


def _is_facet(values: pl.Series) -> bool:
    """Whether there are few values, all of them short, and no address is among them, which would lead elsewhere."""
    distinct = values.drop_nulls().unique()
    if distinct.str.contains("://", literal=True).any():
        return False
    return 1 < len(distinct) <= MOST_VALUES and all(len(each) <= MOST_CHARACTERS for each in distinct)


def _counted(values: pl.Series) -> tuple[tuple[str, int], ...]:
    """The most frequent values with their numbers, at most `MOST_SHOWN`."""
    said = values.drop_nulls().alias("value").to_frame().filter(pl.col("value") != "")
    counts = said.group_by("value").len().sort(["len", "value"], descending=[True, False]).head(MOST_SHOWN)
    return tuple((str(value), int(count)) for value, count in counts.iter_rows())


def _year(said: str) -> tuple[datetime | None, datetime | None]:
    """The first moment of a year and that of the next; None where there is no limit."""
    if not said:
        return None, None
    if not (said.isascii() and said.isdecimal()) or not 1 <= int(said) <= 9998:
        raise Problem(422, "the year is none; expected a number such as 2019")
    return datetime(int(said), 1, 1), datetime(int(said) + 1, 1, 1)
