"""The API's finding: works like a work, works that words describe, works to recommend; all need an index."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile
from pydantic import Field

from sakka.models.question import Question
from sakka.search.enough import BEST_WORKS
from sakka.search.filters import Filters
from sakka.search.hits import Hit, RelatedCreator
from sakka.web.api import DESCRIPTION, TITLE, photo_files, read_photos, require_something
from sakka.web.engine import Engine
from sakka.web.problems import Problem, responses
from sakka.web.schemas import FoundWorks, Strict, served
from sakka.web.settings import Limits

MOST_EXAMPLES, MOST_NAMES = 50, 100
Id = Annotated[str, Field(max_length=500)]
Names = Annotated[tuple[Id, ...], Field(max_length=MOST_NAMES)]
MOST_COMPARISONS = 20
LIMITS_ON_KEPT = "Limits on kept columns, such as price>=1000, price=1000..3000 or tags=brooch."
FormComparisons = Annotated[tuple[Id, ...], Form(max_length=MOST_COMPARISONS, description=LIMITS_ON_KEPT)]
Comparisons = Annotated[tuple[Id, ...], Field(max_length=MOST_COMPARISONS, description=LIMITS_ON_KEPT)]


class Wanted(Strict):
    """Which works may be found; what is left out does not limit."""

    categories: Names = ()
    creators: Names = ()
    not_creators: Names = ()
    after: date | None = Field(None, description="The earliest day.")
    before: date | None = Field(None, description="The day that works must be earlier than.")
    filter: Comparisons = ()
    of_one_creator: int | None = Field(None, ge=1, le=1000, description="The most works of one creator.")

    def filters(self) -> Filters:
        """These filters as the index takes them."""
        after, before = (None if day is None else datetime.combine(day, time()) for day in (self.after, self.before))
        return Filters(self.categories, self.creators, self.not_creators, after, before, self.filter)


class WantedByCreator(Wanted):
    """Which works may be found, and whether they are wanted by creator."""

    by_creator: bool = Field(False, description="The `count` creators who fit best, each with its best works.")
    count: int


def find_router(engine: Engine) -> APIRouter:
    """The operations that find."""
    router = APIRouter()
    limits = engine.settings.limits
    _add_similar(router, engine, limits)
    _add_search(router, engine, limits)
    _add_uploads(router, engine, limits)
    _add_recommend(router, engine, limits)
    return router


def _add_similar(router: APIRouter, engine: Engine, limits: Limits) -> None:
    class Similar(WantedByCreator):
        like: Annotated[list[Id], Field(min_length=1, max_length=MOST_EXAMPLES, description="Ids of wanted works.")]
        unlike: Annotated[tuple[Id, ...], Field(max_length=MOST_EXAMPLES, description="Ids of unwanted works.")] = ()
        other_creators: bool = Field(False, description="Leave out the creators of the wanted works.")
        count: int = Field(10, ge=1, le=limits.found_works)

    @router.post("/v1/similar", tags=["find"], response_model=FoundWorks, responses=responses(404, 409))
    async def similar(asked: Similar) -> Response:
        """Find works of the style of one work or of several, and unlike others."""
        finder = engine.need_finder()
        require_few(asked, limits)
        require_works(engine, [*asked.like, *asked.unlike])
        options = {"like": asked.like, "unlike": asked.unlike}
        hits = await engine.ask(
            lambda: finder.similar(
                None,
                asked.count,
                asked.filters(),
                **options,
                other_creators=asked.other_creators,
                of_one_creator=asked.of_one_creator,
                by_creator=asked.by_creator,
            )
        )
        return served(FoundWorks.of(hits))


def _add_search(router: APIRouter, engine: Engine, limits: Limits) -> None:
    class Search(WantedByCreator):
        words: str = Field(min_length=1, max_length=limits.title_characters, description="In any language.")
        like: Id | None = Field(None, description="The id of a work of the style that is wanted too.")
        count: int = Field(10, ge=1, le=limits.found_works)

    @router.post("/v1/search", tags=["find"], response_model=FoundWorks, responses=responses(404, 409))
    async def search(asked: Search) -> Response:
        """Find works that words describe, and of the style of a work where one is named."""
        finder = engine.need_finder()
        require_few(asked, limits)
        require_works(engine, [] if asked.like is None else [asked.like])
        hits = await engine.ask(
            lambda: finder.search(
                asked.words,
                asked.count,
                asked.filters(),
                photo=asked.like,
                of_one_creator=asked.of_one_creator,
                by_creator=asked.by_creator,
            )
        )
        return served(FoundWorks.of(hits))


def _add_uploads(router: APIRouter, engine: Engine, limits: Limits) -> None:
    files = photo_files(engine)

    @router.post("/v1/similar/upload", tags=["find"], response_model=FoundWorks, responses=responses(409, 415))
    async def similar_to_upload(
        request: Request,
        photo: Annotated[Sequence[UploadFile], files] = (),
        title: Annotated[str, Form(max_length=limits.title_characters, examples=TITLE)] = "",
        description: Annotated[str, Form(max_length=limits.description_characters, examples=DESCRIPTION)] = "",
        count: Annotated[int, Form(ge=1, le=limits.found_works)] = 10,
        of_one_creator: Annotated[int | None, Form(ge=1, le=1000)] = None,
        filter: FormComparisons = (),
    ) -> Response:
        """Find works like one from outside, by its photos, its text or both."""
        finder = engine.need_finder()
        filters = Filters(kept=filter)
        photos = await read_photos(engine, request, photo)
        require_something(photos, title, description)

        def job() -> list[Hit]:
            asked = Question.of_parts(photos, title, description)
            return finder.similar(asked, count, filters, of_one_creator=of_one_creator)

        return served(FoundWorks.of(await engine.ask(job, photos)))

    @router.post("/v1/search/upload", tags=["find"], response_model=FoundWorks, responses=responses(409, 415))
    async def search_with_upload(
        request: Request,
        words: Annotated[str, Form(min_length=1, max_length=limits.title_characters)],
        photo: Annotated[list[UploadFile], files],
        count: Annotated[int, Form(ge=1, le=limits.found_works)] = 10,
        of_one_creator: Annotated[int | None, Form(ge=1, le=1000)] = None,
        filter: FormComparisons = (),
    ) -> Response:
        """Find works that words describe and that are of the style of a work's photos."""
        finder = engine.need_finder()
        filters = Filters(kept=filter)
        photos = await read_photos(engine, request, photo)

        def job() -> list[Hit]:
            asked = Question.of_parts(photos)
            return finder.search(words, count, filters, photo=asked, of_one_creator=of_one_creator)

        return served(FoundWorks.of(await engine.ask(job, photos)))


def _add_recommend(router: APIRouter, engine: Engine, limits: Limits) -> None:
    class Liked(Wanted):
        liked: Annotated[list[Id], Field(min_length=1, max_length=MOST_EXAMPLES, description="Ids of liked works.")]
        count: int = Field(10, ge=1, le=limits.found_works)

    @router.post("/v1/recommend", tags=["find"], response_model=FoundWorks, responses=responses(404, 409))
    async def recommend(asked: Liked) -> Response:
        """Works for somebody who liked these, with variety; for one work, similar works by others."""
        finder = engine.need_finder()
        require_works(engine, asked.liked)
        return served(
            FoundWorks.of(await engine.ask(lambda: finder.recommend(asked.liked, asked.count, asked.filters())))
        )

    @router.get(
        "/v1/related-creators/{name:path}",
        tags=["find"],
        response_model=list[RelatedCreator],
        responses=responses(404, 409),
    )
    async def related_creators(
        name: Annotated[str, Path(max_length=500)], count: Annotated[int, Query(ge=1, le=50)] = 10
    ) -> Response:
        """The creators of the nearest style."""
        finder = engine.need_finder()
        if name not in engine.collection.creators:
            raise Problem(404, "there are no works by a creator of this name")
        return served(await engine.ask(lambda: finder.related_creators(name, count)))


def require_few(asked: WantedByCreator, limits: Limits) -> None:
    """Refuse more works of creators than one search gives.

    Raises:
        Problem: So many works of so many creators are more.
    """
    each = asked.of_one_creator or BEST_WORKS
    if asked.by_creator and asked.count * each > limits.found_works:
        detail = f"got {asked.count} creators with {each} works each, expected {limits.found_works} works at most"
        raise Problem(422, f"{detail}; ask for fewer creators, or for fewer works of each (`of_one_creator`)")


def require_works(engine: Engine, ids: list[str]) -> None:
    """Refuse ids that are not there.

    Raises:
        Problem: There is no work of one of the ids.
    """
    for each in ids:
        engine.work(each)
