"""`sakka labels`: which objects the detector finds in a catalog's photos."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli import app
from sakka.cli.language import said
from sakka.cli.printable import say, say_json
from sakka.cli.source_options import CatalogFolder, Json

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog
    from sakka.object_labels.table import LabelSummary, LabelTable
    from sakka.paper.entropy import WorksPerCreator

TABLE_FILE = "labels.csv"
SHEET_FILE = "samples.png"


class Logarithm(StrEnum):
    """The base of the entropy's logarithm."""

    NATURAL = "e"
    BINARY = "2"


@app.command("labels")
def labels(
    catalog: CatalogFolder,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help=f"Folder for {TABLE_FILE}, labels.parquet and {SHEET_FILE}.", metavar="DIR"
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, help="How many photos, sampled at random, to draw boxes on.", metavar="N")
    ] = 12,
    threshold: Annotated[
        float, typer.Option(help="Detections with a lower confidence do not count.", metavar="CONFIDENCE")
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="The seed of the sample.")] = 0,
    base: Annotated[
        Logarithm, typer.Option(help="The base of the entropy's logarithm.", metavar="e|2")
    ] = Logarithm.NATURAL,
    as_json: Json = False,
) -> None:
    """Find objects in the photos of a catalog: which labels, in how many works, in how many combinations.

    The entropy of a combination says how many creators share it: 0 for one creator, log k for k equal shares.
    With --output, boxes are drawn on photos of works that show a label.

    Example: sakka labels catalog -o labels --samples 12
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.output import check_output
    from sakka.cli.terminal import showing_progress
    from sakka.object_labels.table import find_labels, summarise

    if output is not None:
        check_output(output)
    works = Catalog.read(catalog)
    with showing_progress():
        table = find_labels(works, threshold)
    summary = summarise(table)
    entropy = _works_by_entropy(works, table, base)
    if output is not None:
        _write(output, works, table, summary, samples=samples, threshold=threshold, seed=seed)
    if as_json:
        say_json(_as_json(summary, entropy, base))
    else:
        _show(summary)
        _show_entropy(entropy, base)
        if output is not None:
            say(f"\nWritten to {output}")


def _show(summary: "LabelSummary") -> None:
    from sakka.cli.terminal import show_table
    from sakka.pages.formats import percent

    rows = [
        [count.label.english, count.label.japanese, str(count.label.id), f"{count.works:,}", percent(count.share)]
        for count in summary.counts
    ]
    show_table(["label", "ラベル", "id", "works", "share"], rows, left=2)
    none = f", {summary.without_photo:,} without" if summary.without_photo else ""
    say(f"\n{summary.works:,} works with a photo{none}; {summary.labels_per_work:.2f} labels a work")
    say(f"{summary.combinations:,} combinations of labels, {summary.shown_once:,} of them in one work only")


def _works_by_entropy(works: "Catalog", table: "LabelTable", base: Logarithm) -> "list[WorksPerCreator]":
    """Count the works under each threshold of entropy, of those with a photo and a known creator."""
    from sakka.paper.entropy import label_combinations, works_per_creator

    creators = works.creator_indices()
    kept = table.looked_at & (creators >= 0)
    combinations = label_combinations(table.shown[kept], creators[kept], base.value)
    return works_per_creator(combinations.entropy_of_works, creators[kept])


def _show_entropy(rows: "list[WorksPerCreator]", base: Logarithm) -> None:
    from sakka.cli.terminal import show_table

    words = "natural logarithm" if base is Logarithm.NATURAL else "base 2"
    cells = [
        [
            said("any") if row.threshold is None else f"H < {row.threshold:g}",
            *(f"{count:,}" for count in (row.works, row.creators, row.maximum, row.minimum)),
            "–" if row.creators == 0 else f"{row.standard_deviation:.1f}",
        ]
        for row in rows
    ]
    say("")
    head = ["entropy", "works", "creators", "most by one", "fewest", "deviation"]
    show_table(head, cells, title=f"Works by entropy ({words})")


def _as_json(summary: "LabelSummary", entropy: "list[WorksPerCreator]", base: Logarithm) -> dict[str, Any]:
    rows = [{**vars(count.label), "works": count.works, "share": round(count.share, 6)} for count in summary.counts]
    rest = {name: value for name, value in vars(summary).items() if name != "counts"}
    if not summary.works:
        rest["labels_per_work"] = None
    by_entropy = [{name: None if value != value else value for name, value in vars(row).items()} for row in entropy]
    return {"labels": rows, **rest, "entropy_base": base.value, "works_by_entropy": by_entropy}


def _write(
    folder: Path,
    works: "Catalog",
    table: "LabelTable",
    summary: "LabelSummary",
    *,
    samples: int,
    threshold: float,
    seed: int,
) -> None:
    from sakka.cli.output import writing_to
    from sakka.files import write_text, writing_whole

    lines = [f"{c.label.id},{c.label.english},{c.label.japanese},{c.works},{c.share:.6f}" for c in summary.counts]
    with writing_to(folder):
        write_text(folder / TABLE_FILE, "\n".join(["id,label,japanese,works,share", *lines]) + "\n")
        table.write(folder)
        sheet = _sheet(works, table, samples=samples, threshold=threshold, seed=seed)
        if sheet is not None:
            with writing_whole(folder / SHEET_FILE) as part:
                sheet.save(part, "PNG")


def _sheet(works: "Catalog", table: "LabelTable", *, samples: int, threshold: float, seed: int) -> Any:
    """Draw boxes on a random sample of the works that show a label; None where there is nothing to draw."""
    import numpy as np

    from sakka.object_labels.detections import boxes_of
    from sakka.object_labels.drawing import CELL_PX, CaptionedPhoto, contact_sheet, japanese_font
    from sakka.photos.decode import read_photo

    showing = np.flatnonzero(table.shown.any(axis=1))
    rows = np.sort(np.random.default_rng(seed).permutation(showing)[:samples])
    if not len(rows):
        return None
    chosen = works.take(rows)
    photos = []
    for work, path, boxes in zip(chosen, chosen.photo_paths, boxes_of(chosen), strict=True):
        assert path is not None  # a work that shows a label has a photo
        assert boxes is not None
        sure = boxes[boxes[:, 1] >= np.float32(threshold)]
        photos.append(CaptionedPhoto(read_photo(path, at_least_px=CELL_PX), sure, work.title or work.id))
    return contact_sheet(photos, japanese_font())
