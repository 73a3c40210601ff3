"""Kept columns in the index: stored with their types, shown, and found by number, range and word."""

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sakka.catalog.works import Catalog, Work
from sakka.errors import SearchError
from sakka.search.database import connected
from sakka.search.filters import Filters
from sakka.search.find import search, similar
from sakka.search.index import Index
from sakka.search.kept_columns import KeptColumn, KeptFilter
from sakka.search.recommend import similar_by_others

PRICES = (980, 1200, None, 3000, 15000, -5)
NOTES = ("Brooch, 100% felt", "it's 桜", "x_y", None, "BROOCH", "' OR 1 = 1 --")
TAGS = (("brooch", "felt"), ("it's",), None, (), ("花",), ("brooch",))
WEIGHTS = (0.5, 1.0, None, 2.25, 3.0, 0.1)
SIZES = ((1.0, 2.5), None, (3.0,), None, None, (2.5,))
ROWS = [
    {"価格 (円)": price, "note": note, "tags": tags, "weight": weight, "sizes": sizes}
    for price, note, tags, weight, sizes in zip(PRICES, NOTES, TAGS, WEIGHTS, SIZES, strict=True)
]


def with_kept(works: Catalog, rows: list[dict[str, Any]]) -> Catalog:
    listed = [Work(**{**vars(work), "kept": rows[place % len(rows)]}) for place, work in enumerate(works)]
    return Catalog.from_works(listed, works.photo_root)


@pytest.fixture(scope="module")
def kept(works: Catalog) -> Catalog:
    """Works 0, 6, 12 ... have the first of `ROWS`, and so on."""
    return with_kept(works, ROWS)


@pytest.fixture(scope="module")
def kept_index(kept: Catalog, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("kept") / "index"
    Index.build(folder, kept, model_folder)
    return Index.open(folder)


def found(index: Index, *written: str) -> set[int]:
    """Which of `ROWS` the works have that are found."""
    filters = Filters(kept=written)
    hits = similar(index, Work("outside", title="花 brooch 月 moon"), count=40, filters=filters)
    return {ROWS.index(dict(hit.work.kept)) for hit in hits}


def test_kept_columns_come_back_from_the_index_as_they_went_in(kept: Catalog, kept_index: Index) -> None:
    everything = {work.id: dict(work.kept) for work in kept}
    assert {work.id: dict(work.kept) for work in kept_index.catalog()} == everything
    assert kept_index.catalog().kept == kept.kept
    assert dict(kept_index.work("work-01-001").kept) == everything["work-01-001"]
    for hits in (
        similar(kept_index, "work-01-001"),
        search(kept_index, "brooch"),
        similar_by_others(kept_index, "work-01-001"),
    ):
        assert hits
        assert all(dict(hit.work.kept) == everything[hit.work.id] for hit in hits)


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        (["価格 (円)=1200"], {1}),
        (["価格 (円) = ¥1,200"], {1}),
        (["価格 (円)>=1200"], {1, 3, 4}),
        (["価格 (円)>1200"], {3, 4}),
        (["価格 (円)<980"], {5}),
        (["価格 (円)=980..3000"], {0, 1, 3}),
        (["価格 (円)=..1200"], {0, 1, 5}),
        (["価格 (円)=3000.."], {3, 4}),
        (["価格 (円)>=1200.5", "価格 (円)<15000"], {3}),
        (["価格 (円)<=1199.5"], {0, 5}),
        (["価格 (円)=1200.5"], set()),
        (["価格 (円)=-5"], {5}),
        (["weight=1"], {1}),
        (["weight=0.1..0.5"], {0, 5}),
        (["weight>2"], {3, 4}),
        (["note=brooch"], {0, 4}),
        (["note=100%"], {0}),
        (["note=_"], {2}),
        (["note=it's 桜"], {1}),
        (["note=' OR 1 = 1 --"], {5}),
        (["tags=brooch"], {0, 5}),
        (["tags=it's"], {1}),
        (["tags=花"], {4}),
        (["tags=broo"], set()),
        (["sizes=2.5"], {0, 5}),
        (["tags=brooch", "価格 (円)>0"], {0}),
    ],
)
def test_works_are_found_by_what_their_kept_columns_hold(kept_index: Index, written: list[str], rows: set[int]) -> None:
    assert found(kept_index, *written) == rows


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("price>=1", "the index keeps no column 'price'; it keeps 価格"),
        ("価格 (円)=cheap", "is compared with 'cheap'; expected a number"),
        ("価格 (円)=1..x", "is compared with 'x'"),
        ("価格 (円)=..", "is compared with"),
        ("価格 (円)=99999999999999999999", "expected a number"),
        ("note>=5", "note is a text, which >= can't compare; use ="),
        ("tags<5", "tags is a list of texts, which < can't compare"),
        ("sizes=small", "expected a number"),
        ("price", "'price' is no filter; expected a column"),
        ("price=", "is no filter"),
        ("=5", "is no filter"),
    ],
)
def test_a_filter_that_can_not_be_is_one_clear_line(kept_index: Index, written: str, message: str) -> None:
    with pytest.raises(SearchError, match=message.replace("(", r"\(").replace(")", r"\)")):
        found(kept_index, written)


def test_an_index_without_kept_columns_says_so_and_is_as_it_was(index: Index) -> None:
    with pytest.raises(SearchError, match="'price'; it keeps none; build its catalog with `keep="):
        similar(index, "work-01-001", filters=Filters(kept=("price=1",)))
    assert "kept" not in index.info
    assert all("kept" not in name for name in index.table.schema.names)
    assert index.work("work-01-001").kept == {}


def test_added_works_bring_their_kept_columns_and_others_are_empty(
    works: Catalog, kept: Catalog, model_folder: Path, folder: Path
) -> None:
    Index.build(folder / "index", kept.take(range(12)), model_folder)
    index = Index.open(folder / "index")
    index.add(with_kept(works.take([12, 13]), [{"weight": 7, "other": "x"}]))
    assert dict(index.work(works.ids[12]).kept) == {**dict.fromkeys(kept.kept), "weight": 7.0}
    index.add(with_kept(works.take([0]), [{"価格 (円)": 1}]))
    assert index.work(works.ids[0]).kept["価格 (円)"] == 1
    with pytest.raises(SearchError, match=r"weight is of texts in the catalog and of numbers in the index"):
        index.add(with_kept(works.take([1]), [{"weight": "heavy"}]))


COLUMNS = (
    KeptColumn("number", "whole number", "kept_0"),
    KeptColumn("weight", "number", "kept_1"),
    KeptColumn("note", "text", "kept_2"),
    KeptColumn("tags", "list of texts", "kept_3"),
)
HOSTILE = ("'", "''", "\\'", "%", "_", "`kept_0`", "'; DROP TABLE works; --", "' OR '1'='1", "\0", "\ud800", "ａ", "花")
texts = st.text() | st.sampled_from(HOSTILE) | st.text("'\"\\%_`;-() ORor1=")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Any:
    rows = {
        "kept_0": pa.array([1, 2, None, 4], pa.int64()),
        "kept_1": pa.array([0.5, 1, None, 4], pa.float64()),
        "kept_2": pa.array(["ab'c", "x%_\\ OR", None, "花'--"], pa.string()),
        "kept_3": pa.array([["a", "'"], ["' OR '1'='1"], None, []], pa.list_(pa.string())),
    }
    return connected(tmp_path_factory.mktemp("table")).create_table(
        "works", data=pa.table({"id": list("abcd"), **rows})
    )


def ids(table: Any, comparison: KeptFilter) -> set[str]:
    return {row["id"] for row in table.search().where(comparison.condition(COLUMNS)).limit(9).to_list()}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=texts)
def test_no_text_is_more_than_a_text_to_the_database(table: Any, value: str) -> None:
    plain = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    listed = {"a": ("a", "'"), "b": ("' OR '1'='1",)}
    assert ids(table, KeptFilter("tags", "=", value)) == {name for name, tags in listed.items() if plain in tags}
    if plain.isascii() or plain in HOSTILE:
        notes = {"a": "ab'c", "b": "x%_\\ or", "d": "花'--"}
        expected = {name for name, note in notes.items() if plain.lower() in note}
        assert ids(table, KeptFilter("note", "=", value)) == expected
    else:
        assert ids(table, KeptFilter("note", "=", value)) <= {"a", "b", "d"}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.integers(-(10**17), 10**17) | st.sampled_from([0.5, 1.5, -0.25, 1.0, 4.0]) | texts,
    operator=st.sampled_from(["=", ">=", "<=", ">", "<"]),
    name=st.sampled_from(["number", "weight"]),
)
def test_a_number_is_compared_as_a_number_or_refused(table: Any, value: Any, operator: str, name: str) -> None:
    holds = {"=": "__eq__", ">=": "__ge__", "<=": "__le__", ">": "__gt__", "<": "__lt__"}[operator]
    cells = {"number": {"a": 1.0, "b": 2.0, "d": 4.0}, "weight": {"a": 0.5, "b": 1.0, "d": 4.0}}[name]
    comparison = KeptFilter(name, operator, str(value))
    if isinstance(value, str):
        with contextlib.suppress(SearchError):  # some texts are numbers
            assert ids(table, comparison) <= set(cells)
    else:
        assert ids(table, comparison) == {each for each, cell in cells.items() if getattr(cell, holds)(float(value))}
