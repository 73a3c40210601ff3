"""All tables of a report, in its order. To add one: write a function like those below, name it in `TABLES`.

A table's function takes an evaluated run and gives a `Table`, or `LeftOut` with a sentence where the run has nothing
for it. Its figures go into `results.json`, its rows into a Markdown and a CSV file and the HTML page without more.
"""

from collections.abc import Callable, Sequence

from sakka.evaluation.figures import LeftOut, Table
from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.tables.calibration import calibration, sure
from sakka.evaluation.tables.creators import confusions_table, coverage, creators_table, sizes_table
from sakka.evaluation.tables.fusions import fusions, log_losses
from sakka.evaluation.tables.models import gains, table3
from sakka.evaluation.tables.ratios import choices, table2
from sakka.evaluation.tables.summary import summary
from sakka.evaluation.tables.transitions import agreement, table4

TABLES: tuple[Callable[[EvaluatedRun], Table | LeftOut], ...] = (
    summary,
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


def all_tables(run: EvaluatedRun, more: Sequence[Table | LeftOut] = ()) -> tuple[list[Table], list[LeftOut]]:
    """Every table that applies to a run, and those left out with their reasons.

    Args:
        run: The run.
        more: Tables from elsewhere, which stand before the last one.
    """
    made = [make(run) for make in TABLES]
    made[-1:-1] = more
    return sorted_out(made, run.facts.split)


def sorted_out(made: Sequence[Table | LeftOut], split: str) -> tuple[list[Table], list[LeftOut]]:
    """Split the tables, the split's name in every figure, from those that are left out."""
    tables = [each.of_split(split) for each in made if isinstance(each, Table)]
    return tables, [each for each in made if isinstance(each, LeftOut)]
