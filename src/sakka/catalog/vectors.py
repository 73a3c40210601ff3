"""Vectors that a catalog holds: a kept column with a list of numbers a work.

Whoever has a network has its vectors too; kept with `keep=[NAME]` they stand in the catalog, and a model is told to
read them by their column's name (`models/column.py`). All vectors of a column have the same length, and every value is
a finite number. A cell that holds anything else is not a vector; why, is said for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from sakka.arrays import Features, IntArray, Mask
from sakka.catalog.kept import VECTORS
from sakka.catalog.works import Catalog


@dataclass(frozen=True)
class Vectors:
    """The vectors of works.

    Attributes:
        values: float32, shape (n_works, size); zeros where a work has none.
        there: Whether each work has one, shape (n_works,).
        unusable: What a cell that is not empty holds instead of a vector, by the work's row.
    """

    values: Features
    there: Mask
    unusable: Mapping[int, str]


def read_vectors(works: Catalog, column: str, size: int | None = None) -> Vectors:
    """The vectors of a kept column; a catalog that has not kept it has none.

    Args:
        works: The works.
        column: The column's name.
        size: How many numbers a vector has; None: as many as the first one.

    >>> from sakka import Work
    >>> listed = [Work("a", kept={"clip": (0.5, 2)}), Work("b", kept={"clip": (1,)}), Work("c")]
    >>> found = read_vectors(Catalog.from_works(listed), "clip")
    >>> found.values.tolist(), found.there.tolist()
    ([[0.5, 2.0], [0.0, 0.0], [0.0, 0.0]], [True, False, False])
    >>> found.unusable
    {1: "1 number in the column 'clip', expected 2, as work 'a' has; empty values and NaN don't count"}
    """
    if column not in works.kept or not len(works):
        return Vectors(np.zeros((len(works), size or 0), np.float32), np.zeros(len(works), np.bool_), {})
    cells = works.table[column]
    lists = _lists(cells)
    numbers = (
        lists.list.eval(pl.element().is_finite().fill_null(value=False)).list.all().fill_null(value=False).to_numpy()
    )
    lengths = lists.list.len().fill_null(0).to_numpy()
    first = int(np.argmax(numbers & (lengths > 0)))
    expected = int(lengths[first]) if size is None else size
    there: Mask = numbers & (lengths == expected) & (lengths > 0)
    values = np.zeros((len(works), expected), dtype=np.float32)
    if there.any():
        values[there] = lists.filter(there).explode().to_numpy().reshape(-1, expected)
    like = f", as work {works.ids[first]!r} has" if size is None else ""
    bad = np.flatnonzero(cells.is_not_null().to_numpy() & ~there)
    return Vectors(values, there, _reasons(column, lengths, numbers, bad, f"{expected:,}{like}"))


def _lists(cells: pl.Series) -> pl.Series:
    """The cells as lists of numbers; a text in a list is null, and so is a cell that is no list."""
    if isinstance(cells.dtype, pl.Array):
        cells = cells.arr.to_list()
    if not isinstance(cells.dtype, pl.List):
        return pl.Series(cells.name, [None] * len(cells), dtype=VECTORS)
    return cells.list.eval(pl.element().cast(pl.Float64(), strict=False)).cast(VECTORS)


def _reasons(column: str, lengths: IntArray, numbers: Mask, bad: IntArray, expected: str) -> dict[int, str]:
    reasons = {}
    for row in bad.tolist():
        count = int(lengths[row])
        is_list = count > 0 and bool(numbers[row])
        has = f"{count:,} number{'s'[: count != 1]}" if is_list else "no list of finite numbers"
        why = "; empty values and NaN don't count" if is_list else ""
        reasons[row] = f"{has} in the column {column!r}, expected {expected}{why}"
    return reasons
