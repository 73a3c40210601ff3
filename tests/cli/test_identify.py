import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.command import run

from sakka.catalog.works import Catalog
from sakka.models.dummy import DummyModel
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel

pytestmark = pytest.mark.usefixtures("few_steps")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    tiny_catalog(folder / "photos").write(folder / "catalog")
    return folder / "catalog"


@pytest.fixture(scope="module")
def model(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "model"
    save_model(FusedModel(photo_settings=QUICK_PHOTO).fit(Catalog.read(catalog)), folder)
    return folder


def test_a_fit_suggests_a_question_of_what_it_learned_from(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    described = [replace(work, description=f"x {work.title}", title="", photos=()) for work in Catalog.read(catalog)]
    Catalog.from_works(described).write(folder / "described")
    models = ["--photo-model", "dummy", "--text-model", "text-linear"]
    _, output, _ = run(["fit", folder / "described", "-o", folder / "model", *models], monkeypatch, capsys)
    assert output.endswith(f"try: sakka identify {folder / 'model'} --description TEXT\n")


def test_a_model_is_fitted_and_names_a_creator(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = folder / "the model"
    arguments = ["fit", catalog, "-o", target, "--photo-model", "dummy", "--text-model", "text-linear"]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "60 works by 6 creators" in output
    assert "held-out works" in output
    assert f"try: sakka identify '{target}' --title TEXT\n" in output  # the dummy reads no photo
    assert max(map(len, output.splitlines()[:-1])) <= 80
    code, output, _ = run(["identify", target, "--title", "刺繍 小鳥", "--top", 2], monkeypatch, capsys)
    assert code == 0
    first, second = (line for line in output.splitlines() if line.strip()[:1] in ("1", "2"))
    assert "creator 02" in first
    assert "%" in second


def test_json_holds_the_same_answers_as_python(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output, _ = run(["identify", model, "--title", "glass moon", "--json"], monkeypatch, capsys)
    found = json.loads(output)["candidates"]
    assert code == 0
    assert len(found) == 5
    assert found[0]["creator"] == "creator 03"
    assert found == sorted(found, key=lambda entry: -entry["probability"])


def test_a_photo_alone_and_both_together_are_answered(
    catalog: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = Catalog.read(catalog).photo_paths[0]
    for extra in ([], ["--description", "花の和装"]):
        code, output, _ = run(["identify", model, "--photo", photo, *extra], monkeypatch, capsys)
        assert code == 0
        assert "creator 0" in output


@pytest.mark.parametrize(
    ("lacking", "asked", "reason"),
    [
        ("without_photo", "--photo", "the model reads only texts, and the work has only a photo; give it a title or"),
        ("without_text", "--title", "the model reads only photos, and the work has only a text; give it a photo"),
    ],
)
def test_a_question_that_the_model_cannot_read_is_one_line_and_exit_code_2(
    catalog: Path,
    folder: Path,
    lacking: str,
    asked: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    works = tiny_catalog(folder / "photos", creators=3, works=3, **{lacking: 3})  # type: ignore[arg-type]
    works.write(folder / "catalog")
    code, output, _ = run(["fit", folder / "catalog", "-o", folder / "model"], monkeypatch, capsys)
    assert code == 0
    assert asked not in output
    photo = Catalog.read(catalog).photo_paths[0]
    for command in (["identify"], ["identify", "--explain"], ["explain"]):
        arguments = [*command, folder / "model", asked, photo if asked == "--photo" else "桜"]
        code, output, error = run(arguments, monkeypatch, capsys)
        assert (code, output) == (2, "")
        assert reason in error
        assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --photo FILE, --title TEXT, --description TEXT"),
        (["--title", "  "], "nothing to identify"),
        (["--photo", "nowhere.jpg"], "nowhere.jpg"),
        (["--photo", "."], ""),
        (["--title", "\udcff"], "--title is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_code_2(
    model: Path,
    arguments: list[object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, output, error = run(["identify", model, *arguments], monkeypatch, capsys)
    assert (code, output) == (2, "")
    assert message in error
    assert error.startswith("sakka: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"not a photo", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, b"\xff\xd8\xff\xe0" * 9])
def test_an_unreadable_photo_is_one_line_and_exit_code_2(
    model: Path,
    folder: Path,
    content: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "photo.jpg").write_bytes(content)
    code, output, error = run(["identify", model, "--photo", folder / "photo.jpg"], monkeypatch, capsys)
    assert (code, output) == (2, "")
    assert "photo.jpg" in error
    assert error.count("\n") == 1


def test_a_folder_that_is_no_model_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(["identify", folder, "--title", "桜"], monkeypatch, capsys)
    assert code == 2
    assert "not a saved model" in error


def test_a_folder_with_other_things_is_refused_before_anything_is_fitted(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "letter.txt").write_text("mine")
    monkeypatch.setattr(FusedModel, "fit", None)
    code, _, error = run(["fit", catalog, "-o", folder], monkeypatch, capsys)
    assert code == 2
    assert "choose another folder" in error


def test_a_folder_that_cannot_be_made_is_one_line(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").write_text("a file where a folder is needed")
    arguments = ["fit", catalog, "-o", folder / "file" / "model", "--photo-model", "dummy", "--text-model", "dummy"]
    code, _, error = run(arguments, monkeypatch, capsys)
    assert code == 2
    assert error.count("\n") == 1


def test_any_saved_model_can_identify(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(DummyModel().fit(Catalog.read(catalog)), folder / "dummy")
    code, output, _ = run(["identify", folder / "dummy", "--title", "桜", "--json"], monkeypatch, capsys)
    assert code == 0
    assert json.loads(output)["candidates"][0]["probability"] == pytest.approx(1 / 6, abs=1e-5)
    assert load_model(folder / "dummy").name == "dummy"


@pytest.fixture
def table(catalog: Path, folder: Path) -> Path:
    """Ten works of the catalog as a csv in the encoding of Japanese Windows, one without its photo's file."""
    works = list(Catalog.read(catalog).take(range(10)))
    photos = [f"photos/{work.photos[0]}" for work in works]
    photos[3] = "photos/gone.jpg"
    rows = [
        f"{work.id},{work.title},{photo},{1000 + row}円"
        for row, (work, photo) in enumerate(zip(works, photos, strict=True))
    ]
    (folder / "shop.csv").write_bytes(("商品ID,商品名,画像,価格\n" + "\n".join(rows) + "\n").encode("cp932"))
    (folder / "prices.csv").write_text("id,price\n1,2\n")
    (folder / "photos").symlink_to(catalog.parent / "photos")
    return folder / "shop.csv"


def test_a_table_is_answered_line_by_line(
    model: Path, table: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["identify", model, table, "-o", folder / "answers.csv", "--top", 2, "--keep", "価格"]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "商品名" in output  # which column was read as the title
    assert "cp932" in output
    assert "works with a problem" in output
    lines = (folder / "answers.csv").read_text(encoding="utf-8-sig").splitlines()
    ranks = "creator,probability,creator_2,probability_2"
    assert lines[0] == f"id,answer,{ranks},possible,possible_creators,p_value,read,problems,価格"
    assert [line.split(",")[0] for line in lines[1:]] == [f"work-{row % 6:02}-{row // 6:03}" for row in range(10)]
    assert "photo missing: " in lines[4]
    assert lines[10].endswith(",1009円")


def test_one_work_of_a_table_gets_the_answer_that_it_gets_alone(
    model: Path, catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, _ = run(["identify", model, catalog, "-o", folder / "answers.jsonl"], monkeypatch, capsys)
    assert code == 0
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    for row, work in list(enumerate(Catalog.read(catalog)))[:3]:
        photo = ["--photo", catalog.parent / "photos" / work.photos[0]]
        texts = ["--title", work.title, "--description", work.description]
        code, output, _ = run(["identify", model, *photo, *texts, "--json"], monkeypatch, capsys)
        alone, listed = json.loads(output), json.loads(lines[row])
        assert (listed["id"], listed["answer"]) == (work.id, alone["answer"])
        for one, other in zip(listed["candidates"], alone["candidates"], strict=True):
            assert one["probability"] == pytest.approx(other["probability"], abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["TABLE"], "say where the answers go: sakka identify"),
        (["TABLE", "-o", "answers.csv", "--title", "桜"], "--title is for one work, and the table"),
        (["postgresql://me:secret@localhost/shop"], "sakka identify MODEL postgresql://me@localhost/shop -o"),
        (["postgresql://me:secret@localhost/shop", "--json"], "and the table postgresql://me@localhost/shop was given"),
        (["TABLE", "-o", "answers.csv", "--json"], "--json is for one work, and the table"),
        (["--title", "桜", "--keep", "price"], "--keep is for a table of works, and none was given"),
        (["--title", "桜", "-o", "answers.csv"], "--output is for a table of works, and none was given"),
        ([], "or a table of works: sakka identify"),
        (["TABLE", "-o", "answers.xlsx"], "expected .csv, .parquet, .jsonl"),
        (["TABLE", "-o", "answers.csv", "--keep", "stock"], "has no column 'stock'"),
        (["TABLE", "-o", "answers.csv", "--photo-root", "nowhere"], "nowhere"),
        (["nowhere.csv", "-o", "answers.csv"], "there is no nowhere.csv"),
        (["prices.csv", "-o", "answers.csv"], "it has price; name yours with --column title=COLUMN"),
    ],
)
def test_what_does_not_go_together_is_one_line_and_exit_code_2(
    model: Path,
    table: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(table.parent)
    given = [table if each == "TABLE" else each for each in arguments]
    code, _, error = run(["identify", model, *given], monkeypatch, capsys)
    assert code == 2
    assert message in error.replace(str(model), "MODEL")
    assert "secret" not in error
    assert error.count("\n") == 1
    assert not list(table.parent.glob("answers*"))
