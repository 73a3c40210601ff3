"""What could not be used of a source: a field of a row, or a whole row, each with its reason.

A bad field costs the field: the work stays with what is good of it. A row is left out only where it can't be a work of
its own: no id, no creator, the id of another row, not readable, or nothing left to read.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache

import polars as pl

NO_CREATOR = "no creator"
NO_ID = "no id"
DUPLICATE_ID = "duplicate id"
BAD_DATE = "date not understood"
BAD_FIELD = "field of a wrong kind"
BAD_CHARACTERS = "characters not readable"
MALFORMED = "row not readable"
NOTHING = "nothing to read"
PHOTO_ADDRESS = "photo is an address"
PHOTO_OUTSIDE = "photo outside the folder"

PROBLEMS_FILE = "problems.parquet"
PROBLEMS_SCHEMA: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    "id": pl.String(),
    "field": pl.String(),
    "reason": pl.String(),
    "detail": pl.String(),
    "left_out": pl.Boolean(),
}


@dataclass(frozen=True)
class ListingProblem:
    """A field, or a whole row, that could not be used.

    Attributes:
        row: The row's number in the source, from 1.
        id: As it was written; empty where the row has none.
        field: The field of the catalog or the kept column; empty where it is the row as such.
        reason: A few words that are the same for every such problem.
        detail: What it was here.
        left_out: Whether the whole row was left out for it; else the work stays without the field.
    """

    row: int
    id: str
    field: str
    reason: str
    detail: str
    left_out: bool = False


@cache
def no_problems() -> pl.DataFrame:
    """A table of problems without a row; one for all, not to be changed."""
    return pl.DataFrame(schema=PROBLEMS_SCHEMA)


def problems_frame(problems: Iterable[ListingProblem]) -> pl.DataFrame:
    """Problems as a table, columns as in `PROBLEMS_SCHEMA`, in the order of their rows."""
    return pl.DataFrame([asdict(problem) for problem in problems], schema=PROBLEMS_SCHEMA).sort(
        "row", maintain_order=True
    )


def rows_left_out(problems: pl.DataFrame) -> dict[str, int]:
    """How many rows were left out, by reason, the most frequent first.

    >>> rows_left_out(problems_frame([ListingProblem(1, "a", "creator", NO_CREATOR, "the creator is empty", True)]))
    {'no creator': 1}
    """
    counts = problems.filter("left_out").group_by("reason").len().sort(-pl.col("len").cast(pl.Int64), "reason")
    return dict(counts.iter_rows())


def fields_left_out(problems: pl.DataFrame) -> list[dict[str, str | int]]:
    """How many works stay without a field: `field`, `reason` and `works`, the most frequent first.

    A row that was left out as a whole is no such work. A work that lost two photos for one reason counts once.
    """
    kept = problems.filter(~pl.col("left_out").any().over("row"))
    counts = kept.group_by("field", "reason").agg(pl.col("row").n_unique().cast(pl.Int64).alias("works"))
    return counts.sort(-pl.col("works"), "field", "reason").to_dicts()
