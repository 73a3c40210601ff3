import json
from pathlib import Path

import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.command import run

from sakka.catalog.works import Catalog
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    tiny_catalog(folder / "photos", creators=3, works=6).write(folder / "catalog")
    return folder / "catalog"


@pytest.fixture(scope="module")
def model(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "model"
    save_model(FusedModel(photo_settings={**QUICK_PHOTO, "dtype": "float32"}).fit(Catalog.read(catalog)), folder)
    return folder


def test_a_work_of_a_catalog_is_explained_with_a_page_a_map_and_its_nearest_works(
    catalog: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["explain", model, "--catalog", catalog, "--work", "work-01-002", "--nearest", 3, "-o", folder / "why"]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "creator 01: " in output
    assert max(len(line) for line in output.splitlines()[:-1]) <= 80
    page = (folder / "why" / "index.html").read_text(encoding="utf-8")
    assert page.count('<li class="piece">') == 3
    assert "://" not in page
    assert (folder / "why" / "regions.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((folder / "why" / "explanation.json").read_text(encoding="utf-8"))
    assert found["creator"] == "creator 01"
    assert found["photo_share"] + found["text_share"] + found["rest"] == pytest.approx(found["log_odds"], abs=1e-5)
    near = [each["work"]["id"] for each in found["nearest_works"]]
    assert "work-01-002" not in near
    assert all(name.startswith("work-01-") for name in near)


def test_the_same_in_japanese_and_for_a_text_alone(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["explain", model, "--title", "刺繍 小鳥", "--language", "ja", "--against", "creator 00"]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "creator 00" in output.splitlines()[0]
    assert "「刺繍」" in output
    assert "写真の領域" not in output


def test_each_of_several_photos_has_its_row(
    catalog: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [catalog.parent / "photos" / f"photo-0{number}-002.png" for number in (1, 2)]
    asked = ["--photo", photos[0], "--photo", photos[1]]
    code, output, _ = run(["explain", model, *asked, "-o", folder / "why"], monkeypatch, capsys)
    assert code == 0
    assert [line.split()[:2] for line in output.splitlines() if line.startswith("Photo ")] == [
        ["Photo", "1"],
        ["Photo", "2"],
    ]
    found = json.loads((folder / "why" / "explanation.json").read_text(encoding="utf-8"))
    assert len(found["photo_shares"]) == 2
    assert f"region of photo {found['photo'] + 1}" in output
    code, _, error = run(["explain", model, *asked * 3], monkeypatch, capsys)
    assert (code, error.count("got 6 photos of one work, and the model reads 5 at most")) == (2, 1)


def test_identify_explains_the_first_answer(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output, _ = run(["identify", model, "--title", "linen button", "--explain"], monkeypatch, capsys)
    assert code == 0
    assert "the runner-up is" in output
    code, output, _ = run(["identify", model, "--title", "linen button", "--explain", "--json"], monkeypatch, capsys)
    found = json.loads(output)
    assert found["explanation"]["creator"] == found["candidates"][0]["creator"]
    assert {word["text"] for word in found["explanation"]["words"]} == {"linen", "button"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to identify"),
        (["--title", "桜", "--creator", "creator 7"], "did you mean creator 0"),
        (["--photo", "nowhere.jpg"], "nowhere.jpg"),
        (["--work", "work-01-002"], "no catalog was given; give its folder too"),
        (["--work", "work-01-002", "--title", "桜"], "the one or the other"),
    ],
)
def test_what_can_not_be_explained_is_one_line_and_exit_code_2(
    model: Path,
    arguments: list[object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, output, error = run(["explain", model, *arguments], monkeypatch, capsys)
    assert (code, output) == (2, "")
    assert message in error
    assert error.count("\n") == 1
