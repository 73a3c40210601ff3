"""Vectors that a catalog holds: what is one, and what is said of a cell that is none."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.catalogs import vector_catalog

from sakka.catalog.build import build_catalog
from sakka.catalog.vectors import read_vectors
from sakka.catalog.works import Catalog, Work


def of_cells(*cells: object) -> Catalog:
    return Catalog.from_works(Work(str(row), "Mori", "moon", kept={"clip": cell}) for row, cell in enumerate(cells))


def test_vectors_are_read_by_row_and_a_work_without_one_has_zeros() -> None:
    found = read_vectors(of_cells((0.5, 2), None, (1, 3)), "clip")
    assert found.values.tolist() == [[0.5, 2], [0, 0], [1, 3]]
    assert found.values.dtype == np.float32
    assert found.there.tolist() == [True, False, True]
    assert found.unusable == {}


@pytest.mark.parametrize(
    ("cell", "held"),
    [
        ((1.0,), "1 number in the column 'clip', expected 2, as work '0' has; empty values and NaN don't count"),
        ((1.0, 2.0, 3.0), "3 numbers in"),
        ("soft", "no list of finite numbers in"),
        (("soft", "grey"), "no list of finite numbers in"),
        (3.5, "1 number in the column 'clip', expected 2"),
    ],
)
def test_a_cell_that_is_no_vector_is_named_with_what_was_expected(cell: object, held: str) -> None:
    found = read_vectors(of_cells((0.5, 2), cell), "clip")
    assert found.there.tolist() == [True, False]
    assert found.unusable[1].startswith(held)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), None])
def test_a_value_that_is_no_finite_number_makes_no_vector(number: float | None) -> None:
    table = of_cells((0.5, 2), (1, 1)).table.with_columns(clip=pl.Series([[0.5, 2.0], [1.0, number]]))
    assert read_vectors(Catalog(table), "clip").unusable[1].startswith("no list of finite numbers")


def test_a_column_of_texts_has_no_vector() -> None:
    found = read_vectors(of_cells("soft", "grey"), "clip")
    assert not found.there.any()
    assert list(found.unusable) == [0, 1]


def test_the_size_that_is_expected_decides() -> None:
    assert read_vectors(of_cells((0.5, 2), (1, 2, 3)), "clip", 3).there.tolist() == [False, True]


def test_a_catalog_without_the_column_has_no_vectors() -> None:
    found = read_vectors(of_cells((0.5, 2)), "other", 4)
    assert found.values.shape == (1, 4)
    assert not found.there.any()


@pytest.mark.parametrize("kind", ["parquet", "array", "jsonl"])
def test_vectors_come_through_a_catalog_from_every_source_that_holds_lists(folder: Path, kind: str) -> None:
    vectors = np.random.default_rng(0).normal(0, 1, (3, 4)).astype(np.float32)
    table = pl.DataFrame({"id": ["a", "b", "c"], "creator": ["Mori"] * 3, "title": ["moon"] * 3})
    if kind == "jsonl":
        rows = [{**row, "clip": vector.tolist()} for row, vector in zip(table.to_dicts(), vectors, strict=True)]
        (folder / "works.jsonl").write_text("\n".join(map(json.dumps, rows)))
    else:
        dtype = pl.Array(pl.Float32, 4) if kind == "array" else pl.List(pl.Float32)
        table.with_columns(clip=pl.Series(vectors.tolist(), dtype=dtype)).write_parquet(folder / "works.parquet")
    build_catalog(next(folder.glob("works.*")), keep=["clip"]).write(folder / "catalog")
    np.testing.assert_array_equal(read_vectors(Catalog.read(folder / "catalog"), "clip").values, vectors)


def test_a_work_that_is_nothing_but_a_vector_is_a_work(folder: Path) -> None:
    table = pl.DataFrame({"id": ["a", "b"], "creator": ["Mori"] * 2, "clip": [[1.0, 2.0], None]})
    assert Catalog.from_table(table, keep=["clip"]).ids == ["a"]
    with_photo = table.with_columns(photos=pl.lit("missing.png"))
    assert Catalog.from_table(with_photo, keep=["clip"], photo_root=folder).ids == ["a"]


def test_the_fingerprint_counts_the_columns_that_are_read() -> None:
    works = vector_catalog(2, 2)
    other = Catalog(works.table.with_columns(clip=pl.col("clip").list.reverse()))
    assert works.fingerprint() == other.fingerprint()
    assert works.fingerprint(["clip"]) != other.fingerprint(["clip"])
    assert works.fingerprint(["absent"]) == works.fingerprint()
