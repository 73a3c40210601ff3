"""How a figure is written: shares with four decimals as the paper has them, counts with their thousands apart."""

from sakka.evaluation.figures import Cell, Figure, Table

PLUS_MINUS = " ± "
NOTHING = "–"
ONE_DECIMAL = frozenset({"photo_weight", "seconds"})


def number(figure: Figure) -> str:
    """Write a figure's value.

    >>> number(Figure("dummy", "single", "accuracy", 0.79591, 0.01, 10, 5))
    '0.7959'
    >>> number(Figure("a -> b", "fused", "TT_count", 86458, 3.2, 109685, 5))
    '86,458'
    """
    if figure.value is None:
        return NOTHING
    if is_count(figure):
        return f"{int(figure.value):,}"
    if figure.measure.endswith("_gain"):
        return f"{figure.value:+.4f}"
    if figure.measure == "standard_deviation":
        return f"{figure.value:#.4g}".rstrip(".")  # as the paper's table 1: 102.0, 83.03
    return f"{figure.value:.1f}" if figure.measure in ONE_DECIMAL else f"{figure.value:.4f}"


def spread(figure: Figure) -> str:
    """Write a figure's spread with its sign, empty where it has none or where a count needs none."""
    if figure.spread is None or figure.value is None or is_count(figure):
        return ""
    return f"{PLUS_MINUS}{figure.spread:.4f}"


def is_count(figure: Figure) -> bool:
    """Say whether a figure is a number of works."""
    return "_count" in figure.measure or figure.measure.startswith("works of ") or figure.measure == "creators"


def cell_text(cell: Cell) -> str:
    """Write a cell as plain text."""
    return number(cell) + spread(cell) if isinstance(cell, Figure) else cell


def percent(value: float) -> str:
    """Write a share in percent.

    >>> percent(0.8391)
    '83.9 %'
    """
    return f"{100 * value:.1f} %"


def points(difference: float) -> str:
    """Write a difference of shares in percentage points.

    >>> points(-0.0301)
    '3.0 points'
    """
    return f"{100 * abs(difference):.1f} points"


def judged_on(table: Table) -> str:
    """Say how many works and folds a table's figures judge.

    >>> from sakka.evaluation.figures import figure
    >>> judged_on(Table("t", "", "", ("", ""), (("a", figure("m", "single", "accuracy", [0.5, 0.7], n=1200)),)))
    'n = 1,200 works, 2 outer folds'
    """
    shown = [cell for row in table.rows for cell in row if isinstance(cell, Figure)]
    works, folds = {each.n for each in shown}, {each.folds for each in shown}
    if len(works) == len(folds) == 1:
        fold_word = "outer fold" if folds == {1} else "outer folds"
        return f"n = {works.pop():,} works, {folds.pop()} {fold_word}"
    return "n differs by row: it stands in the CSV" if shown else ""


def file_names(table: Table) -> tuple[str, str]:
    """The names of a table's Markdown and CSV files."""
    return f"{table.key}.md", f"{table.key}.csv"
