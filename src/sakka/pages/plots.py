"""Plots as plain geometry; the template draws them as inline SVG, so that they follow the page's colours and fonts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sakka.evaluation.display_names import kind_of
from sakka.evaluation.figures import Cell, Figure, Table
from sakka.evaluation.tables.ratios import ratio_name
from sakka.models.fixed_ratio import FixedRatio
from sakka.models.fusion import HOWS, How

WIDTH, HEIGHT = 840, 380
LEFT, RIGHT, TOP, BOTTOM = 66, 20, 34, 62
BAND_WORDS = {"photo": "Photo", "text": "Text", "fused": "Photo + text", "other": "Other"}


@dataclass(frozen=True)
class Tick:
    """A place on an axis in SVG units, and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A line of a plot: its colour's name, its points, whether it is dashed, and the band of its standard deviation."""

    kind: str
    points: str
    dashed: bool = False
    band: str = ""


@dataclass(frozen=True)
class Dot:
    """A dot of a plot: its colour's name, its place, its radius and what it says when pointed at."""

    kind: str
    x: float
    y: float
    radius: float
    says: str


@dataclass(frozen=True)
class Column:
    """A column of a plot, its label above it."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Plot:
    """A plot, all places in SVG units of a `WIDTH` x `HEIGHT` picture.

    Attributes:
        says: What it shows, for those who can't see it.
        legend: Colour name, `line`, `dashed` or `dot`, and label of each line or dot.
        x_label: What goes to the right.
        y_label: What goes up.
        x_ticks: Marks of the horizontal axis.
        y_ticks: Marks of the vertical axis.
        lines: Lines, drawn in order.
        dots: Dots, drawn over the lines.
        columns: Columns, drawn below the lines.
    """

    says: str
    legend: tuple[tuple[str, str, str], ...]
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    columns: tuple[Column, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def ratio_plot(tables: Sequence[Table]) -> Plot | None:
    """Plot accuracy against the photo's weight, from the text alone (0) to the photo alone (1)."""
    by_key = {table.key: table for table in tables}
    if "table2" not in by_key:
        return None
    figures = list(by_key["table2"].figures())
    text, photo = (_ensemble(by_key["table3"], modality) for modality in ("text", "photo"))
    curves = {how: _curve(figures, how, "accuracy") for how in HOWS}
    checks = {how: _curve(figures, how, "validation_accuracy") for how in curves}
    every = [each for points in (*curves.values(), *checks.values()) for _, each in points]
    scale = _Scale((0, 1), _range([*every, text, photo]))
    lines = [scale.line("fused-2" if how == "arithmetic" else "fused", points) for how, points in curves.items()]
    lines += [scale.dashed("fused-2" if how == "arithmetic" else "fused", points) for how, points in checks.items()]
    ends = ((0.0, text, "text", "text ensemble alone"), (1.0, photo, "photo", "photo ensemble alone"))
    chosen = _chosen(by_key["choices"], curves)
    return Plot(
        says="Accuracy of photo and text fused, against the photo's weight",
        legend=(
            ("fused", "line", "log-linear, test"),
            ("fused-2", "line", "arithmetic, test"),
            ("fused", "dashed", "on validation works"),
            ("text", "dot", "text ensemble alone"),
            ("photo", "dot", "photo ensemble alone"),
        ),
        x_label="weight of the photo (the rest is the text's)",
        y_label="accuracy",
        x_ticks=tuple(Tick(scale.x(at / 10), f"{at / 10:.1f}") for at in range(11)),
        y_ticks=scale.y_ticks(),
        lines=tuple(lines),
        dots=(
            *(
                Dot(kind, scale.x(at), scale.y(_known(each)), 6, f"{words}: {_words(each)}")
                for at, each, kind, words in ends
            ),
            *(Dot(kind, scale.x(at), scale.y(value), 4.5, says) for at, value, kind, says in chosen),
        ),
    )


def size_plot(tables: Sequence[Table]) -> Plot | None:
    """Plot each creator's share of works predicted correctly against the number of their works (logarithmic)."""
    by_key = {table.key: table for table in tables}
    if "creators" not in by_key or not by_key["creators"].rows:
        return None
    creators = by_key["creators"].rows
    works = [_recall(row).n for row in creators]
    fewest, most = min(works), max(works)
    scale = _Scale((math.log2(fewest) - 0.15, math.log2(max(most, fewest + 1)) + 0.15), (0.0, 1.0))
    radius = 4.0 if len(creators) < 150 else 2.4
    dots = [_creator_dot(row, scale, radius) for row in creators]
    lines = _band_lines(by_key["sizes"], scale)
    return Plot(
        says="Share of each creator's works predicted correctly, against the number of their works",
        legend=(
            (dots[0].kind, "dot", "one creator (point at it for the name)"),
            *((line.kind, "line", f"{BAND_WORDS[line.kind]}, mean of a band") for line in lines),
        ),
        x_label="works of the creator (logarithmic)",
        y_label="recall",
        x_ticks=tuple(Tick(scale.x(math.log2(each)), f"{each:,}") for each in _round_numbers(fewest, most)),
        y_ticks=scale.y_ticks(),
        lines=tuple(lines),
        dots=tuple(dots),
    )


def _creator_dot(row: Sequence[Cell], scale: "_Scale", radius: float) -> Dot:
    recall = _recall(row)
    says = f"{row[0]}: {recall.n} works, recall {_words(recall)}"
    return Dot(_colour(recall), scale.x(math.log2(recall.n)), scale.y(_known(recall)), radius, says)


def _recall(row: Sequence[Cell]) -> Figure:
    """The first recall of a row of the table of creators, its `n` the works of the creator."""
    return next(cell for cell in row if isinstance(cell, Figure) and cell.measure.startswith("recall of "))


def _band_lines(sizes: Table, scale: "_Scale") -> list[Line]:
    """One line for each predictor through the middles of the bands; none for a single band."""
    if len(sizes.rows) < 2:
        return []
    columns = zip(*([cell for cell in row if isinstance(cell, Figure)] for row in sizes.rows), strict=True)
    return [scale.line(_colour(column[0]), [(math.log2(each.at or 1), each) for each in column]) for column in columns]


def _colour(figure: Figure) -> str:
    kind = kind_of(figure.model)
    return kind if kind in ("photo", "text", "fused") else "other"


def _round_numbers(low: int, high: int) -> list[int]:
    """1, 2, 5, 10, 20, 50 ... between two numbers, or the two where there are fewer than two of them.

    >>> _round_numbers(50, 900)
    [50, 100, 200, 500]
    """
    found = [step * 10**power for power in range(7) for step in (1, 2, 5) if low <= step * 10**power <= high]
    return found if len(found) > 1 else sorted({low, high})


class _Scale:
    """From values to places in the picture."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self.across, self.up = across, up

    def x(self, value: float) -> float:
        low, high = self.across
        return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 2)

    def y(self, value: float) -> float:
        low, high = self.up
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 2)

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(across)},{self.y(up)}" for across, up in points)

    def line(self, kind: str, points: Sequence[tuple[float, Figure]]) -> Line:
        def edge(sign: int) -> list[tuple[float, float]]:
            low, high = self.up
            edges = ((at, _known(each) + sign * (each.spread or 0.0)) for at, each in points)
            return [(at, min(high, max(low, value))) for at, value in edges]

        band = self.path([*edge(1), *reversed(edge(-1))]) if points[0][1].spread is not None else ""
        return Line(kind, self.path((at, _known(each)) for at, each in points), band=band)

    def dashed(self, kind: str, points: Sequence[tuple[float, Figure]]) -> Line:
        return Line(kind, self.path((at, _known(each)) for at, each in points), dashed=True)

    def y_ticks(self) -> tuple[Tick, ...]:
        low, high = self.up
        step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / step <= 6)
        first = math.ceil(low / step - 1e-9)
        count = math.floor(high / step + 1e-9) - first + 1
        return tuple(Tick(self.y((first + at) * step), f"{(first + at) * step:.2f}") for at in range(count))


def _curve(figures: Sequence[Figure], how: How, measure: str) -> list[tuple[float, Figure]]:
    return [
        (each.at, each)
        for each in figures
        if each.at is not None and each.measure == measure and each.model == ratio_name(FixedRatio(how, each.at))
    ]


def _chosen(choices: Table, curves: Mapping[How, list[tuple[float, Figure]]]) -> list[tuple[float, float, str, str]]:
    folds: dict[tuple[How, float], list[str]] = {}
    for row in choices.rows:
        weight = next(cell for cell in row if isinstance(cell, Figure))
        way = next(how for how in curves if how == row[1])
        folds.setdefault((way, _known(weight)), []).append(str(row[0]))
    return [
        (weight, _known(dict(curves[how])[weight]), "chosen", f"chosen on validation in fold {', '.join(names)}")
        for (how, weight), names in folds.items()
    ]


def _ensemble(table3: Table, modality: str) -> Figure:
    return next(
        each
        for each in table3.figures()
        if kind_of(each.model) == modality and each.row == "ensemble" and each.measure == "accuracy"
    )


def _range(figures: Sequence[Figure]) -> tuple[float, float]:
    """The ends of an axis of shares that holds the figures and their spreads: a twentieth, and 1."""
    low = min(_known(each) - (each.spread or 0.0) for each in figures)
    return min(max(0.0, math.floor(low * 20) / 20), 0.95), 1.0


def _known(figure: Figure) -> float:
    return 0.0 if figure.value is None else float(figure.value)


def _words(figure: Figure) -> str:
    return f"{_known(figure):.3f}"
