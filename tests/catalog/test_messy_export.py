"""A shop's messy export becomes a catalog without a flag, as a workbook and as a cp932 file alike."""

from pathlib import Path

import pytest
from tests.command import run
from tests.messy_shop import FEW, MESS, write_messy_shop

from sakka.catalog.works import Catalog


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("messy")
    assert write_messy_shop(folder) == 49
    return folder


@pytest.mark.parametrize("name", ["shop.xlsx", "shop.csv"])
def test_a_messy_export_keeps_every_work_with_a_creator_and_anything_to_read(
    shop: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output, _ = run(["catalog", "build", shop / name, "-o", shop / f"{name}-catalog"], monkeypatch, capsys)
    assert code == 0
    for said in ("画像1, 画像2, 画像10", "not read     価格, 在庫, 商品URL, 備考", "4 of 49 rows left out"):
        assert said in output
    catalog = Catalog.read(shop / f"{name}-catalog")
    assert len(catalog) == 45
    told = catalog.problems.select("row", "field", "reason", "left_out").rows()
    assert told == [
        *((mess.row, mess.field, mess.reason, mess.left_out) for mess in MESS),
        (49, "", "nothing to read", True),
    ]
    works = {work.id: work for work in catalog}
    assert [len(works[f"S-{row:05}"].photos) for row in (2, 3, 4, 5, 7)] == [2, 0, 0, 1, 0]
    dates = sorted({f"{work.created_at:%Y-%m-%d %H}" for work in works.values() if work.created_at})
    assert dates == [
        "2019-04-30 00",
        "2019-05-01 00",
        "2021-03-04 00",
        "2021-04-05 00",
        "2022-12-31 00",
        "2023-01-02 10",
    ]


def test_the_workbook_and_the_text_file_give_the_same_works(shop: Path) -> None:
    tables = [(shop / f"{name}-catalog" / "works.parquet").read_bytes() for name in ("shop.xlsx", "shop.csv")]
    assert tables[0] == tables[1]


def test_a_messy_export_is_evaluated_without_a_further_question(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["experiment", shop / "shop.csv-catalog", "-o", shop / "run", "--preset", "quick"]
    code, output, error = run([*arguments, "--model", "text-linear"], monkeypatch, capsys)
    assert code == 0
    assert f"{len(FEW)} creators with fewer than 7 works (3 works) are not evaluated" in output + error
