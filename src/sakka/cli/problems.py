"""`sakka catalog problems`: what could not be used of a catalog's source, on the screen or in a file."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli.language import said
from sakka.cli.printable import say, say_json
from sakka.cli.source_options import CatalogFolder
from sakka.errors import CatalogError
from sakka.files import as_written

if TYPE_CHECKING:
    import polars as pl

MOST_SHOWN = 50
ENDINGS = (".csv", ".jsonl", ".parquet")


def problems(
    catalog: CatalogFolder,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write all of them to this .csv, .jsonl or .parquet file.", metavar="FILE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of them as JSON.")] = False,
) -> None:
    """List what could not be used of a catalog's source: rows that were left out, and fields of works that stayed.

    Example: sakka catalog problems catalog

    Example: sakka catalog problems catalog -o problems.csv
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.output import refuse_address

    if output is not None:
        refuse_address(output)
    read = Catalog.read(catalog)
    if output is not None:
        _write(read.problems, output)
        say(f"{read.problems.height:,} problems listed in {output}")
    elif as_json:
        counts = {name: read.info.get(name) for name in ("rows", "left_out", "rows_not_listed", "fields_left_out")}
        say_json({**counts, "problems": read.problems.to_dicts()}, sorted_keys=True)
    else:
        show_counts(read.info)
        _show(read.problems, catalog, read.info.get("rows_not_listed", 0))


def show_counts(info: dict[str, Any]) -> None:
    """Print how many rows were left out and how many works stay without a field, by reason."""
    from sakka.cli.terminal import output_console, show_table

    left_out: dict[str, int] = info.get("left_out", {})
    fields: list[dict[str, Any]] = info.get("fields_left_out", [])
    if left_out:
        rows = [[said(reason), f"{count:,}"] for reason, count in left_out.items()]
        show_table(["reason", "rows"], rows, title=f"{sum(left_out.values()):,} of {info['rows']:,} rows left out")
    if left_out and fields:
        output_console().print()
    if fields:
        rows = [[each["field"], said(each["reason"]), f"{each['works']:,}"] for each in fields]
        show_table(["field", "reason", "works"], rows, title="Works that stay without a field", left=2)


def _show(problems: "pl.DataFrame", folder: Path, not_listed: int) -> None:
    from sakka.cli.terminal import output_console, show_table
    from sakka.cli.wording import on_command_line

    if not problems.height:
        output_console().print("all of the source could be used")
        return
    rows = [
        [f"{row:,}", identity, f"{field}: {said(reason)}" if field else said(reason), on_command_line(said(detail))]
        for row, identity, field, reason, detail in problems.head(MOST_SHOWN).drop("left_out").iter_rows()
    ]
    output_console().print()
    show_table(["row", "id", "problem", "detail"], rows, title="Row by row", left=4)
    if problems.height > MOST_SHOWN:
        every = f"sakka catalog problems {as_written(folder)} -o problems.csv"
        output_console().print(f"and {problems.height - MOST_SHOWN:,} more; all: {every}", soft_wrap=True)
    if not_listed:
        output_console().print(f"{not_listed:,} more rows were left out and are only counted", soft_wrap=True)


def _write(problems: "pl.DataFrame", path: Path) -> None:
    """Write problems whole, then rename; a csv starts with the mark by which Excel knows UTF-8.

    Raises:
        CatalogError: The file's name has another ending, or it can't be written.
    """
    import polars as pl

    from sakka.files import no_formula, writing_whole

    if path.suffix.lower() not in ENDINGS:
        raise CatalogError(f"{path.name} ends with {path.suffix!r}; expected one of {', '.join(ENDINGS)}")
    content = io.BytesIO()
    try:
        with writing_whole(path) as part:
            if path.suffix.lower() == ".csv":
                safe = problems.with_columns(pl.col(pl.String()).map_elements(no_formula, return_dtype=pl.String()))
                safe.write_csv(content, include_bom=True)
            elif path.suffix.lower() == ".jsonl":
                problems.write_ndjson(content)
            else:
                problems.write_parquet(content)
            part.write_bytes(content.getvalue())  # by Python, whose errors say what is wrong with a disk
    except OSError as error:
        raise CatalogError(f"{path} can't be written: {error.strerror or error}; give another --output") from error
