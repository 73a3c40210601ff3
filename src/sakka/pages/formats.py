"""How numbers, dates and texts are written on pages and on the command line.

A figure of a table has the decimals that its standard deviation needs, two to four. One of a single fold, or of all
works at once, has three. A count has its thousands apart.
"""

import math
from datetime import datetime

from sakka.evaluation.figures import Cell, Figure, Table
from sakka.pages.language import Texts

PLUS_MINUS = " ± "
NOTHING = "–"
COARSE, FINE = 0.1, 0.0005  # standard deviations from, and below, which a figure has one decimal fewer, or more
MOST_DECIMALS = 4
PRINTED = "paper: "  # what the paper prints is called so
LEAST_P = 0.001
ONE_DECIMAL = frozenset({"photo_weight", "seconds"})


def number(figure: Figure) -> str:
    """Write a figure's value.

    >>> number(Figure("dummy", "single", "accuracy", 0.79591, 0.0123, 10, 5))
    '0.796'
    >>> number(Figure("a -> b", "fused", "TT_count", 86458, 3.2, 109685, 5))
    '86,458'
    """
    if figure.value is None:
        return NOTHING
    if is_count(figure):
        return f"{int(figure.value):,}"
    if figure.measure.endswith("_gain"):
        return f"{figure.value:+.{decimals(figure)}f}"
    if figure.measure == "standard_deviation":
        return f"{figure.value:#.4g}".rstrip(".")  # as the paper's table 1: 102.0, 83.03
    if figure.measure == "p_value" and figure.value < LEAST_P:
        return f"<{LEAST_P}"
    return f"{figure.value:.1f}" if figure.measure in ONE_DECIMAL else f"{figure.value:.{decimals(figure)}f}"


def decimals(figure: Figure) -> int:
    """How many decimals a figure is written with; the paper's own have the four that it prints.

    >>> [decimals(Figure("dummy", "single", "accuracy", 0.8, spread, 10, 5)) for spread in (0.12, 0.0123, 0.0004, None)]
    [2, 3, 4, 3]
    """
    if figure.spread is None:
        return MOST_DECIMALS if figure.model.startswith(PRINTED) else 3
    return 2 if figure.spread >= COARSE else MOST_DECIMALS if 0 < figure.spread < FINE else 3


def plus_minus(figure: Figure) -> str:
    """A figure's standard deviation after ±; empty where it has none or where a count needs none."""
    if figure.spread is None or figure.value is None or is_count(figure):
        return ""
    return f"{PLUS_MINUS}{figure.spread:.{decimals(figure)}f}"


def is_count(figure: Figure) -> bool:
    """Say whether a figure is a number of works."""
    return "_count" in figure.measure or figure.measure.startswith("works of ") or figure.measure == "creators"


def cell_text(cell: Cell) -> str:
    """Write a cell as plain text."""
    return number(cell) + plus_minus(cell) if isinstance(cell, Figure) else cell


def percent(share: float, decimals: int = 1, standard_deviation: float | None = None) -> str:
    """Write a share in percent, its standard deviation with it.

    >>> percent(0.8391), percent(0.8391, 0), percent(0.8391, standard_deviation=0.0122)
    ('83.9 %', '84 %', '83.9 ± 1.2 %')
    """
    plus_or_minus = "" if standard_deviation is None else f"{PLUS_MINUS}{100 * standard_deviation:.{decimals}f}"
    return f"{100 * share:.{decimals}f}{plus_or_minus} %"


def probability(value: float, decimals: int = 1) -> str:
    """Write a probability in percent; one that is merely near 0 or 1 is not written as certain.

    >>> probability(0.1234), probability(0.99999), probability(0.00001), probability(0.999, 0), probability(1.0)
    ('12.3 %', '>99.9 %', '<0.1 %', '>99 %', '100.0 %')
    """
    step = 10.0 ** -(decimals + 2)
    if 1 - step / 2 <= value < 1:
        return f">{percent(1 - step, decimals)}"
    return f"<{percent(step, decimals)}" if 0 < value < step / 2 else percent(value, decimals)


def factor(share: float) -> str:
    """Write a share in nats as what it does to the odds, in two figures.

    >>> factor(2.5), factor(-0.6), factor(9.0)
    ('×12', '÷1.8', '×8,100')
    """
    size = math.exp(min(abs(share), 700.0))
    sign = "×" if share >= 0 else "÷"
    if size < 9.95:
        return f"{sign}{size:.1f}"
    if size >= 1e7:
        return f"{sign}10^{abs(share) / math.log(10):.0f}"
    rounded = round(size, 1 - math.floor(math.log10(size)))
    return f"{sign}{int(rounded):,}"


def date_words(when: datetime | None, texts: Texts) -> str:
    """Write a date; only the year where the rest is not known (the first of January), nothing where no date is.

    >>> from sakka.pages.language import texts_in
    >>> date_words(datetime(1890, 1, 1), texts_in("ja")), date_words(datetime(1890, 5, 3), texts_in("en"))
    ('1890年', 'May 3, 1890')
    """
    if when is None:
        return ""
    if (when.month, when.day) == (1, 1):
        return texts("year", year=when.year)
    return texts("day", year=when.year, month=when.month, day=when.day, name=when.strftime("%B"))


def shortened(text: str, most: int) -> str:
    """A text on one line, cut at `most` characters.

    >>> shortened("花の  ブローチ", 4)
    '花の ブ…'
    """
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= most else one_line[:most].rstrip() + "…"


def evaluated_on(table: Table, texts: Texts) -> str:
    """How many works and folds a table's figures come from.

    >>> from sakka.evaluation.figures import figure
    >>> from sakka.pages.language import texts_in
    >>> rows = (("a", figure("m", "single", "accuracy", [0.5, 0.7], n=1200)),)
    >>> evaluated_on(Table("t", "", "", ("", ""), rows), texts_in("en"))
    'n = 1,200 works, 2 outer folds'
    """
    shown = [cell for row in table.rows for cell in row if isinstance(cell, Figure)]
    works, folds = {each.n for each in shown}, {each.folds for each in shown}
    if len(works) == len(folds) == 1:
        return texts("evaluated_on", works=works.pop(), folds=folds.pop())
    return texts("evaluated_on_differs") if shown else ""


def file_names(table: Table) -> tuple[str, str, str]:
    """The names of a table's Markdown, CSV and LaTeX files."""
    return f"{table.key}.md", f"{table.key}.csv", f"{table.key}.tex"
