"""`sakka identify`: the most probable creators of a work."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sakka.cli import app

STRANGER = """none of the known creators: 95 % of their works get a surer answer
the nearest of them:"""


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
    import numpy as np

    from sakka.cli.question import asked_work
    from sakka.cli.terminal import show_answers
    from sakka.explain.explanation import explain
    from sakka.models.folder import load_model

    work = asked_work(photo, title, description, None, None)
    fitted = load_model(model)
    fitted.check_can_read(work)
    table = fitted.predict_proba(work)
    places = np.argsort(-table[0], kind="stable")[:top]
    answers = [(fitted.creators_[place], float(table[0, place])) for place in places]
    known = bool(fitted.knows(work, table)[0])
    why = explain(fitted, next(iter(work))) if with_explanation else None
    if as_json:
        found = [{"creator": creator, "probability": round(probability, 6)} for creator, probability in answers]
        content: dict[str, Any] = {"known": known, "creators": found}
        if why is not None:
            from sakka.pages.explanation_json import explanation_json

            content["explanation"] = explanation_json(why)
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    if not known:
        typer.echo(STRANGER)
    show_answers(answers)
    if why is not None:
        from sakka.cli.explain import show_explanation

        typer.echo("")
        show_explanation(why)
