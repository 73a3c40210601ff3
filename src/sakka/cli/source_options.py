"""What says what is read and how, a saved model or a source: one definition for every command that reads one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.errors import CatalogError

if TYPE_CHECKING:
    from sakka.catalog.sources import ReadOptions
    from sakka.models.asked_table import AskedTable

MOST_LISTED, MOST_HINTED = 20, 3

ModelFolder = Annotated[Path, typer.Argument(help="A model's folder, as `sakka fit` saves it.", metavar="MODEL")]
Kind = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="csv, excel, jsonl, parquet, folder, database or openclipart; guessed where left out.",
        metavar="KIND",
    ),
]
Column = Annotated[
    list[str] | None,
    typer.Option(
        help="FIELD=COLUMN, such as creator=seller, where a column is not found by its name; repeatable, "
        "for photos also with several columns."
    ),
]
Keep = Annotated[list[str] | None, typer.Option(help="A further column to carry along; repeatable.")]
Encoding = Annotated[
    str | None, typer.Option(help="A csv's encoding, such as cp932; found out where left out.", metavar="NAME")
]
Sheet = Annotated[
    str | None, typer.Option(help="The sheet of a workbook; by default the first with rows.", metavar="NAME")
]
Query = Annotated[str | None, typer.Option(help="What a database is asked, in SQL.", metavar="SQL")]
PhotoRoot = Annotated[
    Path | None,
    typer.Option(help="The folder that photo paths start at, or its address (s3://BUCKET/); by default the source's."),
]
Fetch = Annotated[
    bool, typer.Option("--fetch", help="Fetch photos at addresses: https://, s3://, gs://; needs --fetch-host.")
]
FetchHost = Annotated[
    list[str] | None,
    typer.Option(
        help="A host that photos may be fetched from, such as img.shop.example or s3://BUCKET; repeatable. "
        "A private IP address is named with its port.",
        metavar="HOST",
    ),
]

PhotosPerWork = Annotated[
    int, typer.Option(help="The most photos of a work; those after them are not read.", min=1, metavar="N")
]


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


def read_options(
    kind: str | None,
    column: Sequence[str] | None,
    encoding: str | None,
    sheet: str | None,
    query: str | None,
    keep: Sequence[str] | None = None,
) -> "ReadOptions":
    """How a table is read, by the options of these names.

    Raises:
        CatalogError: `--column` is not as expected.
    """
    from sakka.catalog.sources import ReadOptions, columns_by_field

    return ReadOptions(kind, columns_by_field(columns_named(column)), tuple(keep or ()), encoding, sheet, query)


@contextmanager
def asked_table(
    source: str, options: "ReadOptions", photo_root: Path | None, hosts: Sequence[str] | None
) -> "Iterator[AskedTable]":
    """A table of works to ask about, whose photos are found or fetched while the block runs.

    Args:
        source: A table or a catalog's folder.
        options: How it is read.
        photo_root: The folder that photo paths start at, or its address; None: the source's own.
        hosts: As `fetched_hosts` gives them.

    Raises:
        CatalogError: There is no such source, or it can't be read.
    """
    from sakka.catalog.photo_files import base_of, photo_files
    from sakka.models.asked_table import open_table

    with photo_files(Path(), hosts, base_of(photo_root)) as files:
        yield open_table(source, options, photo_root, files)


def fetched_hosts(fetch: bool, hosts: list[str] | None) -> list[str] | None:
    """The hosts that photos of a table are fetched from; None where nothing is fetched.

    Raises:
        CatalogError: Only one of the two options was given.
    """
    if fetch != bool(hosts):
        have, miss = ("--fetch", "--fetch-host HOST") if fetch else ("--fetch-host", "--fetch")
        raise CatalogError(f"{have} is given without {miss}; photos are fetched with both, from the hosts named")
    return hosts if fetch else None


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
        ("kept", source.get("kept", [])),
        ("not read", source.get("unread", [])),
    ]
    lines = [(name, _listed(names)) for name, names in read if names]
    if "sheet" in source:
        lines.append(("sheet", source["sheet"]))
    if "encoding" in source:
        lines.append(("encoding", f"{source['encoding']} ({source['encoding_found']})"))
    show_pairs(lines, title=f"Columns of {source['path']}")
    output_console().print()


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name or "(no name)" for name in names[:MOST_LISTED])
    return f"{shown} and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else shown


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
        hints.append(on_command_line(source["note"], "catalog build"))
    if hints:
        output_console().print()
    for hint in hints:
        output_console().print(hint)


def _typed(name: str) -> str:
    """A column's name as it is typed in a shell; shlex quotes all that is not ASCII."""
    return name if re.fullmatch(r"[\w.+-]+", name) else quote(name)
