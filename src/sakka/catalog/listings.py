"""A row of a source -> a work, or the reason why it can't be one.

Every source gives its rows as `Listing`s, still as they were written; this module decides what can be used. A row
is never lost: it comes out as a `Work` or as a `Rejection`.
"""

import json
import math
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sakka.catalog.dates import parse_date
from sakka.catalog.works import Work

NO_CREATOR = "no creator"
NO_ID = "no id"
DUPLICATE_ID = "duplicate id"
BAD_DATE = "date not understood"
BAD_FIELD = "field of a wrong kind"
MALFORMED = "row not readable"
NOTHING = "nothing to read"
PHOTO_ADDRESS = "photo is an address"
PHOTO_OUTSIDE = "photo outside the folder"

MOST_SHOWN = 120
_ADDRESS = re.compile(r"^(?!file:)[a-z][a-z0-9+.-]+:(//|(?=[^\\/]))", re.IGNORECASE)
_SEPARATOR = "|"


@dataclass(frozen=True)
class Listing:
    """One row of a source as it was written.

    Attributes:
        row: Its number in the source, from 1, a header not counted.
        values: By field of the catalog (`id`, `creator`, `title`, `description`, `category`, `created_at`, `photos`).
        trouble: Why the row could not even be taken apart; None where it could.
        lenient_date: Whether a date that is not understood is left out instead of the work.
    """

    row: int
    values: dict[str, Any]
    trouble: str | None = None
    lenient_date: bool = False


@dataclass(frozen=True)
class Rejection:
    """A row that could not be used.

    Attributes:
        row: Its number in the source, from 1.
        id: As it was written; empty where it has none.
        reason: A few words that are the same for every such row.
        detail: What it was in this row.
    """

    row: int
    id: str
    reason: str
    detail: str


class _Unusable(Exception):  # noqa: N818
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass
class ListingReader:
    """Turns listings into works, one after the other.

    Attributes:
        photo_root: The folder, resolved, that relative photo paths start at and that no photo may lie outside of.
        seen: The row at which each id stood first.
        dates_left_out: How many dates were not understood and left out of their works.
    """

    photo_root: Path
    seen: dict[str, int] = field(default_factory=dict)
    dates_left_out: int = 0

    def read(self, listing: Listing) -> Work | Rejection:
        """Make a work of a listing, or say why it can't be one."""
        try:
            return self._work(listing)
        except _Unusable as trouble:
            shown = _shown(listing.values.get("id"))
            return Rejection(listing.row, shown, trouble.reason, trouble.detail)

    def _work(self, listing: Listing) -> Work:
        if listing.trouble is not None:
            raise _Unusable(MALFORMED, listing.trouble)
        texts = {name: text_of(listing.values.get(name), name) for name in _TEXTS}
        identity, creator = texts["id"], " ".join(texts["creator"].split())
        if not identity:
            raise _Unusable(NO_ID, "the id is empty")
        if identity in self.seen:
            raise _Unusable(DUPLICATE_ID, f"row {self.seen[identity]} has the same id")
        if not creator:
            raise _Unusable(NO_CREATOR, "the creator is empty")
        photos = photos_of(listing.values.get("photos"), self.photo_root)
        if not (texts["title"] or texts["description"] or photos):
            raise _Unusable(NOTHING, "neither title nor description nor photo")
        created_at = self._date(listing)
        self.seen[identity] = listing.row
        return Work(
            id=identity,
            creator=creator,
            title=texts["title"],
            description=texts["description"],
            category=texts["category"],
            created_at=created_at,
            photos=photos,
        )

    def _date(self, listing: Listing) -> Any:
        value = listing.values.get("created_at")
        try:
            return parse_date(value)
        except ValueError as error:
            if listing.lenient_date:
                self.dates_left_out += 1
                return None
            raise _Unusable(BAD_DATE, f"{_shown(value)!r}: {error}") from error


_TEXTS = ("id", "creator", "title", "description", "category")


def text_of(value: object, name: str) -> str:
    """A field's value as text without blanks at its ends; "" where it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # tables of whole numbers with gaps are often stored as floats
    if not isinstance(value, (str, int, float)):
        raise _Unusable(BAD_FIELD, f"{name} is a {type(value).__name__}, expected text")
    return whole_text(str(value)).replace("\0", "").strip()


def whole_text(text: str) -> str:
    """Put U+FFFD in the place of halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def photos_of(value: object, root: Path) -> tuple[str, ...]:
    """The photo paths of a row: relative to `root` and within it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ()
    parts = value.split(_SEPARATOR) if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        raise _Unusable(BAD_FIELD, f"photos is a {type(value).__name__}, expected text or a list of texts")
    texts = [text_of(part, "a photo") for part in parts]
    return tuple(_photo_path(text, root) for text in texts if text)


def _photo_path(text: str, root: Path) -> str:
    if _ADDRESS.match(text):
        raise _Unusable(
            PHOTO_ADDRESS, f"{_shown(text)}: addresses are not fetched; download it and give the file's path"
        )
    path = Path(text.removeprefix("file://"))
    if path.is_absolute():
        path = path.parent.resolve() / path.name  # `root` is resolved too
    inside = os.path.relpath(os.path.normpath(root / path), root)
    if Path(inside).parts[:1] == (os.pardir,):
        raise _Unusable(PHOTO_OUTSIDE, f"{_shown(text)} is not inside {root}; name a folder that holds all photos")
    return inside


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else _as_json(value)
    text = " ".join(whole_text(text).split())
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return f"<{type(value).__name__}>"


def counts_by_reason(rejections: list[Rejection]) -> dict[str, int]:
    """Count rejections by reason, the most frequent first."""
    return dict(Counter(rejection.reason for rejection in rejections).most_common())
