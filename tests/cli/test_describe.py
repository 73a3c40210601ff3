import json
from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog
from tests.command import run

from sakka.catalog.works import Catalog
from sakka.models.folder import save_model
from sakka.models.text.linear import LinearText


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    tiny_catalog(folder / "photos", creators=3, works=6).write(folder / "catalog")
    return folder / "catalog"


@pytest.fixture(scope="module")
def model(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "model"
    save_model(LinearText().fit(Catalog.read(catalog)), folder)
    return folder


def test_a_creator_is_described_on_the_terminal_and_as_a_page(
    catalog: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["describe", catalog, model, "--creator", "creator 01", "-o", folder / "page"]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert output.startswith("creator 01 has 6 works in the catalog.")
    assert "creator 01" in (folder / "page" / "index.html").read_text(encoding="utf-8")
    found = json.loads((folder / "page" / "description.json").read_text(encoding="utf-8"))
    assert found["sentences"]["ja"][0] == "creator 01の作品は、カタログに6点あります。"
    assert len(found["typical"]) == 6


def test_a_work_is_described_from_the_catalog_or_from_outside(
    catalog: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output, _ = run(
        ["describe", model, catalog, "--work", "work-02-001", "--language", "ja", "-o", folder / "page"],
        monkeypatch,
        capsys,
    )
    assert code == 0
    assert output.startswith("creator 02の作品と思われます")
    assert (folder / "page" / "index.html").is_file()
    code, output, _ = run(["describe", model, "--title", "linen button", "--json"], monkeypatch, capsys)
    assert code == 0
    assert json.loads(output)["identification"]["candidates"][0]["creator"] == "creator 01"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name one thing to describe"),
        (["--creator", "creator 1"], "did you mean creator 0"),
        (["--creator", "creator 01", "--title", "x"], "name one thing to describe"),
        (["--work", "work-02-001"], "give the folder of a model too"),
        (["--work", "nowhere"], "no work 'nowhere'"),
        (["--creator", "creator 01", "twice"], "got two catalogs"),
    ],
)
def test_what_can_not_be_described_is_one_line_and_exit_code_2(
    catalog: Path,
    arguments: list[object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, output, error = run(["describe", catalog, *arguments], monkeypatch, capsys)
    assert (code, output) == (2, "")
    assert message in error
    assert error.count("\n") == 1


def test_a_folder_that_is_neither_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(["describe", folder, "--creator", "Mori"], monkeypatch, capsys)
    assert code == 2
    assert "neither a catalog nor a saved model" in error
