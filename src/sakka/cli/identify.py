"""`sakka identify`: the most probable creators of a work, or of every work of a table."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli import app
from sakka.cli.printable import say, say_json
from sakka.cli.question import photos_at_hand
from sakka.cli.source_options import (
    Description,
    Json,
    Keep,
    ModelFolder,
    Photos,
    TableOptions,
    Title,
    reads_table,
    show_source,
    show_source_hints,
)
from sakka.errors import SakkaError
from sakka.files import as_written, without_password
from sakka.models.identification import FALSE_REFUSALS

if TYPE_CHECKING:
    from sakka.models.asked_table import AskedTable
    from sakka.models.identification import Answer, Basis, Identification

NO_ANSWER = "nothing to read"

ANSWERED: tuple["Answer", ...] = ("named", "not sure enough", "none of the known creators")
UNSURE: Mapping["Basis", str] = {
    "threshold": "not sure enough to name a creator; the most probable:",
    "no threshold": "not sure enough to name a creator, which takes 90 %; the most probable:",
    "nothing read": "not sure enough: the model reads nothing of the work; those with the most works:",
}


# One parameter an option: Typer reads them from the signature, so the limit of eight does not hold here.
@app.command("identify")
@reads_table
def identify(
    model: ModelFolder,
    table: Annotated[
        str | None,
        typer.Argument(help="A table of works, or a catalog's folder, to answer for all of them.", metavar="TABLE"),
    ] = None,
    photo: Photos = None,
    title: Title = "",
    description: Description = "",
    top: Annotated[int, typer.Option(help="How many creators to name.", min=1, metavar="N")] = 5,
    coverage: Annotated[
        float | None,
        typer.Option(
            help="How often a table's possible creators hold the right one: 0.9, 0.95 or 0.99.", metavar="SHARE"
        ),
    ] = None,
    false_refusals: Annotated[
        float,
        typer.Option(
            help="The share of the known creators' works that may be said to be by none of them.", metavar="SHARE"
        ),
    ] = FALSE_REFUSALS,
    with_explanation: Annotated[bool, typer.Option("--explain", help="Say what spoke for the first one.")] = False,
    as_json: Json = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where a table's answers go: .csv, .parquet or .jsonl.", metavar="FILE"),
    ] = None,
    keep: Keep = None,
    *,
    reads: TableOptions,
) -> None:
    """Name the most probable creators of a work, or of every work of a table.

    Example: sakka identify model --photo brooch.jpg --title "桜のつまみ細工ブローチ"

    Example: sakka identify model works.csv -o answers.csv --keep price

    Example: sakka identify model --photo https://img.shop.example/1.jpg --fetch
    """
    one = {"--photo": photo, "--title": title, "--description": description, "--explain": with_explanation}
    one |= {"--json": as_json}
    of_table: dict[str, object] = {"--output": output, "--source": reads.kind, "--column": reads.column}
    of_table |= {"--keep": keep, "--encoding": reads.encoding, "--sheet": reads.sheet, "--query": reads.query}
    of_table |= {"--photo-root": reads.photo_root, "--coverage": coverage, "--fetch-host": reads.fetch_host}
    _refuse_both(table, one, of_table)
    if table is None and not photo and not (title.strip() or description.strip()):
        raise SakkaError(
            "nothing to identify a creator by: give --photo FILE, --title TEXT, --description TEXT or several of them, "
            f"or a table of works: sakka identify {as_written(model)} works.csv -o answers.csv"
        )
    if table is None:
        with photos_at_hand(photo, fetches=reads.fetch) as photos:
            _identify_one(
                model,
                (photos, title, description),
                top=top,
                false_refusals=false_refusals,
                explains=with_explanation,
                as_json=as_json,
            )
        return
    from sakka.cli.output import refuse_address
    from sakka.models.identification import COVERAGE

    if output is None:
        given = f"{as_written(model)} {without_password(table)}"
        raise SakkaError(f"say where the answers go: sakka identify {given} -o answers.csv")
    refuse_address(output)
    with reads.opened(table, keep) as opened:
        wanted = {"count": top, "coverage": COVERAGE if coverage is None else coverage}
        wanted["false_refusals"] = false_refusals
        _identify_table(model, opened, output, wanted)


def _refuse_both(table: str | None, one: Mapping[str, object], of_table: Mapping[str, object]) -> None:
    """Refuse options of the other form: of one work with a table, of a table without one.

    Raises:
        SakkaError: One was given.
    """
    for name, value in (of_table if table is None else one).items():
        if value in (None, False, "", ()):
            continue
        if table is None:
            raise SakkaError(f"{name} is for a table of works, and none was given: sakka identify MODEL TABLE -o FILE")
        shown = without_password(table)
        raise SakkaError(f"{name} is for one work, and the table {shown} was given; leave one of them out")


def _identify_one(
    model: Path,
    asked: tuple[list[Path], str, str],
    *,
    top: int,
    false_refusals: float,
    explains: bool,
    as_json: bool,
) -> None:
    from sakka.as_json import as_json as to_json
    from sakka.cli.question import question_of
    from sakka.cli.terminal import show_candidates, show_creator_sets
    from sakka.explain.explanation import explain
    from sakka.models.folder import load_model
    from sakka.pages.formats import probability

    question = question_of(*asked)
    fitted = load_model(model)
    fitted.check_photo_count(len(asked[0]))
    found = fitted.identify_one(question.works, top, false_refusals=false_refusals)
    why = explain(fitted, question) if explains else None
    if as_json:
        content: dict[str, Any] = to_json(found)
        if why is not None:
            content["explanation"] = to_json(why)
        say_json(content)
        return
    say(_in_words(found))
    show_candidates(found.candidates)
    heading = "if known, the creator is" if found.answer == "none of the known creators" else "the creator is"
    show_creator_sets(found.sets, len(fitted.creators_), heading)
    if found.p_value is not None:
        share = probability(found.p_value, 0)
        say(f"{share} of the known creators' works look no more like theirs than this one")
    if why is not None:
        from sakka.cli.explain import show_explanation

        say("")
        show_explanation(why)


def _in_words(found: "Identification") -> str:
    if found.answer == "named":
        return f"named: {found.candidates[0].creator}"
    if found.answer == "not sure enough":
        return UNSURE[found.basis]
    return "none of the known creators; the nearest:"


def _identify_table(model: Path, table: "AskedTable", output: Path, wanted: Mapping[str, Any]) -> None:
    from sakka.cli.output import writing_to
    from sakka.cli.terminal import error_console, show_pairs, showing_progress
    from sakka.models.identify_table import identify_table

    show_source(table.info)
    console = error_console()
    with showing_progress(console), writing_to(output):
        say = partial(console.print, soft_wrap=True)
        found = identify_table(model, table, output, **wanted, say=say)
    counts = [(answer or NO_ANSWER, found.counts.get(answer, 0)) for answer in (*ANSWERED, "")]
    shown = [(words, f"{count:,}") for words, count in counts if count]
    problems = [("works with a problem", f"{found.with_problems:,}, each in the column problems")]
    show_pairs(
        [("works", f"{found.works:,}"), *shown, *(problems if found.with_problems else [])],
        title=f"Answers in {output}",
    )
    show_source_hints(table.info)
