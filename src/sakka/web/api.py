"""The API: `/v1/...`, `/photos/...`, `/health`, `/metrics`. Its schema is at `/openapi.json`."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile
from pydantic import Field

from sakka.models.identification import Identification
from sakka.models.question import Question
from sakka.photos.held import HeldPhoto
from sakka.version import __version__
from sakka.web.engine import Engine
from sakka.web.metrics import MEDIA_TYPE, Metrics
from sakka.web.pictures import Size
from sakka.web.problems import Problem, responses
from sakka.web.schemas import Health, ShownWork, served
from sakka.web.settings import Limits
from sakka.web.uploads import check_upload

MOST_NAMED = 50
WorkId = Annotated[str, Path(max_length=500, description="A work's id.")]
Top = Annotated[int, Field(ge=1, le=MOST_NAMED, description="How many creators to name.")]


def api_router(engine: Engine, metrics: Metrics) -> APIRouter:
    """The operations that need the model and the works only."""
    router = APIRouter()
    _add_identify(router, engine, engine.settings.limits)
    _add_works(router, engine)
    _add_state(router, engine, metrics)
    return router


def _add_identify(router: APIRouter, engine: Engine, limits: Limits) -> None:
    @router.post("/v1/identify", tags=["identify"], response_model=Identification, responses=responses(415))
    async def identify(
        photo: Annotated[UploadFile | None, File(description="JPEG, PNG, WebP, GIF or BMP.")] = None,
        title: Annotated[str, Form(max_length=limits.title_characters)] = "",
        description: Annotated[str, Form(max_length=limits.description_characters)] = "",
        top: Annotated[int, Form(ge=1, le=MOST_NAMED, description="How many creators to name.")] = 5,
    ) -> Response:
        """Name the most probable creators of a work from its photo, its title, its description or several of them."""
        upload = await read_upload(engine, photo)
        require_something(upload, title, description)

        def job() -> Identification:
            return engine.identify(Question.of_parts(upload, title, description), top)

        return served(await engine.ask(job))


def _add_works(router: APIRouter, engine: Engine) -> None:
    @router.get("/v1/works/{work_id:path}", tags=["works"], response_model=ShownWork, responses=responses(404))
    async def work(work_id: WorkId) -> Response:
        """A work of the catalog."""
        return served(ShownWork.of(engine.work(work_id)))

    @router.get(
        "/photos/{number}/{work_id:path}",
        tags=["works"],
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}, "description": "The photo."}, **responses(404)},
    )
    async def photo(
        number: Annotated[int, Path(ge=0, le=1000, description="Which of the work's photos, from 0.")],
        work_id: WorkId,
        size: Annotated[Size, Query(description="small: within 360 pixels; large: within 1,200.")] = "large",
    ) -> Response:
        """A photo of a work of the catalog as a JPEG."""
        found = engine.work(work_id)
        made = await engine.draw(lambda: engine.pictures.picture(found, number, size))
        return Response(made, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def _add_state(router: APIRouter, engine: Engine, metrics: Metrics) -> None:
    @router.get("/health", tags=["server"], responses=responses())
    async def health() -> Health:
        """Say that the server answers, and what it is made of; needs no key."""
        return Health(
            status="ok",
            version=__version__,
            creators=len(engine.model.creators_),
            works=len(engine.collection),
            can_find=engine.can_find,
        )

    content: dict[str, Any] = {"text/plain": {"schema": {"type": "string"}}}

    @router.get(
        "/metrics",
        tags=["server"],
        response_class=Response,
        responses={200: {"content": content, "description": "Counts."}, **responses()},
    )
    async def read_metrics() -> Response:
        """What the server has done, for Prometheus."""
        return Response(metrics.text(len(engine.collection), len(engine.model.creators_)), media_type=MEDIA_TYPE)


async def read_upload(engine: Engine, photo: UploadFile | None) -> HeldPhoto | None:
    """Read and check the photo of a form; None where the form has none.

    Raises:
        UploadError: It is no photo, damaged or beyond a limit.
    """
    if photo is None:
        return None
    limits = engine.settings.limits
    content = await photo.read(limits.upload_bytes + 1)
    if not content and not photo.filename:  # a browser sends this where no file was chosen
        return None
    return await engine.draw(lambda: check_upload(content, limits))


def require_something(upload: HeldPhoto | None, title: str, description: str) -> None:
    """Refuse a work without anything to read.

    Raises:
        Problem: There is no photo and no text.
    """
    if upload is None and not title.strip() and not description.strip():
        raise Problem(422, "nothing to go by: send a photo, a title, a description or several of them")
