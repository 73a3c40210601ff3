import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tests.catalogs import tiny_catalog
from tests.command import run

from sakka.catalog.works import Catalog, Work

MODELS = ("--model", "text-linear", "--model", "dummy")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    tiny_catalog(folder / "photos").write(folder / "catalog")
    return folder / "catalog"


def report_of(folder: Path) -> dict[str, bytes]:
    report = folder / "report"
    return {str(path.relative_to(report)): path.read_bytes() for path in report.rglob("*") if path.is_file()}


KILLED = """
import os, random, signal, sys, time
import sakka.evaluation.run, sakka.models.dummy, sakka.models.text.linear, sakka.engines.threads
import sakka.pages.headline_terminal, sakka.pages.write_report, scipy.stats, torch
from sakka.cli import add_commands, main

add_commands()
catalog, folder, *models = sys.argv[1:]

def started(name):
    process = os.fork()  # what takes long, importing, is done once
    if process == 0:
        sys.argv = ["sakka", "experiment", catalog, "-o", f"{folder}/{name}", "--preset", "quick", *models]
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
    return process

began_s = time.monotonic()
assert os.waitpid(started("whole"), 0)[1] == 0
took_s = time.monotonic() - began_s
moments, found = random.Random(1), []
for share in (0.05, 0.2, 0.35, 0.5, 0.65):
    process = started("killed")
    time.sleep(took_s * share * moments.uniform(0.8, 1.2))
    os.kill(process, signal.SIGKILL)
    found.append(os.waitpid(process, 0)[1])
assert signal.SIGKILL in found
assert os.waitpid(started("killed"), 0)[1] == 0
"""


def test_an_experiment_prints_its_figures_and_where_the_report_is(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["experiment", catalog, "-o", folder / "run", "--preset", "quick", *MODELS]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "60 works, 5 outer folds" in output
    assert "text-linear" in output
    assert "dummy" in output
    assert f"open the report: {folder / 'run' / 'report' / 'index.html'}" in output.replace("\n", " ")
    assert max(map(len, output.partition("\n\n")[0].splitlines())) <= 80
    results = json.loads((folder / "run" / "report" / "results.json").read_text())
    keys = {"table", "split", "model", "row", "measure", "value", "spread", "n", "folds"}
    assert all(set(entry) == keys for entry in results)
    figures = {
        (entry["model"], entry["row"]): entry["value"]
        for entry in results
        if (entry["table"], entry["measure"]) == ("table3", "accuracy")
    }
    assert figures["text-linear", "ensemble"] > 0.8
    assert figures["dummy", "ensemble"] == pytest.approx(1 / 6, abs=0.1)


def test_the_report_is_written_anew_from_the_stored_predictions(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["experiment", catalog, "-o", folder / "run", "--preset", "quick", *MODELS], monkeypatch, capsys)
    before = report_of(folder / "run")
    (folder / "run" / "report" / "results.json").unlink()
    code, output, _ = run(["report", folder / "run"], monkeypatch, capsys)
    assert code == 0
    assert "text-linear" in output
    assert report_of(folder / "run") == before


@pytest.mark.slow
def test_killed_five_times_and_resumed_an_experiment_gives_the_same_bytes(catalog: Path, folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, catalog, folder, *MODELS]
    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)
    assert report_of(folder / "killed") == report_of(folder / "whole")
    assert (folder / "killed" / "plan.json").read_bytes() == (folder / "whole" / "plan.json").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "swift"], "no preset is called 'swift'; known are quick, best"),
        (["--model", "crystal-ball"], "no model is called 'crystal-ball'"),
        (["--model", "dummy", "--split", "sideways"], "no split is called 'sideways'"),
        (["--model", "dummy", "--inner-folds", "6"], "6 inner folds were asked for, expected 1 to 5"),
        (["--model", "dummy", "--set", "dummy.x"], "--set got 'dummy.x', expected MODEL.SETTING=VALUE"),
        (["--model", "dummy", "--set", "dummy.x=1"], "the model dummy does not take these settings"),
        (["--model", "dummy", "--set", "text-linear.iterations=1"], "given for text-linear, which is not evaluated"),
        (["--preset", "paper", "--set", "text-fasttext.epoch=1"], "--set is not for the preset paper"),
    ],
)
def test_an_argument_that_is_not_known_is_one_line_and_exit_code_2(
    catalog: Path,
    folder: Path,
    arguments: list[object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, error = run(["experiment", catalog, "-o", folder / "run", *arguments], monkeypatch, capsys)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
    assert not (folder / "run").exists()


def test_a_setting_given_on_the_command_line_is_in_the_plan(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--model", "text-linear", "--set", "text-linear.iterations=3", "--folds", "1", "--outer-folds", "1"]
    code, _, _ = run(["experiment", catalog, "-o", folder / "run", *asked], monkeypatch, capsys)
    assert code == 0
    assert json.loads((folder / "run" / "plan.json").read_text())["models"][0]["settings"]["iterations"] == 3


def test_creators_with_too_few_works_are_counted_and_not_evaluated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = tiny_catalog(folder / "photos", creators=2, works=8)
    few = [Work(f"few {number}", f"creator of {1 + number // 4}", title="moon") for number in range(5)]
    Catalog.from_works([*works, *few], works.photo_root).write(folder / "catalog")
    arguments = ["experiment", folder / "catalog", "-o", folder / "run", "--model", "dummy", "--split", "all"]
    code, output, error = run(arguments, monkeypatch, capsys)
    told = "2 creators with fewer than 7 works (5 works) are not evaluated"
    assert code == 0
    assert error.count(told) == 1
    assert "16 works, 5 outer folds" in output
    plan = json.loads((folder / "run" / "plan.json").read_text())
    assert (plan["works"], plan["few_creators"], plan["few_works"]) == (16, 2, 5)
    assert f"<li>{told}.</li>" in (folder / "run" / "report" / "index.html").read_text(encoding="utf-8")
    works.write(folder / "whole")
    whole = ["experiment", folder / "whole", "-o", folder / "other", "--model", "dummy", "--split", "all"]
    assert run(whole, monkeypatch, capsys)[0] == 0
    name = "predictions/dummy/0-0.safetensors"
    assert (folder / "run" / name).read_bytes() == (folder / "other" / name).read_bytes()


def test_works_of_which_no_two_creators_can_be_evaluated_are_one_clear_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_catalog(folder / "photos", works=3).write(folder / "catalog")
    arguments = ["experiment", folder / "catalog", "-o", folder / "run", "--model", "dummy"]
    code, _, error = run(arguments, monkeypatch, capsys)
    assert code == 2
    assert "none of 6 creators has 7 works or more (the most is 3); expected two such creators" in error
    assert not (folder / "run").exists()


def test_models_that_cannot_read_the_catalog_are_left_out_with_a_note(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_catalog(folder / "photos", without_photo=10).write(folder / "catalog")
    arguments = ["experiment", folder / "catalog", "-o", folder / "run", "--preset", "quick"]
    code, output, error = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "photo-lite0+lite2 is left out: no work of the catalog has a photo" in error
    assert "photo" not in output.replace(str(folder), "")


def test_a_folder_that_is_no_run_has_no_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(["report", folder], monkeypatch, capsys)
    assert code == 2
    assert "is not a run" in error


def test_all_splits_stand_side_by_side_in_the_first_table(
    catalog: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["experiment", catalog, "-o", folder / "run", "--preset", "quick", "--model", "dummy", "--split", "all"]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    assert "How much does the random split flatter?" in output
    results = json.loads((folder / "run" / "report" / "results.json").read_text())
    assert results[0]["table"] == "splits"
    judged = {entry["split"]: entry["n"] for entry in results if entry["table"] == "splits"}
    assert judged == {"random": 60, "grouped": 60, "temporal": 24}  # 4 of 10 by each
    page = (folder / "run" / "report" / "index.html").read_text()
    assert page.index('id="splits"') < page.index("Under the random split") < page.index('id="table3"')
    before = report_of(folder / "run")
    (folder / "run" / "grouped" / "predictions" / "dummy" / "2-0.safetensors").unlink()
    assert run(arguments, monkeypatch, capsys)[0] == 0
    assert report_of(folder / "run") == before


def test_a_split_that_the_catalog_cannot_have_is_named_and_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = tiny_catalog(folder / "photos", creators=2)
    undated = Catalog(
        works.table.with_columns(pl.lit(None).cast(pl.Datetime("us")).alias("created_at")), folder / "photos"
    )
    undated.write(folder / "catalog")
    arguments = ["experiment", folder / "catalog", "-o", folder / "run", "--model", "dummy", "--inner-folds", "1"]
    assert run([*arguments, "--split", "temporal"], monkeypatch, capsys)[2].startswith(
        "sakka: the temporal split can use none of the 20 works (20 without a date)"
    )
    code, _, errors = run([*arguments, "--split", "all"], monkeypatch, capsys)
    assert code == 0
    assert "the temporal split is left out: the temporal split can use none" in errors
    assert not (folder / "run" / "temporal").exists()
