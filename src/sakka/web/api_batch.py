"""Several works at once: by their texts, by photos that are sent with them, and works of the catalog by their ids.

A body is JSON, or a form with the photos and that JSON in the field `batch`. A photo that can't be read costs its work
the photo, not the batch. Photos are decoded at the size that the networks read, so that a batch of them stays small in
memory, and their answers are those that a table of the same photos gets.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.datastructures import UploadFile

from sakka.catalog.works import Catalog, Work
from sakka.errors import PhotoError
from sakka.models.asked_table import of_catalog
from sakka.models.base import CreatorModel
from sakka.models.identified import AskedWork, IdentifiedWork, WorkProblem, identified, identify_works
from sakka.photos.held import HeldPhoto
from sakka.web.api import Top, require_something
from sakka.web.engine import Engine
from sakka.web.problems import Problem, responses
from sakka.web.schemas import IdentifiedBatch, Strict, served
from sakka.web.settings import BATCH_PATH, FORM_WITH_FILES, Limits
from sakka.web.uploads import check_upload

FORM, JSON = FORM_WITH_FILES, "application/json"
MOST_ERRORS = 1000  # of a body, that are listed: what can't be a batch has any number
PHOTOS, BATCH = "photos", "batch"
TEXTS = {"works": [{"id": "a", "title": "桜のブローチ"}, {"id": "b", "description": "silver moon"}], "top": 3}
PHOTOS_AND_TEXTS = {"works": [{"id": "a", "photo": [0, 1]}, {"id": "b", "photo": 2, "title": "銀の月"}]}
Id = Annotated[str, Field(max_length=500)]
PhotoIndex = Annotated[int, Field(ge=0)]
WHICH = "Which of the form's photos is its own, from 0; a list of numbers where several are, the featured one first."
Upload = HeldPhoto | PhotoError


class BatchWork(Strict):
    """A work of a batch."""

    id: Id = Field("", description="What its answer is called; by default its place from 0.")
    title: str = ""
    description: str = ""
    photo: PhotoIndex | Annotated[list[PhotoIndex], Field(min_length=1)] | None = Field(None, description=WHICH)

    @property
    def photo_indices(self) -> tuple[int, ...]:
        """Which of the form's photos are its own."""
        if self.photo is None:
            return ()
        return (self.photo,) if isinstance(self.photo, int) else tuple(self.photo)


class Batch(Strict):
    """Several works."""

    works: Sequence[BatchWork] = ()
    ids: Sequence[Id] = ()
    top: Top = 5


def batch_router(engine: Engine) -> APIRouter:
    """The operation that identifies several works."""
    router = APIRouter()
    limits = engine.settings.limits
    kind = _limited(limits, engine.photos_per_work)

    @router.post(
        BATCH_PATH,
        tags=["identify"],
        response_model=IdentifiedBatch,
        responses=responses(404, 415),
        openapi_extra={"requestBody": _described(kind, limits)},
    )
    async def identify_batch(request: Request) -> Response:
        """Name the most probable creators of several works: first those of `works`, then those of `ids`.

        A form's photos are works of their own where `batch` lists none.
        """
        content, contents = await _read(request, limits)
        batch = await engine.draw(lambda: _batch(kind, content))
        request.scope["charge"](len(contents))
        if contents and not batch.works:
            batch = batch.model_copy(
                update={"works": [BatchWork(id="", photo=index) for index in range(len(contents))]}
            )
        _check(batch, len(contents), engine.photos_per_work)
        for work_id in batch.ids:
            engine.work(work_id)
        photos = await engine.draw(lambda: [_upload(content, limits) for content in contents]) if contents else []
        known = engine.collection.catalog_of(batch.ids)

        def job() -> list[IdentifiedWork]:
            return _sent(engine.model, batch, photos) + _known(engine.model, known, batch.top)

        return served(IdentifiedBatch(tuple(await engine.ask(job))))

    return router


def _limited(limits: Limits, photos: int) -> type[Batch]:
    """The shape of a batch with the limits of this server.

    Args:
        limits: Of texts and works.
        photos: How many photos of a work are read at most.
    """
    several = Field(min_length=1, fail_fast=True, json_schema_extra={"maxItems": photos})

    class LimitedWork(BatchWork):
        title: str = Field("", max_length=limits.title_characters)
        description: str = Field("", max_length=limits.description_characters)
        photo: PhotoIndex | Annotated[list[PhotoIndex], several] | None = Field(None, description=WHICH)

    class LimitedBatch(Batch):
        works: list[LimitedWork] = Field(
            [], max_length=limits.batch_works, description="Works by their texts and the form's photos."
        )
        ids: list[Id] = Field(
            [], max_length=limits.batch_works, description="Works of this server's catalog, photo and text."
        )

    return LimitedBatch


def _described(kind: type[Batch], limits: Limits) -> dict[str, Any]:
    """The body as the schema has it, in both forms."""
    schema = kind.model_json_schema()
    (work,) = schema.pop("$defs").values()
    schema["properties"]["works"]["items"] = work
    photos = {
        "type": "array",
        "maxItems": limits.batch_works,
        "items": {"type": "string", "format": "binary"},
        "description": "JPEG, PNG, WebP, GIF or BMP.",
    }
    form = {"type": "object", "properties": {PHOTOS: photos, BATCH: schema}, "additionalProperties": False}
    as_json = {"schema": schema, "examples": _example("two works by their texts", TEXTS)}
    as_form = {
        "schema": form,
        "encoding": {BATCH: {"contentType": JSON}},
        "examples": _example("with three photos, two of them of one work", {BATCH: PHOTOS_AND_TEXTS}),
    }
    return {"required": True, "content": {JSON: as_json, FORM: as_form}}


def _example(summary: str, value: Any) -> dict[str, Any]:
    return {"example": {"summary": summary, "value": value}}


async def _read(request: Request, limits: Limits) -> tuple[bytes, list[bytes]]:
    """The JSON and the photos of a request.

    Raises:
        Problem: The body is of another type, or a form with other fields.
    """
    given = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if given == JSON:
        return await request.body(), []
    if given != FORM:
        raise Problem(415, f"the body is of another type; send {JSON}, or {FORM} with photos")
    longest = limits.batch_text_bytes
    async with request.form(max_files=limits.batch_works, max_fields=1, max_part_size=longest) as form:
        text, photos = form.get(BATCH, "{}"), form.getlist(PHOTOS)
        files = [each for each in photos if isinstance(each, UploadFile)]
        if not isinstance(text, str) or len(files) < len(photos) or set(form) - {PHOTOS, BATCH}:
            raise Problem(422, f"expected a form of files called {PHOTOS} and one field of JSON called {BATCH}")
        return text.encode(), [await each.read() for each in files]


def _batch(kind: type[Batch], content: bytes) -> Batch:
    """The batch that JSON holds.

    Raises:
        Problem: It is none, by very many errors.
        RequestValidationError: It is none.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        if error.error_count() > MOST_ERRORS:
            raise Problem(422, f"the batch has {error.error_count():,} errors; see /openapi.json") from error
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in found]) from error


def _check(batch: Batch, sent: int, most: int) -> None:
    """Refuse a work without anything to read, with a photo that was not sent, or with more than are read of one."""
    for index, each in enumerate(batch.works):
        if not each.photo_indices:
            require_something((), each.title, each.description)
        if len(each.photo_indices) > most:
            raise Problem(
                422, f"works.{index}: got {len(each.photo_indices)} photos of one work, at most {most} are read"
            )
        for photo in each.photo_indices:
            if photo >= sent:
                raise Problem(422, f"works.{index}: there is no photo {photo} among the {sent} of the form")


def _upload(content: bytes, limits: Limits) -> Upload:
    try:
        return check_upload(content, limits)
    except PhotoError as error:
        return error


def _sent(model: CreatorModel, batch: Batch, photos: Sequence[Upload]) -> list[IdentifiedWork]:
    """The answers to works that were sent."""
    asked, held = [], {}
    for index, each in enumerate(batch.works):
        work = Work(str(index), title=each.title, description=each.description)
        own = [photos[number] for number in each.photo_indices]
        good = tuple(photo for photo in own if isinstance(photo, HeldPhoto))
        if good:
            held[work.id] = good
            names = tuple(f"photo {number}" for number in range(1, len(good) + 1))
            work = replace(work, photos=names, photos_sha256=tuple(photo.sha256 for photo in good))
        problems = tuple(WorkProblem.of_photo(photo) for photo in own if isinstance(photo, PhotoError))
        asked.append(AskedWork(each.id or work.id, work, problems))
    works = Catalog.from_works((each.work for each in asked if each.work), held=held)
    return list(identified(model, asked, works, batch.top))


def _known(model: CreatorModel, works: Catalog, count: int) -> list[IdentifiedWork]:
    """The answers to works of the catalog; where a photo stands on this machine is not told."""
    found = identify_works(model, of_catalog(works, works.kept), works.photo_root, count)
    return [replace(each, problems=tuple(replace(problem, detail="") for problem in each.problems)) for each in found]
