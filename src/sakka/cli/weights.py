"""`sakka weights`: the pretrained weights that the networks start from."""

from pathlib import Path
from typing import Annotated

import typer

from sakka.cli import app
from sakka.cli.help import CommandLine
from sakka.cli.language import said
from sakka.cli.printable import say, say_json
from sakka.cli.source_options import Json

weights_app = CommandLine(help="Pretrained weights: list them, fetch them, add a file of your own.")
app.add_typer(weights_app, name="weights")


@weights_app.command("list")
def list_weights(as_json: Json = False) -> None:
    """Say which weights there are and which are in the cache.

    Example: sakka weights list
    """
    from sakka.networks.weights.registry import WEIGHTS, are_cached, weights_sha256

    rows = [{"name": name, "cached": are_cached(name), "sha256": weights_sha256(name)} for name in sorted(WEIGHTS)]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        state = "in the cache" if row["cached"] else "not fetched"
        say(f"{row['name']:<22} {said(state):<13} sha256 {str(row['sha256'])[:16]}")


@weights_app.command("fetch")
def fetch(name: Annotated[str, typer.Argument(help="A name that `sakka weights list` shows.", metavar="NAME")]) -> None:
    """Fetch weights into the cache, where they are not there yet.

    Example: sakka weights fetch vgg16
    """
    from sakka.networks.weights.registry import weight_files

    _say(weight_files(name))


@weights_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="A name that `sakka weights list` shows.", metavar="NAME")],
    files: Annotated[list[Path], typer.Argument(help="The files that were downloaded by hand.", metavar="FILE...")],
) -> None:
    """Put weights that were downloaded by hand into the cache; they are known by their SHA-256.

    Example: sakka weights add vgg16 vgg16-397923af.pth
    """
    from sakka.networks.weights.registry import add_weights

    _say(add_weights(name, files))


def _say(files: dict[str, Path]) -> None:
    for path in files.values():
        say(str(path))
