"""`sakka catalog`: build a catalog from a source, show one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli import app
from sakka.cli.engine import OnOption, WorkersOption, engine_asked_for
from sakka.cli.help import CommandLine
from sakka.cli.language import listed, said
from sakka.cli.printable import say_json
from sakka.cli.problems import problems, show_counts
from sakka.cli.source_options import (
    CatalogFolder,
    FromDate,
    Keep,
    TableOptions,
    UntilDate,
    reads_table,
    show_source,
    show_source_hints,
)
from sakka.errors import CatalogError
from sakka.files import as_written
from sakka.photos.limits import PHOTOS_PER_WORK

if TYPE_CHECKING:
    from sakka.catalog.rules import RuleChoices
    from sakka.catalog.works import Catalog
    from sakka.market import MarketSettings

MARKET = "market"
MOST_JOINS_SHOWN = 10

group = CommandLine(help="Build a catalog of works from a source, or show one.")
app.add_typer(group, name="catalog")


# One parameter an option: Typer reads them from the signature, so the limit of eight does not hold here.
@group.command("build")
@reads_table
def build(
    source: Annotated[
        str,
        typer.Argument(help="A file or folder of works, a database's address, or the word market.", metavar="SOURCE"),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The catalog's folder.", metavar="DIR")],
    keep: Keep = None,
    photos_per_work: Annotated[
        int | None,
        typer.Option(
            help="The most photos of a work, by default 5; those after them are not read. "
            "market: how many a listing has at most, by default 1.",
            min=1,
            metavar="N",
        ),
    ] = None,
    from_date: FromDate = None,
    until_date: UntilDate = None,
    category: Annotated[list[str] | None, typer.Option(help="Only works of this category.")] = None,
    one_account: Annotated[bool, typer.Option("--one-account", help="Join the accounts of one person.")] = False,
    shared_photos: Annotated[
        float, typer.Option(help="The share of near-identical photos that joins two accounts.", metavar="SHARE")
    ] = 0.3,
    min_works: Annotated[
        int, typer.Option(help="Only creators with at least this many works.", min=0, metavar="N")
    ] = 0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 2 at any problem of a row or a field.")
    ] = False,
    creators: Annotated[int | None, typer.Option(help="market: how many creators.", metavar="N")] = None,
    works: Annotated[int | None, typer.Option(help="market: how many works.", metavar="N")] = None,
    seed: Annotated[int | None, typer.Option(help="market: the seed.")] = None,
    difficulty: Annotated[float | None, typer.Option(help="market: how alike the creators are, 0 to 1.")] = None,
    *,
    reads: TableOptions,
) -> None:
    """Build a catalog from a table of works, a folder per creator, a database, or the simulated market.

    Example: sakka catalog build works.csv -o catalog --min-works 50

    Example: sakka catalog build shop.xlsx -o catalog --column creator=seller --keep price

    Example: sakka catalog build shop.xlsx -o catalog --fetch --fetch-host img.shop.example

    Example: sakka catalog build sqlite:///shop.db --query "SELECT * FROM works" -o catalog

    Example: sakka catalog build market -o market --creators 20 --seed 1
    """
    from sakka.catalog.build import build_catalog
    from sakka.cli.output import check_output
    from sakka.cli.terminal import showing_progress

    check_output(output, at_addresses=True)
    settings = _market_settings(
        source, {"creators": creators, "works": works, "seed": seed, "difficulty": difficulty}, photos_per_work
    )
    rules: RuleChoices = {
        "from_date": from_date,
        "until_date": until_date,
        "categories": tuple(category or ()),
        "one_account": one_account,
        "shared_photos": shared_photos,
        "min_works": min_works,
    }
    with showing_progress():
        catalog = build_catalog(
            source,
            folder=output,
            keep=keep or (),
            photos_per_work=photos_per_work or PHOTOS_PER_WORK,
            market=settings,
            strict=strict,
            **reads.of_source(),
            **rules,
        )
    _show(catalog, output)
    show_source_hints(catalog.info["source"])
    _show_lost_photos(catalog)


@group.command("show")
def show(
    catalog: CatalogFolder,
    as_json: Annotated[bool, typer.Option("--json", help="Print what catalog.json holds, as JSON.")] = False,
    near_identical: Annotated[
        bool, typer.Option(help="Look for near-identical works; the first time every photo is read.")
    ] = True,
    on: OnOption = None,
    workers: WorkersOption = None,
) -> None:
    """Show what a catalog holds, its near-identical works, what its rules removed, and what could not be used.

    Example: sakka catalog show catalog
    """
    from sakka.catalog.works import Catalog

    read = Catalog.read(catalog)
    if as_json:
        say_json(read.info, sorted_keys=True)
    else:
        _show(read, catalog)
        if near_identical:
            with engine_asked_for(on, workers):
                _show_near_identical(read)


group.command("problems")(problems)


def _show_near_identical(catalog: "Catalog") -> None:
    from sakka.cli.terminal import output_console, show_pairs, showing_progress
    from sakka.copies.groups import near_identical
    from sakka.pages.formats import percent

    with showing_progress():
        found = near_identical(catalog)
    pairs = found.evidence["kind"].value_counts()
    counts = dict(pairs.iter_rows())
    works = int(found.sizes.sum())
    output_console().print()
    show_pairs(
        [
            ("pairs", f"{counts.get('photo', 0):,} by photo, {counts.get('text', 0):,} by text"),
            ("groups", f"{len(found.sizes):,}, the largest of {found.sizes.max(initial=0):,} works"),
            ("works in them", f"{works:,} ({percent(works / max(1, len(catalog)))})"),
            ("groups across creators", f"{found.across_creators:,}, each with works of more than one"),
        ],
        title="Near-identical works",
    )


def _market_settings(source: str, chosen: dict[str, Any], photos_per_work: int | None) -> "MarketSettings | None":
    given = {name: value for name, value in chosen.items() if value is not None}
    if source != MARKET:
        if given:
            raise CatalogError(f"--{next(iter(given))} is for the source market, not for {source}; leave it out")
        return None
    from sakka.market import MarketSettings

    return MarketSettings(**given, **({} if photos_per_work is None else {"photos_per_work": photos_per_work}))


def _show(catalog: "Catalog", folder: Path) -> None:
    from sakka.catalog.statistics import statistics_of
    from sakka.cli.terminal import output_console, show_pairs, show_table
    from sakka.pages.formats import percent

    found, info = statistics_of(catalog), catalog.info
    show_source(info.get("source", {}))
    show_pairs(
        [
            ("works", f"{found.works:,}"),
            ("creators", f"{found.creators:,}"),
            (
                "works per creator",
                f"{found.fewest:,} to {found.most:,}, mean {found.mean:.1f}, median {found.median:g}",
            ),
            ("standard deviation", f"{found.standard_deviation:.1f} (population)"),
            ("with photo", percent(found.with_photo)),
            ("photos", _photos(found.photos, found.works * found.with_photo, info)),
            ("with text", percent(found.with_text)),
            ("dated", percent(found.dated)),
        ],
        title=f"Catalog {as_written(folder)}",
    )
    rules = [_rule_row(report) for report in info.get("rules", [])]
    if rules:
        output_console().print()
        show_table(["rule", "kept", "works removed", "creators removed"], rules, title="What the rules removed", left=2)
    _show_joins(info.get("joined_accounts", []))
    _show_problems(info, folder)


def _show_lost_photos(catalog: "Catalog") -> None:
    """Say it where of ten works that name photos at most one has any."""
    from sakka.catalog.problems import PHOTO_ADDRESS
    from sakka.cli.terminal import output_console

    reasons = {each["reason"]: each["works"] for each in catalog.info["fields_left_out"] if each["field"] == "photos"}
    with_photo = int(catalog.has_photo.sum())
    lost = min(sum(reasons.values()), len(catalog) - with_photo)
    if lost == 0 or lost < 9 * with_photo:
        return
    reason = max(reasons, key=reasons.__getitem__)
    options = "--fetch --fetch-host HOST" if reason == PHOTO_ADDRESS else "--photo-root DIR"
    console = output_console()
    console.print()
    console.print(f"{lost:,} of {lost + with_photo:,} works lost their photos: {reason}")
    console.print(f"build it again with {options}")


def _photos(photos: int, works: float, info: dict[str, Any]) -> str:
    """How many photos there are, and how many were left out because a work has too many."""
    found = [f"{photos:,}, {photos / max(1.0, works):.1f} a work with photo"]
    if "fetched_from" in info:
        found.append(f"fetched from {', '.join(info['fetched_from'])}")
    if left_out := info.get("photos_left_out", 0):
        found.append(f"{left_out:,} beyond {info['photos_per_work']} a work left out")
    return listed(found)


def _rule_row(report: dict[str, Any]) -> list[str]:
    notes = [said(f"({count:,} {note})") for note, count in report["notes"].items() if count]
    return [
        said(report["rule"]),
        " ".join([said(report["settings"]), *notes]),
        f"{report['works_removed']:,}",
        f"{report['creators_removed']:,}",
    ]


def _show_joins(joins: list[dict[str, str]]) -> None:
    from sakka.cli.terminal import output_console, show_table

    if not joins:
        return
    output_console().print()
    rows = [[join["account"], join["other"], f"{said(join['reason'])}: {said(join['detail'])}"] for join in joins]
    show_table(["account", "with", "because"], rows[:MOST_JOINS_SHOWN], title="Accounts of one person", left=3)
    if len(rows) > MOST_JOINS_SHOWN:
        output_console().print(f"and {len(rows) - MOST_JOINS_SHOWN:,} more in catalog.json")


def _show_problems(info: dict[str, Any], folder: Path) -> None:
    from sakka.cli.terminal import output_console

    if info.get("left_out") or info.get("fields_left_out"):
        output_console().print()
        show_counts(info)
        output_console().print(f"row by row: sakka catalog problems {as_written(folder)}", soft_wrap=True)
