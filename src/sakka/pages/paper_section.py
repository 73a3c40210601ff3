"""The report's paper section: in what the run departs from the paper, and its figures and tables beside ours."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sakka.evaluation.figures import LeftOut, Table
from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.open_run import StoredRun
from sakka.evaluation.tables.all_tables import sorted_out
from sakka.pages.paper_figures import PaperFigures, paper_figures
from sakka.paper.candidates_table import beside_candidates
from sakka.paper.plan import PRESET, deviations, readings
from sakka.paper.significance import significance
from sakka.paper.tables import paper_tables


@dataclass(frozen=True)
class PaperSection:
    """What a report says of the paper.

    Attributes:
        deviations: In what the run departs from it, one clause each.
        readings: How the run reads what the paper leaves open, one clause each.
        figures: The paper's figures as the run has them.
        tables: The paper's tables beside ours.
        left_out: Those that the run has no counterpart of.
    """

    deviations: tuple[str, ...]
    readings: tuple[str, ...]
    figures: PaperFigures
    tables: tuple[Table, ...]
    left_out: tuple[LeftOut, ...]


def paper_section(run: StoredRun, evaluated: EvaluatedRun, tables: Sequence[Table]) -> PaperSection | None:
    """Make the section from a run, its frame and its tables; None for a run that does not follow the paper.

    Raises:
        RunError: The table of text candidates, or the labels, in the run folder are damaged.
    """
    if run.plan.preset != PRESET:
        return None
    made = [*paper_tables(tables), significance(evaluated), beside_candidates(run.layout.folder)]
    beside, left_out = sorted_out(made, run.plan.split)
    departures = (*deviations(run.plan, catalog_info(run)), *run.deviations())
    return PaperSection(departures, readings(run.plan), paper_figures(run), tuple(beside), tuple(left_out))


def catalog_info(run: StoredRun) -> dict[str, Any]:
    """The catalog's own description as the run keeps it, empty where it is missing or damaged."""
    try:
        info = json.loads(run.layout.catalog.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return info if isinstance(info, dict) else {}
