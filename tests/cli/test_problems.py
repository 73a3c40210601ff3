"""`sakka catalog problems` as a person calls it."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.cli.test_catalog import called

from sakka.errors import CatalogError

ROWS = """id,creator,title,created_at,photo
a,Mori,moon,some day,absent.jpg|https://example.org/a.jpg
=b,,star,,
c,Mori,\x1b[2J,,../c.jpg
d,Sato,,,absent.jpg
"""
EXPECTED = [
    (1, "a", "photos", "photo is an address", False),
    (1, "a", "created_at", "date not understood", False),
    (1, "a", "photos", "photo missing", False),
    (2, "=b", "creator", "no creator", True),
    (3, "c", "photos", "photo outside the folder", False),
    (4, "d", "photos", "photo missing", False),
    (4, "d", "", "nothing to read", True),
]


@pytest.fixture
def catalog(folder: Path) -> Path:
    (folder / "works.csv").write_text(ROWS)
    called("build", folder / "works.csv", "-o", folder / "c")
    return folder / "c"


def test_problems_are_counted_and_listed_row_by_row(catalog: Path) -> None:
    output = called("problems", catalog)
    for part in ("2 of 4 rows left out", "Works that stay without a field", "created_at: date not understood"):
        assert part in output
    assert [line.split()[:2] for line in output.splitlines() if line[:1].isdigit()][1:] == [
        [str(row), name] for row, name, *_ in EXPECTED
    ]
    assert "sakka catalog problems" in called("show", catalog, "--no-near-identical")


@pytest.mark.parametrize(
    ("ending", "read"), [("csv", pl.read_csv), ("jsonl", pl.read_ndjson), ("parquet", pl.read_parquet)]
)
def test_problems_are_written_by_the_files_ending(catalog: Path, ending: str, read: object) -> None:
    path = catalog / f"problems-of-mine.{ending}"
    assert "7 problems listed" in called("problems", catalog, "-o", path)
    found = read(path).drop("detail")
    marked = {"=b": "'=b"} if ending == "csv" else {}  # a spreadsheet would take it for a formula
    assert found.fill_null("").rows() == [(row, marked.get(name, name), *rest) for row, name, *rest in EXPECTED]
    assert (path.read_bytes()[:3] == b"\xef\xbb\xbf") == (ending == "csv")


def test_problems_as_json_hold_the_counts_and_every_row(catalog: Path) -> None:
    found = json.loads(called("problems", catalog, "--json"))
    assert (found["rows"], found["left_out"]) == (4, {"no creator": 1, "nothing to read": 1})
    assert {"field": "photos", "reason": "photo missing", "works": 1} in found["fields_left_out"]
    assert [each["row"] for each in found["problems"]] == [row for row, *_ in EXPECTED]


def test_a_source_without_problems_says_so(folder: Path) -> None:
    (folder / "works.csv").write_text("id,creator,title\na,Mori,moon\n")
    called("build", folder / "works.csv", "-o", folder / "c")
    assert called("problems", folder / "c") == "all of the source could be used\n"


def test_another_ending_is_one_clear_line(catalog: Path) -> None:
    with pytest.raises(CatalogError, match=r"ends with '.xls'; expected one of .csv, .jsonl, .parquet"):
        called("problems", catalog, "-o", catalog / "p.xls")
    with pytest.raises(CatalogError, match=r"can't be written"):
        called("problems", catalog, "-o", catalog / "catalog.json" / "p.csv")
