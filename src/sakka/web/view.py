"""Templates: how a page is rendered in the reader's language, and what templates may call."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from sakka.catalog.works import Work
from sakka.web.language import COOKIE, LANGUAGES, Texts, language_of, texts_in

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
YEAR_S = 365 * 24 * 3600
Start = Annotated[int, Query(ge=0, le=10_000_000)]
SURE_STEPS = ((0.9, "sure_5"), (0.7, "sure_4"), (0.5, "sure_3"), (0.3, "sure_2"), (0.0, "sure_1"))


@dataclass(frozen=True)
class Leaf:
    """Which part of a long list is shown.

    Attributes:
        start: The first that is shown, from 0.
        size: How many at most.
        total: How many there are.
    """

    start: int
    size: int
    total: int

    @property
    def before(self) -> int | None:
        """Where the part before starts; None at the beginning."""
        return max(0, self.start - self.size) if self.start else None

    @property
    def after(self) -> int | None:
        """Where the next part starts; None at the end."""
        return self.start + self.size if self.start + self.size < self.total else None


class View:
    """Renders the pages."""

    def __init__(self, shared: Mapping[str, Any]) -> None:
        """Make the environment.

        Args:
            shared: What every page may use, by name.
        """
        self.environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(
            **shared,
            static=static_address,
            work_url=lambda work_id: f"/works/{quote(work_id, safe='')}",
            creator_url=lambda name: f"/creators/{quote(name, safe='')}",
            photo_url=photo_url,
            search_url=lambda **values: "/search?" + urlencode({key: each for key, each in values.items() if each}),
        )
        self.environment.filters.update(percent=percent, number="{:,}".format, shortened=shortened)

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a page in the language that the request wants, and remember a language that it asks for."""
        language = language_of(request)
        texts = texts_in(language)
        content = self.environment.get_template(template).render(
            t=texts,
            lang=language,
            languages=LANGUAGES,
            path=request.url.path,
            here=_here(request),
            sureness=lambda probability: texts(sureness_key(probability)),
            date=lambda when: date_words(when, texts),
            title_of=lambda work: title_of(work, texts),
            **values,
        )
        answer = HTMLResponse(content, status_code=status, headers={"Vary": "Accept-Language, Cookie"})
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(COOKIE, language, max_age=YEAR_S, httponly=True, samesite="lax")
        return answer


def _here(request: Request) -> str:
    """The page's own address without its language, to which a language can be added."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return "?" + "".join(f"{urlencode([pair])}&" for pair in kept)


@cache
def static_address(name: str) -> str:
    """A static file's address with a mark of its content, so that a browser never keeps an old one."""
    return f"/static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def photo_url(work: Work, size: str, number: int = 0) -> str:
    """The address of a work's photo."""
    return f"/photos/{number}/{quote(work.id, safe='')}?size={size}"


def sureness_key(probability: float) -> str:
    """The name of the words for a probability.

    >>> sureness_key(0.95), sureness_key(0.1)
    ('sure_5', 'sure_1')
    """
    return next(key for least, key in SURE_STEPS if probability >= least)


def percent(probability: float) -> str:
    """Write a probability; one that is merely near 0 or 1 is not shown as certain.

    >>> percent(0.123), percent(0.9999), percent(0.001)
    ('12 %', '>99 %', '<1 %')
    """
    if 0.995 <= probability < 1:
        return ">99 %"
    return "<1 %" if 0 < probability < 0.005 else f"{100 * probability:.0f} %"


def date_words(when: datetime | None, texts: Texts) -> str:
    """Write a date; only the year where the rest is not known (the first of January)."""
    if when is None:
        return ""
    if (when.month, when.day) == (1, 1):
        return texts("year", year=when.year)
    return texts("day", year=when.year, month=when.month, day=when.day, name=when.strftime("%B"))


def title_of(work: Work, texts: Texts) -> str:
    """A work's title, or what stands for it."""
    return " ".join(work.title.split()) or texts("untitled")


def shortened(text: str, most: int) -> str:
    """A text on one line, cut at `most` characters.

    >>> shortened("花の  ブローチ", 4)
    '花の ブ…'
    """
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= most else one_line[:most].rstrip() + "…"
