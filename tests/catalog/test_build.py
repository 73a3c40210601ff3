"""From a source to a catalog: nothing is lost, and every photo has been read."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from sakka import Catalog, build_catalog
from sakka.catalog.statistics import statistics_of
from sakka.errors import CatalogError
from sakka.files import sha256_of
from sakka.market import MarketSettings
from sakka.progress import reporting_to

FIELDS = ("id", "creator", "title", "description", "category", "created_at", "image")


def table(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "works.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def photo(folder: Path, name: str, seed: int) -> str:
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((40, 40), Image.Resampling.BICUBIC).save(folder / name, "PNG")
    return name


def hostile_rows(folder: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Rows with a problem each, and the reason expected of each by id."""
    photo(folder, "good.png", 1)
    (folder / "empty.png").touch()
    (folder / "drawing.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "short.png").write_bytes((folder / "good.png").read_bytes()[:90])
    outside = folder.parent / "outside.png"
    photo(folder.parent, "outside.png", 2)
    by_photo = {
        "absent.png": "photo missing",
        ".": "photo missing",
        "empty.png": "photo damaged",
        "short.png": "photo damaged",
        "drawing.png": "photo of another kind",
        "../outside.png": "photo outside the folder",
        str(outside): "photo outside the folder",
        "https://example.org/a.png": "photo is an address",
        "data:image/png;base64,AAAA": "photo is an address",
    }
    rows = [{"id": f"p{place}", "creator": "Mori", "title": "x", "image": path} for place, path in enumerate(by_photo)]
    expected = dict(zip((row["id"] for row in rows), by_photo.values(), strict=True))
    rows += [
        {"id": "no creator", "creator": "  ", "title": "x"},
        {"id": "", "creator": "Mori", "title": "x"},
        {"id": "good", "creator": "Mori", "title": "again"},
        {"id": "date", "creator": "Mori", "title": "x", "created_at": "some day"},
        {"id": "blank", "creator": "Mori", "title": " ", "description": "\n"},
    ]
    expected |= {"no creator": "no creator", "": "no id", "good": "duplicate id", "date": "date not understood"}
    return rows, expected | {"blank": "nothing to read"}


GOOD = {
    "id": "good",
    "creator": " Mori  Aya ",
    "title": "花",
    "description": "x",
    "created_at": "1890",
    "image": "good.png",
}


def test_a_bad_field_costs_the_field_and_only_a_row_that_is_no_work_is_left_out(folder: Path) -> None:
    rows, expected = hostile_rows(folder)
    catalog = build_catalog(table(folder, [GOOD, *rows, {"id": "text", "creator": "Mori", "title": "y"}]))
    left_out = {"no creator", "", "good", "blank"}
    assert catalog.ids == ["good", *(row["id"] for row in rows if row["id"] not in left_out), "text"]
    problems = catalog.problems
    assert dict(zip(problems["id"], problems["reason"], strict=True)) == expected
    assert problems["row"].to_list() == list(range(2, len(rows) + 2))
    assert set(problems.filter("left_out")["id"]) == left_out
    assert sum(catalog.info["left_out"].values()) + len(catalog) == catalog.info["rows"]
    assert sum(each["works"] for each in catalog.info["fields_left_out"]) == len(rows) - len(left_out)
    assert all("\n" not in detail and detail for detail in problems["detail"])
    work = next(iter(catalog))
    assert (work.creator, work.photos) == ("Mori Aya", ("good.png",))
    assert work.photos_sha256 == (sha256_of(folder / "good.png"),)


def test_a_work_of_a_bad_photo_alone_is_left_out_and_both_are_said(folder: Path) -> None:
    rows = [
        {"id": "a", "creator": "Mori", "image": "absent.png"},
        {"id": "b", "creator": "Mori", "image": "https://x/y"},
    ]
    catalog = build_catalog(table(folder, [*rows, {"id": "c", "creator": "Mori", "title": "moon"}]))
    assert catalog.ids == ["c"]
    assert catalog.problems.select("id", "field", "reason", "left_out").rows() == [
        ("a", "photos", "photo missing", False),
        ("a", "", "nothing to read", True),
        ("b", "photos", "photo is an address", False),
        ("b", "", "nothing to read", True),
    ]
    assert (catalog.info["left_out"], catalog.info["fields_left_out"]) == ({"nothing to read": 2}, [])


def test_a_strict_build_stops_with_the_counts_and_the_list(folder: Path) -> None:
    rows, expected = hostile_rows(folder)
    path = table(folder, [GOOD, *rows])
    with pytest.raises(CatalogError, match=rf"problems in {len(expected)} of {len(rows) + 1} rows: .*first is row 2"):
        build_catalog(path, folder=folder / "out", strict=True)
    assert pl.read_parquet(folder / "out" / "problems.parquet").height == len(expected)
    with pytest.raises(CatalogError, match="is not a catalog"):
        Catalog.read(folder / "out")
    assert len(build_catalog(table(folder, [GOOD]), strict=True)) == 1


def test_an_absolute_path_and_a_parent_folder_serve_where_the_root_holds_them(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    photo(folder, "a.png", 1)
    paths = {"1": str(folder / "a.png"), "2": "../a.png", "3": "x/../../a.png"}
    source = table(inner, [{"id": key, "creator": "Mori", "image": path} for key, path in paths.items()])
    assert len(build_catalog(source, photo_root=folder)) == 1  # relative paths start at the root given
    catalog = build_catalog(table(folder, [{"id": "1", "creator": "Mori", "image": paths["1"]}]))
    assert next(iter(catalog)).photos == ("a.png",)


def test_every_photo_is_read_and_the_first_good_one_is_the_featured(folder: Path) -> None:
    for place, name in enumerate(("a.png", "b.png")):
        photo(folder, name, place)
    row = {"id": "1", "creator": "Mori", "image": " absent.png | a.png|\nb.png|./a.png|https://x/y.png"}
    catalog = build_catalog(table(folder, [row]))
    (work,) = catalog
    assert work.photos == ("a.png", "b.png")
    assert work.photos_sha256 == (sha256_of(folder / "a.png"), sha256_of(folder / "b.png"))
    assert catalog.problems["reason"].to_list() == ["photo is an address", "photo missing"]


def test_a_work_keeps_the_first_good_photos_up_to_the_limit_and_the_others_are_counted(folder: Path) -> None:
    names = [photo(folder, f"{place}.png", place) for place in range(7)]
    rows = [
        {"id": "1", "creator": "Mori", "image": "|".join(["absent.png", *names])},
        {"id": "2", "creator": "Mori", "image": "|".join(names[:5])},
        {"id": "3", "creator": "Mori", "image": "|".join(names)},
    ]
    catalog = build_catalog(table(folder, rows))
    assert catalog.photo_counts.tolist() == [5, 5, 5]
    assert next(iter(catalog)).photos == tuple(names[:5])
    assert (catalog.info["photos_per_work"], catalog.info["photos_left_out"]) == (5, 4)
    assert catalog.problems["reason"].to_list() == ["photo missing"]
    for name in names[1:]:
        (folder / name).write_bytes(b"no photo, and never opened")
    one = build_catalog(table(folder, rows), photos_per_work=1)
    assert [work.photos for work in one] == [("0.png",)] * 3
    assert (one.info["photos_left_out"], one.problems.height) == (16, 1)
    with pytest.raises(CatalogError, match="photos_per_work is 0, expected 1 or more"):
        build_catalog(table(folder, rows), photos_per_work=0)


def test_rows_below_a_work_that_bring_only_more_photos_belong_to_it(folder: Path) -> None:
    for number in range(4):
        photo(folder, f"{number}.png", number)
    (folder / "shopify.csv").write_text(
        "Handle,Title,Vendor,Image Src,Image Position\n"
        "moon,Moon brooch,Mori,0.png,1\nmoon,,,1.png,2\nmoon,,,2.png,3\n"
        "sun,Sun brooch,Sato,3.png,1\nmoon,,,3.png,4\nsun,Sun again,Sato,0.png,2\n"
    )
    catalog = build_catalog(folder / "shopify.csv")
    assert [work.photos for work in catalog] == [("0.png", "1.png", "2.png"), ("3.png",)]
    told = catalog.problems.select("row", "reason").rows()
    assert told == [(5, "duplicate id"), (6, "duplicate id")], "another work's row stands between, and a title differs"


def test_json_lines_and_parquet_give_the_same_catalog_as_csv(folder: Path) -> None:
    photo(folder, "a.png", 1)
    rows: list[dict[str, Any]] = [
        {"id": str(place), "creator": "Mori", "title": f"作品{place}", "image": "a.png" if place % 2 else ""}
        for place in range(20)
    ]
    (folder / "w.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    pl.DataFrame(rows).write_parquet(folder / "w.parquet")
    first = build_catalog(table(folder, rows))
    for name in ("w.jsonl", "w.parquet"):
        assert build_catalog(folder / name).fingerprint() == first.fingerprint()


def test_values_of_other_types_become_text_or_are_listed(folder: Path) -> None:
    rows = [
        {"id": 7, "creator": "Mori", "title": "\ud800x"},
        {"id": 8.0, "creator": 3, "title": None, "description": "y", "photos": []},
        {"id": True, "creator": {"name": "Mori"}, "title": "x"},
        {"id": 10, "creator": "Mori", "photos": 5},
        {"id": 11, "creator": "Mori", "photos": [["a"]]},
    ]
    (folder / "w.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    catalog = build_catalog(folder / "w.jsonl")
    assert [(work.id, work.creator, work.title) for work in catalog] == [("7", "Mori", "\ufffdx"), ("8", "3", "")]
    assert catalog.problems.select("row", "field", "reason", "left_out").rows() == [
        (1, "title", "characters not readable", False),
        (3, "creator", "field of a wrong kind", False),
        (3, "creator", "no creator", True),
        (4, "photos", "field of a wrong kind", False),
        (4, "", "nothing to read", True),
        (5, "photos", "field of a wrong kind", False),
        (5, "", "nothing to read", True),
    ]


def test_hostile_cells_of_kept_columns_cost_themselves_and_nothing_else(folder: Path) -> None:
    cells: list[Any] = ["a\0b", "\ud800", {"a": 1}, [["a"]], 10**30, "x" * 200_000, "=1+1", "9" * 400, ["\0"], 1e400]
    rows = [{"id": place, "creator": "Mori", "title": "x", "more": cell} for place, cell in enumerate(cells)]
    (folder / "w.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    catalog = build_catalog(folder / "w.jsonl", folder=folder / "c", keep=["more"])
    kept = Catalog.read(folder / "c").table["more"].to_list()
    assert len(catalog) == len(cells)
    assert kept == ["ab", "\ufffd", None, None, str(10**30), "x" * 200_000, "=1+1", "9" * 400, None, None]
    wrong = catalog.problems.filter(pl.col("reason") == "field of a wrong kind")
    assert wrong.select("row", "field").rows() == [(3, "more"), (4, "more"), (10, "more")]
    assert not wrong["left_out"].any()


def test_a_column_named_like_the_catalogs_own_is_not_kept(folder: Path) -> None:
    source = table(folder, [{"id": "a", "creator": "Mori", "title": "x"}])
    with pytest.raises(CatalogError, match="'title'"):
        build_catalog(source, keep=["title"])


def test_rules_are_applied_in_order_and_each_reports(folder: Path) -> None:
    rows = [
        {"id": f"{creator}{place}", "creator": creator, "title": "x", "category": category, "created_at": year}
        for creator, category, year, count in
        [("mori", "brooch", "2015", 3), ("MORI", "brooch", "2015", 2), ("Hara", "brooch", "2015", 4),
         ("Hara", "ring", "2015", 9), ("Sato", "brooch", "1999", 9), ("Sato", "brooch", "", 1)]
        for place in [f"{category}{number}" for number in range(count)]
    ]  # fmt: skip
    rows = [{**row, "id": str(place)} for place, row in enumerate(rows)]
    catalog = build_catalog(
        table(folder, rows), from_date="2012", until_date="2019", categories=["brooch"], one_account=True, min_works=5
    )
    assert catalog.creators == ("mori",)
    reports = [(rule["rule"], rule["works_removed"], rule["creators_removed"]) for rule in catalog.info["rules"]]
    assert reports == [("period", 10, 1), ("category", 9, 0), ("one account", 0, 1), ("fewest works", 4, 1)]
    assert [join["account"] for join in catalog.info["joined_accounts"]] == ["MORI"]


def test_accounts_that_share_photos_are_joined(folder: Path) -> None:
    names = [photo(folder, f"{place}.png", place) for place in range(4)]
    rows = [{"id": f"{who}{name}", "creator": who, "image": name} for who in ("first", "other") for name in names]
    catalog = build_catalog(table(folder, rows), one_account=True)
    assert catalog.creators == ("first",)
    assert catalog.info["joined_accounts"][0]["detail"] == "4 of 4 photos"
    assert build_catalog(table(folder, rows)).creators == ("first", "other")


def test_a_source_without_rows_is_told_from_one_that_lost_them(folder: Path) -> None:
    (folder / "works.csv").write_text("id,creator,title\n", encoding="utf-8")
    with pytest.raises(CatalogError, match="the source holds no works; expected at least one row"):
        build_catalog(folder / "works.csv")


def test_no_work_left_names_the_first_row_that_can_not_be_used_and_lists_all(folder: Path) -> None:
    (folder / "works.csv").write_text("id,creator,title\na,Mori\nb,Mori\n")
    message = r"2 for row not readable \(listed in .*\); the first is row 1: line 2: 2 fields.*; mend the rows"
    with pytest.raises(CatalogError, match=message):
        build_catalog(folder / "works.csv", folder=folder / "out")
    assert pl.read_parquet(folder / "out" / "problems.parquet")["row"].to_list() == [1, 2]


def test_a_catalog_never_takes_the_place_of_its_source(folder: Path) -> None:
    for name in ("works.parquet", "photos.parquet", "problems.parquet", "catalog.json"):
        source = folder / name
        pl.DataFrame({"id": ["a"], "creator": ["Mori"], "title": ["x"], "more": [1]}).write_parquet(source)
        before = source.read_bytes()
        with pytest.raises(CatalogError, match=f"{name} would overwrite its source"):
            build_catalog(source, kind="parquet", folder=folder)
        assert source.read_bytes() == before
        source.rename(folder / "source.parquet")
    build_catalog(folder / "source.parquet", folder=folder)
    assert len(build_catalog(folder / "source.parquet", folder=folder)) == 1  # a catalog may be built again
    with pytest.raises(CatalogError, match="would overwrite its source"):
        build_catalog(folder / "works.parquet", folder=folder)


def test_a_table_that_is_no_catalogs_is_not_overwritten(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "works.parquet").write_bytes(b"other")
    source = table(folder, [{"id": "a", "creator": "Mori", "title": "x"}])
    for arguments in ({"source": source}, {"source": "market", "market": MarketSettings(creators=2, works=12)}):
        with pytest.raises(CatalogError, match=r"holds works.parquet but no catalog.json.*choose another folder"):
            build_catalog(folder=folder / "out", **arguments)
    assert [path.name for path in (folder / "out").iterdir()] == ["works.parquet"]


def test_no_work_left_is_an_error_that_says_where_they_went(folder: Path) -> None:
    path = table(folder, [GOOD, {"id": "b", "creator": ""}])
    photo(folder, "good.png", 1)
    with pytest.raises(
        CatalogError, match=r"no work is left of 2 rows; removed were 1 by fewest works, 1 for no creator"
    ):
        build_catalog(path, min_works=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "absent.csv"}, "there is no"),
        ({"source": "works.csv", "kind": "xml"}, "'xml' is no kind of source"),
        ({"source": "works.csv", "columns": {"creator": "seller"}}, "no column 'seller'"),
        ({"source": "works.csv", "photo_root": "absent"}, "is not a folder"),
        ({"source": "works.csv", "folder": "works.csv"}, "is a file"),
        ({"source": "market"}, "say in which folder"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(folder)
    table(folder, [{"id": "a", "creator": "Mori", "title": "x"}])
    with pytest.raises(CatalogError, match=message):
        build_catalog(arguments.pop("source"), **arguments)


def test_the_same_source_gives_the_same_bytes_and_a_written_catalog_comes_back(folder: Path) -> None:
    photo(folder, "good.png", 1)
    path = table(folder, [GOOD])
    built = [build_catalog(path, folder=folder / name) for name in ("one", "two")]
    for name in ("works.parquet", "photos.parquet", "problems.parquet", "catalog.json"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()
    read = Catalog.read(folder / "one")
    content = (folder / "good.png").read_bytes()
    listed = pl.read_parquet(folder / "one" / "photos.parquet").rows()
    assert listed == [(GOOD["id"], 0, "good.png", None, None, len(content), hashlib.sha256(content).hexdigest())]
    assert read.fingerprint() == built[0].fingerprint()
    assert read.photo_paths == [folder.resolve() / "good.png"]


def test_the_market_is_built_with_its_photos_and_can_be_moved(folder: Path) -> None:
    settings = MarketSettings(creators=3, works=18, min_works=5, photo_px=64, photos_per_work=2)
    catalog = build_catalog("market", folder=folder / "m", market=settings, one_account=True)
    assert len(catalog.creators) == 3
    assert set(catalog.photo_counts.tolist()) == {1, 2}
    (folder / "m").rename(folder / "moved")
    paths = [Path(str(path)) for photos in Catalog.read(folder / "moved").every_photo for path in photos]
    assert paths
    assert all(path.is_file() and path.is_relative_to(folder.resolve() / "moved") for path in paths)


def test_progress_of_the_photos_is_told(folder: Path) -> None:
    class Told:
        def __init__(self) -> None:
            self.tasks: list[tuple[str, int]] = []
            self.steps = 0

        def task(self, name: str, total: int) -> "Told":
            self.tasks.append((name, total))
            return self

        def __enter__(self) -> "Told":
            return self

        def __exit__(self, *_: object) -> None: ...

        def advance(self, steps: int = 1) -> None:
            self.steps += steps

    names = [photo(folder, f"{place}.png", place) for place in range(3)]
    told = Told()
    with reporting_to(told):
        build_catalog(table(folder, [{"id": name, "creator": "Mori", "image": name} for name in names]))
    assert told.tasks == [("photos", 3)]
    assert told.steps == 3


def test_statistics_are_those_that_can_be_counted_by_hand(folder: Path) -> None:
    rows = [{"id": str(place), "creator": who, "title": "x"} for place, who in enumerate("aaaab")]
    found = statistics_of(build_catalog(table(folder, rows)))
    assert (found.works, found.creators, found.most, found.fewest) == (5, 2, 4, 1)
    assert (found.mean, found.median, found.standard_deviation) == (2.5, 2.5, 1.5)
    assert (found.with_photo, found.with_text, found.dated) == (0.0, 1.0, 0.0)
