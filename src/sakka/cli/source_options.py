"""What says what is read and how, a saved model or a source: one definition for every command that reads one."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli.help import TABLE_PANEL
from sakka.cli.language import said
from sakka.errors import CatalogError

if TYPE_CHECKING:
    from datetime import datetime

    from sakka.models.asked_table import AskedTable

MOST_LISTED, MOST_HINTED = 20, 3


ModelFolder = Annotated[Path, typer.Argument(help="A model's folder, as `sakka fit` saves it.", metavar="MODEL")]
CatalogFolder = Annotated[Path, typer.Argument(help="A catalog's folder.", metavar="CATALOG")]
Photos = Annotated[
    list[Path] | None,
    typer.Option("--photo", help="A photo of the work asked about: JPEG, PNG, WebP, GIF or BMP.", metavar="FILE"),
]
Title = Annotated[str, typer.Option(help="The title of the work asked about.", metavar="TEXT")]
Description = Annotated[str, typer.Option(help="The description of the work asked about.", metavar="TEXT")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Keep = Annotated[list[str] | None, typer.Option(help="A further column to carry along.", metavar="COLUMN")]
PhotosPerWork = Annotated[
    int, typer.Option(help="The most photos of a work; those after them are not read.", min=1, metavar="N")
]
FromDate = Annotated[
    str | None, typer.Option("--from", help="Only works from this date on, such as 2018 or 2018-03-01.", metavar="DATE")
]
UntilDate = Annotated[
    str | None, typer.Option("--until", help="Only works up to the end of this date, such as 2019.", metavar="DATE")
]


def _option(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=TABLE_PANEL, **settings)


@dataclass(frozen=True)
class TableOptions:
    """How a table of works is read, as the options of the commands that read one say it (`reads_table`)."""

    kind: Annotated[
        str | None,
        _option(
            "--source",
            help="csv, excel, jsonl, parquet, folder, database or openclipart; guessed where left out.",
            metavar="KIND",
        ),
    ] = None
    column: Annotated[
        list[str] | None,
        _option(
            help="Which column a field is in, such as creator=seller, where that is not found by the column's name; "
            "for photos also several columns.",
            metavar="FIELD=COLUMN",
        ),
    ] = None
    encoding: Annotated[
        str | None, _option(help="A csv's encoding, such as cp932; found out where left out.", metavar="NAME")
    ] = None
    sheet: Annotated[
        str | None, _option(help="The sheet of a workbook; the first with rows where left out.", metavar="NAME")
    ] = None
    query: Annotated[str | None, _option(help="What a database is asked, in SQL.", metavar="SQL")] = None
    photo_root: Annotated[
        Path | None,
        _option(
            help="The folder that photo paths start at, or its address (s3://BUCKET/), where it is not the source's.",
            metavar="DIR",
        ),
    ] = None
    fetch: Annotated[
        bool, _option("--fetch", help="Fetch photos at addresses: https://, s3://, gs://; needs --fetch-host.")
    ] = False
    fetch_host: Annotated[
        list[str] | None,
        _option(
            help="A host that photos may be fetched from, such as img.shop.example or s3://BUCKET. A private IP "
            "address is named with its port.",
            metavar="HOST",
        ),
    ] = None

    def hosts(self) -> list[str] | None:
        """The hosts that photos of the table are fetched from; None where nothing is fetched.

        Raises:
            CatalogError: Only one of the two options was given.
        """
        if self.fetch != bool(self.fetch_host):
            have, miss = ("--fetch", "--fetch-host HOST") if self.fetch else ("--fetch-host", "--fetch")
            raise CatalogError(f"{have} is given without {miss}; photos are fetched with both, from the hosts named")
        return self.fetch_host if self.fetch else None

    def of_source(self) -> dict[str, Any]:
        """The same as `build_catalog` takes it.

        Raises:
            CatalogError: `--column` is not as expected, or only one of the two options to fetch photos was given.
        """
        return {
            "kind": self.kind,
            "columns": columns_named(self.column),
            "encoding": self.encoding,
            "sheet": self.sheet,
            "query": self.query,
            "photo_root": self.photo_root,
            "fetch": self.hosts(),
        }

    @contextmanager
    def opened(self, source: str, keep: Sequence[str] | None = None) -> "Iterator[AskedTable]":
        """A table of works to ask about, whose photos are found or fetched while the block runs.

        Args:
            source: A table or a catalog's folder.
            keep: Further columns that are carried along.

        Raises:
            CatalogError: There is no such source, it can't be read, or as `of_source`.
        """
        from sakka.catalog.photo_files import base_of, photo_files
        from sakka.catalog.sources import ReadOptions, columns_by_field
        from sakka.models.asked_table import open_table

        columns = columns_by_field(columns_named(self.column))
        options = ReadOptions(self.kind, columns, tuple(keep or ()), self.encoding, self.sheet, self.query)
        with photo_files(Path(), self.hosts(), base_of(self.photo_root)) as files:
            yield open_table(source, options, self.photo_root, files)


def reads_table(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes `reads`, a `TableOptions`, with an option for each of its fields."""
    own = [each for each in signature(command).parameters.values() if each.name != "reads"]
    options = [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
        for each in fields(TableOptions)
    ]

    @wraps(command)
    def with_options(**given: Any) -> None:
        chosen = {each.name: given.pop(each.name) for each in options}
        command(**given, reads=TableOptions(**chosen))

    keywords = [*(each.replace(kind=Parameter.KEYWORD_ONLY) for each in own), *options]
    with_options.__signature__ = signature(command).replace(parameters=keywords)  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in keywords}
    return with_options


def period_of(from_date: str | None, until_date: str | None) -> "tuple[datetime | None, datetime | None]":
    """The first and the last moment of what `--from` and `--until` say; None where there is no limit.

    Raises:
        CatalogError: One is no date.
    """
    from sakka.catalog.rules import Rules

    return Rules(from_date=from_date, until_date=until_date).period()


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


def show_source(source: Mapping[str, Any]) -> None:
    """Print which columns a source was read by, and which were not read.

    Args:
        source: What `catalog.json` says of it.
    """
    from sakka.catalog.sources.columns import FIELDS
    from sakka.cli.terminal import output_console, show_pairs

    columns: Mapping[str, list[str]] = source.get("columns", {})
    if not columns:
        return
    read = [
        *((name, columns.get(name, [])) for name in FIELDS),
        (said("carried"), source.get("kept", [])),
        (said("not read"), source.get("unread", [])),
    ]
    lines = [(name, _listed(names)) for name, names in read if names]
    if "sheet" in source:
        lines.append((said("sheet"), source["sheet"]))
    if "encoding" in source:
        lines.append((said("encoding"), f"{source['encoding']} ({said(source['encoding_found'])})"))
    show_pairs(lines, title=f"Columns of {source['path']}", as_they_are=True)
    output_console().print()


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name or said("(no name)") for name in names[:MOST_LISTED])
    return said(f"{shown} and {len(names) - MOST_LISTED} more") if len(names) > MOST_LISTED else shown


def show_source_hints(source: Mapping[str, Any]) -> None:
    """Print what can be said where a source was read otherwise than was meant."""
    from sakka.catalog.sources.column_names import worth_keeping
    from sakka.cli.terminal import output_console
    from sakka.cli.wording import on_command_line

    hints = []
    if unread := [name for name in source.get("unread", []) if name]:
        chosen = worth_keeping(unread)[:MOST_HINTED] or unread[:1]
        options = " ".join(f"--keep {_typed(name)}" for name in chosen)
        hints.append(f"what is not read can be carried along: {options}")
    if source.get("encoding_found") == "detected" and source["encoding"] != "utf-8":
        hints.append(f"read as {source['encoding']} (detected); say --encoding if that is wrong")
    if source.get("note"):
        hints.append(on_command_line(said(source["note"]), "catalog build"))
    if hints:
        output_console().print()
    for hint in hints:
        output_console().print(hint)


def _typed(name: str) -> str:
    """A column's name as it is typed in a shell; shlex quotes all that is not ASCII."""
    return name if re.fullmatch(r"[\w.+-]+", name) else quote(name)
