"""`sakka index build|add|remove`: the index of works that `similar`, `search` and `recommend` look into."""

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from sakka.cli import app
from sakka.cli.engine import OnOption, WorkersOption, engine_asked_for
from sakka.cli.printable import say

index_app = typer.Typer(help="Build an index of works to find them in, add to it, take from it.", no_args_is_help=True)
app.add_typer(index_app, name="index")

IndexArgument = Annotated[str, typer.Argument(help="An index: a folder, or s3://BUCKET/NAME.", metavar="INDEX")]


@index_app.command("build")
def build(
    catalog: Annotated[Path, typer.Argument(help="A catalog's folder.", metavar="CATALOG")],
    model: Annotated[Path, typer.Option("--model", help="A model's folder: its photo network is used.")],
    output: Annotated[str, typer.Option("--output", "-o", help="The index: a folder or an address.", metavar="INDEX")],
    text_encoder: Annotated[
        str | None,
        typer.Option(help="Find words in other languages than the works' too: e5, or another text encoder."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws which works the vectors are learned from.", min=0)] = 0,
    on: OnOption = None,
    workers: WorkersOption = None,
) -> None:
    """Learn what style is from a catalog and write an index of all its works.

    Example: sakka index build paintings --model model -o index

    Example: sakka index build paintings --model model -o index --text-encoder e5
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.terminal import duration, showing_progress
    from sakka.search.index import Index

    started_s = time.monotonic()
    works = Catalog.read(catalog)
    with showing_progress(), engine_asked_for(on, workers):
        index = Index.build(output, works, model, seed=seed, text_encoder=text_encoder)
    learned = index.spaces.style.learned
    say(
        f"{len(index):,} works in {duration(time.monotonic() - started_s)}; style learned from "
        f"{learned['works']:,} photos by {learned['creators']:,} creators\n"
        f"saved as {output}; try: {shlex.join(['sakka', 'similar', output, '--work', works.ids[0]])}"
    )


@index_app.command("add")
def add(
    index: IndexArgument,
    catalog: Annotated[Path, typer.Argument(help="A catalog of the works to add.", metavar="CATALOG")],
) -> None:
    """Add the works of a catalog; those whose ids are known are replaced. What style is is not learned again.

    Example: sakka index add index new-works
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.terminal import showing_progress
    from sakka.search.index import Index

    opened, works = Index.open(index), Catalog.read(catalog)
    with showing_progress():
        new = opened.add(works)
    say(f"{new:,} works added, {len(works) - new:,} replaced; the index holds {len(opened):,}")


@index_app.command("remove")
def remove(
    index: IndexArgument,
    ids: Annotated[list[str], typer.Argument(help="The ids of the works to remove.", metavar="ID...")],
) -> None:
    """Remove works; ids that the index does not hold are passed over.

    Example: sakka index remove index work-17 work-18
    """
    from sakka.search.index import Index

    opened = Index.open(index)
    removed = opened.remove(ids)
    unknown = len(set(ids)) - removed
    say(
        f"{removed:,} works removed, {unknown:,} were not there; the index holds {len(opened):,}"
        if unknown
        else f"{removed:,} works removed; the index holds {len(opened):,}"
    )
