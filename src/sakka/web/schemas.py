"""What the API takes and gives, as its OpenAPI schema shows it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from sakka.as_json import as_json
from sakka.catalog.works import Work
from sakka.models.identified import IdentifiedWork
from sakka.search.hits import Hit


@dataclass(frozen=True)
class IdentifiedBatch:
    """Who may have made the works of a batch, in its order."""

    identifications: tuple[IdentifiedWork, ...]


@dataclass(frozen=True)
class ShownWork(Work):
    """A work as the API shows it.

    Attributes:
        photos: Addresses of its photos on this server.
    """

    photos: tuple[str, ...] = field(default=(), metadata={})

    @classmethod
    def of(cls, work: Work) -> "ShownWork":
        """Make it of a work."""
        photos = tuple(photo_address(work.id, number) for number in range(len(work.photos)))
        return cls(**{**vars(work), "photos": photos})


@dataclass(frozen=True)
class FoundWorks:
    """What was found, the best first."""

    found: tuple[Hit, ...]

    @classmethod
    def of(cls, hits: Iterable[Hit]) -> "FoundWorks":
        """Make it of hits, with the works as the API shows them."""
        return cls(tuple(replace(hit, work=ShownWork.of(hit.work)) for hit in hits))


class Health(BaseModel):
    """What the server is made of."""

    status: str = Field(description="Always ok.")
    version: str
    creators: int = Field(description="How many creators the model knows.")
    works: int = Field(description="How many works can be shown.")
    can_find: bool = Field(description="Whether there is an index to find similar works with.")
    model: str = Field(description="The SHA-256 of the manifest of the model, by which it is known.")
    index_version: int | None = Field(description="The version of the index's table of works; null without an index.")


class Probe(BaseModel):
    """What the server says to who watches over it."""

    status: str


def photo_address(work_id: str, number: int) -> str:
    """The address of a work's photo.

    >>> photo_address("a/b 1", 0)
    '/photos/0/a%2Fb%201'
    """
    return f"/photos/{number}/{quote(work_id, safe='')}"


class Strict(BaseModel):
    """A body in which a name that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


def served(answer: Any) -> JSONResponse:
    """A response that holds an answer as `--json` prints it."""
    return JSONResponse(as_json(answer))
