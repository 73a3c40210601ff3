"""Tables of few bytes that would take gigabytes or hours, and tables with bytes changed."""

import csv
import io
import json
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet as arrow_parquet
from xlsxwriter import Workbook

from sakka import build_catalog
from sakka.catalog import problems
from sakka.catalog.listings import Listing
from sakka.catalog.sources import ReadOptions, columns, delimited, open_source, parquet
from sakka.catalog.sources.parquet import read_parquet
from sakka.errors import CatalogError

MIB = 1 << 20


def written(folder: Path, table: Mapping[str, object], **options: object) -> Path:
    path = folder / "works.parquet"
    options = {"compression": "zstd", "write_statistics": False, "store_schema": False, **options}
    arrow_parquet.write_table(pa.table(table), path, **options)
    return path


def vectors(folder: Path, column: pa.Array, **options: object) -> Path:
    rows = range(len(column))
    table = {"id": rows, "creator": ["Mori"] * len(rows), "photos": column}
    return written(folder, table, store_schema=True, **options)


def repeated(text: str, n: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), pa.array([text]))


def bombs(n: int = 2_000_000) -> dict[str, Callable[[Path], Path]]:
    return {
        "a text of a dictionary in every row": lambda folder: written(
            folder,
            {"id": range(40), "creator": ["Mori"] * 40, "title": repeated("x" * MIB, 40)},
            dictionary_pagesize_limit=1 << 30,
        ),
        "empty cells": lambda folder: written(
            folder, {"id": pa.nulls(n, pa.string()), "creator": pa.nulls(n, pa.string())}
        ),
        "a page": lambda folder: written(
            folder, {"id": ["a"], "creator": ["Mori"], "title": ["x" * (20 * MIB)]}, use_dictionary=False
        ),
        "a list of empty cells": lambda folder: written(
            folder,
            {
                "id": ["a"],
                "creator": ["Mori"],
                "photos": pa.ListArray.from_arrays(pa.array([0, n], pa.int32()), pa.nulls(n, pa.string())),
            },
        ),
        "an empty vector": lambda folder: vectors(folder, pa.nulls(1, pa.list_(pa.int8(), n))),
        "many empty vectors": lambda folder: vectors(folder, pa.nulls(2_000, pa.list_(pa.int8(), 10_000))),
    }


@pytest.mark.parametrize("kind", bombs())
def test_a_parquet_file_that_unpacks_to_too_much_is_refused_before_it_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = bombs()[kind](folder)
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(parquet, "MOST_UNPACKED_BYTES", 16 * MIB)
    before = pa.total_allocated_bytes()
    with pytest.raises(CatalogError, match="unpacks to more than 16 MiB"):
        deque(read_parquet(path, ReadOptions()).listings, maxlen=0)
    assert pa.total_allocated_bytes() - before < 16 * MIB


def test_what_is_not_read_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(
        folder, {"id": ["a"], "creator": ["Mori"], "title": ["x"], "memo": ["x" * 100_000]}, use_dictionary=False
    )
    said = arrow_parquet.read_metadata(path).row_group(0).column(3).total_uncompressed_size
    assert said > 100_000
    monkeypatch.setattr(parquet, "MOST_UNPACKED_BYTES", 99_000)
    monkeypatch.setattr(parquet, "MOST_TIMES_ITS_SIZE", 1)
    with pytest.raises(CatalogError, match="unpacks to more"):
        read_parquet(path, ReadOptions(keep=("memo",)))
    assert len(list(read_parquet(path, ReadOptions()).listings)) == 1  # it is not read


def test_texts_that_share_their_starts_are_read_few_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    titles = ["x" * MIB + str(row) for row in range(100)]
    table = {"id": range(100), "creator": ["Mori"] * 100, "title": titles, "category": ["x"] * 100}
    encodings = {"id": "PLAIN", "creator": "PLAIN", "title": "DELTA_BYTE_ARRAY", "category": "DELTA_LENGTH_BYTE_ARRAY"}
    path = written(folder, table, use_dictionary=False, column_encoding=encodings)
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(parquet, "AT_ONCE_BYTES", MIB)
    monkeypatch.setattr(parquet, "MOST_ROW_BYTES", 4 * MIB)
    before, most = pa.total_allocated_bytes(), 0
    for number, listing in enumerate(read_parquet(path, ReadOptions()).listings):
        assert listing.values["title"] == titles[number]
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 20 * MIB


def test_a_row_that_is_too_long_is_listed_and_the_others_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MOST_ROW_BYTES", 1000)
    photos = [["a.png"], ["b.png"] * 60, ["c.png"], []]
    path = written(folder, {"id": list("abcd"), "creator": ["Mori"] * 4, "title": ["x"] * 4, "photos": photos})
    rows = [(listing.row, listing.values.get("id"), bool(listing.trouble)) for listing in _listings(path)]
    assert rows == [(1, "a", False), (2, None, True), (3, "c", False), (4, "d", False)]


def _listings(path: Path) -> list[Listing]:
    return list(read_parquet(path, ReadOptions()).listings)


def test_a_date_that_python_has_not_costs_its_row(folder: Path) -> None:
    path = written(
        folder,
        {"id": ["a", "b"], "creator": ["Mori"] * 2, "title": ["x"] * 2, "date": pa.array([0, 2**31 - 1], pa.date32())},
    )
    first, second = _listings(path)
    assert (first.trouble, str(second.trouble).partition(":")[0]) == (None, "a value can't be read")


def test_every_kind_of_column_comes_as_without_limits(folder: Path) -> None:
    images = [{"bytes": b"12", "path": None}, None]
    table = pa.table(
        {
            "id": pa.array(["a", "b"], pa.large_string()),
            "creator": pa.array(["Mori", None]).dictionary_encode(),
            "title": pa.array(["x", "y"], pa.string_view()),
            "tags": pa.array([["a", None], None], pa.large_list(pa.string())),
            "by": pa.array([[("k", "v")], None], pa.map_(pa.string(), pa.string())),
            "vector": pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
            "both": pa.array([images, None]),
            "code": pa.array([b"12", None], pa.binary(2)),
        }
    )
    path = folder / "works.parquet"
    arrow_parquet.write_table(table, path)
    assert list(parquet._Reader(path, table.column_names).rows(10)) == table.to_pylist()


def test_lists_and_structures_are_read_from_several_row_groups(folder: Path) -> None:
    photos = [[{"bytes": None, "path": f"{row}.png"}] for row in range(5)]
    path = written(folder, {"tags": [[f"tag {row}"] for row in range(5)], "photos": photos}, row_group_size=2)
    assert list(parquet._Reader(path, ["tags", "photos"]).rows(10)) == arrow_parquet.read_table(path).to_pylist()


def test_long_vectors_are_no_bomb(folder: Path) -> None:
    numbers = pa.array(range(200 * 1024), pa.float32())
    path = vectors(folder, pa.FixedSizeListArray.from_arrays(numbers, 1024), compression="none")
    assert 200 * 1024 * 1024 * parquet.VALUE_BYTES > parquet.MOST_UNPACKED_BYTES > 100 * path.stat().st_size
    found = list(parquet._Reader(path, ["photos"]).rows(50))
    assert found == arrow_parquet.read_table(path, columns=["photos"]).to_pylist()


def test_a_table_of_too_many_columns_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MOST_COLUMNS", 5)
    monkeypatch.setattr(delimited, "MOST_COLUMNS", 5)
    (folder / "works.csv").write_text(f"id,creator{',x' * 4}\n")
    with pytest.raises(CatalogError, match="has more than 5 columns"):
        open_source(folder / "works.csv", ReadOptions())


def test_rows_that_are_left_out_are_counted_and_the_first_are_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "MOST_ROWS_LISTED", 3)
    rows = (
        ["good,Mori,x,32.13.2024"] + [f"{row},,x,32.13.2024" for row in range(9)] + [",Mori,x,", "good2,Mori,x,never"]
    )
    (folder / "works.csv").write_text("id,creator,title,date\n" + "\n".join(rows))
    catalog = build_catalog(folder / "works.csv", folder=folder / "out")
    assert catalog.info["left_out"] == {"no creator": 9, "no id": 1}
    assert catalog.info["rows_not_listed"] == 7
    assert catalog.info["fields_left_out"] == [{"field": "created_at", "reason": "date not understood", "works": 2}]
    assert catalog.problems["row"].to_list() == [1, 2, 3, 4, 12]
    with pytest.raises(CatalogError, match="problems in 12 of 12 rows: 9 no creator, 2 date not understood, 1 no id"):
        build_catalog(folder / "works.csv", strict=True)


def test_a_row_of_very_many_photos_is_one_problem(folder: Path) -> None:
    (folder / "works.csv").write_text(f"id,creator,title,photos\na,Mori,x,{'|'.join(map(str, range(1200)))}\n")
    found = build_catalog(folder / "works.csv").problems.filter(pl.col("reason") == "too many photos")
    assert found["detail"].to_list() == ["1,200 photos; the first 1,000 are looked at"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_line_and_a_row_of_a_csv_have_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch, quote: str) -> None:
    monkeypatch.setattr(delimited, "MOST_ROW_CHARACTERS", 200)
    path = folder / "works.csv"
    path.write_text(f"id,creator,title\na,Mori,{quote}{'x' * 1000}\nb,Mori,y\n" + "c,Mori,y\n" * 40)
    first, *rest = delimited.read_delimited(path, ReadOptions()).listings
    assert "the row has more than 200 characters" in str(first.trouble)
    assert [listing.values["id"] for listing in rest] == ["b"] + ["c"] * 40
    path.write_text(f'id,creator,title\na,Mori,"x\n{"c,Mori,y" * 3}\n' * 30)
    assert all(
        "check its quotes" in str(each.trouble)
        for each in list(delimited.read_delimited(path, ReadOptions()).listings)[:1]
    )


ROWS = [{"id": str(row), "creator": "森", "title": f"桜 {row}", "date": "2024-01-02"} for row in range(4)]


def tables() -> dict[str, bytes]:
    text, binary, sheet = io.StringIO(), io.BytesIO(), io.BytesIO()
    writer = csv.DictWriter(text, list(ROWS[0]))
    writer.writeheader()
    writer.writerows(ROWS)
    frame = pl.DataFrame(ROWS)
    frame.with_columns(photos=pl.concat_list("id", "title")).write_parquet(binary)
    with Workbook(sheet) as book:
        frame.write_excel(book)
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    return {
        ".csv": text.getvalue().encode(),
        ".parquet": binary.getvalue(),
        ".jsonl": lines.encode(),
        ".xlsx": sheet.getvalue(),
    }


TABLES = tables()


@pytest.mark.parametrize("suffix", TABLES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_table_with_bytes_changed_gives_works_or_one_line(folder: Path, suffix: str, data: st.DataObject) -> None:
    content = bytearray(TABLES[suffix])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    path = folder / f"works{suffix}"
    path.write_bytes(content)
    with suppress(CatalogError):
        catalog = build_catalog(path)
        assert len(catalog) + sum(catalog.info["left_out"].values()) == catalog.info["rows"]
