"""`sakka unknown-creators`: how well a model recognises works by creators that it does not know."""

from pathlib import Path
from typing import Annotated

import typer

from sakka.cli import app
from sakka.cli.printable import say
from sakka.cli.source_options import CatalogFolder
from sakka.errors import SakkaError
from sakka.files import as_written
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL


@app.command("unknown-creators")
def unknown_creators(
    catalog: CatalogFolder,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for unknown-creators.json and .md.", metavar="DIR")
    ],
    photo_model: Annotated[
        str, typer.Option(help="The model that reads photos.", metavar="NAME")
    ] = DEFAULT_PHOTO_MODEL,
    text_model: Annotated[str, typer.Option(help="The model that reads texts.", metavar="NAME")] = DEFAULT_TEXT_MODEL,
    seed: Annotated[int, typer.Option(help="The seed of the splits.", min=0)] = 0,
) -> None:
    """Hold out a fifth of the creators, five times, and measure how well their works are recognised.

    Example: sakka unknown-creators paintings -o unknown
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.output import check_output, writing_to
    from sakka.cli.terminal import show_table, showing_progress
    from sakka.evaluation.unknown_creators import evaluate_unknown_creators
    from sakka.pages.formats import cell_text
    from sakka.pages.markdown_csv import write_table
    from sakka.remote.writing import working_in

    check_output(output, at_addresses=True)
    works = Catalog.read(catalog)
    with showing_progress(), working_in(output, SakkaError) as folder:
        table = evaluate_unknown_creators(works, photo_model, text_model, seed=seed)
        with writing_to(output, at_addresses=True):
            write_table(table, folder, "unknown-creators")
    show_table(table.head, [[cell_text(cell) for cell in row] for row in table.rows], title=table.title)
    say(f"written: {as_written(output)}/unknown-creators.json and .md")
