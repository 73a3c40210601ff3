"""csv, jsonl, parquet and Open Clip Art, well-formed and otherwise."""

import csv
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakka import build_catalog
from sakka.catalog.sources import SOURCES, ReadOptions, columns_by_field, delimited, kind_of, open_source
from sakka.catalog.sources.columns import Columns
from sakka.catalog.sources.delimited import read_delimited
from sakka.catalog.sources.json_lines import read_json_lines
from sakka.catalog.sources.openclipart import read_openclipart, svg_metadata
from sakka.catalog.sources.parquet import read_parquet
from sakka.errors import CatalogError

HEADER = "id,creator,title"
COLUMNS = Columns({name: (name,) for name in HEADER.split(",")})


def csv_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "works.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(path: Path, **columns: str) -> list[dict[str, Any]]:
    listings = list(read_delimited(path, ReadOptions(columns=columns_by_field(columns))).listings)
    assert [listing.row for listing in listings] == list(range(1, len(listings) + 1))
    return [listing.values if listing.trouble is None else {"trouble": listing.trouble} for listing in listings]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_csv_is_read_with_any_separator_line_end_and_mark(folder: Path, separator: str, end: str, mark: str) -> None:
    lines = [HEADER, 'a,森,"two', 'lines"', "", 'b,"say ""hi""",']
    path = csv_file(folder, mark + end.join(lines).replace(",", separator) + end)
    assert rows_of(path) == [
        {"id": "a", "creator": "森", "title": f"two{end}lines"},
        {"id": "b", "creator": 'say "hi"', "title": ""},
    ]


def test_a_field_longer_than_the_modules_own_limit_is_read(folder: Path) -> None:
    assert len(rows_of(csv_file(folder, f"{HEADER}\na,Mori,{'x' * 300_000}\n"))[0]["title"]) == 300_000


def test_a_row_that_breaks_the_rules_is_listed_and_the_next_is_read(folder: Path) -> None:
    rows = rows_of(csv_file(folder, f'{HEADER}\na,Mori\nb,"Mo"ri,x\nc,Mori,x,y\nd,Mori,x\n'))
    assert ["trouble" in row for row in rows] == [True, True, True, False]
    assert "line 2: 2 fields, expected 3" in rows[0]["trouble"]


@pytest.mark.parametrize("rest", ["c,Mori,x\nd,Mori,x\n", 'c,Mori,x\nd,Mori,"x"\n', 'c,Mori,x\nd,Mori,"x\ny"\n'])
def test_a_quote_that_is_not_closed_costs_its_own_line_alone(folder: Path, rest: str) -> None:
    rows = rows_of(csv_file(folder, f'{HEADER}\na,Mori,x\nb,Mori,"12 inch\n{rest}'))
    assert [row.get("id") for row in rows] == ["a", None, "c", "d"]
    assert re.match(r"line 3: .*, read up to line [56]; check its quotes", rows[1]["trouble"])


def test_fields_that_are_wrong_in_number_name_all_their_lines(folder: Path) -> None:
    rows = rows_of(csv_file(folder, f'{HEADER}\na,"x\ny"\nb,Mori\n'))
    places = [row["trouble"].partition(",")[0] for row in rows]
    assert places == ["lines 2 to 3: 2 fields", "line 4: 2 fields"]


@pytest.mark.parametrize("line", ['b,Mori,"x\n', 'a","x\n'])
def test_many_quotes_that_are_not_closed_are_read_in_linear_time(folder: Path, line: str) -> None:
    rows = rows_of(csv_file(folder, f"{HEADER}\n{line * 100_000}"))  # 5,000,000,000 readings of a line, were it not so
    assert len(rows) == 100_000
    assert all("trouble" in row for row in rows)


@given(st.text(st.sampled_from('""",,\n\r\na'), max_size=40))
def test_a_csv_is_read_as_if_each_record_were_tried_on_the_whole_rest(text: str) -> None:
    lines = list(io.StringIO(text, newline=""))
    expected: list[list[str] | None] = []
    at = 0
    while at < len(lines):
        reader = csv.reader(lines[at:], strict=True)
        try:
            values = next(reader)
        except csv.Error:
            expected.append(None)
            at += 1
            continue
        at += reader.line_num
        expected += [values[:3]] if values else []
    listings = delimited.records(io.StringIO(text, newline=""), delimited.Header(HEADER.split(","), ",", 1), COLUMNS)
    assert [
        None if "check its quotes" in (listing.trouble or "") else list(listing.values.values()) for listing in listings
    ] == expected


@pytest.mark.parametrize("start", ["", '"'])
def test_a_field_beyond_the_limit_costs_its_own_line_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.setattr(delimited, "MOST_FIELD_CHARACTERS", 100)
    rows = rows_of(csv_file(folder, f"{HEADER}\na,Mori,{start}{'x' * 99}\n" + "b,Mori,y\n" * 30))
    assert [row.get("id") for row in rows] == [None if start else "a"] + ["b"] * 30
    rows = rows_of(csv_file(folder, f"{HEADER}\na,Mori,{start}{'x' * 101}\nb,Mori,y\n"))
    assert "field larger" in rows[0]["trouble"]
    assert rows[1]["id"] == "b"


def test_the_names_may_stand_below_a_title_and_hold_line_feeds(folder: Path) -> None:
    lines = ["作品一覧（2024年）", "", '商品ID;"作家名\n（必須）";商品名', "1;森;桜", "2;森"]
    rows = rows_of(csv_file(folder, "\n".join(lines)))
    assert rows[0] == {"id": "1", "creator": "森", "title": "桜"}
    assert "line 6: 2 fields, expected 3" in rows[1]["trouble"]


def test_unicode_text_as_excel_saves_it_is_read(folder: Path) -> None:
    path = folder / "works.txt"
    path.write_text("商品ID\t作家名\t商品名\r\n1\t森\t桜\r\n", encoding="utf-16", newline="")
    assert rows_of(path) == [{"id": "1", "creator": "森", "title": "桜"}]


def test_photo_columns_that_are_all_called_the_same_are_read_in_their_order(folder: Path) -> None:
    rows = rows_of(csv_file(folder, "商品ID,作家名,画像,画像,画像\n1,森,a.jpg,b.jpg,c.jpg\n"))
    assert rows[0]["photos"] == ["a.jpg", "b.jpg", "c.jpg"]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_csv_is_refused(folder: Path, content: str) -> None:
    with pytest.raises(CatalogError, match="empty"):
        rows_of(csv_file(folder, content))


@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))] * 3), min_size=1)
)
def test_any_table_that_the_csv_module_writes_comes_back(table: list[tuple[str, ...]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([HEADER.split(","), *table])
    text.seek(0)
    text.readline()
    listings = list(delimited.records(text, delimited.Header(HEADER.split(","), ",", 1), COLUMNS))
    assert [tuple(listing.values.values()) for listing in listings] == table
    assert all(listing.trouble is None for listing in listings)


def test_json_lines_give_objects_and_list_the_others(folder: Path) -> None:
    path = folder / "works.jsonl"
    good = {"id": 1, "creator": "森", "photos": ["a.png", "b.png"]}
    lines = [json.dumps(good), "", "[1]", "{", "[" * 100_000, json.dumps({"id": "z"})]
    path.write_bytes("\n".join(lines).encode() + b'\n{"id": "\xff"}')
    listings = list(read_json_lines(path, ReadOptions()).listings)
    assert [listing.row for listing in listings] == [1, 3, 4, 5, 6, 7]
    assert [listing.trouble is None for listing in listings] == [True, False, False, False, True, False]
    assert listings[0].values == good
    assert listings[4].values == {"id": "z", "creator": None, "photos": None}


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ('[{"id": 1, "creator": "Mori"}]', "the line is a list, expected an object"),
        ("id,creator\n1,Mori\n", "the line is not JSON"),
    ],
)
def test_a_file_without_json_objects_says_that_one_a_line_is_expected(folder: Path, content: str, trouble: str) -> None:
    path = folder / "works.jsonl"
    path.write_text(content)
    with pytest.raises(CatalogError, match=rf"is a JSON object \(line 1: {trouble}.*expected one JSON object a line"):
        list(read_json_lines(path, ReadOptions()).listings)


def test_a_parquet_file_is_read_in_batches_and_a_damaged_one_refused(folder: Path) -> None:
    path = folder / "works.parquet"
    frame = pl.DataFrame({"key": range(9000), "creator": ["Mori"] * 9000, "photos": [["a.png"]] * 9000})
    frame.write_parquet(path)
    listings = list(read_parquet(path, ReadOptions(columns={"id": ("key",)})).listings)
    assert len(listings) == 9000
    assert listings[-1].values == {"id": 8999, "creator": "Mori", "photos": ["a.png"]}
    for content in (path.read_bytes()[:-40], b"", b"PAR1PAR1"):
        path.write_bytes(content)
        with pytest.raises(CatalogError, match="can't be read as Parquet"):
            list(read_parquet(path, ReadOptions()).listings)


def svg(metadata: str, before: str = "") -> str:
    return f"""<?xml version="1.0"?>{before}<svg xmlns:dc="d" xmlns:r="r" xmlns:c="c"><title>not this</title><metadata>
      <r:RDF><c:Work>{metadata}<dc:publisher><c:Agent><dc:title>Library</dc:title></c:Agent></dc:publisher>
      </c:Work></r:RDF></metadata><path d="M 0 0"/></svg>"""


METADATA = """<dc:title>Blue  bird</dc:title><dc:description>It flies.</dc:description><dc:date>May 3, 2005</dc:date>
  <dc:subject><r:Bag><r:li>animal</r:li><r:li>bird</r:li></r:Bag></dc:subject>
  <dc:creator><c:Agent><dc:title>Mori &amp; Hara</dc:title></c:Agent></dc:creator>"""


def test_open_clip_art_gives_the_metadata_and_the_photo_of_the_same_name(folder: Path) -> None:
    for kind, name, content in (
        ("svg", "birds/small/blue.svg", svg(METADATA)),
        ("png", "birds/small/blue.png", ""),
        ("svg", "plain.svg", svg("")),
        ("svg", "broken.svg", "<svg><metadata>"),
    ):
        path = folder / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    blue, broken, plain = read_openclipart(folder, ReadOptions()).listings
    assert blue.values == {
        "id": "birds/small/blue",
        "category": "birds",
        "creator": "Mori & Hara",
        "title": "Blue bird",
        "description": "It flies.",
        "created_at": "May 3, 2005",
        "keywords": "animal, bird",
        "photos": ["png/birds/small/blue.png"],
    }
    assert plain.values == {"id": "plain", "category": ""}
    assert broken.trouble is not None
    assert kind_of(folder) == "openclipart"


def test_entities_that_grow_are_refused_and_plain_ones_read(folder: Path) -> None:
    path = folder / "a.svg"
    path.write_text(svg(METADATA, '<!DOCTYPE svg [<!ENTITY ns "http://ns.adobe.com/">]>'))
    assert svg_metadata(path)["creator"] == "Mori & Hara"
    bombs = [
        '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>',
        f'<!DOCTYPE svg [<!ENTITY a "{"x" * 5000}">]>',
        '<!DOCTYPE svg [<!ENTITY % a "x">]>',
        "<!DOCTYPE svg [" + "".join(f'<!ENTITY e{number} "x">' for number in range(200)) + "]>",
    ]
    for bomb in bombs:
        path.write_text(svg(METADATA, bomb))
        with pytest.raises(ValueError, match="could grow"):
            svg_metadata(path)


def test_an_external_entity_is_not_read(folder: Path) -> None:
    secret, path = folder / "secret", folder / "a.svg"
    secret.write_text("Secret Name")
    path.write_text(svg("<dc:title>x&s;y</dc:title>", f'<!DOCTYPE svg [<!ENTITY s SYSTEM "{secret}">]>'))
    assert svg_metadata(path) == {"title": "xy"}


def test_the_kind_is_guessed_or_asked_for(folder: Path) -> None:
    for name, kind in (
        ("a.CSV", "csv"),
        ("a.tsv", "csv"),
        ("a.xlsx", "excel"),
        ("a.ods", "excel"),
        ("a.ndjson", "jsonl"),
        ("a.parquet", "parquet"),
    ):
        (folder / name).touch()
        assert kind_of(folder / name) == kind
    (folder / "a.pdf").touch()
    for path, message in (
        (folder, "unknown kind"),
        (folder / "a.pdf", "can't be guessed"),
        (folder / "no", "there is no"),
    ):
        with pytest.raises(CatalogError, match=message):
            kind_of(path)


def test_an_option_of_another_kind_is_refused(folder: Path) -> None:
    path = csv_file(folder, f"{HEADER}\n1,Mori,x\n")
    for option, kind in (("sheet", "excel"), ("query", "database")):
        with pytest.raises(CatalogError, match=f"`{option}` is for a source of the kind {kind}, and this one is csv"):
            open_source(path, ReadOptions(**{option: "x"}))


def test_a_catalog_is_no_source(folder: Path) -> None:
    build_catalog(csv_file(folder, f"{HEADER}\n1,Mori,x\n"), folder=folder / "catalog")
    with pytest.raises(CatalogError, match="is a catalog already"):
        open_source(folder / "catalog", ReadOptions())


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_a_source_that_is_absent_is_one_clear_line(folder: Path, kind: str) -> None:
    with pytest.raises(CatalogError, match="absent"):
        list(SOURCES[kind].read(folder / "absent", ReadOptions()).listings)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx", "db"])
def test_columns_that_hold_names_of_pictures_are_told_from_others(folder: Path, kind: str) -> None:
    path = folder / f"works.{kind}"
    rows = pl.DataFrame(
        {"id": ["a", "b"], "who": ["m", "h"], "front": ["1.jpg", None], "back": ["2.png", "http://x/3.gif?w=9"]}
    )
    if kind == "db":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE works (id, who, front, back)")
            connection.executemany("INSERT INTO works VALUES (?, ?, ?, ?)", rows.rows())
    else:
        write = {
            "csv": rows.write_csv,
            "jsonl": rows.write_ndjson,
            "parquet": rows.write_parquet,
            "xlsx": rows.write_excel,
        }
        write[kind](path)
    query = "SELECT * FROM works" if kind == "db" else None
    table = open_source(path, ReadOptions(columns=columns_by_field({"creator": "who"}), query=query))
    assert table.note.endswith("front, back looks like photos: `columns={'photos': ['front', 'back']}`")
    named = {"creator": "who", "photos": "front"}
    assert open_source(path, ReadOptions(columns=columns_by_field(named), query=query)).note == ""
