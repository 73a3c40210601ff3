"""The server's application: the API and the page behind one guard, over what was loaded last."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from sakka.errors import SakkaError
from sakka.version import __version__
from sakka.web.answer_store import AnswerStore
from sakka.web.api import api_router
from sakka.web.api_batch import batch_router
from sakka.web.api_explain import explain_router
from sakka.web.api_find import find_router
from sakka.web.common import Common
from sakka.web.engine import Engine
from sakka.web.guard import Guard
from sakka.web.metrics import Metrics
from sakka.web.pages import Pages
from sakka.web.problems import ProblemDetails, problem_of, problem_response
from sakka.web.settings import Settings
from sakka.web.takeover import Served, Takeover

STATIC = Path(__file__).parent / "static"
MOST_FIELDS = 128
PROGRAM_PATHS = ("/v1/", "/photos/", "/health", "/metrics", "/openapi.json", "/static/")
DESCRIPTION = """Names the creator of a handmade work, finds works by similar hands, and shows why.

Every answer that is not a success is a problem (RFC 9457) with a `detail` that says what to do. Where the server has a
key, send it as `X-API-Key` or as `Authorization: Bearer`."""


def create_app(settings: Settings, common: Common | None = None) -> ASGIApp:
    """Load what the settings name and give the application.

    Args:
        settings: What to serve.
        common: What it has in common with other processes; None: it is the only one.

    Raises:
        SakkaError: A setting is not safe, a folder is not what it should be, or two of them don't belong together.
    """
    settings.check()
    metrics, own = Metrics(), common or Common.of(settings.limits)
    takeover = Takeover(settings, metrics, lambda: _served(settings, metrics, own.answers))

    async def refuse(scope: Scope, problem: HTTPException) -> ASGIApp:
        return _answer(takeover.current.pages, Request(scope), problem)

    return Guard(takeover, settings, metrics, own.limiter, refuse, lambda: takeover.current.engine.worker.is_full)


def _served(settings: Settings, metrics: Metrics, answers: AnswerStore) -> Served:
    """Load what the settings name, and make the application over it."""
    engine = Engine(settings, metrics)
    app, pages = _empty_app(engine), Pages(engine, answers)
    app.include_router(api_router(engine, metrics))
    app.include_router(batch_router(engine))
    app.include_router(find_router(engine))
    app.include_router(explain_router(engine))
    app.include_router(pages.router())
    app.mount("/static", StaticFiles(directory=STATIC, packages=[("sakka.pages", "styles")]))
    _answer_errors(app, pages)
    _describe_shapes(app)
    return Served(engine, pages, app)


def _empty_app(engine: Engine) -> FastAPI:
    """An application without routes."""
    return FastAPI(
        title="sakka",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # those pages load scripts from another host
        redoc_url=None,
        form_limits={
            "max_files": engine.settings.limits.batch_works,  # fewer are read, and more than those are told
            "max_fields": MOST_FIELDS,
            "max_part_size": 4 * engine.settings.limits.description_characters,
        },
    )


def _answer_errors(app: FastAPI, pages: Pages) -> None:
    async def answer(request: Request, error: Exception) -> Response:
        return _answer(pages, request, problem_of(error))

    for kind in (HTTPException, RequestValidationError, SakkaError, Exception):
        app.add_exception_handler(kind, answer)


def _answer(pages: Pages, request: Request, problem: HTTPException) -> Response:
    """A person a page and a program a problem."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and not request.url.path.startswith(PROGRAM_PATHS):
        return pages.problem(request, problem)
    return problem_response(problem)


def _describe_shapes(app: FastAPI) -> None:
    """Put the shape of problems into the schema, in the place of FastAPI's own; dates are told without a zone."""
    made = app.openapi

    def openapi() -> dict[str, object]:
        schema = made()
        shapes = schema.setdefault("components", {}).setdefault("schemas", {})
        shapes["ProblemDetails"] = ProblemDetails.model_json_schema()
        shapes.pop("HTTPValidationError", None)
        shapes.pop("ValidationError", None)
        for kind in shapes["Work"]["properties"]["created_at"]["anyOf"]:
            kind.pop("format", None)  # `date-time` would promise a zone, which listings don't have
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents
