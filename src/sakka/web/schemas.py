"""What the API takes and gives, as its OpenAPI schema shows it."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from sakka.as_json import as_json
from sakka.catalog.works import Work
from sakka.models.identification import Identification

Probability = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class NamedIdentification(Identification):
    """Who may have made one work of a batch.

    Attributes:
        id: The id that the work was given, or its place in the batch from 0.
    """

    id: str


@dataclass(frozen=True)
class IdentifiedBatch:
    """Who may have made the works of a batch, in its order."""

    identifications: tuple[NamedIdentification, ...]


class ShownWork(BaseModel):
    """A work that is shown."""

    id: str
    creator: str | None
    title: str
    description: str
    category: str
    created_at: str | None = Field(description="ISO 8601; null where it is unknown.")
    photos: list[str] = Field(description="Addresses of its photos on this server.")

    @classmethod
    def of(cls, work: Work) -> "ShownWork":
        """Make it of a work."""
        return cls(
            id=work.id,
            creator=work.creator,
            title=work.title,
            description=work.description,
            category=work.category,
            created_at=work.created_at.isoformat() if work.created_at else None,
            photos=[photo_address(work.id, number) for number in range(len(work.photos))],
        )


class Health(BaseModel):
    """What the server is made of."""

    status: str = Field(description="Always ok.")
    version: str
    creators: int = Field(description="How many creators the model knows.")
    works: int = Field(description="How many works can be shown.")
    can_find: bool = Field(description="Whether there is an index to find similar works with.")


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
