import json
from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog
from tests.command import run
from tests.detector_weights import plant_boxes

from sakka.paper import published

SMALL = ("--preset", "paper", "--only", "text", "--only", "labels", "--text-epochs", "3", "--folds", "1")
SMALLER = (*SMALL, "--outer-folds", "2")


@pytest.fixture
def catalog(folder: Path) -> Path:
    works = tiny_catalog(folder / "photos")
    plant_boxes(works)
    works.write(folder / "catalog")
    return folder / "catalog"


def test_the_preset_paper_names_its_departures_and_sets_the_paper_s_tables_beside_its_own(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(["experiment", catalog, "-o", folder / "run", *SMALLER], monkeypatch, capsys)
    assert code == 0, error
    departures = [
        "2 x 1 folds, 2 models of a kind; the paper: 5 x 5",
        "text-fasttext: epoch 3; the paper: 1000",
        "no model for photo; the paper: photo-vgg16-finetuned",
    ]
    page = (folder / "run" / "report" / "index.html").read_text(encoding="utf-8")
    for each in departures:
        assert each in error.replace("\n", " ")
        assert each in page
    results = json.loads((folder / "run" / "report" / "results.json").read_text(encoding="utf-8"))
    assert {each["table"] for each in results} >= {
        "table1",
        "paper1",
        "paper3",
        "paper6",
        "paper8",
        "table8",
        "entropy",
    }
    text = {(each["model"], each["row"]): each["value"] for each in results if each["table"] == "paper3"
            and each["measure"] == "accuracy"}  # fmt: skip
    assert text["paper: text", "single"] == published.TABLE_3["text"].accuracy
    assert text["labels-lightgbm", "ensemble"] > 0.8  # the planted labels tell the creator
    judged = next(each for each in results if each["table"] == "table3")
    assert judged["folds"] == 2
    assert judged["n"] == 24  # two fifths of 60 works
    assert "--preset paper --only text --only labels --text-epochs 3 --folds 1 --outer-folds 2" in page


def test_the_same_command_goes_on_and_another_logarithm_is_refused(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments: list[object] = ["experiment", catalog, "-o", folder / "run", *SMALLER]
    run(arguments, monkeypatch, capsys)
    labels = folder / "run" / "labels.parquet"
    kept, answers = labels.read_bytes(), (folder / "run" / "report" / "results.json").read_bytes()
    labels.write_bytes(b"damaged")
    assert run(arguments, monkeypatch, capsys)[0] == 0
    assert labels.read_bytes() == kept
    assert (folder / "run" / "report" / "results.json").read_bytes() == answers
    code, _, error = run([*arguments, "--log-base", "2"], monkeypatch, capsys)
    assert code == 2
    assert "holds an experiment with log base e, asked for 2" in error.replace("\n", " ")


def test_an_option_of_the_paper_without_its_preset_is_refused(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(
        ["experiment", catalog, "-o", folder / "run", "--preset", "quick", "--text-epochs", "3"], monkeypatch, capsys
    )
    assert code == 2
    assert "--text-epochs" in error
    assert not (folder / "run").exists()
