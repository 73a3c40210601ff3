"""A small catalog with all that sakka makes of it, the same every time: what the golden record is taken from.

It is made by commands and by `FusedModel`, as a person makes it, so that a change within the package changes nothing
here. Networks compute in float32: left to itself a machine takes the number format that it is faster in.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image, ImageEnhance
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.detector_weights import plant_boxes
from tests.golden.command import command

from sakka import Catalog, FusedModel, save_model

CREATORS, WORKS, NEW_CREATOR = 5, 10, "creator 05"
PHOTO_MODEL = "photo-lite0"
COPY = "copy.png"
MORE_WORDS = ("白い", "銀", "small", "round", "古い", "gift", "小さな", "soft", "秋", "shell", "heart")
FLOAT32 = {"dtype": "float32"}
SETTINGS = {f"{PHOTO_MODEL}.{name}": json.dumps(value) for name, value in {**QUICK_PHOTO, **FLOAT32}.items()}


def make_scene(root: Path) -> None:
    """Fill a folder with subfolders.

    photos, listing    48 pixels wide; `works.jsonl`, which has flaws, and `new.jsonl` by a creator who is not in it
    catalog, audit     51 works by 5 creators; a copy of one's photo is another's
    model              a quick fused model with a learned fusion, of too few works for limits
    grown              the same with one more creator
    thorough           the default photo model fused by a fixed ratio
    index              of the catalog
    run, paper         experiments: under every split; with the paper's models of texts and of labels
    """
    _write_listings(root)
    rules = ["--from", "2015-01-01", "--min-works", 7, "--one-account"]
    listing = root / "listing" / "works.jsonl"
    command("catalog", "build", listing, "--photo-root", root / "photos", "-o", root / "catalog", *rules)
    works = Catalog.read(root / "catalog")
    plant_boxes(works)
    save_model(FusedModel(photo_settings={**QUICK_PHOTO, **FLOAT32}).fit(works), root / "model")
    thorough = FusedModel(how="log-linear", photo_weight=0.5, photo_settings=FLOAT32).fit(works)
    save_model(thorough, root / "thorough")
    shutil.copytree(root / "model", root / "grown")
    command("creators", "add", root / "grown", root / "listing" / "new.jsonl", "--photo-root", root / "photos")
    command("index", "build", root / "catalog", root / "model", "-o", root / "index")
    command("audit", root / "catalog", "-o", root / "audit", "--model", "text-linear")
    _experiment(root)


def _experiment(root: Path) -> None:
    folds = ["--outer-folds", 2, "--inner-folds", 2, "--split", "all"]
    models = [word for name in (PHOTO_MODEL, "text-linear", "dummy") for word in ("--model", name)]
    settings = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    command("experiment", root / "catalog", "-o", root / "run", *folds, *models, *settings)
    quick = ["--only", "text", "--only", "labels", "--text-epochs", 3, "--outer-folds", 2, "--inner-folds", 1]
    command("experiment", root / "catalog", "-o", root / "paper", "--preset", "paper", *quick)


def _write_listings(root: Path) -> None:
    works = tiny_catalog(root / "photos", creators=CREATORS + 1, works=WORKS, without_photo=1, without_text=1)
    rows = [_varied(row, place) for place, row in enumerate(works.table.drop("photos_sha256").to_dicts())]
    new = [row for row in rows if row["creator"] == NEW_CREATOR][1:4]
    rows = [row for row in rows if row["creator"] != NEW_CREATOR]
    original = Image.open(root / "photos" / rows[7]["photos"][0])
    ImageEnhance.Brightness(original).enhance(0.9).save(root / "photos" / COPY)
    flawed = [
        {**rows[7], "id": "copied", "creator": "creator 03", "photos": [COPY], "description": "月 smoke, 8 cm"},
        {**rows[8], "id": "too early", "created_at": "2014-06-01"},
        {**rows[9], "id": "without its photo", "title": "", "description": "", "photos": ["none.png"]},
        {**rows[10], "id": ""},
        *new[:2],  # too few works
    ]
    (root / "listing").mkdir()
    _write_lines(root / "listing" / "works.jsonl", [*rows, *flawed])
    _write_lines(root / "listing" / "new.jsonl", new)


def _varied(row: dict[str, Any], place: int) -> dict[str, Any]:
    """A row as a listing has it, no two with the same words: works equally near to something would have no order."""
    more = " ".join(MORE_WORDS[(place * step) % len(MORE_WORDS)] for step in range(1, 2 + place % 4))
    description = f"{row['description']} {more}" if row["description"] else ""
    return {**row, "description": description, "created_at": str(row["created_at"])}


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
