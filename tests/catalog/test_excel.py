"""Workbooks of Excel and LibreOffice: no cell is lost, and none takes the machine's memory."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from sakka import build_catalog
from sakka.catalog.sources import ReadOptions, excel, open_source
from sakka.errors import CatalogError

HEADER = ("商品ID", "作家名", "商品名", "出品日", "価格")
ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
  xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
  xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
  xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
  <table:table table:name="作品">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"""


def xlsx(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "yyyy/mm/dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(at, column, value, day)
                elif value is not None:
                    (sheet.write_string if isinstance(value, str) else sheet.write)(at, column, value)
    book.close()
    return path


def ods(path: Path, rows: str) -> Path:
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entry = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{manifest}">{entry}</m:manifest>')
        archive.writestr("content.xml", ODS.format(rows=rows))
    return path


def rows_of(path: Path, **options: Any) -> list[tuple[Any, ...]]:
    listings = open_source(path, ReadOptions(keep=("価格",), **options)).listings
    return [(*listing.values.values(), *listing.kept.values()) for listing in listings]


def test_ids_stay_whole_leading_zeros_stay_and_a_mixed_column_loses_no_cell(folder: Path) -> None:
    works = [
        (12345.0, "森", "桜", datetime(2024, 1, 2), 1200),
        ("00123", "原", 77, datetime(2024, 1, 2, 3, 4, 5), "¥980"),
        (None, None, None, None, None),
        (12346, "森", True, "令和3年5月1日", 0.5),
    ]
    path = xlsx(folder / "shop.xlsx", 作品=[HEADER, *works])
    assert rows_of(path) == [
        ("12345", "森", "桜", "2024-01-02 00:00:00", "1200"),
        ("00123", "原", "77", "2024-01-02 03:04:05", "¥980"),
        ("12346", "森", "true", "令和3年5月1日", "0.5"),
    ]
    dates = build_catalog(path, keep=["価格"]).table["created_at"].to_list()
    assert dates == [datetime(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5), datetime(2021, 5, 1)]


def test_a_workbook_gives_the_catalog_that_its_csv_gives(folder: Path) -> None:
    rows = [HEADER, *((str(number), "森", f"桜 {number}", "2024-01-02", str(number)) for number in range(50))]
    (folder / "shop.csv").write_bytes("\n".join(",".join(row) for row in rows).encode("cp932"))
    xlsx(folder / "shop.xlsx", 作品=rows)
    for name in ("shop.csv", "shop.xlsx"):
        build_catalog(folder / name, folder=folder / name[-4:], keep=["価格"])
    assert (folder / ".csv" / "works.parquet").read_bytes() == (folder / "xlsx" / "works.parquet").read_bytes()


def test_the_names_may_stand_below_a_title_and_the_sheet_behind_an_empty_one(folder: Path) -> None:
    works = [("作品一覧（2024年）",), (), HEADER, ("1", "森", "桜")]
    path = xlsx(folder / "shop.xlsx", 表紙=[], 作品=works, 注文=[("注文番号",), ("9",)])
    table = open_source(path, ReadOptions())
    assert (table.info["sheet"], table.info["header_row"]) == ("作品", 3)
    assert table.note == "read was the sheet 作品; `sheet=NAME` reads another (表紙, 注文)"
    assert [listing.values["title"] for listing in table.listings] == ["桜"]


def test_a_sheet_is_chosen_by_name(folder: Path) -> None:
    path = xlsx(folder / "shop.xlsx", 旧=[HEADER, ("1", "森", "古")], 新=[HEADER, ("2", "原", "新")])
    assert [row[0] for row in rows_of(path, sheet="新")] == ["2"]
    with pytest.raises(CatalogError, match="has no sheet '他'; it has 旧, 新"):
        rows_of(path, sheet="他")


def test_a_sheet_of_libreoffice_is_read(folder: Path) -> None:
    def cell(kind: str, value: str, text: str) -> str:
        given = f' office:{"date-value" if kind == "date" else "value"}="{value}"' if value else ""
        return f'<table:table-cell office:value-type="{kind}"{given}><text:p>{text}</text:p></table:table-cell>'

    names = "".join(cell("string", "", name) for name in HEADER)
    work = cell("float", "12345", "12,345") + cell("string", "", "森") + cell("string", "", "0077")
    work += cell("date", "2024-01-02", "令和6年") + cell("float", "1200", "¥1,200")
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    rows = f"<table:table-row>{names}</table:table-row><table:table-row>{work}</table:table-row>{empty}"
    assert rows_of(ods(folder / "shop.ods", rows)) == [("12345", "森", "0077", "2024-01-02", "1200")]


def test_an_archive_that_unpacks_to_too_much_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "MOST_UNPACKED_BYTES", 1 << 20)
    path = xlsx(folder / "shop.xlsx", 作品=[HEADER, ("1", "森", "桜")])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(2 << 20))
    with pytest.raises(CatalogError, match=r"unpacks to more than .*; save the sheet as csv"):
        rows_of(path)


def test_an_archive_that_understates_its_size_is_refused(folder: Path) -> None:
    path = folder / "shop.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(1 << 20))
    path.write_bytes(path.read_bytes().replace((1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(CatalogError, match="can't be read as a workbook"):
        rows_of(path)


def test_cells_that_are_far_apart_take_no_memory(folder: Path) -> None:
    path = folder / "shop.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "id")
    sheet.write(1_048_575, 200, "stray")
    book.close()
    with pytest.raises(CatalogError, match="a cell in row 1,048,576 and one in column 201"):
        rows_of(path)
    cell = '<table:table-cell table:number-columns-repeated="16000" office:value-type="string"><text:p>x</text:p>'
    row = f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-cell></table:table-row>'
    with pytest.raises(CatalogError, match="a cell in row 1,000,000 and one in column 16,000"):
        rows_of(ods(folder / "shop.ods", row))


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>", b"PK\x03\x04" + bytes(100), b"\xd0\xcf\x11\xe0" * 200])
def test_what_is_no_workbook_is_one_clear_line(folder: Path, content: bytes) -> None:
    path = folder / "shop.xlsx"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"^[^\n]*can't be read as a workbook[^\n]*$"):
        rows_of(path)


def test_a_workbook_without_rows_is_refused(folder: Path) -> None:
    with pytest.raises(CatalogError, match="holds no rows"):
        rows_of(xlsx(folder / "shop.xlsx", 作品=[]))
