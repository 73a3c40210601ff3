"""`evaluate` in Python gives what `sakka experiment` gives on the command line."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.catalogs import tiny_catalog
from tests.command import run

from sakka.catalog.works import Catalog, Work
from sakka.errors import RunError
from sakka.pages.evaluation import Evaluation, evaluate

SETTINGS = {"text-linear": {"iterations": 5}}
MODELS = ("text-linear", "dummy")


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("photos"), creators=3, works=10, without_text=2)


@pytest.fixture(scope="module")
def found(works: Catalog) -> Evaluation:
    return evaluate(works, preset="quick", models=MODELS, settings=SETTINGS, seed=3)


def test_its_figures_are_those_of_the_command_with_the_same_seed(
    works: Catalog,
    found: Evaluation,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    works.write(folder / "catalog")
    models = [word for name in MODELS for word in ("--model", name)]
    asked = ["--preset", "quick", "--seed", 3, *models, "--set", "text-linear.iterations=5"]
    code, _, error = run(["experiment", folder / "catalog", "-o", folder / "run", *asked], monkeypatch, capsys)
    assert code == 0, error
    assert found.figures.to_dicts() == json.loads((folder / "run" / "report" / "results.json").read_text("utf-8"))


def test_its_tables_are_frames_with_n_and_standard_deviations(found: Evaluation) -> None:
    accuracy = found.tables["accuracy"]
    dummy = accuracy.filter(pl.col("Model").str.starts_with("Dummy"), pl.col("Evaluated as") == "ensemble")
    assert dummy.select("Accuracy", "n", "folds").rows() == [(pytest.approx(1 / 3), 30, 5)]
    assert accuracy.schema["Accuracy standard deviation"] == pl.Float64
    assert {"accuracy", "gains", "creators"} <= found.tables.keys()
    assert all(table.columns[-2:] == ["n", "folds"] for table in found.tables.values())


def test_it_says_its_headline_in_a_line_and_in_a_notebook(found: Evaluation) -> None:
    assert repr(found).startswith("Evaluation(The text alone names the right creator for ")
    assert repr(found).endswith("; 30 works, 5 test folds)")
    page = found._repr_html_()
    assert found.headline.title in page
    assert "Text (linear)" in page
    assert "tables: summary, accuracy, " in page


def test_a_named_folder_keeps_the_run_and_gets_the_report(works: Catalog, found: Evaluation, folder: Path) -> None:
    assert found.report is None
    kept = evaluate(works, preset="quick", models=MODELS, settings=SETTINGS, seed=3, folder=folder / "run")
    assert kept.report == folder / "run" / "report" / "index.html"
    assert kept.report.is_file()
    assert kept.figures.equals(found.figures)


def test_what_is_left_out_is_said(works: Catalog) -> None:
    few = Catalog.from_works([*works, Work("few", "<b>Mori</b>", "桜")], works.photo_root)
    said = evaluate(few, preset="quick", models=("dummy",), outer_folds=2)
    assert said.left_out == ("1 creator with fewer than 7 works (1 work) is not evaluated",)
    assert said.left_out[0] in said._repr_html_()


def test_a_wrong_argument_is_refused_in_words_of_python(works: Catalog) -> None:
    with pytest.raises(RunError, match="no preset is called 'swift'; known are quick, best, paper"):
        evaluate(works, preset="swift")
    with pytest.raises(RunError, match="`settings` is not for the preset paper"):
        evaluate(works, preset="paper", settings=SETTINGS)
