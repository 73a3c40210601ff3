"""`sakka explain`: why a creator was named."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli import app
from sakka.cli.language import language
from sakka.cli.printable import say, say_json
from sakka.cli.source_options import Description, Json, ModelFolder, Photos, Title

if TYPE_CHECKING:
    from PIL import Image

    from sakka.catalog.works import Catalog
    from sakka.explain.evidence import NearestWork
    from sakka.explain.explanation import Explanation
    from sakka.models.base import CreatorModel
    from sakka.models.question import Question

PAGE_FILE, MAP_FILE, JSON_FILE = "index.html", "regions.png", "explanation.json"
BAR_CHARACTERS = 20
MOST_WORDS = 8
MAP_PX = 720


@app.command("explain")
def explain_command(
    model: ModelFolder,
    photo: Photos = None,
    title: Title = "",
    description: Description = "",
    creator: Annotated[str | None, typer.Option(help="Whom to speak for instead of the most probable.")] = None,
    against: Annotated[str | None, typer.Option(help="Whom to compare with instead of the runner-up.")] = None,
    catalog: Annotated[Path | None, typer.Option(help="A catalog to take the nearest works from.")] = None,
    index: Annotated[Path | None, typer.Option(help="An index to take them from, nearest in style.")] = None,
    work: Annotated[
        str | None, typer.Option(help="A work of the catalog by its id, instead of a photo and text.", metavar="ID")
    ] = None,
    nearest: Annotated[
        int, typer.Option(help="How many of the creator's nearest works to show.", min=0, metavar="N")
    ] = 5,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=f"Folder for {PAGE_FILE}, {MAP_FILE} and {JSON_FILE}.", metavar="DIR"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which words and which regions of the photo spoke for a creator, and against the runner-up.

    Example: sakka explain model --photo brooch.jpg --title "桜のつまみ細工ブローチ" --catalog catalog -o why
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.question import question_of
    from sakka.explain.explanation import explain
    from sakka.models.folder import load_model

    works = None if catalog is None else Catalog.read(catalog)
    asked = question_of(photo, title, description, works, work)
    fitted = load_model(model)
    fitted.check_photo_count(len(photo or ()))
    found = explain(fitted, asked, creator=creator, against=against)
    evidence, theirs = _evidence(fitted, asked.works, works, index, found.creator, nearest)
    if output is not None:
        write_explanation(output, found, asked, evidence, theirs, language=language())
    if as_json:
        say_json(_json(found, evidence))
        return
    show_explanation(found, evidence, asked=against is not None)
    if not evidence and nearest and (catalog or index):
        say(f"\nno other work by {found.creator} there to show as evidence")
    if output is not None:
        say(f"\nwritten to {output}; open {output / PAGE_FILE}")


def _evidence(
    model: "CreatorModel", asked: "Catalog", works: "Catalog | None", index: Path | None, creator: str, count: int
) -> "tuple[list[NearestWork], list[Path | None]]":
    """The creator's works nearest to the one asked about and their photos, showing the progress."""
    from sakka.cli.terminal import showing_progress
    from sakka.explain.evidence import nearest_in_index, nearest_works

    with showing_progress():
        if index is not None:
            from sakka.search.index import Index

            found = nearest_in_index(asked, Index.open(index), creator, count)
            return found, [Path(each.work.photos[0]) if each.work.photos else None for each in found]
        if works is None:
            return [], []
        found = nearest_works(model, asked, works, creator, count)
        return found, [works.photo_paths[each.row] for each in found]


def show_explanation(found: "Explanation", evidence: "Sequence[NearestWork]" = (), *, asked: bool = False) -> None:
    """Print an explanation: sentences, the parts, the words, the regions and the nearest works."""
    from sakka.cli.terminal import output_console, show_table
    from sakka.pages.explanation_sentences import explanation_sentences, named_photos
    from sakka.pages.language import texts_in
    from sakka.pages.regions_in_words import named_regions

    for sentence in explanation_sentences(found, language(), asked=asked):
        output_console().print(sentence)
    texts = texts_in(language())
    parts = [*named_photos(found, language()), (texts("text"), found.text_share), (texts("rest"), found.rest)]
    tables = [(texts("part_of"), parts)]
    if found.words:
        against = found.strongest_words(MOST_WORDS // 2, speaking_for=False)
        tables.append((texts("word"), [*found.strongest_words(MOST_WORDS), *against[::-1]]))
    if found.regions is not None and found.photo is not None:
        several = len(found.photo_shares) > 1
        name = texts("region_of_photo", n=found.photo + 1) if several else texts("region")
        tables.append((name, named_regions(found.regions, language())))
    for name, rows in tables:
        say("")
        show_table([name, texts("odds"), ""], _bars(rows), left=3)
    if evidence:
        cells = [
            [
                each.work.id,
                each.work.title,
                texts("near_identical") if each.near_identical else "",
                f"{each.similarity:.2f}",
            ]
            for each in evidence
        ]
        say("")
        names = [texts("work"), texts("work_title"), "", texts("similarity")]
        show_table(names, cells, left=3, title=texts("same", name=found.creator))


def write_explanation(
    folder: Path,
    found: "Explanation",
    asked: "Question",
    evidence: "Sequence[NearestWork]",
    pictures: "Sequence[Path | None]",
    language: str,
) -> None:
    """Write the page, the map over the photo and the numbers.

    Raises:
        SakkaError: The folder can't be written to.
    """
    from sakka.cli.output import writing_to
    from sakka.files import write_json, write_text, writing_whole
    from sakka.pages.explanation import explanation_page
    from sakka.photos.decode import read_photo

    photos = [read_photo(each, at_least_px=MAP_PX) for each in asked.photos]
    heat = map_of(found, photos)
    page = explanation_page(
        found, asked.work, evidence, photos=photos, heat_map=heat, pictures=pictures, language=language
    )
    with writing_to(folder):
        write_json(folder / JSON_FILE, _json(found, evidence))
        if heat is not None:
            with writing_whole(folder / MAP_FILE) as part:
                part.write_bytes(heat)
        write_text(folder / PAGE_FILE, page)


def _json(found: "Explanation", nearest: "Sequence[NearestWork]") -> dict[str, Any]:
    """An explanation and the creator's nearest works as JSON can hold them."""
    from sakka.as_json import as_json

    return {**as_json(found), "nearest_works": as_json(nearest)}


def map_of(found: "Explanation", photos: "Sequence[Image.Image]") -> bytes | None:
    """Draw the map over its photo of a work's with a legend, as a PNG file's bytes; None where none was read."""
    from sakka.object_labels.drawing import japanese_font
    from sakka.pages.heat_map import heat_map

    if found.regions is None or found.photo is None or not photos:
        return None
    return heat_map(
        photos[found.photo], found.regions, legend=(found.against, found.creator), font_file=japanese_font()
    )


def _bars(rows: "Sequence[tuple[str, float]]") -> list[list[str]]:
    """Each row with its factor and a bar: filled for the creator, light against."""
    from sakka.pages.formats import factor

    most = max((abs(share) for _, share in rows), default=0.0) or 1.0
    return [
        [name, factor(share), ("█" if share > 0 else "░") * round(BAR_CHARACTERS * abs(share) / most)]
        for name, share in rows
    ]
