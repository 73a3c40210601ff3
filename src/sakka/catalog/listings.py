"""A row of a source -> a work, and what of the row could not be used.

Every source gives its rows as `Listing`s, still as they were written; this module decides what can be used. Nothing
is lost without a word: a row comes out as a `Work`, or as None with the reason, each bad field as a `ListingProblem`.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sakka.catalog.dates import parse_date
from sakka.catalog.kept import clean_text, is_vector, kept_value
from sakka.catalog.photo_paths import PhotoPaths, UnusablePath
from sakka.catalog.problems import (
    BAD_CHARACTERS,
    BAD_DATE,
    BAD_FIELD,
    DUPLICATE_ID,
    MALFORMED,
    NO_CREATOR,
    NO_ID,
    NOTHING,
    TOO_MANY_PHOTOS,
    ListingProblem,
)
from sakka.catalog.works import Work

MOST_SHOWN = 120
MOST_PHOTOS = 1000  # of a row that are looked at
NOTHING_LEFT = "neither title nor description nor a photo that can be read"
_SEPARATORS = re.compile(r"[|\r\n]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")  # stands for bytes that are no text
_TEXTS = ("title", "description", "category")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Listing:
    """One row of a source as it was written.

    Attributes:
        row: Its number in the source, from 1, a header not counted.
        values: By field of the catalog (`id`, `creator`, `title`, `description`, `category`, `created_at`, `photos`);
            `photos` is one text or a list of texts.
        trouble: Why the row could not even be taken apart; None where it could.
        kept: The columns to keep, by name.
    """

    row: int
    values: Mapping[str, Any]
    trouble: str | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)


def with_photo_rows(listings: Iterable[Listing]) -> Iterator[Listing]:
    """Listings with the photos of rows that stand below a work and hold nothing but its id and another photo.

    Shops with several photos a work export them so (https://help.shopify.com/en/manual/products/import-export).

    >>> rows = [Listing(1, {"id": "a", "title": "moon", "photos": "1.jpg"}), Listing(2, {"id": "a", "photos": "2.jpg"})]
    >>> [(listing.row, listing.values["photos"]) for listing in with_photo_rows(rows)]
    [(1, ['1.jpg', '2.jpg'])]
    """
    above: Listing | None = None
    photos: list[Any] = []
    for listing in listings:
        if above is not None and _only_adds_photos(listing, above):
            photos = photos or _as_list(above.values.get("photos"))
            photos += _as_list(listing.values["photos"])
        else:
            if above is not None:
                yield _with_photos(above, photos)
            above, photos = listing, []
    if above is not None:
        yield _with_photos(above, photos)


def _with_photos(listing: Listing, photos: list[Any]) -> Listing:
    return replace(listing, values={**listing.values, "photos": photos}) if photos else listing


def _only_adds_photos(listing: Listing, above: Listing) -> bool:
    if listing.trouble is not None or str(listing.values.get("id")) != str(above.values.get("id")):
        return False
    return {name for name, value in listing.values.items() if _as_list(value)} == {"id", "photos"}


def _as_list(value: object) -> list[Any]:
    """What a cell holds, each part of it; nothing where it is empty."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    return [part for part in parts if part is not None and str(part).strip()]


class _Unusable(Exception):  # noqa: N818
    """A value that can't be used, or a row (`field` says of what)."""

    def __init__(self, field: str, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.reason, self.detail = field, reason, detail


@dataclass
class _Row:
    """A listing that is being read, and its problems so far."""

    listing: Listing
    problems: list[ListingProblem] = field(default_factory=list)

    def note(self, trouble: _Unusable, left_out: bool = False) -> None:
        written = self.listing.values.get("id")
        shown = _shown(int(written) if isinstance(written, float) and written.is_integer() else written)
        detail = trouble.detail
        self.problems.append(ListingProblem(self.listing.row, shown, trouble.field, trouble.reason, detail, left_out))

    def note_bad_characters(self) -> None:
        """Note the texts that are not whole; U+FFFD stands in them for what could not be read."""
        for name, value in (*self.listing.values.items(), *self.listing.kept.items()):
            if isinstance(value, str) and _HALF_PAIR.search(value):
                detail = f"{_shown(value)!r}: \ufffd stands for what is no text in this encoding"
                self.note(_Unusable(name, BAD_CHARACTERS, detail))

    def value(self, name: str, read: Callable[[object, str], Value], without: Value) -> Value:
        """A field of the catalog, or `without` where it can't be used, which is noted."""
        try:
            return read(self.listing.values.get(name), name)
        except _Unusable as trouble:
            self.note(trouble)
            return without

    def photos(self, finder: PhotoPaths) -> tuple[str, ...]:
        """The photo paths that can be used, each once."""
        paths: dict[str, None] = {}
        nothing: tuple[str, ...] = ()
        texts = self.value("photos", photo_texts, nothing)
        if len(texts) > MOST_PHOTOS:
            detail = f"{len(texts):,} photos; the first {MOST_PHOTOS:,} are looked at"
            self.note(_Unusable("photos", TOO_MANY_PHOTOS, detail))
        for text in texts[:MOST_PHOTOS]:
            try:
                paths[finder.inside(text)] = None
            except UnusablePath as error:
                self.note(_Unusable("photos", error.reason, f"{_shown(text)}: {error}"))
        return tuple(paths)

    def kept(self) -> dict[str, Any]:
        """The kept columns; a cell of a wrong kind is None, which is noted."""
        cells: dict[str, Any] = {}
        for name, value in self.listing.kept.items():
            try:
                cells[name] = kept_value(value)
            except ValueError as error:
                cells[name] = None
                self.note(_Unusable(name, BAD_FIELD, str(error)))
        return cells


@dataclass
class ListingReader:
    """Turns listings into works, one after the other.

    Attributes:
        photo_root: The folder, resolved, that relative photo paths start at and that no photo may lie outside of.
        creator_required: Whether a row without a creator or an id is left out; else its creator is None and its id
            its number.
        every_row: Whether a row with another row's id, or with nothing to read, is a work too: one that is asked about.
        fetching: Whether addresses are photos too.
        base: The address that paths start at in the place of `photo_root`; "" where there is none.
        seen: The row at which each id stood first; not kept where every row is a work.
    """

    photo_root: Path
    creator_required: bool = True
    every_row: bool = False
    fetching: bool = False
    base: str = ""
    seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make ready to find photos."""
        self.finder = PhotoPaths(self.photo_root, self.fetching, self.base)

    def read(self, listing: Listing) -> tuple[Work | None, list[ListingProblem]]:
        """Make a work of a listing.

        Returns:
            The work, None where the row has to be left out (the last problem says why); and all problems of the row.
        """
        row = _Row(listing)
        try:
            return self._work(row), row.problems
        except _Unusable as trouble:
            row.note(trouble, left_out=True)
            return None, row.problems

    def _work(self, row: _Row) -> Work:
        identity, creator = self._identity(row)
        row.note_bad_characters()
        title, description, category = (row.value(name, text_of, "") for name in _TEXTS)
        photos = row.photos(self.finder)
        kept = row.kept()
        if not (self.every_row or title or description or photos or any(map(is_vector, kept.values()))):
            raise _Unusable("", NOTHING, NOTHING_LEFT)
        created_at = row.value("created_at", _date, None)
        if not self.every_row:
            self.seen[identity] = row.listing.row
        return Work(identity, creator, title, description, category, created_at, photos, kept=kept)

    def _identity(self, row: _Row) -> tuple[str, str | None]:
        """The id and the creator, without which a row can't be a work."""
        if row.listing.trouble is not None:
            raise _Unusable("", MALFORMED, row.listing.trouble)
        if self.creator_required:
            identity = text_of(row.listing.values.get("id"), "id")
        else:
            identity = row.value("id", text_of, "") or str(row.listing.row)
        creator = " ".join(row.value("creator", text_of, "").split())
        if not identity:
            raise _Unusable("id", NO_ID, "the id is empty")
        if identity in self.seen:
            raise _Unusable("id", DUPLICATE_ID, f"row {self.seen[identity]} has the same id")
        if self.creator_required and not creator:
            raise _Unusable("creator", NO_CREATOR, "the creator is empty")
        return identity, creator or None


def text_of(value: object, name: str) -> str:
    """A field's value as text without blanks at its ends; "" where it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # tables of whole numbers with gaps are often stored as floats
    if not isinstance(value, (str, int, float)):
        raise _Unusable(name, BAD_FIELD, f"{name} is a {type(value).__name__}, expected text")
    return clean_text(str(value))


def photo_texts(value: object, name: str = "photos") -> tuple[str, ...]:
    """The photo paths of a row as they are written; several in one text are separated by bars or line feeds."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ()
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        raise _Unusable(name, BAD_FIELD, f"{name} is a {type(value).__name__}, expected text or a list of texts")
    texts = [text for part in parts for text in _SEPARATORS.split(text_of(part, name))]
    return tuple(text.strip() for text in texts if text.strip())


def _date(value: object, name: str) -> datetime | None:
    try:
        return parse_date(value)
    except ValueError as error:
        raise _Unusable(name, BAD_DATE, f"{_shown(value)!r}: {error}") from error


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else _as_json(value)
    text = " ".join(clean_text(text).split())
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return f"<{type(value).__name__}>"
