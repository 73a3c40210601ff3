"""Kept columns: further columns of a source, carried along to where works are shown and found.

A model reads none of them, but for a list of numbers that it was told to read (`vectors.py`).

A price, a stock, an address, tags. What a column holds decides its type, so that a price is the same number from a
csv, a spreadsheet and a database: whole numbers where every filled cell is one, numbers where every one is a number,
else text. A number may be written with thousands commas and one currency mark ("1,200", "¥1,200", "1200円"); one with a
leading zero ("007") is a code, and its column is text. Lists stay lists; a text is never cut into a list.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from sakka.errors import CatalogError

VECTORS = pl.List(pl.Float64())
"""The type of a column of lists of numbers."""

MOST_WHOLE_DIGITS = 18  # more do not fit into 64 bits
_MARK = "[¥$€£円]"
_NUMBER = rf"^(-?){_MARK}? ?(-?)((?:0|[1-9]\d{{0,2}}(?:,\d{{3}})+|[1-9]\d*)(?:\.\d+)?) ?円?$"


def kept_value(value: object) -> Any:
    """A cell as a work holds it: text, a whole number, a number, a tuple of these, or None where it is empty.

    Raises:
        ValueError: It is of another kind, such as an object; the message says of which.

    >>> kept_value(" 1,200円 "), kept_value(3.0), kept_value(["brooch", ""]), kept_value("")
    ('1,200円', 3, ('brooch',), None)
    """
    if isinstance(value, list | tuple):
        return tuple(part for part in map(_scalar, value) if part is not None) or None
    return _scalar(value)


def _scalar(value: object) -> str | int | float | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | float):
        if not math.isfinite(value):
            raise ValueError("an infinite number, expected a text or a number")
        return int(value) if value == int(value) else float(value)
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__}, expected a text, a number or a list of them")
    return clean_text(value) or None


def is_vector(value: object) -> bool:
    """Whether a kept value is a list of numbers, which a model may be told to read (`vectors.py`).

    >>> is_vector((0.5, 2)), is_vector(("brooch", "felt")), is_vector(3)
    (True, False, False)
    """
    return isinstance(value, tuple) and all(isinstance(part, int | float) for part in value)


def clean_text(text: str) -> str:
    """A text that any file can hold, without blanks at its ends: no NUL, U+FFFD for halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "").strip()


def as_text(value: Any) -> str | list[str] | None:
    """A kept value as text, a number without an exponent; lists by their parts."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return [str(as_text(part)) for part in value]
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def typed(texts: pl.Series) -> pl.Series:
    """A kept column of the type that its cells have.

    Args:
        texts: String, or List(String) where the column holds lists.

    Returns:
        Int64, Float64 or String; List(Float64) or List(String) of lists.

    >>> typed(pl.Series(["1,200", None, "¥980"])).to_list(), typed(pl.Series(["7", "007"])).to_list()
    ([1200, None, 980], ['7', '007'])
    """
    if isinstance(texts.dtype, pl.List):
        parts = typed(texts.explode().drop_nulls())
        inner = pl.String() if parts.dtype == pl.String() else pl.Float64()
        cleaned = texts if inner == pl.String() else texts.list.eval(_digits(pl.element()).cast(pl.Float64()))
        return cleaned.cast(pl.List(inner))
    numbers = texts.to_frame("cell").select(digits=_digits(pl.col("cell")), mark=_mark(pl.col("cell")), cell="cell")
    filled = numbers.filter(pl.col("cell").is_not_null())
    if not filled.height or filled["digits"].null_count() or filled["mark"].drop_nulls().n_unique() > 1:
        return texts
    whole = filled["digits"].str.contains(r"^-?\d+(\.0+)?$").all()
    named = numbers["digits"].alias(texts.name)
    return named.str.replace(r"\.0+$", "").cast(pl.Int64()) if whole else named.cast(pl.Float64())


def _digits(cell: pl.Expr) -> pl.Expr:
    """A number's sign, digits and point; null where the cell is no number that 64 bits hold."""
    parts = cell.str.normalize("NFKC").str.extract_groups(_NUMBER).struct
    digits = parts.field("3").str.replace_all(",", "")
    signed = parts.field("1") + parts.field("2") + digits
    fits = digits.str.replace(r"\..*$", "").str.len_chars() <= MOST_WHOLE_DIGITS
    return pl.when(fits & ~signed.str.starts_with("--")).then(signed)


def _mark(cell: pl.Expr) -> pl.Expr:
    return cell.str.normalize("NFKC").str.extract(f"({_MARK})").str.replace("円", "¥")


def kept_texts(kept: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The kept columns of works as texts, String, or List(String) where one holds lists."""
    names = dict.fromkeys(name for each in kept for name in each)
    return pl.DataFrame([_column(name, [as_text(each.get(name)) for each in kept], pl.String()) for name in names])


def kept_table(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Parts of `kept_texts` as one table, each column of the type that its cells have."""
    schema: dict[str, pl.DataType] = {}
    for part in parts:
        schema |= {
            name: dtype for name, dtype in part.schema.items() if isinstance(dtype, pl.List) or name not in schema
        }
    texts = pl.concat([_with_lists(part, schema) for part in parts], how="diagonal")
    return pl.DataFrame([typed(texts[name]) for name in texts.columns])


def kept_columns(kept: Sequence[Mapping[str, Any]]) -> list[pl.Series]:
    """The kept columns of works by the types of their values; a text that looks like a number stays one."""
    names = dict.fromkeys(name for each in kept for name in each)
    return [_by_type(name, [each.get(name) for each in kept]) for name in names]


def _with_lists(part: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Texts as lists of one in the columns that hold lists elsewhere."""
    alone = [name for name, dtype in part.schema.items() if dtype != schema[name]]
    return part.with_columns(
        pl.when(pl.col(name).is_not_null()).then(pl.concat_list(name)).alias(name) for name in alone
    )


def _by_type(name: str, values: list[Any]) -> pl.Series:
    parts = [part for value in values for part in (value if isinstance(value, tuple) else (value,)) if part is not None]
    if not parts or not all(isinstance(part, float) or _fits(part) for part in parts):
        return _column(name, [as_text(value) for value in values], pl.String())
    whole = not any(isinstance(value, tuple) for value in values) and all(isinstance(part, int) for part in parts)
    return _column(name, values, pl.Int64() if whole else pl.Float64())


def _fits(part: Any) -> bool:
    """Whether a value is a whole number that 64 bits hold."""
    return isinstance(part, int) and abs(part) < 10**MOST_WHOLE_DIGITS


def _column(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """A column of `dtype`, or of lists of it where one of the values is a list."""
    if not any(isinstance(value, list | tuple) for value in values):
        return pl.Series(name, values, dtype=dtype)
    rows = [value if value is None else list(value) if isinstance(value, list | tuple) else [value] for value in values]
    return pl.Series(name, rows, dtype=pl.List(dtype))


def check_kept_names(names: Iterable[str], fields: Iterable[str], table: str = "a catalog") -> None:
    """Check that kept columns can stand beside a table's own.

    Args:
        names: The kept columns.
        fields: The table's own columns.
        table: What messages call the table.

    Raises:
        CatalogError: One is named like a column of the table.
    """
    for name in names:
        if name in set(fields):
            raise CatalogError(
                f"the column {name!r} can't be kept: {table} has a column of this name; rename it in the source"
            )
