"""The API's explanations: which words and regions of a photo spoke for a creator, and creators as they are shown."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, UploadFile
from pydantic import BaseModel, Field

from sakka.errors import ModelError
from sakka.explain.explanation import Explanation, explain
from sakka.models.question import Question
from sakka.pages.description_json import creator_json
from sakka.web.api import WorkId, read_upload, require_something
from sakka.web.engine import Engine
from sakka.web.problems import Problem, responses
from sakka.web.schemas import Probability, ShownWork

MOST_LISTED = 200
NAMED = "A creator that the model knows."
ByName = Annotated[str | None, Query(max_length=500, description=NAMED)]


class ExplainedWord(BaseModel):
    """A word of the text with its part in the answer."""

    text: str
    field: str = Field(description="title or description.")
    start: int = Field(description="Where it starts in the field's text in NFKC, in characters.")
    stop: int = Field(description="Where it ends.")
    share: float = Field(description="In nats; above 0 it spoke for the creator, below 0 for the other.")


class Explained(BaseModel):
    """Why one creator and not another: photo_share + text_share + rest = log_odds."""

    creator: str
    against: str
    probability: Probability
    against_probability: Probability
    log_odds: float = Field(description="log(probability / against_probability), in nats.")
    photo_share: float
    text_share: float
    rest: float
    words: list[ExplainedWord]
    exact_words: bool = Field(description="Whether the shares are the model's own terms.")
    regions: list[list[float]] | None = Field(description="Shares over the photo, rows from its top; null without one.")
    exact_regions: bool

    @classmethod
    def of(cls, found: Explanation) -> "Explained":
        """Make it of an explanation."""
        values = {name: getattr(found, name) for name in cls.model_fields if name not in ("words", "regions")}
        words = [ExplainedWord(**vars(word)) for word in found.words]
        regions = None if found.regions is None else found.regions.round(6).tolist()
        return cls(**values, words=words, regions=regions)


class CountedCreator(BaseModel):
    """A creator with the number of works that are shown."""

    name: str
    works: int
    known: bool = Field(description="Whether the model knows the creator.")


class CreatorList(BaseModel):
    """Creators, the one with most works first."""

    total: int
    creators: list[CountedCreator]


class DescribedCreator(BaseModel):
    """A creator described from the works; see `sakka describe`."""

    creator: str
    works: int
    others: int = Field(description="How many works by others.")
    first: str | None = Field(description="The earliest date of a work, ISO 8601.")
    last: str | None
    categories: list[dict[str, Any]]
    words: list[dict[str, Any]] = Field(description="Words that set the creator apart, the surest first.")
    palette: list[dict[str, Any]] = Field(description="Colours of the photos, the most frequent first.")
    objects: list[dict[str, Any]] | None = Field(description="What the photos show; null where nobody has looked.")
    typical: list[dict[str, Any]]
    unusual: list[dict[str, Any]]
    kindred: list[dict[str, Any]]
    kindred_by_style: bool
    sentences: dict[str, list[str]] = Field(description="The same in words, by language: en, ja.")


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

    @router.post("/v1/explain", tags=["explain"], responses=responses(415))
    async def explain_upload(
        photo: Annotated[UploadFile | None, File(description="JPEG, PNG, WebP, GIF or BMP.")] = None,
        title: Annotated[str, Form(max_length=limits.title_characters)] = "",
        description: Annotated[str, Form(max_length=limits.description_characters)] = "",
        creator: Annotated[str | None, Form(max_length=500, description=NAMED)] = None,
        against: Annotated[str | None, Form(max_length=500, description=NAMED)] = None,
    ) -> Explained:
        """Say what in a work spoke for a creator (else the most probable) and against another (else the runner-up)."""
        upload = await read_upload(engine, photo)
        require_something(upload, title, description)

        def job() -> Explanation:
            return explained(engine, Question.of_parts(upload, title, description), creator, against)

        return Explained.of(await engine.ask(job))


def _add_explain_work(router: APIRouter, engine: Engine) -> None:
    @router.get("/v1/explain/{work_id:path}", tags=["explain"], responses=responses(404))
    async def explain_work(work_id: WorkId, creator: ByName = None, against: ByName = None) -> Explained:
        """Say the same of a work of the catalog."""
        question = engine.question(work_id)
        return Explained.of(await engine.ask(lambda: explained(engine, question, creator, against)))


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
    @router.get("/v1/descriptions/{name:path}", tags=["creators"], responses=responses(404))
    async def description(name: Annotated[str, Path(max_length=500)]) -> DescribedCreator:
        """Describe a creator; the first time this may take a while and be refused with 503: ask again."""
        if name not in engine.collection.creators:
            raise Problem(404, "there are no works by a creator of this name")
        return DescribedCreator(**creator_json(await engine.describer.describe(name)))


def explained(engine: Engine, question: Question, creator: str | None, against: str | None) -> Explanation:
    """Explain a work.

    Raises:
        Problem: A creator is unknown to the model, or there is nothing to compare.
    """
    try:
        return explain(engine.model, question, creator=creator, against=against)
    except ModelError as error:  # names the creator that was asked for, or what the work lacks: no secret
        raise Problem(422, str(error)) from error
