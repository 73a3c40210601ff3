"""`sakka creators`: who a saved model knows; take a creator in or out without fitting it again."""

import time
from typing import Annotated

import typer

from sakka.cli import app
from sakka.cli.help import CommandLine
from sakka.cli.printable import say, say_json
from sakka.cli.source_options import Json, ModelFolder, PhotosPerWork, TableOptions, reads_table
from sakka.files import as_written
from sakka.fragments import counted
from sakka.photos.limits import PHOTOS_PER_WORK

group = CommandLine(help="Who a saved model knows; take creators in or out.")
app.add_typer(group, name="creators")


@group.command("add")
@reads_table
def add(
    model: ModelFolder,
    works: Annotated[
        str,
        typer.Argument(
            help="Works by the new creators alone: a catalog, or what `sakka catalog build` reads.", metavar="WORKS"
        ),
    ],
    photos_per_work: PhotosPerWork = PHOTOS_PER_WORK,
    *,
    reads: TableOptions,
) -> None:
    """Learn new creators from their works; what the model knows of the others stays as it is.

    Example: sakka creators add model new.csv --column creator=seller
    """
    from sakka.catalog.build import build_catalog
    from sakka.catalog.folder import is_catalog
    from sakka.catalog.works import Catalog
    from sakka.cli.problems import show_counts
    from sakka.cli.terminal import show_pairs, showing_progress
    from sakka.models.adding_creators import extensible
    from sakka.models.folder import changing_model

    with changing_model(model) as read, showing_progress():
        fitted = extensible(read)
        fitted.check_can_add()
        known, started_s = len(fitted.creators_), time.monotonic()
        of_catalog = is_catalog(works)
        if of_catalog:
            found = Catalog.read(works)
        else:
            found = build_catalog(works, photos_per_work=photos_per_work, **reads.of_source())
        fitted.predict_proba(found)  # computes the features of the photos, so that the second figure is learning alone
        read_s = time.monotonic()
        fitted.add_creators(found)
        learned_s = time.monotonic()
    show_pairs(
        [
            (creator, counted(count, "work"))
            for creator, count in zip(fitted.creators_[known:], fitted.works_[known:].tolist(), strict=True)
        ]
    )
    say(
        f"works read in {read_s - started_s:.1f} s, learned in {learned_s - read_s:.1f} s; "
        f"{as_written(model)} knows {len(fitted.creators_):,} creators"
    )
    if not of_catalog:
        show_counts(found.info)


@group.command("remove")
def remove(
    model: ModelFolder, creator: Annotated[str, typer.Argument(help="The creator's name.", metavar="CREATOR")]
) -> None:
    """Forget a creator, and the works that were kept of it.

    Example: sakka creators remove model Mori
    """
    from sakka.models.adding_creators import extensible
    from sakka.models.folder import changing_model

    with changing_model(model) as read:
        fitted = extensible(read)
        fitted.remove_creator(creator)
    say(f"{creator} removed; {as_written(model)} knows {len(fitted.creators_):,} creators")


@group.command("list")
def list_creators(model: ModelFolder, as_json: Json = False) -> None:
    """List the creators that a model knows, with the number of works it learned from, most works first.

    Example: sakka creators list model
    """
    from sakka.cli.terminal import show_table
    from sakka.models.adding_creators import extensible
    from sakka.models.folder import load_model

    fitted = extensible(load_model(model))
    pairs = sorted(zip(fitted.creators_, fitted.works_.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    if as_json:
        found = [{"creator": creator, "works": works} for creator, works in pairs]
        say_json(found)
        return
    show_table(["creator", "works"], [[creator, f"{works:,}"] for creator, works in pairs])
