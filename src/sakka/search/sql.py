"""Texts as the database's SQL has them."""

from collections.abc import Iterable


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
