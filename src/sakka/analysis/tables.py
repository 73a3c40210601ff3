"""All tables of a report, in its order. To add one: write a function like those below, name it in `TABLES`.

A table's function takes a judged run and gives a `Table`, or `LeftOut` with a sentence where the run has nothing for
it. Its figures go into `results.json`, its rows into a Markdown and a CSV file and the HTML page without more.
"""

from collections.abc import Callable, Sequence

from sakka.analysis.calibration import calibration, sure
from sakka.analysis.confusions import confusions_table
from sakka.analysis.coverage import coverage
from sakka.analysis.creators import creators_table, sizes_table
from sakka.analysis.ensembles import table3
from sakka.analysis.entropy_tables import entropy_tables
from sakka.analysis.figures import LeftOut, Table
from sakka.analysis.fusions import fusions, log_losses
from sakka.analysis.gains import gains
from sakka.analysis.judged import Judged
from sakka.analysis.label_sets import LabelSets
from sakka.analysis.ratios import choices, table2
from sakka.analysis.transitions import agreement, table4

TABLES: tuple[Callable[[Judged], Table | LeftOut], ...] = (
    table3,
    gains,
    table2,
    choices,
    fusions,
    log_losses,
    calibration,
    sure,
    table4,
    agreement,
    sizes_table,
    coverage,
    confusions_table,
    creators_table,
)


NO_LABELS = "The run has no label sets (a label model or the preset paper keeps them), so no tables by their entropy."


def all_tables(judged: Judged, sets: LabelSets | None = None) -> tuple[list[Table], list[LeftOut]]:
    """Give every table that applies to a run, and those left out with their reasons.

    Args:
        judged: The run.
        sets: What its photos show; None where nobody looked.
    """
    made = [make(judged) for make in TABLES]
    made[-1:-1] = [LeftOut("table1", NO_LABELS)] if sets is None else entropy_tables(judged, sets)
    return sorted_out(made, judged.facts.split)


def sorted_out(made: Sequence[Table | LeftOut], split: str) -> tuple[list[Table], list[LeftOut]]:
    """Part the tables, the split's name in every figure, from those that are left out."""
    tables = [each.of_split(split) for each in made if isinstance(each, Table)]
    return tables, [each for each in made if isinstance(each, LeftOut)]
