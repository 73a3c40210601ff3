import re
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from studies.__main__ import FOLDER, RESULTS, STUDIES, main, record
from studies.figures import Figure, bootstrap_interval, figure_tables

FIGURES = [
    Figure("photo", "accuracy", 0.8354, 1926, spread=0.0037),
    Figure("photo", "values", 12224),
    Figure("text", "accuracy", 0.5552, 1900, interval=(0.54, 0.57)),
]
TABLE = """|  | accuracy | values | n |
|---|---|---|---|
| photo | 0.8354 ± 0.0037 | 12,224 | 1,926 |
| text | 0.5552 (0.5400 to 0.5700) |  | 1,900 |"""


def test_each_row_of_a_table_has_its_figures_with_their_spread_and_what_they_come_from() -> None:
    assert figure_tables(FIGURES) == TABLE


def test_a_row_whose_figures_come_from_different_numbers_tells_each() -> None:
    figures = [Figure("photo", "precision", 0.967, 180), Figure("photo", "recall", 0.897, 194)]
    assert figure_tables(figures).splitlines()[-1] == "| photo | 0.9670 | 0.8970 | 180 / 194 |"


def test_rows_without_a_measure_in_common_stand_in_tables_of_their_own() -> None:
    figures = [
        Figure("building", "seconds", 53.0),
        Figure("asking", "ms", 20.8, 100),
        Figure("search", "ms", 37.2, 100),
    ]
    assert [each.count("\n") + 1 for each in figure_tables(figures).split("\n\n")] == [3, 4]


def test_the_mean_over_folds_has_the_standard_deviation_that_divides_by_one_fewer() -> None:
    assert Figure.over("photo", "accuracy", [0.5, 0.7]).spread == pytest.approx(0.02**0.5)
    assert Figure.over("photo", "accuracy", [0.5]).spread is None


def test_the_interval_of_a_share_holds_it_and_is_about_four_standard_errors_wide() -> None:
    hits = np.arange(200) < 180
    low, high = bootstrap_interval(lambda rows: hits[rows].mean(axis=1), 200, np.random.default_rng(7))
    assert low < 0.9 < high
    assert 0.06 < high - low < 0.1


def test_a_run_is_recorded_with_its_command_commit_and_day(folder: Path) -> None:
    path = record("speed", "Speed of things.", "python -m studies speed works", FIGURES, folder)
    page = path.read_text(encoding="utf-8")
    assert page.startswith(f"# Speed of things\n\n## `python -m studies speed works`\n\n{TABLE}\n\nMeasured ")
    assert re.search(
        r"Measured \d{4}-\d\d-\d\d at commit \S+ on .+ cores by `python -m studies speed works`\.\n$", page
    )


def test_a_run_replaces_an_earlier_one_of_the_same_command_and_leaves_the_rest(folder: Path) -> None:
    (folder / "speed.md").write_text("# Speed\n\nAbout.\n\n## Paintings\n\nby hand\n", encoding="utf-8")
    record("speed", "Speed", "first", FIGURES[:1], folder)
    record("speed", "Speed", "second", FIGURES[:1], folder)
    page = record("speed", "Speed", "first", FIGURES[2:], folder).read_text(encoding="utf-8")
    assert re.findall(r"(?m)^#.*", page) == ["# Speed", "## Paintings", "## `first`", "## `second`"]
    assert page.startswith("# Speed\n\nAbout.\n\n## Paintings\n\nby hand\n\n## `first`\n\n|  | accuracy | n |")
    assert page.index("| text |") < page.index("## `second`") < page.index("| photo |")


def test_the_studies_are_listed_with_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(STUDIES)
    assert all(line.endswith((".", "?")) for line in lines)


def test_a_study_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["unheard_of"])
    assert "unheard_of" in capsys.readouterr().err


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_can_be_run_and_has_a_page_of_figures(name: str) -> None:
    study = import_module(f"studies.{name}")
    study.add_arguments(ArgumentParser())
    assert callable(study.measure)
    assert (RESULTS / f"{name}.md").is_file()


def test_every_module_that_measures_is_in_the_list() -> None:
    measuring = [path.stem for path in FOLDER.glob("*.py") if "def measure(" in path.read_text(encoding="utf-8")]
    assert sorted(measuring) == sorted(STUDIES)


def test_a_study_prints_each_figure_and_a_trial_records_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from studies import second_accounts

    def measure(_asked: object) -> Iterator[Figure]:
        yield FIGURES[0]

    monkeypatch.setattr(second_accounts, "measure", measure)
    page = (RESULTS / "second_accounts.md").read_bytes()
    assert main(["second_accounts", "--trial"]) == 0
    assert capsys.readouterr().out.startswith("photo: accuracy 0.8354 ± 0.0037\n\n|  | accuracy | n |")
    assert (RESULTS / "second_accounts.md").read_bytes() == page


PAGES = sorted([*RESULTS.glob("*.md"), *(FOLDER.parent / "benchmarks" / "results").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_of_figures_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
