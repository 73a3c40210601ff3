"""`sakka describe`: a creator or a work in words and pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sakka.cli import app
from sakka.cli.explain import MAP_PX, map_of
from sakka.cli.language import language
from sakka.cli.printable import say, say_json
from sakka.cli.question import question_of
from sakka.cli.source_options import Description, Json, Photos, Title

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog
    from sakka.describe.creator import CreatorDescription
    from sakka.describe.work import WorkDescription
    from sakka.models.base import CreatorModel
    from sakka.models.question import Question
    from sakka.search.index import Index

PAGE_FILE, JSON_FILE = "index.html", "description.json"
BAR_CHARACTERS = 20


@app.command("describe")
def describe(
    sources: Annotated[
        list[Path], typer.Argument(help="A catalog's folder, a model's folder, or both.", metavar="FOLDER...")
    ],
    creator: Annotated[str | None, typer.Option(help="The creator of the catalog to describe.")] = None,
    work: Annotated[
        str | None, typer.Option(help="The work of the catalog to describe, by its id.", metavar="ID")
    ] = None,
    photo: Photos = None,
    title: Title = "",
    description: Description = "",
    index: Annotated[
        Path | None, typer.Option(help="An index of the works: style, similar works and related creators.")
    ] = None,
    objects: Annotated[bool, typer.Option("--objects", help="Look for objects in photos not yet looked at.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a page with pictures.", metavar="DIR")
    ] = None,
    as_json: Json = False,
) -> None:
    """Describe a creator, or a work, in words and pictures.

    Example: sakka describe catalog model --creator Mori -o mori
    """
    from sakka.cli.terminal import showing_progress
    from sakka.errors import ModelError
    from sakka.pages.description_sentences import creator_sentences, work_sentences

    works, fitted = _sources(sources)
    opened = _opened(index)
    works = opened.catalog() if works is None and opened is not None else works
    if (creator is None) == (work is None and not photo and not title and not description):
        raise ModelError(
            "name one thing to describe: --creator NAME, --work ID, or a work by --photo FILE, --title TEXT"
        )
    with showing_progress():
        if creator is not None:
            found = _creator(works, creator, fitted, opened, looking=objects)
            _show(creator_sentences(found, language()), found, works, output, language(), as_json=as_json)
        else:
            asked = question_of(photo, title, description, works, work)
            if fitted is not None:
                fitted.check_photo_count(len(photo or ()))
            told = _work(asked, works, fitted, opened, looking=objects)
            _show(work_sentences(told, language()), told, asked, output, language(), as_json=as_json)


def _sources(sources: Sequence[Path]) -> "tuple[Catalog | None, CreatorModel | None]":
    """Read the catalog and the model, in whichever order they were given.

    Raises:
        CatalogError: A folder is neither of them, or there are two of a kind.
    """
    from sakka.catalog.folder import WORKS_FILE
    from sakka.catalog.works import Catalog
    from sakka.errors import CatalogError
    from sakka.files import why_not_a_folder
    from sakka.models.folder import load_model
    from sakka.remote.copies import at_hand

    folders: dict[str, Path] = {}
    for source in sources:
        local = at_hand(source)
        kind = "model" if (local / "manifest.json").is_file() else "catalog"
        if kind in folders:
            raise CatalogError(f"got two {kind}s, {folders[kind]} and {source}; give one")
        if trouble := why_not_a_folder(local):
            raise CatalogError(f"{trouble}; expected the folder of a catalog or of a model")
        if kind == "catalog" and not (local / WORKS_FILE).is_file():
            raise CatalogError(f"{source} is neither a catalog nor a saved model; give a folder of one of them")
        folders[kind] = source
    read = Catalog.read(folders["catalog"]) if "catalog" in folders else None
    return read, load_model(folders["model"]) if "model" in folders else None


def _opened(index: Path | None) -> "Index | None":
    if index is None:
        return None
    from sakka.search.index import Index

    return Index.open(index)


def _creator(
    works: "Catalog | None", creator: str, model: "CreatorModel | None", index: "Index | None", *, looking: bool
) -> "CreatorDescription":
    from sakka.describe.creator import describe_creator
    from sakka.errors import CatalogError

    if works is None:
        raise CatalogError("a creator is described from works; give the folder of a catalog too")
    return describe_creator(works, creator, model, index, looking=looking)


def _work(
    asked: "Question", works: "Catalog | None", model: "CreatorModel | None", index: "Index | None", *, looking: bool
) -> "WorkDescription":
    from sakka.describe.work import describe_work
    from sakka.errors import ModelError

    if model is None:
        raise ModelError("a work is described by a model; give the folder of a model too")
    return describe_work(model, asked, works, index, looking=looking)


def _show(
    sentences: list[str],
    found: "CreatorDescription | WorkDescription",
    works: "Catalog | Question | None",
    output: Path | None,
    language: str,
    *,
    as_json: bool,
) -> None:
    """Print a description and write its page."""
    from sakka.cli.terminal import output_console

    if output is not None:
        _write(output, found, works, language)
    if as_json:
        from sakka.pages.description_sentences import description_json

        say_json(description_json(found))
        return
    for sentence in sentences:
        output_console().print(sentence)
    if output is not None:
        say(f"\nwritten to {output}; open {output / PAGE_FILE}")


def _write(
    folder: Path, found: "CreatorDescription | WorkDescription", works: "Catalog | Question | None", language: str
) -> None:
    """Write the page and the JSON.

    Raises:
        SakkaError: The folder can't be written to.
    """
    from sakka.cli.output import writing_to
    from sakka.files import write_json, write_text
    from sakka.pages.description_sentences import description_json

    page = _page(found, works, language)
    with writing_to(folder):
        write_json(folder / JSON_FILE, description_json(found))
        write_text(folder / PAGE_FILE, page)


def _page(found: "CreatorDescription | WorkDescription", works: "Catalog | Question | None", language: str) -> str:
    from sakka.catalog.works import Catalog
    from sakka.describe.creator import CreatorDescription
    from sakka.models.question import Question
    from sakka.pages.description import creator_page, work_page
    from sakka.photos.decode import read_photo

    if isinstance(found, CreatorDescription):
        assert isinstance(works, Catalog)
        return creator_page(found, works, language)
    assert isinstance(works, Question)
    photos = [read_photo(each, at_least_px=MAP_PX) for each in works.photos]
    drawn = None if found.explanation is None else map_of(found.explanation, photos)
    return work_page(found, photos, drawn, language)
