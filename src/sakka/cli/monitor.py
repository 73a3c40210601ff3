"""`sakka monitor`: whether what a model states of its answers holds for works whose creator has become known."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sakka.cli import app
from sakka.cli.language import said
from sakka.cli.printable import say_json
from sakka.cli.source_options import (
    FromDate,
    Json,
    ModelFolder,
    TableOptions,
    period_of,
    reads_table,
    show_source,
)
from sakka.fragments import counted

if TYPE_CHECKING:
    from sakka.evaluation.monitor import CoverageAlarm, Monitoring
    from sakka.evaluation.observed_shares import MissedPart, ObservedShare

DOES_NOT_HOLD = 1  # the exit code of --check
MOST_NAMED = 3
BAR_CHARACTERS = 24


# One parameter an option: Typer reads them from the signature, so the limit of eight does not hold here.
@app.command("monitor")
@reads_table
def monitor(
    model: ModelFolder,
    table: Annotated[
        str,
        typer.Argument(
            help="Works whose creator has become known, none of which the model was fitted on: a table, or a catalog.",
            metavar="TABLE",
        ),
    ],
    from_date: FromDate = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with code 1 where what is stated does not hold.")
    ] = False,
    as_json: Json = False,
    *,
    reads: TableOptions,
) -> None:
    """Check what a model states of its answers on works whose creator has become known.

    Example: sakka monitor model sold.csv --column creator=seller

    Example: sakka monitor model catalog --from 2026-03-01 --check
    """
    from sakka.as_json import as_json as to_json
    from sakka.cli.terminal import showing_progress
    from sakka.evaluation.monitor import monitor_table
    from sakka.models.folder import load_model

    first, _ = period_of(from_date, None)
    fitted = load_model(model)
    with reads.opened(table) as opened:
        if not as_json:
            show_source(opened.info)
        with showing_progress():
            found = monitor_table(fitted, opened, since=first)
    if as_json:
        say_json(to_json(found))
    else:
        _show(found)
    if check and not found.holds:
        raise typer.Exit(DOES_NOT_HOLD)


def _show(found: "Monitoring") -> None:
    from sakka.cli.terminal import output_console, show_pairs, show_table

    show_pairs(list(_facts(found)))
    for title, shares in (("What is stated", _of_several_views(found.shares)), ("Calibration", found.calibration)):
        if shares:
            output_console().print()
            show_table(
                ["of", "", "stated", "observed", "99 % interval", "works"], [*map(_row, shares)], title=title, left=2
            )
    if found.over_time:
        output_console().print()
        rows = [
            [said(each.part), _percent(each.share), "█" * round(BAR_CHARACTERS * each.share)]
            for each in found.over_time
        ]
        show_table(["when", "95 % sets held", ""], rows, title="Over time", left=3)
    output_console().print()
    of_known, of_all = found.known.alarm, found.everyone.alarm
    if of_known is not None:
        output_console().print(_in_words(of_known), soft_wrap=True)
    if of_all is not None and (of_known is None or any(each.kind == "unknown creators" for each in of_all.missed)):
        output_console().print(_in_words(of_all), soft_wrap=True)
    output_console().print(found.verdict, soft_wrap=True)


def _facts(found: "Monitoring") -> Iterator[tuple[str, str]]:
    order = "in the order of the table"
    if found.first is not None and found.last is not None:
        order = f"in order of date, {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}"
    yield "works", f"{found.works:,}, {order}"
    if found.unknown_works:
        names = ", ".join(found.unknown_creators[:MOST_NAMED])
        rest = len(found.unknown_creators) - MOST_NAMED
        names = said(f"{names} and {rest:,} more") if rest > 0 else names
        yield "by unknown creators", f"{found.unknown_works:,}, by {names}"
    if found.without_creator:
        yield "left out: no creator", f"{found.without_creator:,}"
    if found.unread:
        yield "left out: nothing to read", f"{found.unread:,}"


def _of_several_views(shares: "Sequence[ObservedShare]") -> "list[ObservedShare]":
    """The shares, without those by view where there is only one."""
    from sakka.evaluation.observed_shares import BY_KNOWN, BY_UNKNOWN

    views = {each.part for each in shares} - {BY_KNOWN, BY_UNKNOWN}
    return [each for each in shares if len(views) > 1 or each.part not in views]


def _row(share: "ObservedShare") -> list[str]:
    stated = "" if share.stated is None else _percent(share.stated)
    interval = said(f"{100 * share.low:.1f} to {100 * share.high:.1f} %")
    return [said(share.part), said(share.measure), stated, _percent(share.share), interval, f"{share.works:,}"]


def _percent(share: float) -> str:
    from sakka.pages.formats import percent

    return percent(share)


def _in_words(alarm: "CoverageAlarm") -> str:
    """When works changed, and which of them were missed.

    >>> from sakka.evaluation.monitor import CoverageAlarm
    >>> _in_words(CoverageAlarm(41, "a", None, 60, "b", None, 0.95, 80, 60, ()))
    'Alarm at work 60: works differ since about work 41; no view and no creators stand out among those missed.'
    """
    at = f"work {alarm.raised:,}" if alarm.raised_date is None else f"{alarm.raised_date:%Y-%m-%d}"
    missed = f"missed most: {'; '.join(map(_missed, alarm.missed))}"
    if not alarm.missed:
        missed = "no view and no creators stand out among those missed"
    return f"Alarm at {at}: works differ since about {alarm.since_in_words}; {missed}."


def _missed(part: "MissedPart") -> str:
    named = {"creator": part.name, "view": f"works with {part.name}"}
    name = named.get(part.kind, f"creators whom the model doesn't know ({part.name})")
    return f"{name}, {part.missed:,} of {counted(part.works, 'work')}"
