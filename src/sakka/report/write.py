"""Writing a run's report: `report/index.html`, `results.json`, and each table as Markdown and CSV."""

from pathlib import Path

from sakka.analysis.condense import condense
from sakka.analysis.figures import results
from sakka.analysis.reading import open_run
from sakka.analysis.tables import all_tables
from sakka.files import write_json, write_text, writing_whole_folder
from sakka.report.formats import file_names
from sakka.report.page import page
from sakka.report.plain import comma_separated, markdown


def write_report(run_folder: Path | str) -> Path:
    """Judge a run's stored predictions and write its report, whole; the same run gives the same bytes.

    Args:
        run_folder: The folder that `sakka experiment` filled.

    Returns:
        The page to open.

    Raises:
        RunError: The folder is no run, is damaged or not complete.
    """
    run = open_run(run_folder)
    judged = condense(run)
    tables, left_out = all_tables(judged)
    with writing_whole_folder(run.layout.report) as part:
        write_json(part / run.layout.results.name, results(tables))
        for table in tables:
            in_markdown, in_csv = file_names(table)
            write_text(part / in_markdown, markdown(table))
            write_text(part / in_csv, comma_separated(table))
        write_text(part / run.layout.page.name, page(run, judged, tables, left_out))
    return run.layout.page
