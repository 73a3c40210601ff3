"""`sakka labels` as a person calls it."""

import json
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from tests.catalogs import tiny_catalog
from tests.detector_weights import plant_boxes
from typer.testing import CliRunner

from sakka.cli import COMMAND_GROUPS, app
from sakka.errors import CatalogError, ModelError, SakkaError
from sakka.object_labels.table import read_labels


@pytest.fixture
def catalog(folder: Path) -> Path:
    works = tiny_catalog(folder / "photos", creators=3, works=4, without_photo=1)
    plant_boxes(works)
    works.write(folder / "catalog")
    return folder / "catalog"


def _say(*arguments: str) -> str:
    for group in COMMAND_GROUPS:
        import_module(f"sakka.cli.{group}")
    result = CliRunner().invoke(app, ["labels", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return result.stdout


def test_the_table_names_labels_in_both_languages(catalog: Path) -> None:
    said = _say(str(catalog))
    assert "9 works with a photo, 3 without; 2.00 labels a work" in said
    assert [line.split()[:4] for line in said.splitlines() if line.startswith("person")] == [["person", "人", "1", "3"]]


def test_json_is_for_programs(catalog: Path) -> None:
    said = json.loads(_say(str(catalog), "--json"))
    assert said["works"] == 9
    assert sum(row["works"] for row in said["labels"]) == 18
    assert {"id": 2, "english": "bicycle", "japanese": "自転車", "works": 3, "share": 0.333333} in said["labels"]


def test_the_entropy_of_combinations_is_counted(catalog: Path) -> None:
    said = json.loads(_say(str(catalog), "--threshold", "0.95", "--base", "2", "--json"))
    # one combination, the empty one, with 3 works by each of 3 creators: H = log2 3 = 1.58
    assert [(row["threshold"], row["works"]) for row in said["works_by_entropy"]] == [
        (None, 9),
        (5.0, 9),
        (4.0, 9),
        (3.0, 9),
        (2.0, 9),
        (1.0, 0),
    ]
    assert said["works_by_entropy"][5]["standard_deviation"] is None
    assert "H < 1" in _say(str(catalog))


def test_a_folder_gets_the_table_the_labels_and_the_photos(catalog: Path, folder: Path) -> None:
    _say(str(catalog), "-o", str(folder / "out"), "--samples", "2")
    table = pl.read_csv(folder / "out" / "labels.csv")
    assert table["works"].sum() == 18
    found = read_labels(folder / "out")
    assert found is not None
    assert found.looked_at.sum() == 9
    with Image.open(folder / "out" / "samples.png") as sheet:
        assert sheet.width < 700


def test_without_samples_nothing_is_drawn(catalog: Path, folder: Path) -> None:
    _say(str(catalog), "-o", str(folder / "out"), "--samples", "0")
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["labels.csv", "labels.parquet"]


def test_a_threshold_above_every_box_leaves_none(catalog: Path) -> None:
    said = json.loads(_say(str(catalog), "--threshold", "0.95", "--json"))
    assert [(row["english"], row["works"]) for row in said["labels"]] == [("none", 9)]


def test_what_can_be_mended_is_one_line(catalog: Path, folder: Path) -> None:
    with pytest.raises(CatalogError, match="there is no folder"):
        _say(str(folder / "nothing"))
    with pytest.raises(ModelError, match="threshold"):
        _say(str(catalog), "--threshold", "0.01")
    (folder / "file").write_text("")
    with pytest.raises(SakkaError, match="give another --output"):
        _say(str(catalog), "-o", str(folder / "file"))
