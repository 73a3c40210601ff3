"""The API: `/v1/...`, `/photos/...`, `/health`, `/metrics`. Its schema is at `/openapi.json`."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from pydantic import Field

from sakka.errors import ModelError
from sakka.models.identification import Identification
from sakka.models.question import Question
from sakka.networks.backbones import INPUT_PX
from sakka.photos.held import HeldPhoto
from sakka.version import __version__
from sakka.web.engine import Engine
from sakka.web.metrics import MEDIA_TYPE, Metrics
from sakka.web.pictures import Size
from sakka.web.problems import Problem, responses
from sakka.web.schemas import Health, Probe, ShownWork, served
from sakka.web.settings import Limits
from sakka.web.uploads import check_uploads

MOST_NAMED = 50
WorkId = Annotated[str, Path(max_length=500, description="A work's id.")]
PHOTO = "JPEG, PNG, WebP, GIF or BMP; repeat the field for several photos of the work, the featured one first."
TITLE, DESCRIPTION = ["桜のつまみ細工ブローチ"], ["正絹の小さな花を五つ。金具は真鍮です。"]
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
        request: Request,
        photo: Annotated[Sequence[UploadFile], photo_files(engine)] = (),
        title: Annotated[str, Form(max_length=limits.title_characters, examples=TITLE)] = "",
        description: Annotated[str, Form(max_length=limits.description_characters, examples=DESCRIPTION)] = "",
        top: Annotated[int, Form(ge=1, le=MOST_NAMED, description="How many creators to name.")] = 5,
    ) -> Response:
        """Name the most probable creators of a work from its photos, its title, its description or several of them."""
        photos = await read_photos(engine, request, photo)
        require_something(photos, title, description)

        def job() -> Identification:
            return engine.identify(Question.of_parts(photos, title, description), top)

        return served(await engine.ask(job, photos))


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
        size: Annotated[Size, Query(description="tiny: within 120 pixels; small: 360; large: 1,200.")] = "large",
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
            model=engine.model_sha256,
            index_version=engine.index_version,
        )

    @router.get("/health/live", tags=["server"], responses=responses())
    async def live() -> Probe:
        """Say that the process answers; needs no key, and no limit is on it. What restarts servers asks for it."""
        return Probe(status="live")

    @router.get("/health/ready", tags=["server"], responses=responses())
    async def ready() -> Probe:
        """Say whether a question that comes now would be answered, else 503; as open as the other.

        What spreads questions over servers asks for it.
        """
        if why_not := engine.worker.why_not_ready():
            raise Problem(503, why_not, {"Retry-After": "5"})
        return Probe(status="ready")

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


def photo_files(engine: Engine) -> Any:
    """What says that a field of a form is the photos of one work; `read_photos` reads them."""
    return File(description=PHOTO, json_schema_extra={"maxItems": engine.photos_per_work})


async def read_photos(
    engine: Engine, request: Request, files: Sequence[UploadFile], decoded_px: int = INPUT_PX
) -> list[HeldPhoto]:
    """Read and check the photos of a form about one work; they are decoded as `check_upload` says.

    Raises:
        Problem: There are more than the model reads, or the client has asked too much.
        UploadError: One is no photo, damaged or beyond a limit.
    """
    limits = engine.settings.limits
    given = [each for each in files if each.size or each.filename]  # a browser sends one where no file was chosen
    try:
        engine.model.check_photo_count(len(given))
    except ModelError as error:
        raise Problem(422, str(error)) from error
    request.scope["charge"](len(given))
    contents = [await each.read(limits.photo_bytes + 1) for each in given]
    return await engine.draw(lambda: check_uploads(contents, limits, decoded_px)) if contents else []


def require_something(photos: Sequence[HeldPhoto], title: str, description: str) -> None:
    """Refuse a work without anything to read.

    Raises:
        Problem: There is no photo and no text.
    """
    if not photos and not title.strip() and not description.strip():
        raise Problem(422, "nothing to go by: send a photo, a title, a description or several of them")
