"""`sakka index build|show|add|remove`: the index of works that `similar`, `search` and `recommend` look into."""

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sakka.cli import app
from sakka.cli.engine import OnOption, WorkersOption, engine_asked_for
from sakka.cli.help import CommandLine
from sakka.cli.printable import say, say_json
from sakka.cli.source_options import CatalogFolder, Json
from sakka.files import as_written
from sakka.fragments import counted

if TYPE_CHECKING:
    from sakka.search.index import Index

index_app = CommandLine(help="Build an index of works to find them in, show it, add to it, take from it.")
app.add_typer(index_app, name="index")

IndexArgument = Annotated[str, typer.Argument(help="An index: a folder, or s3://BUCKET/NAME.", metavar="INDEX")]


@index_app.command("build")
def build(
    catalog: CatalogFolder,
    model: Annotated[Path, typer.Argument(help="A model's folder, whose photo network is used.", metavar="MODEL")],
    output: Annotated[str, typer.Option("--output", "-o", help="The index: a folder or an address.", metavar="INDEX")],
    text_encoder: Annotated[
        str | None,
        typer.Option(
            help="Find words in other languages than the works' too: e5, or another text encoder.", metavar="ENCODER"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws which works the vectors are learned from.", min=0)] = 0,
    on: OnOption = None,
    workers: WorkersOption = None,
) -> None:
    """Learn what style is from a catalog and write an index of all its works.

    Example: sakka index build paintings model -o index

    Example: sakka index build paintings model -o index --text-encoder e5
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.terminal import duration, showing_progress
    from sakka.search.index import Index

    started_s = time.monotonic()
    works = Catalog.read(catalog)
    with showing_progress(), engine_asked_for(on, workers):
        index = Index.build(output, works, model, seed=seed, text_encoder=text_encoder)
    say(
        f"{counted(len(index), 'work')} in {duration(time.monotonic() - started_s)}; style learned from "
        f"{_learned_from(index)}\n"
        f"saved as {output}; try: {shlex.join(['sakka', 'similar', output, '--work', works.ids[0]])}"
    )


def _learned_from(index: "Index") -> str:
    learned = index.spaces.style.learned
    return f"{counted(int(learned['works']), 'photo')} by {counted(int(learned['creators']), 'creator')}"


@index_app.command("show")
def show(index: IndexArgument, as_json: Json = False) -> None:
    """Show what an index holds, and what it was built from.

    Example: sakka index show index
    """
    from sakka.cli.terminal import show_pairs
    from sakka.search.index import Index

    opened = Index.open(index)
    works, creators = len(opened), len(opened.creators())
    if as_json:
        say_json({"works": works, "creators": creators, **opened.info})
        return
    pairs = [
        ("works", f"{works:,}"),
        ("creators", f"{creators:,}"),
        (
            "style",
            f"learned from {_learned_from(opened)}",
        ),
        ("words of other languages", opened.info["text_encoder"]["encoder"] if opened.spaces.meaning else "not found"),
        *([("kept columns", ", ".join(each.name for each in opened.kept))] if opened.kept else []),
        ("model", f"SHA-256 {opened.model_sha256[:16]}"),
    ]
    show_pairs(pairs, title=f"Index {as_written(index)}")


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
    say(f"{counted(new, 'work')} added, {len(works) - new:,} replaced; the index holds {len(opened):,}")
    if left_out := [name for name in works.kept if name not in {each.name for each in opened.kept}]:
        say(f"{', '.join(left_out)}: not kept by this index, and left out; build the index anew to filter by it")


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
        f"{counted(removed, 'work')} removed, {unknown:,} not found; the index holds {len(opened):,}"
        if unknown
        else f"{counted(removed, 'work')} removed; the index holds {len(opened):,}"
    )
