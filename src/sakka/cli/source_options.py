"""The options that say how a source is read: one definition for every command that reads one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sakka.errors import CatalogError

Kind = Annotated[
    str | None, typer.Option("--source", help="csv, jsonl, parquet or openclipart; guessed where left out.")
]
Column = Annotated[list[str] | None, typer.Option(help="FIELD=COLUMN, such as creator=seller; repeatable.")]
Keep = Annotated[list[str] | None, typer.Option(help="A further column to carry along; repeatable.")]
PhotoRoot = Annotated[Path | None, typer.Option(help="The folder that photo paths start at; by default the source's.")]


def columns_named(column: Sequence[str] | None) -> dict[str, list[str]]:
    """The columns that `--column` names, by field, in the order given.

    Raises:
        CatalogError: One is not `FIELD=COLUMN`.

    >>> columns_named(["photos=front", "photos=back"])
    {'photos': ['front', 'back']}
    """
    columns: dict[str, list[str]] = {}
    for pair in column or ():
        name, equals, given = pair.partition("=")
        if not (name and equals and given):
            raise CatalogError(f"--column is {pair!r}; expected FIELD=COLUMN, such as creator=seller")
        columns.setdefault(name.strip(), []).append(given.strip())
    return columns
