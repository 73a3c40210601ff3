"""The search page: words, photos, or both, narrowed and put in order by what stands in the address."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse

from sakka.describe.colours import ColourName
from sakka.pages.language import Texts, texts_in
from sakka.photos.held import DECODED_PX, HeldPhoto
from sakka.web.answer_store import AnswerStore, SentPhotos
from sakka.web.api import read_photos
from sakka.web.engine import Engine
from sakka.web.language import language_of
from sakka.web.problems import Problem
from sakka.web.search_page import OPERATORS, SearchAsked, SearchPage
from sakka.web.uploads import as_jpeg, held_upload, shown_picture
from sakka.web.view import Start, View

MOST_CHARACTERS = 500
Value = Annotated[str, Query(max_length=MOST_CHARACTERS)]


class SearchPages:
    """The search page over an engine."""

    def __init__(self, engine: Engine, view: View, answers: AnswerStore) -> None:
        self.engine, self.view, self.answers = engine, view, answers
        self.search = None if engine.finder is None else SearchPage(engine.finder, engine.collection)

    def add_to(self, router: APIRouter, hidden: dict[str, Any]) -> None:
        """Add the routes; `hidden` is what keeps a page out of the schema."""
        limits = self.engine.settings.limits

        @router.get("/search", **hidden)
        async def search(
            request: Request,
            q: Annotated[str, Query(max_length=limits.title_characters)] = "",
            photo: Value = "",
            like: Value = "",
            creator: Value = "",
            category: Value = "",
            colour: Value = "",
            year: Value = "",
            sort: Value = "",
            start: Start = 0,
        ) -> HTMLResponse:
            own = {"creator": creator, "category": category, "colour": colour, "year": year, "sort": sort}
            asked = SearchAsked(q=q.strip(), photo=photo, like=like, kept=self._on_kept(request), **own)
            return await self._page(request, asked, start)

        @router.post("/search", **hidden)
        async def send(
            request: Request,
            q: Annotated[str, Form(max_length=limits.title_characters)] = "",
            photo: Annotated[Sequence[UploadFile], File()] = (),
        ) -> Response:
            self.engine.need_finder()
            photos = await read_photos(self.engine, request, photo, DECODED_PX)
            said = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
            said["photo"] = said.pop("kept-photo", "")
            if photos:
                shown = await self.engine.draw(lambda: tuple(as_jpeg(shown_picture(each)) for each in photos))
                said |= {"photo": self.answers.keep(SentPhotos(shown)), "like": ""}
            return RedirectResponse(SearchAsked(q=q).address(said), 303)

    async def _page(self, request: Request, asked: SearchAsked, start: int) -> HTMLResponse:
        self.engine.need_finder()
        assert self.search is not None
        page = self.search
        if asked.colour and asked.colour not in [each.english for each in page.colours]:
            raise Problem(422, "the works have no such colour; choose one of those that the page offers")
        liked = self.engine.work(asked.like) if asked.like else None
        photos = self._photos(asked.photo) if asked.photo else []
        found = await self.engine.ask(lambda: page.listing(asked, start, photos), photos)
        texts = texts_in(language_of(request))

        def limit(name: str, value: str) -> str:
            return limit_words(name, value, texts, page.colours)

        values: dict[str, Any] = {
            "asked": asked,
            "found": found,
            "page": page,
            "liked": liked,
            "photos": len(photos),
            "limit": limit,
        }
        return self.view.page(request, "search.html", **values)

    def _photos(self, token: str) -> list[HeldPhoto]:
        kept = self.answers.get(token)
        if kept is None or not kept.photos:
            raise Problem(404, "the photo is no longer kept; choose it again")
        return [held_upload(each, self.engine.settings.limits) for each in kept.photos]

    def _on_kept(self, request: Request) -> dict[str, str]:
        """The limits on kept columns in an address.

        Raises:
            Problem: One is too long.
        """
        names = [each.name for each in self.search.kept] if self.search is not None else []
        said: dict[str, str] = {}
        for name in (f"{word}:{name}" for name in names for word in OPERATORS):
            value = request.query_params.get(name, "").strip()
            if len(value) > MOST_CHARACTERS:
                raise Problem(422, f"a limit has {len(value):,} characters; expected {MOST_CHARACTERS} at most")
            said |= {name: value} if value else {}
        return said


def limit_words(name: str, value: str, texts: Texts, colours: Sequence[ColourName]) -> str:
    """A limit in words.

    Args:
        name: Its name in the address.
        value: Its value.
        texts: The texts of a language.
        colours: The colours that there are.

    >>> limit_words("from:price", "1000", texts_in("en"), ())
    'price from 1000'
    """
    word, _, column = name.partition(":")
    if column:
        return texts(f"limit_{word}", name=column, value=value)
    if name == "colour":
        value = next(
            each.japanese if texts.language == "ja" else each.english for each in colours if each.english == value
        )
    return texts("limit_is", name=texts("by_year" if name == "year" else name), value=value)
