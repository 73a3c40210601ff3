"""Kept columns in the index: how they are stored, and comparisons that limit what is found.

In the table of works a kept column stands under a name of its own (`kept_0`, `kept_1` ...), so that no name of a source
is ever part of a condition; `index.json` says which is which. Numbers are compared as numbers, a text is found by any
part of it without regard to case, a list by one of its entries exactly as it is written.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from sakka.catalog.kept import as_text, typed
from sakka.catalog.works import Catalog
from sakka.errors import SearchError
from sakka.search.sql import encodable, quoted

if TYPE_CHECKING:
    import pyarrow as pa

KINDS: dict[str, pl.DataType] = {
    "whole number": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "list of texts": pl.List(pl.String()),
    "list of numbers": pl.List(pl.Float64()),
}
NUMBERS = ("whole number", "number")
NEVER = "1 = 0"
_WRITTEN = re.compile(r"^\s*(.+?)\s*(>=|<=|=|>|<)\s*(.*?)\s*$", re.DOTALL)


@dataclass(frozen=True)
class KeptColumn:
    """A kept column of an index.

    Attributes:
        name: Its name in the source.
        kind: One of `KINDS`.
        column: Its name in the table of works.
    """

    name: str
    kind: str
    column: str

    @property
    def arrow_type(self) -> "pa.DataType":
        """Its type in the table of works."""
        import pyarrow as pa

        scalar = pa.int64() if self.kind == "whole number" else pa.float64() if "number" in self.kind else pa.string()
        return pa.list_(scalar) if self.kind.startswith("list") else scalar

    def values(self, works: Catalog) -> list[Any]:
        """What works have in the column; None where a catalog has no such column.

        Raises:
            SearchError: The catalog's column is of another kind.
        """
        if self.name not in works.kept:
            return [None] * len(works)
        kept = works.table[self.name]
        wanted = KINDS[self.kind]
        if kept.dtype == wanted or (kept.dtype, wanted) == (pl.Int64(), pl.Float64()) or kept.null_count() == len(kept):
            return kept.cast(wanted).to_list()
        raise SearchError(
            f"the column {self.name} is of {_kind_of(kept.dtype)}s in the catalog and of {self.kind}s in the index; "
            "build the index again from a catalog of all works"
        )


def kept_columns_of(works: Catalog) -> tuple[KeptColumn, ...]:
    """The kept columns that an index of a catalog has."""
    types = works.table.schema
    return tuple(KeptColumn(name, _kind_of(types[name]), f"kept_{number}") for number, name in enumerate(works.kept))


def with_kept(rows: Iterable[dict[str, Any]], columns: Sequence[KeptColumn]) -> list[dict[str, Any]]:
    """Rows of the table with their kept columns, by name, as `kept`."""
    own = {each.column: each.name for each in columns}
    return [
        {
            **{name: cell for name, cell in row.items() if name not in own},
            "kept": {name: _as_value(row[column]) for column, name in own.items()},
        }
        for row in rows
    ]


@dataclass(frozen=True)
class KeptFilter:
    """A limit on what works have in a kept column.

    Attributes:
        name: The column's name.
        operator: `=`, `>=`, `<=`, `>` or `<`; `==` for a text that is wholly the value, which can't be written.
        value: What it is compared with, as it is written; after `=` also a range of numbers, "1000..3000", which may
            be open on one side.
    """

    name: str
    operator: str
    value: str

    @classmethod
    def of(cls, written: str) -> "KeptFilter":
        """Read a comparison.

        Raises:
            SearchError: It is none.

        >>> KeptFilter.of("price >= 1,000円")
        KeptFilter(name='price', operator='>=', value='1,000円')
        """
        found = _WRITTEN.match(written)
        if found is None or not found[3]:
            raise SearchError(
                f"{written[:80]!r} is no filter; expected a column, one of = >= <= > <, and a value, such as "
                "price>=1000, price=1000..3000 or tags=brooch"
            )
        return cls(*found.groups())

    def condition(self, columns: Sequence[KeptColumn]) -> str:
        """The condition in SQL.

        Raises:
            SearchError: The index has no such column, or it can't be compared so.

        >>> KeptFilter("price", "=", "1000..3000").condition([KeptColumn("price", "whole number", "kept_0")])
        'kept_0 >= 1000 AND kept_0 <= 3000'
        """
        column = next((each for each in columns if each.name == self.name), None)
        if column is None:
            names = ", ".join(each.name for each in columns)
            raise SearchError(
                f"the index keeps no column {self.name!r}; "
                + (f"it keeps {names}" if names else "it keeps none; build its catalog with `keep=[COLUMN]`")
            )
        if column.kind in NUMBERS:
            return " AND ".join(_number_condition(column, *each) for each in self._limits())
        if self.operator == "==" and column.kind == "text":
            return f"{column.column} = {quoted(self.value)}"
        if self.operator != "=":
            raise SearchError(f"{self.name} is a {column.kind}, which {self.operator} can't compare; use =")
        if column.kind == "list of numbers":
            return f"array_has({column.column}, {as_text(float(self._number(self.value)))})"
        if column.kind == "list of texts":
            return f"array_has({column.column}, {quoted(self.value)})"
        return f"contains(lower({column.column}), lower({quoted(self.value)}))"

    def _limits(self) -> list[tuple[str, int | float]]:
        first, dots, last = self.value.partition("..")
        if self.operator != "=" or not dots:
            return [(self.operator, self._number(self.value))]
        limits = [(operator, self._number(each)) for operator, each in ((">=", first), ("<=", last)) if each.strip()]
        return limits or [("=", self._number(self.value))]

    def _number(self, text: str) -> int | float:
        found = typed(pl.Series([encodable(text).strip()], dtype=pl.String()))
        if found.dtype == pl.String():
            raise SearchError(f"{self.name} is compared with {text.strip()[:80]!r}; expected a number, such as 1000")
        number: int | float = found[0]
        return number


def _number_condition(column: KeptColumn, operator: str, number: int | float) -> str:
    """Compare a column of numbers; the database compares whole numbers with whole numbers only."""
    if column.kind == "whole number" and isinstance(number, float):
        if operator == "=":
            return NEVER
        operator, number = (">=", math.ceil(number)) if operator in (">", ">=") else ("<=", math.floor(number))
    return f"{column.column} {operator} {as_text(number)}"


def _kind_of(dtype: pl.DataType) -> str:
    return next(kind for kind, each in KINDS.items() if each == dtype)


def _as_value(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell
