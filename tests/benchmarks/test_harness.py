import dataclasses
import sys
from pathlib import Path

import pytest
from benchmarks.environments import MARK, python_of
from benchmarks.harness import Comparison, Outcome, Plan, Spread, compare, compare_all
from benchmarks.processes import Side, SideError, WorkerProcess


def plan(folder: Path, pairs: int = 3) -> Plan:
    return Plan(pairs=pairs, size=None, threads=1, scratch=folder, data=None)


def noting(name: str, folder: Path, seconds: list[float], quality: float = 0.5) -> Side:
    settings = {"name": name, "book": str(folder / "book.txt"), "seconds": seconds, "quality": quality}
    return Side(name, "tests.benchmarks.sides:Noting", settings)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def outcome(shared: Path) -> Outcome:
    ours = noting("A", shared, [9.0, 1.0, 2.0, 5.0], quality=0.9)
    other = noting("B", shared, [9.0, 2.0, 10.0, 5.0], quality=0.7)
    comparison = Comparison("A / B", "photos", ours, other, wanted_ratio=2.0, wanted_gain=0.1)
    return compare(comparison, plan(shared))


def test_sides_are_warmed_up_and_then_run_in_turn(outcome: Outcome, shared: Path) -> None:
    assert outcome.missing == ""
    assert (shared / "book.txt").read_text() == "-A-B" + "-A-B" * 3


def test_a_ratio_is_our_rate_over_the_others_pair_by_pair_without_the_warm_up(outcome: Outcome) -> None:
    assert outcome.ratios == pytest.approx([2.0, 5.0, 1.0])
    assert outcome.as_json()["ratio"] == pytest.approx({"minimum": 1.0, "median": 2.0, "maximum": 5.0})
    assert outcome.ours.rates == pytest.approx([10.0, 5.0, 2.0])


def test_an_outcome_tells_quality_versions_threads_and_notes_of_both_sides(outcome: Outcome) -> None:
    assert outcome.other is not None
    assert outcome.ours.quality == {"accuracy": 0.9}
    assert outcome.gain == pytest.approx(0.2)
    assert outcome.ours.description["threads"] == 1
    assert outcome.other.description["versions"]["python"] == sys.version.split()[0]
    assert outcome.other.description["notes"] == "I am B"
    assert outcome.other.notes == ["noted"]


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ({"wanted_ratio": 2.0, "wanted_gain": 0.1}, True),
        ({"wanted_ratio": 2.1}, False),
        ({"wanted_gain": 0.3}, False),
        ({"wanted_seconds": 0.2}, True),
        ({"wanted_seconds": 0.19}, False),
        ({}, None),
    ],
)
def test_a_demand_holds_at_the_median(outcome: Outcome, wanted: dict[str, float], holds: bool | None) -> None:
    asked = Comparison("A / B", "photos", outcome.comparison.ours, outcome.comparison.other, **wanted)
    assert Outcome(asked, outcome.ours, outcome.other).holds is holds


def test_a_peer_that_can_not_be_made_is_told_with_its_reason(folder: Path) -> None:
    other = Side("the peer", "tests.benchmarks.sides:Failing")
    outcome = compare(Comparison("A / peer", "photos", noting("A", folder, [1.0]), other), plan(folder))
    assert outcome.missing == "the peer: ModuleNotFoundError: No module named 'peer'"
    assert outcome.holds is None
    assert outcome.ratios == []


def test_several_others_take_their_turns_in_one_run_and_one_that_fails_leaves_the_rest(folder: Path) -> None:
    ours = noting("A", folder, [1.0, 1.0, 1.0])
    sides = [
        noting("B", folder, [1.0, 2.0, 4.0]),
        noting("C", folder, [1.0, 3.0]),  # its third run fails
        Side("the peer", "tests.benchmarks.sides:Failing"),
    ]
    comparisons = [Comparison(f"A / {side.name}", "photos", ours, side) for side in sides]
    first, second, third = compare_all(comparisons, plan(folder, pairs=2))
    assert (folder / "book.txt").read_text() == "-A-B-C" + "-A-B-C" + "-A-B-C"
    assert first.ratios == pytest.approx([2.0, 4.0])
    assert second.missing == "C: IndexError: pop from empty list"
    assert third.missing == "the peer: ModuleNotFoundError: No module named 'peer'"
    assert second.ratios == third.ratios == []


def test_where_our_side_fails_no_comparison_has_figures(folder: Path) -> None:
    ours = Side("ours", "tests.benchmarks.sides:Failing")
    comparisons = [Comparison(f"A / {name}", "photos", ours, noting(name, folder, [1.0] * 3)) for name in "BC"]
    outcomes = compare_all(comparisons, plan(folder, pairs=1))
    assert [outcome.missing for outcome in outcomes] == ["ours: ModuleNotFoundError: No module named 'peer'"] * 2


def test_a_side_with_its_own_warm_up_is_not_run_for_it(folder: Path) -> None:
    side = Side("ready", "tests.benchmarks.sides:WarmingUp")
    outcome = compare(Comparison("ready", "runs", side, None), plan(folder, pairs=2))
    assert outcome.ours.units == [1, 2]


def test_a_comparison_that_is_left_out_says_so(folder: Path) -> None:
    comparison = Comparison("A / jax", "photos", noting("A", folder, [1.0]), None)
    outcome = compare(comparison, dataclasses.replace(plan(folder), only="torch"))
    assert outcome.missing == "left out by --only"
    assert not (folder / "book.txt").exists()


def test_a_peer_without_an_environment_is_told(folder: Path) -> None:
    other = Side("the peer", "tests.benchmarks.sides:Timed", environment="absent")
    outcome = compare(Comparison("A / peer", "photos", noting("A", folder, [1.0]), other), plan(folder))
    assert outcome.missing == "no environment is called 'absent': absent.lock is not there"


def test_the_worker_times_a_side_that_does_not_time_itself(folder: Path) -> None:
    side = Side("timed", "tests.benchmarks.sides:Timed")
    with WorkerProcess(side, Path(sys.executable), None, folder / "log") as worker:
        answer = worker.ask("run")
        assert worker.ask("quality") == {}
    assert answer["units"] == 1
    assert 0 <= answer["seconds"] < 1


def test_a_sides_memory_is_its_own_and_not_its_parents(folder: Path) -> None:
    held = bytearray(200 * 2**20)
    held[::4096] = b"x" * len(held[::4096])  # really in memory
    side = Side("timed", "tests.benchmarks.sides:Timed")
    with WorkerProcess(side, Path(sys.executable), None, folder / "log") as worker:
        peak = worker.ask("describe")["peak_memory_mib"]
    assert len(held) > 0
    assert 5 < peak < 100


def test_a_side_that_takes_too_long_is_ended_and_told(folder: Path) -> None:
    side = Side("slow", "tests.benchmarks.sides:Sleeping")
    with (
        WorkerProcess(side, Path(sys.executable), None, folder / "log") as worker,
        pytest.raises(SideError, match=r"^slow: took more than 0\.2 s$"),
    ):
        worker.ask("run", limit_s=0.2)


def test_an_environment_is_kept_while_its_lock_is_the_same(folder: Path) -> None:
    (folder / "peer.lock").write_text("")
    first = python_of("peer", environments=folder / "made", locks=folder)
    assert first.is_file()
    mark = folder / "made" / "peer" / MARK
    written = mark.stat().st_mtime_ns
    assert python_of("peer", environments=folder / "made", locks=folder) == first
    assert mark.stat().st_mtime_ns == written


def test_a_lock_that_can_not_be_installed_is_told(folder: Path) -> None:
    (folder / "peer.lock").write_text("no such requirement ==\n")
    with pytest.raises(SideError, match=r"peer\.lock can't be installed: ERROR"):
        python_of("peer", environments=folder / "made", locks=folder)
    assert not (folder / "made" / "peer" / MARK).exists()


def test_a_spread_of_an_even_number_of_values_has_their_middle_as_its_median() -> None:
    assert Spread.of([4.0, 1.0, 2.0, 3.0]) == Spread(1.0, 2.5, 4.0)
