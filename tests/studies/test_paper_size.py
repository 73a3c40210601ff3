import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from studies.paper_size import commands, cost
from studies.stages import Command, Stage, State, family_of, run

from studies import stages

STAGES = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
(folder / "first").write_bytes(bytes(1 << 20))
while not (folder / "go").exists():
    time.sleep(0.02)
"""


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "LOOK_EVERY_S", 0.05)


def two_stages(folder: Path) -> Command:
    return Command((sys.executable, "-c", STAGES, str(folder)), (Stage("first", folder / "first"), Stage("second")))


def until(holds: Callable[[], bool]) -> None:
    start_s = time.monotonic()
    while not holds():
        assert time.monotonic() - start_s < 20
        time.sleep(0.02)


def test_a_stage_ends_with_its_file_and_a_later_piece_adds_to_the_stage_that_was_stopped(folder: Path) -> None:
    command = two_stages(folder)
    with pytest.raises(SystemExit, match="stopped at the stage second; give the same command again"):
        run(command, State(folder / "state.json", 1), time.monotonic() + 0.5)
    first = State(folder / "state.json", 1).stages["second"]
    (folder / "go").touch()
    run(command, State(folder / "state.json", 1), None)
    found = State(folder / "state.json", 1)
    assert [(name, spent.pieces) for name, spent in found.stages.items()] == [("first", 1), ("second", 2)]
    assert found.stages["second"].wall_s > first.wall_s > 0
    assert all(spent.cpu_s > 0 for spent in found.stages.values())
    assert 1 <= (found.stages["first"].disk_mib or 0) < 2
    assert found.stages["second"].disk_mib is not None


def test_a_stage_that_is_done_is_not_run_again(folder: Path) -> None:
    (folder / "go").touch()
    run(two_stages(folder), State(folder / "state.json", 1), None)
    kept = (folder / "state.json").read_bytes()
    run(two_stages(folder), State(folder / "state.json", 1), None)
    assert (folder / "state.json").read_bytes() == kept


def test_a_command_that_fails_ends_the_study_and_its_stage_is_not_done(folder: Path) -> None:
    failing = Command((sys.executable, "-c", "raise SystemExit(3)"), (Stage("only"),))
    state = State(folder / "state.json", 1)
    with pytest.raises(SystemExit, match="ended with 3"):
        run(failing, state, None)
    assert not state.is_done(failing.stages[0])


def test_a_command_that_ends_without_the_file_of_a_stage_names_the_file(folder: Path) -> None:
    idle = Command((sys.executable, "-c", ""), (Stage("first", folder / "first"), Stage("second")))
    state = State(folder / "state.json", 1)
    with pytest.raises(SystemExit, match=r"the command ended without .*/first, with which the stage first ends"):
        run(idle, state, None)
    assert not state.is_done(idle.stages[0])


def test_a_terminated_background_job_is_interrupted_and_so_is_its_command(folder: Path) -> None:
    code = (
        "import sys, signal, pathlib; from tests.studies.test_paper_size import *; folder = pathlib.Path(sys.argv[1]);"
        "signal.signal(signal.SIGINT, signal.SIG_IGN); stages.interrupt_at_signals();"
        "run(two_stages(folder), State(folder / 'state.json', 1), None)"
    )
    study = subprocess.Popen([sys.executable, "-c", code, str(folder)], stderr=subprocess.PIPE, text=True)
    until(lambda: (folder / "state.json").is_file() and (folder / "first").is_file())
    study.terminate()
    assert "stopped at the stage second" in study.communicate(timeout=20)[1]
    assert "KeyboardInterrupt" in (folder / "log.txt").read_text(encoding="utf-8")


def test_a_study_that_is_killed_takes_its_command_with_it_and_has_kept_its_times(folder: Path) -> None:
    code = (
        "import sys, pathlib; from tests.studies.test_paper_size import *; folder = pathlib.Path(sys.argv[1]);"
        "run(two_stages(folder), State(folder / 'state.json', 1), None)"
    )
    study = subprocess.Popen([sys.executable, "-c", code, str(folder)])
    until(lambda: (folder / "state.json").is_file() and (folder / "first").is_file())
    [_, command] = family_of(study.pid)
    study.send_signal(signal.SIGKILL)
    study.wait()
    until(lambda: not Path(f"/proc/{command}").exists() or " Z " in Path(f"/proc/{command}/stat").read_text())
    assert "first" in State(folder / "state.json", 1).stages


def test_the_cost_a_thousand_works_is_that_of_the_catalogs_works(folder: Path) -> None:
    (folder / "go").touch()
    state = State(folder / "state.json", 1)
    run(two_stages(folder), state, None)
    (folder / "catalog").mkdir()
    (folder / "catalog" / "catalog.json").write_text(json.dumps({"works": 500}), encoding="utf-8")
    found = {(each.row.partition(",")[0], each.measure): each for each in cost(state)}
    wall = found["all", "wall, s"]
    assert wall.value == pytest.approx(sum(each.wall_s for each in state.stages.values()))
    assert wall.n == 500
    assert found["all", "wall a thousand works, s"].value == pytest.approx(2 * wall.value)


def test_a_folder_of_another_size_is_refused(folder: Path) -> None:
    State(folder / "state.json", 20).keep()
    with pytest.raises(SystemExit, match="is for 1/20 of the size, expected 1/1"):
        State(folder / "state.json", 1)


def test_the_whole_size_is_the_papers() -> None:
    first = commands(Path("folder"), 1)[0].words
    assert {"944", "109685", "50"} <= set(first)
    assert Path(first[0]).name == "sakka"
