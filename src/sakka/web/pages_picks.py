"""Picks: works that a reader has set aside. They stand in a cookie; an address with their ids shows them to others.

There are no accounts and nothing is kept on the server. `/picks` shows the reader's own picks, `/picks?id=A&id=B` those
that somebody sent; both can be saved as a table or as JSON.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from sakka.catalog.works import Work
from sakka.files import csv_text
from sakka.pages.kept import kept_text
from sakka.search.filters import Filters
from sakka.search.hits import Hit
from sakka.web.downloads import csv_download, saved_as
from sakka.web.engine import Engine
from sakka.web.picks import COOKIE, MOST_PICKS, Change, picks_of, with_change, written
from sakka.web.problems import Problem
from sakka.web.schemas import ShownWork, served
from sakka.web.view import YEAR_S, View, own_path

ALSO = 12
FIELDS = ("id", "creator", "title", "description", "category", "created_at")
Id = Annotated[str, Field(max_length=500)]
Ids = Annotated[list[Id], Query(max_length=MOST_PICKS)]


class PickPages:
    """The pages of picks over an engine."""

    def __init__(self, engine: Engine, view: View) -> None:
        self.engine, self.view = engine, view

    def add_to(self, router: APIRouter, hidden: dict[str, Any]) -> None:
        """Add the routes; `hidden` is what keeps a page out of the schema."""

        @router.get("/picks", **hidden)
        async def picks(request: Request, id: Ids = []) -> HTMLResponse:  # noqa: B006 - FastAPI copies it
            works = self._works(id or picks_of(request))
            also = await self.engine.ask(lambda: self._also(works)) if works else []
            address = "/picks?" + urlencode([("id", each.id) for each in works])
            values: dict[str, Any] = {
                "works": works,
                "also": also,
                "sent": bool(id),
                "address": address,
                "left": len(id) - len(works),
            }
            return self.view.page(request, "picks.html", **values)

        @router.get("/picks.csv", **hidden)
        async def table(request: Request, id: Ids = []) -> Response:  # noqa: B006
            return picks_csv(self._works(id or picks_of(request)), self.engine.collection.works.kept)

        @router.get("/picks.json", **hidden)
        async def as_json(request: Request, id: Ids = []) -> Response:  # noqa: B006
            answer = served([ShownWork.of(each) for each in self._works(id or picks_of(request))])
            answer.headers.update(saved_as("picks.json"))
            return answer

        @router.post("/picks", **hidden)
        async def pick(
            request: Request,
            do: Annotated[Change, Form()],
            id: Annotated[list[Id], Form(max_length=MOST_PICKS)] = [],  # noqa: B006
            back: Annotated[str, Form(max_length=8000)] = "/picks",
        ) -> Response:
            own = with_change(picks_of(request), do, [self.engine.work(each).id for each in id])
            wants_json = "application/json" in request.headers.get("accept", "")
            answer = JSONResponse({"picks": len(own)}) if wants_json else RedirectResponse(own_path(back), 303)
            answer.set_cookie(COOKIE, written(own), max_age=YEAR_S, httponly=True, samesite="lax")
            return answer

    def _works(self, ids: Iterable[str]) -> list[Work]:
        return [work for each in dict.fromkeys(ids) if (work := self.engine.collection.work(each)) is not None]

    def _also(self, works: Sequence[Work]) -> list[Hit]:
        """Works for whoever picked these; none where nothing can be compared."""
        try:
            return self.engine.need_finder().recommend([each.id for each in works], ALSO, Filters())
        except Problem:
            return []


def picks_csv(works: Sequence[Work], kept: Sequence[str]) -> Response:
    """Works as a table to save, one row a work.

    Args:
        works: The works.
        kept: The names of their kept columns.
    """
    return csv_download("picks.csv", csv_text([[*FIELDS, *kept], *(_cells(work, kept) for work in works)]))


def _cells(work: Work, kept: Sequence[str]) -> list[str]:
    """A work's `FIELDS` and kept columns as text."""
    own = [work.id, work.creator or "", work.title, work.description, work.category]
    date = "" if work.created_at is None else work.created_at.isoformat(sep=" ")
    return [*own, date, *(kept_text(work.kept.get(name)) for name in kept)]
