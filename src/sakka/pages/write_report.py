"""Writing a run's report: a page in each language, `results.json`, the predictions, each table in three forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sakka.as_json import DIGITS
from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.figures import LeftOut, Table, results
from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.open_run import StoredRun, open_run
from sakka.evaluation.tables.all_tables import all_tables
from sakka.evaluation.tables.splits import splits_table
from sakka.files import csv_text, write_json, write_text, writing_whole_folder
from sakka.pages.formats import file_names
from sakka.pages.language import page_name
from sakka.pages.markdown_csv import comma_separated, latex, markdown
from sakka.pages.paper_section import PaperSection, paper_section
from sakka.pages.report import PREDICTIONS_FILE, pages
from sakka.paper.entropy import Base
from sakka.paper.entropy_tables import entropy_tables
from sakka.paper.label_sets import read_label_sets
from sakka.paper.plan import PRESET


@dataclass(frozen=True)
class Report:
    """What a run's report consists of.

    Attributes:
        run: The run.
        evaluated: Its frame.
        tables: The tables that apply to it.
        left_out: Those that don't.
        paper: The section about the paper; None where the run is not of its preset.
    """

    run: StoredRun
    evaluated: EvaluatedRun
    tables: Sequence[Table]
    left_out: Sequence[LeftOut]
    paper: PaperSection | None

    @property
    def every_table(self) -> list[Table]:
        """All tables, the paper's last."""
        return [*self.tables, *(self.paper.tables if self.paper else ())]


def write_report(run_folder: Path | str) -> Path:
    """Evaluate a run's stored predictions and write its report, whole; the same run gives the same bytes.

    Args:
        run_folder: The folder that `sakka experiment` filled.

    Returns:
        The page to open.

    Raises:
        RunError: The folder is no run, is damaged or not complete.
    """
    return write_tables(report_of(run_folder))


def report_of(run_folder: Path | str) -> Report:
    """Evaluate a run's stored predictions; as `write_report`."""
    run = open_run(run_folder)
    evaluated = evaluate_run(run)
    base: Base = "2" if run.plan.log_base == "2" else "e"
    sets = read_label_sets(run, base)
    of_labels = entropy_tables(evaluated, sets) if sets is not None or run.plan.preset == PRESET else []
    tables, left_out = all_tables(evaluated, of_labels)
    others = [evaluate_run(open_run(folder)) for folder in run.layout.other_splits]
    if others:
        tables.insert(0, splits_table([evaluated, *others]))
    return Report(run, evaluated, tables, left_out, paper_section(run, evaluated, tables))


def write_tables(report: Report) -> Path:
    """Write a report; gives the page to open."""
    layout = report.run.layout
    with writing_whole_folder(layout.report) as part:
        write_json(part / layout.results.name, results(report.every_table))
        write_text(part / PREDICTIONS_FILE, _predictions(report))
        for table in report.every_table:
            for name, write in zip(file_names(table), (markdown, comma_separated, latex), strict=True):
                write_text(part / name, write(table))
        made = pages(report.run, report.evaluated, report.tables, report.left_out, report.paper)
        for language, content in made.items():
            write_text(part / page_name(language), content)
    return layout.page


def _predictions(report: Report) -> str:
    """Whom the model of the headline names for each work that is evaluated, as CSV."""
    ids, names = report.run.works["id"], report.run.plan.creators
    of_headline = report.evaluated.of(report.evaluated.headline)
    rows = of_headline.select("work", "label", "predicted", "probability", "outer", "correct").iter_rows()
    written = (
        (ids[work], names[label], names[predicted], f"{probability:.{DIGITS}f}", str(fold), "yes" if correct else "no")
        for work, label, predicted, probability, fold, correct in rows
    )
    return csv_text([("id", "creator", "predicted", "probability", "fold", "correct"), *written])
