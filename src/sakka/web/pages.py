"""The page for people: ask who made a work, see why, and wander through works by similar hands."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse

from sakka.describe.creator import CreatorDescription
from sakka.pages.description_sentences import colour_names
from sakka.photos.held import DECODED_PX
from sakka.web.answer_page import ask_about, ask_about_work
from sakka.web.answer_store import Answer, AnswerStore, SentPhotos
from sakka.web.api import WorkId, read_photos, require_something
from sakka.web.engine import Engine
from sakka.web.guard import COOKIE, cookie_of, same
from sakka.web.language import language_of
from sakka.web.pages_audit import AuditPages
from sakka.web.pages_docs import add_docs
from sakka.web.pages_map import MapPages
from sakka.web.pages_picks import PickPages
from sakka.web.pages_search import SearchPages
from sakka.web.problems import Problem, problem_of
from sakka.web.uploads import UploadError
from sakka.web.view import YEAR_S, Leaf, Start, View, own_path

WALL_WORKS = 18
PAGE_WORKS = 36
PAGE_CREATORS = 60
WORKS_BY_OTHERS = 12
HIDDEN: dict[str, Any] = {"include_in_schema": False, "response_model": None}
Name = Annotated[str, Path(max_length=500)]
Number = Annotated[int | None, Query(ge=1, le=1000)]


class Pages:
    """The pages over an engine."""

    def __init__(self, engine: Engine, answers: AnswerStore) -> None:
        self.engine, self.answers = engine, answers
        self.view = View({"engine": engine, "has_key": engine.settings.key is not None})

    def router(self) -> APIRouter:
        """The routes of all pages."""
        router = APIRouter(include_in_schema=False)
        self._add_questions(router)
        self._add_answers(router)
        self._add_works(router)
        SearchPages(self.engine, self.view, self.answers).add_to(router, HIDDEN)
        PickPages(self.engine, self.view).add_to(router, HIDDEN)
        MapPages(self.engine, self.view).add_to(router, HIDDEN)
        AuditPages(self.engine, self.view).add_to(router, HIDDEN)
        add_docs(router, self.view, HIDDEN)
        self._add_key(router)
        return router

    def problem(self, request: Request, problem: HTTPException) -> Response:
        """A page that says what is wrong; a reader without the key is led to where it is asked for."""
        if problem.status_code == 401:
            back = request.url.path if request.method == "GET" else "/"
            return RedirectResponse(f"/key?{urlencode({'next': back})}", 303)
        answer = self.view.page(request, "problem.html", problem.status_code, problem=problem)
        answer.headers.update(problem.headers or {})
        return answer

    def _add_questions(self, router: APIRouter) -> None:
        limits = self.engine.settings.limits

        @router.get("/", **HIDDEN)
        async def home(request: Request, seed: Annotated[int, Query(ge=0, le=1_000_000)] = 0) -> HTMLResponse:
            wall = self.engine.collection.some(WALL_WORKS, seed)
            return self.view.page(request, "home.html", wall=wall, seed=seed, problem=None, given={})

        @router.post("/", **HIDDEN)
        async def ask(
            request: Request,
            photo: Annotated[Sequence[UploadFile], File()] = (),
            title: Annotated[str, Form(max_length=limits.title_characters)] = "",
            description: Annotated[str, Form(max_length=limits.description_characters)] = "",
        ) -> Response:
            try:
                photos = await read_photos(self.engine, request, photo, DECODED_PX)  # they are shown
                require_something(photos, title, description)
                answer = await self.engine.ask(lambda: ask_about(self.engine, photos, title, description), photos)
            except (Problem, UploadError) as error:
                problem = problem_of(error)
                given = {"title": title, "description": description}
                values = {"wall": [], "seed": 0, "problem": problem, "given": given}
                page = self.view.page(request, "home.html", problem.status_code, **values)
                page.headers.update(problem.headers or {})
                return page
            return RedirectResponse(f"/answers/{self.answers.keep(answer)}", 303)

    def _add_answers(self, router: APIRouter) -> None:
        @router.post("/works/{work_id:path}/answer", **HIDDEN)
        async def ask_of_work(work_id: WorkId) -> Response:
            answer = await self.engine.ask(lambda: ask_about_work(self.engine, work_id))
            return RedirectResponse(f"/answers/{self.answers.keep(answer)}", 303)

        @router.get("/answers/{token}", **HIDDEN)
        async def answer(request: Request, token: Name, photo: Number = None) -> HTMLResponse:
            found = self._answer(token)
            shown = chosen(photo, len(found.photos), found.marked or 0)
            return self.view.page(request, "answer.html", answer=found, token=token, shown=shown)

        @router.get("/answers/{token}/{picture}", **HIDDEN)
        async def picture(token: Name, picture: Name) -> Response:
            content = self._kept(token).pictures.get(picture)
            if content is None:
                raise Problem(404, "this answer has no such picture")
            headers = {"Cache-Control": "private, max-age=3600"}
            return Response(content, media_type="image/jpeg", headers=headers)

    def _answer(self, token: str) -> Answer:
        if isinstance(answer := self._kept(token), Answer):
            return answer
        raise Problem(404, "these photos were searched by, and nobody asked who made the work; ask again")

    def _kept(self, token: str) -> SentPhotos:
        kept = self.answers.get(token)
        if kept is None:
            raise Problem(404, "this answer is no longer kept; ask again")
        return kept

    def _add_works(self, router: APIRouter) -> None:
        collection = self.engine.collection

        @router.get("/works/{work_id:path}", **HIDDEN)
        async def work(request: Request, work_id: WorkId, photo: Number = None) -> HTMLResponse:
            found = self.engine.work(work_id)
            near = await self.engine.ask(lambda: self.engine.around(found, WORKS_BY_OTHERS))
            return self.view.page(request, "work.html", work=found, near=near, shown=chosen(photo, len(found.photos)))

        @router.get("/creators", **HIDDEN)
        async def creators(request: Request, start: Start = 0) -> HTMLResponse:
            leaf = Leaf(start, PAGE_CREATORS, len(collection.creators))
            names = list(collection.creators.items())[start : start + PAGE_CREATORS]
            shown = [(name, count, collection.shown_work(name)) for name, count in names]
            return self.view.page(request, "creators.html", creators=shown, leaf=leaf)

        @router.get("/creators/{name:path}", **HIDDEN)
        async def creator(request: Request, name: Name, start: Start = 0) -> HTMLResponse:
            if name not in collection.creators:
                raise Problem(404, "there are no works by a creator of this name")
            described = None if start else await self.engine.describer.describe_if_ready(name)
            values = {} if described is None else self._described(described, request)
            leaf = Leaf(start, PAGE_WORKS, collection.creators[name])
            works = collection.works_of(name, start, PAGE_WORKS)
            values |= {"name": name, "works": works, "leaf": leaf, "described": described}
            return self.view.page(request, "creator.html", **values)

    def _described(self, described: CreatorDescription, request: Request) -> dict[str, Any]:
        """What the page of a creator shows of a description besides itself."""
        collection = self.engine.collection
        names = [each.creator for each in described.related_creators if each.creator in collection.creators]
        related = [(name, collection.shown_work(name)) for name in names]
        return {"related": related, "colours": colour_names(described.palette, language_of(request))}

    def _add_key(self, router: APIRouter) -> None:
        key = self.engine.settings.key

        @router.get("/key", **HIDDEN)
        async def ask_for_key(request: Request, next: Annotated[str, Query(max_length=2000)] = "/") -> HTMLResponse:
            return self.view.page(request, "key.html", next=next, wrong=False)

        @router.post("/key", **HIDDEN)
        async def take_key(
            request: Request,
            given: Annotated[str, Form(alias="key", max_length=500)] = "",
            next: Annotated[str, Form(max_length=2000)] = "/",
        ) -> Response:
            if key is None or not same(given, key):
                return self.view.page(request, "key.html", 401, next=next, wrong=True)
            answer = RedirectResponse(own_path(next), 303)
            secure = request.url.scheme == "https"
            answer.set_cookie(
                COOKIE, cookie_of(key), max_age=YEAR_S // 12, httponly=True, samesite="strict", secure=secure
            )
            return answer


def chosen(number: int | None, count: int, usual: int = 0) -> int:
    """Which photo is shown large, from 0: the one that the address names from 1, where there is one of that number.

    >>> chosen(2, 3), chosen(9, 3), chosen(None, 3, 2)
    (1, 0, 2)
    """
    return number - 1 if number is not None and number <= count else usual
