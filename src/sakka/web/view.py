"""Templates: how a page is rendered in the reader's language, and what templates may call."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from sakka.catalog.works import Work
from sakka.pages.formats import date_words
from sakka.pages.kept import card_facts, kept_facts
from sakka.pages.language import LANGUAGES, Texts, texts_in
from sakka.pages.rendering import STYLES, environment
from sakka.web.language import COOKIE, language_of
from sakka.web.picks import picks_of

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
        self.environment = environment(TEMPLATES)
        self.environment.globals.update(
            **shared,
            static=static_address,
            work_url=lambda work_id: f"/works/{quote(work_id, safe='')}",
            creator_url=lambda name: f"/creators/{quote(name, safe='')}",
            photo_url=photo_url,
            card_facts=card_facts,
            kept_facts=kept_facts,
            search_url=lambda **values: "/search?" + urlencode({key: each for key, each in values.items() if each}),
        )

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
            back=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            picks=picks_of(request),
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
    file = next(folder / name for folder in (STATIC, STYLES) if (folder / name).is_file())
    return f"/static/{name}?{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


def photo_url(work: Work, size: str, number: int = 0) -> str:
    """The address of a work's photo."""
    return f"/photos/{number}/{quote(work.id, safe='')}?size={size}"


def sureness_key(probability: float) -> str:
    """The name of the words for a probability.

    >>> sureness_key(0.95), sureness_key(0.1)
    ('sure_5', 'sure_1')
    """
    return next(key for least, key in SURE_STEPS if probability >= least)


def title_of(work: Work, texts: Texts) -> str:
    """A work's title, or what stands for it."""
    return " ".join(work.title.split()) or texts("untitled")


def own_path(address: str) -> str:
    r"""An address of this server, or the first page where it would lead elsewhere.

    >>> own_path("/works/a b"), own_path("//elsewhere.example"), own_path("/\\elsewhere.example")
    ('/works/a%20b', '/', '/')
    """
    if not address.startswith("/") or address[1:2] in ("/", "\\") or not address.isprintable():
        return "/"
    return quote(address, safe="/%?&=+~-._")
