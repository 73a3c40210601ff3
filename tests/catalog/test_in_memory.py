"""Tables in memory: the csv's catalog from pandas, Polars and Arrow, and photos that a table holds itself."""

import hashlib
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from sakka import Catalog, build_catalog
from sakka.errors import CatalogError

ROWS = {
    "商品ID": ["001", "002", "003"],
    "作家名": ["森", "原", "森"],
    "商品名": ["桜", "藍", None],
    "説明": [None, "手拭い", "木の皿"],
    "出品日": [datetime(2024, 1, 2), None, datetime(2024, 3, 4, 5, 6)],
    "価格": [1200, 980, None],
}
TABLES: dict[str, Callable[[dict[str, Any]], object]] = {
    "pandas": pd.DataFrame,
    "pandas with an index": lambda rows: pd.DataFrame(rows, index=["x", "y", "z"]),
    "polars": pl.DataFrame,
    "polars, lazy": pl.LazyFrame,
    "arrow": pa.table,
    "arrow, in batches": lambda rows: pa.Table.from_batches(
        [batch for start in range(3) for batch in pa.table(rows).slice(start, 1).to_batches()]
    ),
}


def png(red: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), (red, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_in_memory_gives_the_catalog_that_its_csv_gives(folder: Path, kind: str) -> None:
    pl.DataFrame(ROWS).write_csv(folder / "works.csv")
    expected = build_catalog(folder / "works.csv", keep=["価格"])
    found = Catalog.from_table(TABLES[kind](ROWS), keep=["価格"])
    assert found.table.equals(expected.table)
    assert found.info["source"]["columns"] == expected.info["source"]["columns"]


def test_columns_are_chosen_and_a_work_may_have_no_creator() -> None:
    table = pl.DataFrame({"label": ["Mori", None], "name": ["brooch", "bowl"], "id": [Decimal("7.00"), Decimal(8)]})
    catalog = Catalog.from_table(table, columns={"creator": "label"}, creator_required=False)
    assert catalog.table.select("id", "creator", "title").rows() == [("7", "Mori", "brooch"), ("8", None, "bowl")]
    unnamed = Catalog.from_table(table.select("name"), creator_required=False)
    assert unnamed.ids == ["1", "2"]
    assert unnamed.creators == ()


@pytest.mark.parametrize("form", ["bytes", "image", "images", "parquet"])
def test_photos_that_a_table_holds_are_kept_as_files_once(folder: Path, form: str) -> None:
    photos: list[Any] = [png(1), png(2), png(1)]
    if form != "bytes":
        photos = [{"bytes": photo, "path": "a.png"} for photo in photos]
    if form == "images":
        photos = [photos[:2], photos[1:], []]
    table = pa.table({"id": ["a", "b", "c"], "creator": ["Mori"] * 3, "image": photos, "title": ["x"] * 3})
    if form == "parquet":
        parquet.write_table(table, folder / "works.parquet")
        build_catalog(folder / "works.parquet", folder=folder / "catalog")
        catalog = Catalog.read(folder / "catalog")
    else:
        catalog = Catalog.from_table(table)
    one, two = (hashlib.sha256(png(red)).hexdigest() for red in (1, 2))
    expected = [[one, two], [two, one], []] if form == "images" else [[one], [two], [one]]
    assert catalog.table["photos_sha256"].to_list() == expected
    assert [path and path.read_bytes() for path in catalog.photo_paths][:2] == [png(1), png(2)]
    assert len({path for path in catalog.photo_paths if path}) == 2


@pytest.mark.parametrize("form", ["memory", "parquet"])
def test_photos_that_come_in_late_rows_only_are_found(folder: Path, form: str) -> None:
    count = 1100
    rows = {"id": [str(row) for row in range(count)], "creator": ["Mori"] * count, "title": ["x"] * count}
    table = pa.table({**rows, "image": pa.array([None] * (count - 1) + [png(1)], pa.binary())})
    parquet.write_table(table, folder / "works.parquet")
    catalog = build_catalog(folder / "works.parquet" if form == "parquet" else table)
    assert catalog.table["photos_sha256"][-1].to_list() == [hashlib.sha256(png(1)).hexdigest()]
    with pytest.raises(CatalogError, match="holds its photos itself; leave out `photo_root`"):
        build_catalog(folder / "works.parquet" if form == "parquet" else table, photo_root=folder)


def test_a_lazy_table_is_computed_once_and_its_own_error_is_one_line() -> None:
    computed = []
    rows = pl.LazyFrame({"id": ["a"], "creator": ["Mori"], "title": ["x"]})
    catalog = Catalog.from_table(rows.map_batches(lambda frame: computed.append(1) or frame))
    assert (catalog.ids, computed) == (["a"], [1])
    with pytest.raises(CatalogError, match="can't be read as Arrow"):
        Catalog.from_table(rows.select("nothing"))


def test_an_image_without_bytes_is_the_path_that_it_names_and_a_damaged_one_is_listed(folder: Path) -> None:
    (folder / "a.png").write_bytes(png(3))
    rows = {"id": ["a", "b"], "creator": ["Mori"] * 2, "title": ["x"] * 2}
    named = pa.table({**rows, "image": [{"bytes": None, "path": str(folder / "a.png")}, None]})
    assert Catalog.from_table(named, photo_root=folder).table["photos"].to_list() == [["a.png"], []]
    damaged = pa.table({**rows, "image": [png(1)[:60], png(2)]})
    problems = Catalog.from_table(damaged).problems
    assert problems.select("row", "field", "reason").rows() == [(1, "photos", "photo damaged")]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([{"id": 1}], "the source is a list; expected a path, an address, or a pandas, Polars or Arrow table"),
        (pl.DataFrame({"a": [1]}), "the table has no column for id or creator; it has a"),
        (pd.DataFrame({"id": [1, "x"], "creator": ["Mori"] * 2}), "can't be read as Arrow: .*id.*; give each column"),
        (pl.DataFrame({"id": [], "creator": []}), "holds no works"),
    ],
)
def test_what_is_no_table_of_works_is_one_line(table: object, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog.from_table(table)


def test_a_dataset_is_read_with_its_images_and_as_it_was_selected(folder: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed; it is no part of sakka's tests")
    rows = {**ROWS, "image": [{"bytes": png(red), "path": None} for red in (1, 2, 3)]}
    dataset = datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image()).select([2, 0])
    catalog = Catalog.from_table(dataset, keep=["価格"])
    assert catalog.ids == ["003", "001"]
    assert [path and path.read_bytes() for path in catalog.photo_paths] == [png(3), png(1)]
