import json
from pathlib import Path

import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.command import run

from sakka.models.folder import save_model
from sakka.models.fused import FusedModel

HEADER = "id,creator,title,description\n"
NEW = "1,Aoki,藍染 麻 暖簾,\n2,Aoki,藍染 手拭い,\n3,Aoki,麻 暖簾 藍,\n"

pytestmark = pytest.mark.usefixtures("few_steps")


@pytest.fixture
def model(folder: Path) -> Path:
    save_model(
        FusedModel(photo_settings=QUICK_PHOTO).fit(tiny_catalog(folder / "photos", creators=4, without_photo=10)),
        folder / "model",
    )
    return folder / "model"


def test_a_creator_is_added_listed_named_and_removed(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "new.csv").write_text(HEADER + NEW)
    code, output, _ = run(["creators", "add", model, folder / "new.csv"], monkeypatch, capsys)
    assert code == 0
    assert "Aoki  3 works" in output
    assert "knows 5 creators" in output.replace("\n", " ")
    _, output, _ = run(["creators", "list", model, "--json"], monkeypatch, capsys)
    assert {"creator": "Aoki", "works": 3} in json.loads(output)
    _, output, _ = run(["identify", model, "--title", "藍染 暖簾", "--json"], monkeypatch, capsys)
    assert json.loads(output)["candidates"][0]["creator"] == "Aoki"
    code, output, _ = run(["creators", "remove", model, "Aoki"], monkeypatch, capsys)
    assert "Aoki removed" in output
    _, output, _ = run(["creators", "list", model], monkeypatch, capsys)
    assert "Aoki" not in output
    assert "creator 03" in output


@pytest.mark.parametrize(
    ("arguments", "rows", "message"),
    [
        (["add"], "1,creator 00,桜,\n", "'creator 00' is known already"),
        (["add"], "1,,桜,\n", "no work is left of 1 rows; removed were 1 for no creator; the first is row 1"),
        (["remove", "Nobody"], "", "no creator is called 'Nobody' among the 4 known"),
    ],
)
def test_what_can_not_be_done_is_one_line_and_leaves_the_model(
    model: Path,
    folder: Path,
    arguments: list[str],
    rows: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = (model / "manifest.json").read_bytes()
    (folder / "new.csv").write_text(HEADER + rows)
    words = ["creators", arguments[0], model, *(arguments[1:] or [folder / "new.csv"])]
    code, _, error = run(words, monkeypatch, capsys)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
    assert (model / "manifest.json").read_bytes() == before


def test_new_works_come_in_any_table_and_a_row_that_can_not_be_used_is_counted(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "番号,仕立て,商品名\n1,Aoki,藍染 麻 暖簾\n2,Aoki,藍染 手拭い\n3,,麻 暖簾\n"
    (folder / "new.csv").write_text(rows, encoding="cp932")
    code, _, error = run(["creators", "add", model, folder / "new.csv"], monkeypatch, capsys)
    assert code == 2
    assert "no column for creator; it has 番号, 仕立て, 商品名; name yours with --column creator=COLUMN" in error
    words = ["creators", "add", model, folder / "new.csv", "--column", "creator=仕立て"]
    code, output, _ = run(words, monkeypatch, capsys)
    assert code == 0
    assert "Aoki  2 works" in output
    assert "1 of 3 rows left out" in output


def test_a_creator_whose_works_the_model_cannot_read_is_not_added(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = tiny_catalog(folder / "photos", creators=3, works=3, without_text=3)
    save_model(FusedModel(photo_settings=QUICK_PHOTO).fit(works), folder / "model")
    (folder / "new.csv").write_text(HEADER + NEW)
    code, output, error = run(["creators", "add", folder / "model", folder / "new.csv"], monkeypatch, capsys)
    assert (code, output) == (2, "")
    assert "the model reads only photos, and the works of 'Aoki' have none; give one that has" in error


def test_a_model_fitted_without_keeping_works_says_how_to_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_catalog(folder / "photos", without_photo=10).write(folder / "catalog")
    run(["fit", folder / "catalog", "-o", folder / "model", "--no-keep-works"], monkeypatch, capsys)
    (folder / "new.csv").write_text(HEADER + NEW)
    code, _, error = run(["creators", "add", folder / "model", folder / "new.csv"], monkeypatch, capsys)
    assert code == 2
    assert "has kept no works of its creators, so none can be added; fit it again" in error
