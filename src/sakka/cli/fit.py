"""`sakka fit`: a model of a catalog's creators, saved as a folder."""

import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sakka.cli import app
from sakka.cli.engine import OnOption, WorkersOption, engine_asked_for
from sakka.cli.printable import say
from sakka.cli.source_options import CatalogFolder
from sakka.errors import ModelError
from sakka.files import as_written
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL, MANY_CREATORS

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog
    from sakka.models.fused import FusedModel


@app.command("fit")
def fit(
    catalog: CatalogFolder,
    output: Annotated[Path, typer.Option("--output", "-o", help="The model's folder.", metavar="MODEL")],
    photo_model: Annotated[
        str, typer.Option(help="The model that reads photos.", metavar="NAME")
    ] = DEFAULT_PHOTO_MODEL,
    text_model: Annotated[str, typer.Option(help="The model that reads texts.", metavar="NAME")] = DEFAULT_TEXT_MODEL,
    fusion: Annotated[
        Literal["log-linear", "stacked"],
        typer.Option(
            help="How photo and text are fused where that is learned: log-linear is explained exactly.",
            metavar="log-linear|stacked",
        ),
    ] = "log-linear",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting of one of the two models as JSON, such as photo-lite0.penalty=0.01.",
            metavar="MODEL.SETTING=VALUE",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed of the models.", min=0)] = 0,
    candidates: Annotated[
        bool | None,
        typer.Option(
            "--candidates/--no-candidates",
            help="Whether the model decides among the first candidates alone, whom an index finds; unless said, where "
            f"there are more than {MANY_CREATORS:,} creators.",
        ),
    ] = None,
    keep_works: Annotated[
        bool, typer.Option(help="Keep the features of a few works, which `sakka creators add` needs.")
    ] = True,
    on: OnOption = None,
    workers: WorkersOption = None,
) -> None:
    """Fit a photo and a text model on all works of a catalog, fused, and save them as a folder.

    Example: sakka fit paintings -o model

    Example: sakka fit paintings -o model --photo-model photo-lite0+lite2 --set photo-lite0+lite2.penalty=0.02
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.experiment import settings_by_model
    from sakka.cli.output import check_output, writing_to
    from sakka.cli.terminal import duration, showing_progress
    from sakka.models.folder import check_can_hold_model, save_model
    from sakka.models.fused import FusedModel

    started_s = time.monotonic()
    check_can_hold_model(output)
    check_output(output, at_addresses=True)
    works = Catalog.read(catalog)
    given = settings_by_model(settings or ())
    check_named(given, photo_model, text_model)
    model = FusedModel(
        photo_model,
        text_model,
        fusion=fusion,
        photo_settings=given.get(photo_model),
        text_settings=given.get(text_model),
        candidates=candidates,
        seed=seed,
    )
    model.check_can_save()
    with showing_progress(), engine_asked_for(on, workers):
        model.fit(works)
    if not keep_works:
        model.forget_works()
    with writing_to(output, at_addresses=True):
        save_model(model, output)
    asked = _asked(works, model)
    if model.kept_columns and not model.reads:
        asked = f"{shlex.quote(as_written(catalog))} -o answers.csv"
    say(
        f"{len(works):,} works by {len(model.creators_):,} creators in {duration(time.monotonic() - started_s)}\n"
        f"{describe_fusion(model)}\n"
        f"saved as {as_written(output)}; try: sakka identify {shlex.quote(as_written(output))} {asked}"
    )


def _asked(works: "Catalog", model: "FusedModel") -> str:
    """The options of a question that offers what a model reads and has learned from."""
    titled, described = (bool(part.any()) for part in works.text_parts.T)
    learned_from = {
        "--photo FILE": "photo" in model.reads and works.has_photo.any(),
        "--title TEXT": "text" in model.reads and titled,
        "--description TEXT": "text" in model.reads and described and not titled,
    }
    return " ".join(option for option, learned in learned_from.items() if learned) or "--title TEXT"


def check_named(settings: Mapping[str, object], *models: str) -> None:
    """Refuse settings of a model that is not fitted.

    Raises:
        ModelError: There are some.
    """
    for name in settings:
        if name not in models:
            raise ModelError(f"--set names {name}, which is not fitted; fitted are {' and '.join(models)}")


def describe_fusion(model: "FusedModel") -> str:
    """Say in a few lines what the fused model consists of and how their fusion was chosen."""
    return "\n".join(model.fusion_in_words())
