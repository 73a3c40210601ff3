"""Errors of the API as problem details (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457): status, title, detail.

A detail says what was got, what was expected and what to do. It never holds a path of the server or what the caller
sent. Troubles of the server itself are logged and answered without their cause.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from sakka.errors import IndexDatabaseError, SakkaError
from sakka.photos.decode import TOO_LARGE, WRONG_KIND
from sakka.web.uploads import UploadError

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 5
PHOTO_STATUS = {TOO_LARGE: 413, WRONG_KIND: 415}
LATER = {"Retry-After": "60"}
LOG = logging.getLogger("sakka.web")


class ProblemDetails(BaseModel):
    """What went wrong with a request (RFC 9457)."""

    type: str = Field("about:blank", description="Always about:blank: the status says what kind of problem it is.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was got, what was expected and what to do.")


class Problem(HTTPException):
    """A request that can't be answered, with the reason for the caller."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


def busy() -> Problem:
    """What a request is told that nobody has time for."""
    return Problem(429, "the server is busy; try again in a few seconds", {"Retry-After": "5"})


def problem_response(problem: HTTPException) -> JSONResponse:
    """The problem as JSON."""
    details = ProblemDetails(
        type="about:blank", title=status_words(problem.status_code), status=problem.status_code, detail=problem.detail
    )
    return JSONResponse(
        details.model_dump(), status_code=problem.status_code, media_type=MEDIA_TYPE, headers=problem.headers
    )


def status_words(status: int) -> str:
    """A status in words.

    >>> status_words(404)
    'Not Found'
    """
    return HTTPStatus(status).phrase


def problem_of(error: Exception) -> HTTPException:
    """Turn whatever a request ended with into a problem; what is the server's own trouble is logged."""
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, RequestValidationError):
        return Problem(422, _validation_detail(error))
    if isinstance(error, UploadError):
        return Problem(PHOTO_STATUS.get(error.reason, 422), str(error))
    if isinstance(error, SakkaError):
        LOG.error("a request could not be answered: %s", error)
        if isinstance(error, IndexDatabaseError):
            return Problem(503, "the server's index is damaged or gone, and its keeper must put it back", LATER)
        return Problem(503, "the server's model, index or catalog can't answer this now; its log says why")
    LOG.error("a request failed", exc_info=error)
    return Problem(500, "the server failed at this request; its log says why")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe in the schema the problems that an operation may answer with; those that any may have are included."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    every = sorted({*statuses, 400, 401, 403, 408, 413, 422, 429, 503})
    return {status: {"description": status_words(status), "content": content} for status in every}


def _validation_detail(error: RequestValidationError) -> str:
    found = error.errors()
    said = []
    for each in found[:MOST_ERRORS]:
        where = ".".join(str(part) for part in each["loc"][1:] if not isinstance(part, str) or part.isidentifier())
        said.append(f"{where}: {each['msg']}" if where else str(each["msg"]))
    if len(found) > MOST_ERRORS:
        said.append(f"and {len(found) - MOST_ERRORS} more")
    return "; ".join(said).encode("utf-8", "replace").decode()
