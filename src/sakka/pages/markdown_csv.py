"""Tables as Markdown, as CSV and as LaTeX.

Where n differs by row, Markdown and LaTeX have a column for it. LaTeX needs the package `booktabs`, and for Japanese
names LuaLaTeX or XeLaTeX. In CSV a figure takes two columns, its value in full and its standard deviation; n and the
number of folds end the row. A cell that a spreadsheet would take for a formula (a title that begins with =) gets an
apostrophe before it.
"""

from collections.abc import Iterable
from pathlib import Path

from sakka.evaluation.figures import Cell, Figure, Table, results
from sakka.files import csv_text, write_json, write_text
from sakka.pages.formats import cell_text, evaluated_on
from sakka.pages.language import texts_in

LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "<": "$<$", ">": "$>$"},
    **{
        "±": r"$\pm$",
        "→": r"$\to$",
        "×": r"$\times$",
        "≥": r"$\geq$",
        "–": "--",
        "“": "``",
        "”": "''",
        "…": r"\dots{}",
    },
}


def markdown(table: Table) -> str:
    """Write a table as GitHub-flavoured Markdown, its title and note included."""
    words, head, right, rows = _as_text(table)
    lines = [
        f"# {table.title}",
        "",
        table.note,
        "",
        *([f"{words}.", ""] if words else []),
        _markdown_row(head),
        _markdown_row(["---:" if each else "---" for each in right]),
        *(_markdown_row([_escaped(cell) for cell in row]) for row in rows),
    ]
    return "\n".join(lines) + "\n"


def latex(table: Table) -> str:
    """Write a table as LaTeX, its title and note as the caption, the row to put forward in bold."""
    words, head, right, rows = _as_text(table)
    note = table.note + (f" ({words})" if words else "")
    lines = [
        r"\begin{table}",
        rf"\caption{{\textbf{{{_in_latex(table.title)}.}} {_in_latex(note)}}}",
        rf"\label{{tab:{table.key}}}",
        rf"\begin{{tabular}}{{{''.join('r' if each else 'l' for each in right)}}}",
        r"\toprule",
        _latex_row(map(_in_latex, head)),
        r"\midrule",
        *(
            _latex_row(rf"\textbf{{{_in_latex(cell)}}}" if number == table.strong else _in_latex(cell) for cell in row)
            for number, row in enumerate(rows)
        ),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
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
    cells = ([value for at, cell in enumerate(row) for value in _values(cell, wide[at])] for row in table.rows)
    works = map(_works_and_folds, table.rows)
    return csv_text([[*head, "n", "folds"], *([*row, *n] for row, n in zip(cells, works, strict=True))])


def _as_text(table: Table) -> tuple[str, list[str], list[bool], list[list[str]]]:
    """What a table's figures come from, its head, which columns are figures, and its rows, with n where it differs."""
    head, rows = list(table.head), [[cell_text(cell) for cell in row] for row in table.rows]
    right = [any(isinstance(row[at], Figure) for row in table.rows) for at in range(len(head))]
    works = [dict.fromkeys(cell.n for cell in row if isinstance(cell, Figure)) for row in table.rows]
    if len({n for of_row in works for n in of_row}) < 2:
        return evaluated_on(table, texts_in("en")), head, right, rows
    counted = (" / ".join(f"{n:,}" for n in of_row) for of_row in works)
    return "", [*head, "n"], [*right, True], [[*row, n] for row, n in zip(rows, counted, strict=True)]


def _latex_row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _in_latex(text: str) -> str:
    return "".join(LATEX.get(sign, sign) for sign in " ".join(text.split()))


def _values(cell: Cell, wide: bool) -> list[str]:
    if isinstance(cell, Figure):
        return ["" if value is None else repr(value) for value in (cell.value, cell.spread)]
    return [cell, ""] if wide else [cell]


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
