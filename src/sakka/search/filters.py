"""Which works may be found, as a condition that the database understands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Filters:
    """Limits on the works that are found; what is left empty does not limit.

    Attributes:
        categories: The categories that works may be of.
        creators: The creators whose works are wanted.
        not_creators: The creators whose works are not.
        after: The earliest date.
        before: The date that works must be earlier than. A work without a date is outside of every period.
    """

    categories: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    not_creators: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None

    def condition(self, *, not_groups: Iterable[str] = ()) -> str | None:
        """The condition in SQL; None where everything may be found.

        Args:
            not_groups: Groups of near-identical works that are left out.

        >>> Filters(creators=("Mori's",), before=datetime(2019, 1, 1)).condition()
        "creator IN ('Mori''s') AND created_at < TIMESTAMP '2019-01-01 00:00:00'"
        """
        groups = tuple(not_groups)
        parts = [
            among("category", self.categories) if self.categories else "",
            among("creator", self.creators) if self.creators else "",
            f"(creator IS NULL OR NOT {among('creator', self.not_creators)})" if self.not_creators else "",
            f"NOT {among('near_identical', groups)}" if groups else "",
            f"created_at >= {_timestamp(self.after)}" if self.after else "",
            f"created_at < {_timestamp(self.before)}" if self.before else "",
        ]
        return " AND ".join(part for part in parts if part) or None


def among(column: str, values: Iterable[str]) -> str:
    """The condition that a column of text has one of some values, whatever characters they hold."""
    return f"{column} IN ({', '.join(quoted(value) for value in values)})"


def quoted(value: str) -> str:
    """Write a text as SQL has it.

    >>> quoted("Mori's")
    "'Mori''s'"
    """
    return "'" + encodable(value).replace("'", "''") + "'"


def encodable(text: str) -> str:
    """Put a replacement character in the place of what UTF-8 can't write: halves of surrogate pairs."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _timestamp(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.replace(tzinfo=None).isoformat(sep=' ')}'"
