"""`sakka model show`: what a saved model is, and how sure it has to be."""

from sakka.cli import app
from sakka.cli.help import CommandLine
from sakka.cli.printable import say_json
from sakka.cli.source_options import Json, ModelFolder
from sakka.files import as_written

group = CommandLine(help="Show what a saved model is.")
app.add_typer(group, name="model")


@group.command("show")
def show(model: ModelFolder, as_json: Json = False) -> None:
    """Show what a saved model consists of, how many creators it knows, and from which probability it names one.

    Example: sakka model show model
    """
    from sakka.cli.terminal import show_pairs
    from sakka.models.adding_creators import ExtensibleModel
    from sakka.models.folder import load_model

    fitted = load_model(model)
    name, _, *parts = fitted.in_words()
    creators, works = len(fitted.creators_), int(fitted.works_.sum()) if isinstance(fitted, ExtensibleModel) else None
    sha256 = fitted.manifest_sha256_
    if as_json:
        say_json({"model": name, "creators": creators, "works": works, "consists_of": parts, "sha256": sha256})
        return
    pairs = [("model", name), ("creators", f"{creators:,}")]
    pairs += [] if works is None else [("learned from works", f"{works:,}")]
    pairs += [("consists of" if at == 0 else "", line) for at, line in enumerate(parts)]
    show_pairs([*pairs, ("SHA-256", sha256[:16])], title=f"Model {as_written(model)}")
