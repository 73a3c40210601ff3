"""What could not be used of a source: a field of a row, or a whole row, each with its reason.

Of rows that are left out the first `MOST_ROWS_LISTED` are listed and the others counted, so that a table of nothing but
bad rows takes no memory.

A bad field costs the field: the work stays with what is good of it. A row is left out only where it can't be a work of
its own: no id, no creator, the id of another row, not readable, or nothing left to read.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
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
TOO_MANY_PHOTOS = "too many photos"

MOST_ROWS_LISTED = 100_000
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


@dataclass
class Problems:
    """The problems of a source, as they come.

    Attributes:
        listed: Those of works that stay, and of the first rows that are left out.
        not_listed: How many more rows are left out, by reason.
        rows_listed: How many rows that are left out are listed.
    """

    listed: list[ListingProblem] = field(default_factory=list)
    not_listed: Counter[str] = field(default_factory=Counter)
    rows_listed: int = 0

    def add(self, problems: Sequence[ListingProblem]) -> None:
        """Add all problems of some rows, each row's one after the other and the one that it is left out for last."""
        left_out = {each.row for each in problems if each.left_out}
        for each in problems:
            if each.row not in left_out or self.rows_listed < MOST_ROWS_LISTED:
                self.listed.append(each)
                self.rows_listed += each.left_out
            elif each.left_out:
                self.not_listed[each.reason] += 1

    def rows(self) -> int:
        """How many rows have a problem."""
        return len({each.row for each in self.listed}) + self.not_listed.total()


@cache
def no_problems() -> pl.DataFrame:
    """A table of problems without a row; one for all, not to be changed."""
    return pl.DataFrame(schema=PROBLEMS_SCHEMA)


def problems_frame(problems: Iterable[ListingProblem]) -> pl.DataFrame:
    """Problems as a table, columns as in `PROBLEMS_SCHEMA`, in the order of their rows."""
    return pl.DataFrame([asdict(problem) for problem in problems], schema=PROBLEMS_SCHEMA).sort(
        "row", maintain_order=True
    )


def rows_left_out(problems: Problems) -> dict[str, int]:
    """How many rows were left out, by reason, the most frequent first.

    >>> rows_left_out(Problems([ListingProblem(1, "a", "creator", NO_CREATOR, "the creator is empty", True)]))
    {'no creator': 1}
    """
    counts = Counter(each.reason for each in problems.listed if each.left_out) + problems.not_listed
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def fields_left_out(problems: pl.DataFrame) -> list[dict[str, str | int]]:
    """How many works stay without a field: `field`, `reason` and `works`, the most frequent first.

    A row that was left out as a whole is no such work. A work that lost two photos for one reason counts once.
    """
    kept = problems.filter(~pl.col("left_out").any().over("row"))
    counts = kept.group_by("field", "reason").agg(pl.col("row").n_unique().cast(pl.Int64).alias("works"))
    return counts.sort(-pl.col("works"), "field", "reason").to_dicts()
