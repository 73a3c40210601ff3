"""`sakka serve`: the page and the API."""

from pathlib import Path
from typing import Annotated

import typer

from sakka.cli import app
from sakka.cli.printable import say
from sakka.cli.source_options import ModelFolder


@app.command("serve")
def serve(
    model: ModelFolder,
    index: Annotated[
        str | None, typer.Option(help="An index (a folder, or s3://BUCKET/NAME) to find works in.")
    ] = None,
    catalog: Annotated[Path | None, typer.Option(help="A catalog to show works from, where there is no index.")] = None,
    audit: Annotated[Path | None, typer.Option(help="An audit's folder, to go through its findings.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; another than this machine's needs a key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65_535)] = 8000,
    processes: Annotated[
        int, typer.Option(help="How many processes answer; they share the model's memory.", min=1, metavar="N")
    ] = 1,
    key: Annotated[str | None, typer.Option(help="What callers must know.", envvar="SAKKA_KEY")] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="A reverse proxy whose X-Forwarded-For counts.", metavar="ADDRESS"),
    ] = None,
    limit: Annotated[list[str] | None, typer.Option(help="Change a limit.", metavar="NAME=NUMBER")] = None,
) -> None:
    """Serve the page for people and the API for programs until Ctrl-C.

    Example: sakka serve model --index index
    """
    from sakka.web.settings import Limits, Settings

    limits = Limits().changed(limit or [])
    settings = Settings(model, index, catalog, audit, host, port, key or None, limits, processes, tuple(proxy or ()))
    settings.check()
    from sakka.web.serving import run_server

    run_server(settings, say=say)
