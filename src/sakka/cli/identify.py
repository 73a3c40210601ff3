"""`sakka identify`: the most probable creators of a work."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli import app

if TYPE_CHECKING:
    from sakka.models.identification import Answer

IN_WORDS: Mapping["Answer", str] = {
    "named": "named: {creator}",
    "not sure enough": "not sure enough to name a creator; the most probable:",
    "none of the known creators": "none of the known creators: 95 % of their works get a surer answer; the nearest:",
}


@app.command("identify")
def identify(
    model: Annotated[Path, typer.Argument(help="A model's folder, as `sakka fit` saves it.", metavar="MODEL")],
    photo: Annotated[Path | None, typer.Option(help="The work's photo: JPEG, PNG, WebP, GIF or BMP.")] = None,
    title: Annotated[str, typer.Option(help="The work's title.")] = "",
    description: Annotated[str, typer.Option(help="The work's description.")] = "",
    top: Annotated[int, typer.Option(help="How many creators to name.", min=1)] = 5,
    with_explanation: Annotated[bool, typer.Option("--explain", help="Say what spoke for the first one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name the most probable creators of a work from its photo, its text or both.

    Example: sakka identify model --photo brooch.jpg --title "桜のつまみ細工ブローチ"
    """
    from sakka.as_json import as_json as to_json
    from sakka.cli.question import question_of
    from sakka.cli.terminal import show_candidates
    from sakka.explain.explanation import explain
    from sakka.models.folder import load_model

    question = question_of(photo, title, description)
    fitted = load_model(model)
    found = fitted.identify_one(question.works, top)
    why = explain(fitted, question) if with_explanation else None
    if as_json:
        content: dict[str, Any] = to_json(found)
        if why is not None:
            content["explanation"] = to_json(why)
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    typer.echo(IN_WORDS[found.answer].format(creator=found.candidates[0].creator))
    show_candidates(found.candidates)
    if why is not None:
        from sakka.cli.explain import show_explanation

        typer.echo("")
        show_explanation(why)
