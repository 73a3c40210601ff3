"""All tables of a report, in its order. To add one: write a function like those below, name it in `TABLES`.

A table's function takes a judged run and gives a `Table`, or `LeftOut` with a sentence where the run has nothing for
it. Its figures go into `results.json`, its rows into a Markdown and a CSV file and the HTML page without more.
"""

from collections.abc import Callable

from sakka.analysis.confusions import confusions_table
from sakka.analysis.coverage import coverage
from sakka.analysis.creators import creators_table, sizes_table
from sakka.analysis.ensembles import table3
from sakka.analysis.figures import LeftOut, Table
from sakka.analysis.gains import gains
from sakka.analysis.judged import Judged
from sakka.analysis.ratios import choices, table2
from sakka.analysis.transitions import agreement, table4

TABLES: tuple[Callable[[Judged], Table | LeftOut], ...] = (
    table3,
    gains,
    table2,
    choices,
    table4,
    agreement,
    sizes_table,
    coverage,
    confusions_table,
    creators_table,
)


def all_tables(judged: Judged) -> tuple[list[Table], list[LeftOut]]:
    """Give every table that applies to a run, and those left out with their reasons."""
    made = [make(judged) for make in TABLES]
    tables = [each.of_split(judged.facts.split) for each in made if isinstance(each, Table)]
    return tables, [each for each in made if isinstance(each, LeftOut)]
