import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.command import run
from tests.title_model import SaysItsTitle

import sakka.models.folder
from sakka.models.base import CreatorModel

START = date(2026, 1, 1)


def says_its_title(_folder: Path) -> CreatorModel:
    return SaysItsTitle()


@pytest.fixture
def table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hundred works that sets hold as often as is stated, ten that they don't hold, one without a creator."""
    monkeypatch.setattr(sakka.models.folder, "load_model", says_its_title)
    titles = [f"Mori {(37 * number % 100 + 1) / 100}" for number in range(100)] + ["Sato 1.0"] * 10
    rows = [f"{number},Mori,{title},{START + timedelta(days=number)}" for number, title in enumerate(titles)]
    (folder / "sold.csv").write_text("\n".join(["id,hand,title,listed_at", *rows, "x,,Mori 0.9,2026-02-02", ""]))
    return folder / "sold.csv"


def test_a_change_is_shown_with_its_day_and_check_gives_exit_code_1(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["monitor", "model", table, "--column", "creator=hand"]
    code, output, _ = run(arguments, monkeypatch, capsys)
    assert code == 0
    lines = output.splitlines()
    assert lines[-1] == "The 95 % sets held for 0 of 10 works since 2026-04-11: fit the model anew."
    assert "works differ since about 2026-04-11; no view and no creators stand out among those missed." in lines[-2]
    assert any("110, in order of date, 2026-01-01 to 2026-04-20" in line for line in lines)
    (counted,) = (line for line in lines if line.startswith("known creators") and "95 % sets" in line)
    assert "95.0 %    87.3 %" in counted
    assert max(map(len, lines[1:-2])) <= 80
    assert run([*arguments, "--check"], monkeypatch, capsys)[0] == 1


def test_json_holds_all_of_it_and_works_before_a_date_are_left_out(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["monitor", "model", table, "--column", "creator=hand", "--json"]
    found = json.loads(run(arguments, monkeypatch, capsys)[1])
    assert (found["works"], found["without_creator"], found["holds"]) == (110, 1, False)
    assert found["known"]["alarm"]["since_date"] == "2026-04-11T00:00:00"
    code, output, _ = run([*arguments, "--from", "2026-04-20", "--check"], monkeypatch, capsys)
    found = json.loads(output)
    assert (code, found["works"], found["known"]["alarm"]) == (0, 1, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "soon"], "--from is 'soon': "),
        (["--from", "2030"], "no work of the table is dated 2030-01-01 or later; give an earlier date"),
        ([], "no work of the table has a creator; name the column with --column creator=COLUMN"),
    ],
)
def test_what_cannot_be_monitored_is_one_line_and_exit_code_2(
    table: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, error = run(["monitor", "model", table, *arguments], monkeypatch, capsys)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
