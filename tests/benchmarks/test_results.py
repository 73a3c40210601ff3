import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.harness import Comparison, Measured, Outcome, Plan
from benchmarks.processes import ROOT, Side
from benchmarks.results import (
    FRONT_PAGE,
    RESULTS,
    Section,
    fill_front_page,
    page,
    ratio_table,
    section_of,
    write_section,
)
from benchmarks.suites.growth import Point, draw, exponent, exponent_rows, planned_points
from benchmarks.suites.paper_scale import Point as Step
from benchmarks.suites.paper_scale import missed
from benchmarks.summary import ROWS, speed_rows

OURS, OTHER = Side("ours", "m:A"), Side("theirs", "m:B")


def measured(name: str, seconds: list[float], accuracy: float) -> Measured:
    about = {"versions": {"python": "3.11"}, "threads": 2, "peak_memory_mib": 100, "notes": "plain"}
    return Measured(name, [1.0] * len(seconds), seconds, {"accuracy": accuracy}, about)


@pytest.fixture
def done() -> Outcome:
    comparison = Comparison("ours / theirs", "folds", OURS, OTHER, wanted_ratio=3.0)
    return Outcome(comparison, measured("ours", [0.5, 0.5], 0.9), measured("theirs", [1.0, 2.0], 0.75))


@pytest.fixture
def missing() -> Outcome:
    return Outcome(Comparison("ours / absent", "folds", OURS, OTHER, 2.0), Measured("ours"), None, "no pip here")


def test_a_row_tells_the_ratios_the_demand_the_rates_and_both_accuracies(done: Outcome) -> None:
    row = ratio_table([done]).splitlines()[-1]
    assert row == (
        "| ours / theirs | folds | 2.00 | 3.00 | 4.00 | ≥ 3: yes | 2 (2 to 2) | 0.75 (0.5 to 1) "
        "| accuracy 0.9 | accuracy 0.75 | 2 |"
    )


def test_a_missing_peer_stands_in_the_table_with_its_reason(missing: Outcome) -> None:
    row = ratio_table([missing]).splitlines()[-1]
    assert "not measured: no pip here" in row
    assert row.count("|") == ratio_table([missing]).splitlines()[0].count("|")


def test_a_written_section_is_a_page_with_its_commands_and_what_the_benchmark_says_of_itself(
    done: Outcome, missing: Outcome, folder: Path
) -> None:
    plan = Plan(pairs=2, size=None, threads=None, scratch=folder, data=None)
    path = write_section(section_of("text", "Texts", plan, [done, missing], "three works"), folder)
    stored = json.loads(path.read_text())
    assert stored["comparisons"][0]["ratios"] == [2.0, 4.0]
    text = path.with_suffix(".md").read_text(encoding="utf-8")
    assert text.startswith("# Texts\n\nNaming the creator of a text")
    assert "- ours: 2 threads, peak memory 100 MiB; python 3.11; plain" in text
    assert f"at commit {stored['commit']} on {stored['machine']['processor']}" in text
    assert text.endswith("by `python -m benchmarks text --pairs 2`. Works: three works.\n")


def test_the_table_of_the_front_page_is_filled_and_what_stands_around_it_left(folder: Path) -> None:
    text = "# P\n<!-- generated: speed -->\nearlier\n<!-- end: speed -->\n\n## After\n"
    filled = fill_front_page(text, folder)
    assert "earlier" not in filled
    assert filled.count("not measured") == len(ROWS)
    assert filled.startswith("# P\n<!-- generated: speed -->\n| what |")
    assert filled.endswith("|\n<!-- end: speed -->\n\n## After\n")
    assert fill_front_page(filled, folder) == filled


def test_every_benchmark_can_be_run_and_has_a_page_that_performance_links_to() -> None:
    linked = re.findall(
        r"\(\.\./\.\./benchmarks/results/(\w+)\.md\)", (ROOT / "docs/reference/performance.md").read_text("utf-8")
    )
    assert sorted(set(linked)) == sorted(BENCHMARKS)
    for name in BENCHMARKS:
        module = import_module(f"benchmarks.suites.{name}")
        assert module.TITLE
        assert callable(module.measure)
        assert module.SIZE is None or module.SIZE > 0


def test_the_documents_hold_what_was_measured() -> None:
    stored = sorted(RESULTS.glob("*.json"))
    assert [path.stem for path in stored] == sorted(BENCHMARKS)
    for path in stored:
        assert path.with_suffix(".md").read_text(encoding="utf-8") == page(path)
    text = FRONT_PAGE.read_text(encoding="utf-8")
    assert fill_front_page(text, RESULTS) == text


def test_every_row_of_the_front_page_is_a_comparison_that_its_benchmark_makes() -> None:
    for row in ROWS:
        stored = json.loads((RESULTS / f"{row.benchmark}.json").read_text(encoding="utf-8"))
        assert row.comparison in [comparison["name"] for comparison in stored["comparisons"]]


def test_the_front_page_gives_the_median_the_spread_and_the_accuracy_of_both(done: Outcome, folder: Path) -> None:
    row = ROWS[3]
    named = Outcome(replace(done.comparison, name=row.comparison), done.ours, done.other)
    plan = Plan(pairs=2, size=None, threads=None, scratch=folder, data=None)
    write_section(section_of(row.benchmark, "Heads", plan, [named]), folder)
    rows = speed_rows(folder)
    assert rows[3] == (row.what, row.beside, "3.00 (2.00 to 4.00)", "0.900", "0.750")
    assert {figures[2:] for figures in rows if figures != rows[3]} == {("not measured", "", "")}


def test_the_papers_size_holds_where_it_takes_no_more_time_and_memory_than_demanded() -> None:
    points = [Step(1, "report", 800.0, 700.0, 8000.0), Step(1, "simulating predictions", 500.0, 400.0, 9000.0)]
    assert missed(points) == ""
    assert missed([Step(10, "report", 5000.0, 5000.0, 9000.0)]) == ""  # only full size is demanded
    expected = "paper_scale took 1000 s and 8,000 MiB at full size, expected at most 900 s and 8,192 MiB"
    assert missed([*points, Step(1, "splits", 200.0, 1.0, 100.0)]) == expected
    assert "9,000 MiB" in missed([*points, Step(1, "splits", 2.0, 1.0, 9000.0)])


def test_a_benchmark_that_misses_what_is_demanded_ends_with_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    for missing in ("", "text took too long"):
        section = Section("text", "Texts", "a table", {}, missing)
        monkeypatch.setattr("benchmarks.suites.text.measure", lambda _, section=section: section)
        monkeypatch.setattr("benchmarks.results.RESULTS", folder)
        assert main(["text", "--pairs", "1"]) == (1 if missing else 0)
        assert capsys.readouterr().err.strip() == missing


def test_a_benchmark_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["unheard_of"])
    assert "unheard_of" in capsys.readouterr().err


def test_the_exponent_of_a_square_is_two() -> None:
    assert exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2.0)


@pytest.mark.parametrize("largest", [1_000, 20_000, 100_000])
def test_every_planned_point_has_works_that_can_be_divided(largest: int) -> None:
    for point in planned_points(largest):
        assert point.works >= 10 * point.creators


def test_exponents_are_those_of_the_points_that_were_measured() -> None:
    points = [
        Point("folds", "works", 10, 2, 1.0, 5.0),
        Point("folds", "works", 100, 2, 10.0, 500.0),
        Point("folds", "works", 1000, 2, missing="took more than 1200 s"),
        Point("text_answers", "works", 10, 2, 1.0),
        Point("text_answers", "works", 100, 2, 1.0),
    ]
    rows = {row[:2]: row[2:] for row in exponent_rows(points)}
    assert rows["dividing into 5 x 5 folds", "works"] == ("1.00", "2.00")
    assert rows["1,000 answers of text-linear", "works"] == ("0.00", "-")
    assert rows["dividing into 5 x 5 folds", "creators"] == ("-", "-")


def test_growth_is_drawn_with_a_line_for_each_step_and_a_dot_for_each_point(tmp_path: Path) -> None:
    points = [Point("head_fit", "works", works, 10, seconds=works / 1000, memory_mib=8.0) for works in (100, 1000)]
    draw([*points, Point("folds", "works", 100, 10, missing="no time")], tmp_path / "growth.svg")
    drawn = (tmp_path / "growth.svg").read_text(encoding="utf-8")
    assert drawn.count("<circle") == 2 * 2  # their seconds and their memory
    assert ">0.1<" in drawn
    assert ">1,000<" in drawn
