"""The folder that the examples in the docs are run in: a seller's table with photos, a model and an index of it.

works.csv, photos/   41 works by Abe, Ito, Kato, Mori and Sato, and a row of a missing photo alone; 5 have no photo,
                     and one by Ito has a photo of Abe's
new.csv              5 works by Tanaka, whom the model does not know
brooch.jpg           a work by Mori that is in neither table
catalog/, model/, index/   made of works.csv by the commands that the docs show
"""

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path

from PIL import Image
from tests.catalogs import tiny_catalog
from tests.documents import answer_to

from sakka.catalog.works import Work

CREATORS = ("Mori", "Sato", "Abe", "Ito", "Kato")
NEW_CREATOR, NEW_PLACE = "Tanaka", 6
LISTED, NEW = 8, 5
WITHOUT_PHOTO = slice(20, 25)  # one work of each creator
COLUMNS = ("id", "creator", "title", "description", "category", "created_at", "photo")
MADE_BY = (
    "sakka catalog build works.csv -o catalog --min-works 7",
    "sakka fit catalog -o model",
    "sakka index build catalog model -o index",
)


def write_shop(folder: Path) -> None:
    """Draw the photos and write the two tables and the single photo."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = list(tiny_catalog(folder / "photos", creators=NEW_PLACE + 1, works=LISTED + 1))
    by_creator = [drawn[place :: NEW_PLACE + 1] for place in range(NEW_PLACE + 1)]
    listed = [by_creator[place][number] for number in range(LISTED) for place in range(len(CREATORS))]
    rows = [_row(f"work-{number + 1}", CREATORS[number % len(CREATORS)], work) for number, work in enumerate(listed)]
    for row in rows[WITHOUT_PHOTO]:
        row["photo"] = ""
    copied = _row(f"work-{len(rows) + 1}", "Ito", by_creator[CREATORS.index("Ito")][LISTED])
    rows.append({**copied, "photo": rows[CREATORS.index("Abe")]["photo"]})
    missing = {**rows[0], "id": f"work-{len(rows) + 1}", "title": "", "description": "", "photo": "photos/gone.jpg"}
    _write(folder / "works.csv", [*rows, missing])
    added = enumerate(by_creator[NEW_PLACE][:NEW])
    _write(folder / "new.csv", (_row(f"new-{number + 1}", NEW_CREATOR, work) for number, work in added))
    Image.open(folder / "photos" / by_creator[0][LISTED].photos[0]).save(folder / "brooch.jpg", quality=95)


def open_shop(folder: Path) -> dict[str, tuple[str, ...]]:
    """Write the shop and make its catalog, model and index.

    Returns:
        What each of the commands printed.
    """
    write_shop(folder)
    with chdir(folder):
        return {line: answer_to(line) for line in MADE_BY}


def copy_of(shop: Path, folder: Path) -> Path:
    """The shop once more, so that what one page changes is not there on another."""
    return Path(shutil.copytree(shop, folder))


def answer_in(shop: Path, line: str, made: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What a command prints in the shop; what made the shop is not done again."""
    with chdir(shop):
        return made[line] if line in made else answer_to(line)


def _row(work_id: str, creator: str, work: Work) -> dict[str, str]:
    date = "" if work.created_at is None else f"{work.created_at:%Y-%m-%d}"
    cells = (work_id, creator, work.title, work.description, work.category, date, f"photos/{work.photos[0]}")
    return dict(zip(COLUMNS, cells, strict=True))


def _write(path: Path, rows: Iterator[dict[str, str]] | Sequence[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
