"""`sakka fit` and `sakka identify`: a fitted model at work."""

import json
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sakka.cli import app
from sakka.errors import ModelError

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog, Work
    from sakka.explain.explanation import Explanation
    from sakka.models.base import CreatorModel
    from sakka.models.fused import FusedModel

BAR_CHARACTERS = 24
QUESTIONS: Mapping[str, str] = {"photo": "--photo FILE", "text": "--title TEXT"}
STRANGER = """none of the known creators: 95 % of their works get a surer answer
the nearest of them:"""


@app.command("fit")
def fit(
    catalog: Annotated[Path, typer.Argument(help="A catalog's folder.", metavar="CATALOG")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model's folder.", metavar="MODEL")],
    photo_model: Annotated[str, typer.Option(help="The model that reads photos.")] = "photo-efficientnet_lite0",
    text_model: Annotated[str, typer.Option(help="The model that reads texts.")] = "text-linear",
    fusion: Annotated[
        Literal["log-linear", "stacked"],
        typer.Option(help="How photo and text are fused where that is learned: log-linear is explained exactly."),
    ] = "log-linear",
    seed: Annotated[int, typer.Option(help="The seed of the models.", min=0)] = 0,
    keep_works: Annotated[
        bool, typer.Option(help="Keep the features of a few works, which `sakka creators add` needs.")
    ] = True,
) -> None:
    """Fit a photo and a text model on all works of a catalog, fused, and save them as a folder.

    Example: sakka fit paintings -o model
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.output import check_output, writing_to
    from sakka.cli.terminal import duration, showing_progress
    from sakka.models.folder import check_can_hold_model
    from sakka.models.fused import FusedModel

    started_s = time.monotonic()
    check_can_hold_model(output)
    check_output(output)
    works = Catalog.read(catalog)
    with showing_progress():
        model = FusedModel(photo_model, text_model, fusion=fusion, seed=seed).fit(works)
    if not keep_works:
        model.forget_works()
    with writing_to(output):
        model.save(output)
    asked = " ".join(QUESTIONS[name] for name in model.reads or QUESTIONS)
    typer.echo(
        f"{len(works):,} works by {len(model.creators_):,} creators in {duration(time.monotonic() - started_s)}\n"
        f"{describe_mixture(model)}\n"
        f"saved as {output}; try: sakka identify {shlex.quote(str(output))} {asked}"
    )


@app.command("identify")
def identify(
    model: Annotated[Path, typer.Argument(help="A model's folder, as `sakka fit` saves it.", metavar="MODEL")],
    photo: Annotated[Path | None, typer.Option(help="The work's photo: JPEG, PNG, WebP, GIF or BMP.")] = None,
    title: Annotated[str, typer.Option(help="The work's title.")] = "",
    description: Annotated[str, typer.Option(help="The work's description.")] = "",
    top: Annotated[int, typer.Option(help="How many creators to name.", min=1)] = 5,
    explain: Annotated[bool, typer.Option("--explain", help="Say what spoke for the first one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name the most probable creators of a work from its photo, its text or both.

    Example: sakka identify model --photo brooch.jpg --title "桜のつまみ細工ブローチ"
    """
    import numpy as np

    from sakka.models.base import CreatorModel
    from sakka.models.fused import FusedModel

    work = _catalog_of(work_to_identify(photo, title, description))
    fitted = CreatorModel.load(model)
    fitted.check_can_read(work)
    table = fitted.predict_proba(work)
    places = np.argsort(-table[0], kind="stable")[:top]
    answers = [(fitted.creators_[place], float(table[0, place])) for place in places]
    known = bool(fitted.knows(work, table)[0]) if isinstance(fitted, FusedModel) else True
    why = _explanation(fitted, work) if explain else None
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


def _explanation(model: "CreatorModel", work: "Catalog") -> "Explanation":
    from sakka.explain.explanation import explain

    return explain(model, next(iter(work)))


def work_to_identify(photo: Path | None, title: str, description: str) -> "Work":
    """Make a work of what the command line gave.

    Raises:
        ModelError: Nothing was given, or a text is not UTF-8.
        PhotoError: The photo can't be read.
    """
    from sakka.catalog.works import Work

    for name, text in (("--title", title), ("--description", description)):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ModelError(f"{name} is not UTF-8 text; give it in UTF-8") from error
    if photo is None and not (title.strip() or description.strip()):
        raise ModelError(
            "nothing to identify a creator by: give --photo FILE, --title TEXT, --description TEXT or several of them"
        )
    if photo is None:
        return Work("work", title=title, description=description)
    from sakka.photos.decode import check_photo

    checked = check_photo(photo)
    path = str(photo.resolve())
    return Work("work", title=title, description=description, photos=(path,), photo_sha256=checked.sha256)


def show_answers(answers: list[tuple[str, float]]) -> None:
    """Print creators with their probabilities, the most probable first, each with a bar."""
    from sakka.cli.terminal import show_table

    rows = [
        [str(rank), creator, percent(probability), "█" * round(BAR_CHARACTERS * probability)]
        for rank, (creator, probability) in enumerate(answers, start=1)
    ]
    show_table(["", "creator", "probability", ""], rows, left=4)


def percent(probability: float) -> str:
    """Write a probability in percent; one that is merely near 0 or 1 is not shown as certain.

    >>> percent(0.123), percent(0.99999), percent(0.0001), percent(1.0)
    (' 12.3 %', '>99.9 %', ' <0.1 %', '100.0 %')
    """
    if 0.9995 <= probability < 1:
        return ">99.9 %"
    return " <0.1 %" if 0 < probability < 0.0005 else f"{100 * probability:5.1f} %"


def describe_mixture(model: "FusedModel") -> str:
    """Say in a few lines what the fused model consists of and how its mixture was chosen."""
    if model.photo_model_ is None:
        return f"no work has a photo, so {model.text} answers alone"
    if model.text_model_ is None:
        return f"no work has a text, so {model.photo} answers alone"
    photo = model.mixture_.photo_weight
    said = f"{model.photo} x {photo:.1f} + {model.text} x {1 - photo:.1f}, {model.mixture_.how}"
    if not model.held_out_:
        return said
    held, how = model.held_out_, "chosen"
    if model.fusion_ is not None:
        said, how = f"{model.photo} + {model.text}, weights learned ({model.fusion_.kind})", "fitted"
    return (
        f"{said};\n"
        f"{how} on {held['works']:,} held-out works\n"
        f"accuracy there: fused {held['accuracy']:.3f}, photo {held['photo_accuracy']:.3f}, "
        f"text {held['text_accuracy']:.3f}"
    )


def _catalog_of(work: "Work") -> "Catalog":
    from sakka.catalog.works import Catalog

    return Catalog.from_works([work])
