"""Which works may be found, as a condition that the database understands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sakka.search.kept_columns import KeptColumn, KeptFilter
from sakka.search.sql import among


@dataclass(frozen=True)
class Filters:
    """Limits on the works that are found; what is left empty does not limit.

    Attributes:
        categories: The categories that works may be of.
        creators: The creators whose works are wanted.
        not_creators: The creators whose works are not.
        after: The earliest date.
        before: The date that works must be earlier than. A work without a date is outside of every period.
        kept: Limits on kept columns, also as they are written ("price>=1000", "price=1000..3000", "tags=brooch"). A
            work that has nothing in such a column is not found.
    """

    categories: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    not_creators: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    kept: tuple[KeptFilter | str, ...] = ()

    def condition(self, *, not_groups: Iterable[str] = (), kept: Sequence[KeptColumn] = ()) -> str | None:
        """The condition in SQL; None where everything may be found.

        Args:
            not_groups: Groups of near-identical works that are left out.
            kept: The kept columns of the index.

        Raises:
            SearchError: A limit is none, the index has no such kept column, or it can't be compared so.

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
            *((KeptFilter.of(each) if isinstance(each, str) else each).condition(kept) for each in self.kept),
        ]
        return " AND ".join(part for part in parts if part) or None


def _timestamp(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.replace(tzinfo=None).isoformat(sep=' ')}'"
