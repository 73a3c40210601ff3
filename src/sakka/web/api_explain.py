"""The API's explanations: which words and regions of a photo spoke for a creator, and creators as they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from sakka.describe.creator import CreatorDescription
from sakka.errors import ModelError
from sakka.explain.explanation import Explanation, explain
from sakka.models.question import Question
from sakka.pages.description_sentences import description_json
from sakka.web.api import DESCRIPTION, TITLE, WorkId, photo_files, read_photos, require_something
from sakka.web.engine import Engine
from sakka.web.problems import Problem, responses
from sakka.web.schemas import ShownWork, served

MOST_LISTED = 200
NAMED = "A creator that the model knows."
ByName = Annotated[str | None, Query(max_length=500, description=NAMED)]


class CountedCreator(BaseModel):
    """A creator with the number of works that are shown."""

    name: str
    works: int
    known: bool = Field(description="Whether the model knows the creator.")


class CreatorList(BaseModel):
    """Creators, the one with most works first."""

    total: int
    creators: list[CountedCreator]


@dataclass(frozen=True)
class DescribedCreator(CreatorDescription):
    """A creator described from the works, as `sakka describe --json` prints it.

    Attributes:
        sentences: The same in words, by language: en, ja.
    """

    sentences: dict[str, list[str]]


class ShownCreator(CountedCreator):
    """A creator with some works."""

    shown: list[ShownWork] = Field(description="Works from `start` on, in the catalog's order.")


def explain_router(engine: Engine) -> APIRouter:
    """The operations that explain, and those over creators."""
    router = APIRouter()
    _add_explain(router, engine)
    _add_explain_work(router, engine)
    _add_creators(router, engine)
    _add_descriptions(router, engine)
    return router


def _add_explain(router: APIRouter, engine: Engine) -> None:
    limits = engine.settings.limits

    @router.post("/v1/explain", tags=["explain"], response_model=Explanation, responses=responses(415))
    async def explain_upload(
        request: Request,
        photo: Annotated[Sequence[UploadFile], photo_files(engine)] = (),
        title: Annotated[str, Form(max_length=limits.title_characters, examples=TITLE)] = "",
        description: Annotated[str, Form(max_length=limits.description_characters, examples=DESCRIPTION)] = "",
        creator: Annotated[str | None, Form(max_length=500, description=NAMED)] = None,
        against: Annotated[str | None, Form(max_length=500, description=NAMED)] = None,
    ) -> Response:
        """Say what in a work spoke for a creator (else the most probable) and against another (else the runner-up)."""
        photos = await read_photos(engine, request, photo)
        require_something(photos, title, description)

        def job() -> Explanation:
            return explained(engine, Question.of_parts(photos, title, description), creator, against)

        return served(await engine.ask(job, photos))


def _add_explain_work(router: APIRouter, engine: Engine) -> None:
    @router.get("/v1/explain/{work_id:path}", tags=["explain"], response_model=Explanation, responses=responses(404))
    async def explain_work(work_id: WorkId, creator: ByName = None, against: ByName = None) -> Response:
        """Say the same of a work of the catalog."""
        question = engine.question(work_id)
        return served(await engine.ask(lambda: explained(engine, question, creator, against)))


def _add_creators(router: APIRouter, engine: Engine) -> None:
    collection, known = engine.collection, frozenset(engine.model.creators_)

    @router.get("/v1/creators", tags=["creators"], responses=responses())
    async def creators(
        start: Annotated[int, Query(ge=0, le=10_000_000)] = 0, count: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50
    ) -> CreatorList:
        """List the creators whose works are shown, the one with most works first."""
        names = list(collection.creators.items())[start : start + count]
        listed = [CountedCreator(name=name, works=works, known=name in known) for name, works in names]
        return CreatorList(total=len(collection.creators), creators=listed)

    @router.get("/v1/creators/{name:path}", tags=["creators"], responses=responses(404))
    async def creator(
        name: Annotated[str, Path(max_length=500)],
        start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        count: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 24,
    ) -> ShownCreator:
        """A creator with some works."""
        if name not in collection.creators:
            raise Problem(404, "there are no works by a creator of this name")
        works = [ShownWork.of(each) for each in collection.works_of(name, start, count)]
        return ShownCreator(name=name, works=collection.creators[name], known=name in known, shown=works)


def _add_descriptions(router: APIRouter, engine: Engine) -> None:
    @router.get(
        "/v1/descriptions/{name:path}", tags=["creators"], response_model=DescribedCreator, responses=responses(404)
    )
    async def description(name: Annotated[str, Path(max_length=500)]) -> Response:
        """Describe a creator; the first time this may take a while and be refused with 503: ask again."""
        if name not in engine.collection.creators:
            raise Problem(404, "there are no works by a creator of this name")
        return JSONResponse(description_json(await engine.describer.describe(name)))


def explained(engine: Engine, question: Question, creator: str | None, against: str | None) -> Explanation:
    """Explain a work.

    Raises:
        Problem: A creator is unknown to the model, or there is nothing to compare.
    """
    try:
        return explain(engine.model, question, creator=creator, against=against)
    except ModelError as error:  # names the creator that was asked for, or what the work lacks: no secret
        raise Problem(422, str(error)) from error
