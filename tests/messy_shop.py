"""A messy export of a Japanese shop, as a newcomer has it: `write_messy_shop(folder)`.

shop.xlsx, shop.csv   the same rows; the csv in cp932 with CRLF, as Excel saves it on a Japanese Windows
画像/                 the photos, named in the tables with a backslash

Japanese column names, three columns of photos, addresses of photos, dates of an era, a column that nothing reads, and
creators with one or two works. What each row lacks can be counted by hand in `MESS`.
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image
from tests.catalogs import tiny_catalog

COLUMNS = (
    "商品ID", "作家名", "商品名", "商品説明", "カテゴリ", "出品日", "画像1", "画像2", "画像10", "価格", "在庫",
    "商品URL", "備考",
)  # fmt: skip
CREATORS = ("はな工房", "髙橋①革店", "atelier 鳥", "月と星", "㈱森のガラス")
FEW = ("一点もの", "二点もの")
LISTED = 9


@dataclass(frozen=True)
class Mess:
    """What is wrong with some rows, and what becomes of them.

    Attributes:
        row: The row, from 1.
        changes: Column -> what stands there.
        field: The field that is told.
        reason: What is told.
        left_out: Whether the row is lost.
    """

    row: int
    changes: dict[str, Any]
    field: str
    reason: str
    left_out: bool = False


MESS = (
    Mess(3, {"画像1": "https://img.shop.example/3.jpg", "画像2": ""}, "photos", "photo is an address"),
    Mess(4, {"画像1": r"画像\ない.jpg", "画像2": ""}, "photos", "photo missing"),
    Mess(5, {"画像1": r"画像\壊れ.jpg"}, "photos", "photo damaged"),
    Mess(6, {"出品日": "近日公開"}, "created_at", "date not understood"),
    Mess(7, {"画像1": r"..\..\secret.jpg", "画像2": ""}, "photos", "photo outside the folder"),
    Mess(11, {"商品ID": ""}, "id", "no id", left_out=True),
    Mess(12, {"作家名": "  "}, "creator", "no creator", left_out=True),
    Mess(13, {"商品ID": "S-00001"}, "id", "duplicate id", left_out=True),
)
DATES = ("令和元年5月1日", "R3.4.5", "平成31年4月30日", "2021/3/4", "２０２２年１２月３１日", "2023-01-02 10:00")


def write_messy_shop(folder: Path) -> int:
    """Write the photos and both tables; returns the number of rows."""
    photos = folder / "画像"
    drawn = list(tiny_catalog(photos, creators=len(CREATORS), works=LISTED + 1))
    (photos / "壊れ.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    names = [CREATORS[place % len(CREATORS)] for place in range(LISTED * len(CREATORS))] + [FEW[0], FEW[1], FEW[1]]
    rows = []
    for number, (creator, work) in enumerate(zip(names, drawn, strict=False), start=1):
        Image.open(photos / work.photos[0]).convert("RGB").save(photos / f"{number}.jpg", quality=90)
        Image.open(photos / work.photos[0]).convert("L").save(photos / f"{number}_裏.jpg", quality=90)
        (photos / work.photos[0]).unlink()
        rows.append(_row(number, creator, work.title, work.description))
    for mess in MESS:
        rows[mess.row - 1] |= mess.changes
    rows.append({**dict.fromkeys(COLUMNS, ""), "商品ID": "S-99999", "作家名": CREATORS[0], "備考": "下書き"})
    _write_csv(folder / "shop.csv", rows)
    _write_excel(folder / "shop.xlsx", rows)
    return len(rows)


def _row(number: int, creator: str, title: str, description: str) -> dict[str, Any]:
    photos = (rf"画像\{number}.jpg", rf"画像\{number}_裏.jpg", "")
    cells = (
        f"S-{number:05}", creator, title, description, "アクセサリー", DATES[number % len(DATES)], *photos,
        1200 + 10 * number, number % 3, f"https://shop.example/items/{number}", "",
    )  # fmt: skip
    return dict(zip(COLUMNS, cells, strict=True))


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="cp932", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _write_excel(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a workbook in which dates of the western calendar are dates and numbers are numbers."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"strings_to_urls": False}) as book:
        sheet, date = book.add_worksheet("商品一覧"), book.add_format({"num_format": "yyyy/m/d"})
        sheet.write_row(0, 0, COLUMNS)
        for at, row in enumerate(rows, start=1):
            for column, name in enumerate(COLUMNS):
                if row[name] == "2021/3/4":
                    sheet.write_datetime(at, column, datetime(2021, 3, 4), date)
                elif row[name] != "":
                    sheet.write(at, column, row[name])
