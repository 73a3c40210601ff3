"""Tables as Markdown and as CSV.

In CSV a figure takes two columns, its value in full and its standard deviation; n and the number of folds end the
row. A cell that a spreadsheet would take for a formula (a title that begins with =) gets an apostrophe before it.
"""

import csv
import io
from pathlib import Path

from sakka.evaluation.figures import Cell, Figure, Table, results
from sakka.files import no_formula, write_json, write_text
from sakka.pages.formats import cell_text, evaluated_on
from sakka.pages.language import texts_in


def markdown(table: Table) -> str:
    """Write a table as GitHub-flavoured Markdown, its title and note included."""
    right = [any(isinstance(row[at], Figure) for row in table.rows) for at in range(len(table.head))]
    lines = [
        f"# {table.title}",
        "",
        table.note,
        "",
        *([f"{words}.", ""] if (words := evaluated_on(table, texts_in("en"))) else []),
        _markdown_row(table.head),
        _markdown_row(["---:" if each else "---" for each in right]),
        *(_markdown_row([_escaped(cell_text(cell)) for cell in row]) for row in table.rows),
    ]
    return "\n".join(lines) + "\n"


def write_table(table: Table, folder: Path, name: str) -> None:
    """Write a table as NAME.json (its figures) and NAME.md into a folder, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{name}.json", results([table]))
    write_text(folder / f"{name}.md", markdown(table))


def comma_separated(table: Table) -> str:
    """Write a table as CSV (RFC 4180 but for line feeds)."""
    wide = [any(isinstance(row[at], Figure) for row in table.rows) for at in range(len(table.head))]
    head = [
        name
        for at, word in enumerate(table.head)
        for name in ((word, f"{word} standard deviation") if wide[at] else (word,))
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*head, "n", "folds"])
    for row in table.rows:
        cells = [value for at, cell in enumerate(row) for value in _values(cell, wide[at])]
        writer.writerow([*cells, *_works_and_folds(row)])
    return buffer.getvalue()


def _values(cell: Cell, wide: bool) -> list[str]:
    if isinstance(cell, Figure):
        return ["" if value is None else repr(value) for value in (cell.value, cell.spread)]
    safe = no_formula(cell)
    return [safe, ""] if wide else [safe]


def _works_and_folds(row: tuple[Cell, ...]) -> tuple[str, str]:
    first = next((cell for cell in row if isinstance(cell, Figure)), None)
    return ("", "") if first is None else (str(first.n), str(first.folds))


def _markdown_row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    one_line = " ".join(text.split())
    for sign in "\\|<>[]*_`":
        one_line = one_line.replace(sign, f"\\{sign}")
    return one_line
