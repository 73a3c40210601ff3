"""Time and memory against the number of works and of creators, with the exponent fitted.

Each point is one run in a process of its own, so the exponents are rough. With y = a x^k through the points (least
squares of the logarithms), k is the exponent: 1 is linear. Texts have 30 words, photos 1,536 features. Against creators
there are 50,000 works. `text-linear` with many creators knows fewer features, so that its weights and their history
stay within 4 GB: that is why its time grows slower than they do. Memory includes the works themselves. Before the
predictions are timed the weights are fitted in few steps (ten for the points against works, one for those against
creators): a prediction takes as long however good they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.environments import python_of
from benchmarks.harness import Plan
from benchmarks.processes import Side, SideError, WorkerProcess
from benchmarks.provenance import measured_line
from benchmarks.results import RESULTS, Section, command, table

TITLE = "Growth with works and creators (simulated)"
SIZE = 100_000  # the largest number of works
STEPS = {
    "folds": "dividing into 5 x 5 folds",
    "head_fit": "fitting a photo head",
    "text_fit": "fitting text-linear, 10 steps",
    "text_answers": "1,000 answers of text-linear",
}
CREATORS = (50, 500, 5_000)
WORKS_A_CREATOR = 10
LIMIT_S = 1_200.0  # of one run; what takes longer is told as such
PLOT = RESULTS / "growth.svg"
COLOURS = ("#c8672e", "#2f74b5", "#1d7a63", "#8a6bb8")  # of the steps


@dataclass(frozen=True)
class Point:
    """One run of one step.

    Attributes:
        step: A key of `STEPS`.
        axis: What varies: `works` or `creators`.
        works: How many works.
        creators: By how many creators.
        seconds: What it took; None where it could not be run.
        memory_mib: Peak memory beyond an idle process's, the works included; None where the step has none of its own.
        missing: Why there are no figures.
    """

    step: str
    axis: str
    works: int
    creators: int
    seconds: float | None = None
    memory_mib: float | None = None
    missing: str = ""

    @property
    def size(self) -> int:
        """The value on the axis."""
        return self.works if self.axis == "works" else self.creators


def measure(plan: Plan) -> Section:
    """Run every step at every size; each run is one point, whatever the number of pairs."""
    assert plan.size is not None
    return section_of_points([_measured(point, plan) for point in planned_points(plan.size)], plan)


def section_of_points(points: Sequence[Point], plan: Plan) -> Section:
    """The tables of some points, and draw them."""
    rows = [_row(point) for point in points]
    headings = ("step", "works", "creators", "seconds", "memory, MiB")
    plot = PLOT if plan.size == SIZE else plan.scratch / PLOT.name
    draw(points, plot)
    exponents = exponent_rows(points)
    markdown = "\n".join(
        [
            table(("step", "against", "exponent of time", "exponent of memory"), exponents),
            "",
            f"![Time and memory against works and creators]({PLOT.name})",
            "",
            table(headings, rows),
            "",
            measured_line(command("growth", plan)),
        ]
    )
    return Section("growth", TITLE, markdown, {"points": [vars(point) for point in points]})


def planned_points(largest: int) -> list[Point]:
    """The points to measure: works in tenfold steps with few creators, creators with a quarter of the works."""
    works = [max(200, largest // 100), max(400, largest // 10), max(800, largest)]
    few = min(CREATORS[0], works[0] // 20)
    scale = largest / SIZE
    creators = sorted({max(2, int(number * min(1.0, scale * 4))) for number in CREATORS})
    many = max(WORKS_A_CREATOR * creators[-1], largest // 4)
    against_works = [Point(step, "works", number, few) for step in STEPS for number in works]
    return against_works + [Point(step, "creators", many, number) for step in STEPS for number in creators]


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Fit the exponent k of values = a sizes^k.

    >>> round(exponent([1, 10, 100], [2, 20, 200]), 6)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def exponent_rows(points: Sequence[Point]) -> list[tuple[str, ...]]:
    """A row for each step and axis with at least two points."""
    rows = []
    for step, axis in [(step, axis) for step in STEPS for axis in ("works", "creators")]:
        found = [exponent(*zip(*each, strict=True)) if len(each) > 1 else None for each in _series(points, step, axis)]
        rows.append((STEPS[step], axis, *("-" if each is None else f"{each:.2f}" for each in found)))
    return rows


def draw(points: Sequence[Point], path: Path) -> None:
    """Draw seconds and MiB against works and creators as SVG, both axes logarithmic."""
    legend = [
        f'<text x="{20 + 225 * at}" y="20" fill="{colour}">{label}</text>'
        for at, (label, colour) in enumerate(zip(STEPS.values(), COLOURS, strict=True))
    ]
    parts = [
        _panel(points, axis, row, left=70 + 450 * column, top=45 + 290 * row)
        for column, axis in enumerate(("works", "creators"))
        for row in range(2)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 930 600" font-family="sans-serif" font-size="13">'
    ground = '<rect width="930" height="600" fill="#fff"/>'
    path.write_text("\n".join([head, ground, *legend, *parts, "</svg>"]) + "\n", encoding="utf-8")


def _panel(points: Sequence[Point], axis: str, row: int, *, left: int, top: int) -> str:
    """One plot, 360 x 210: the steps' seconds (row 0) or MiB (row 1) against an axis, with a grid of powers of ten."""
    series = {step: _series(points, step, axis)[row] for step in STEPS}
    pairs = [pair for each in series.values() for pair in each]
    if not pairs:
        return ""
    (low_x, high_x), (low_y, high_y) = (_decades(values) for values in zip(*pairs, strict=True))

    def x(value: float) -> float:
        return round(left + 360 * (math.log10(value) - low_x) / (high_x - low_x), 1)

    def y(value: float) -> float:
        return round(top + 210 - 210 * (math.log10(value) - low_y) / (high_y - low_y), 1)

    parts = [f'<text x="{left}" y="{top - 8}">{("seconds", "memory, MiB")[row]} against {axis}</text>']
    for ten in (10.0**power for power in range(low_y, high_y + 1)):
        parts.append(f'<line x1="{left}" x2="{left + 360}" y1="{y(ten)}" y2="{y(ten)}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y(ten) + 4}" text-anchor="end">{ten:,g}</text>')
    for ten in (10.0**power for power in range(low_x, high_x + 1)):
        parts.append(f'<text x="{x(ten)}" y="{top + 228}" text-anchor="middle">{ten:,.0f}</text>')
    for colour, each in zip(COLOURS, series.values(), strict=True):
        path = " ".join(f"{x(size)},{y(value)}" for size, value in each)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(size)}" cy="{y(value)}" r="4" fill="{colour}"/>' for size, value in each]
    return "\n".join(parts)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around values.

    >>> _decades([0.02, 3.0])
    (-2, 1)
    """
    low = math.floor(math.log10(min(values)))
    return low, max(math.ceil(math.log10(max(values))), low + 1)


def _series(points: Sequence[Point], step: str, axis: str) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """The sizes with their seconds, and with their MiB, of the points that have them."""
    told = [point for point in points if point.step == step and point.axis == axis]
    seconds = [(point.size, point.seconds) for point in told if point.seconds is not None]
    return seconds, [(point.size, point.memory_mib) for point in told if point.memory_mib]


def _measured(point: Point, plan: Plan) -> Point:
    settings = {"step": point.step, "works": point.works, "creators": point.creators}
    side = Side(STEPS[point.step], "benchmarks.ours.growth:Step", settings)
    log = plan.scratch / f"growth-{point.step}-{point.works}-{point.creators}.log"
    plain = {name: getattr(point, name) for name in ("step", "axis", "works", "creators")}
    try:
        with WorkerProcess(side, python_of(None), plan.threads, log) as worker:
            said = worker.ask("run", limit_s=LIMIT_S)
    except SideError as error:
        return Point(**plain, missing=str(error))
    return Point(**plain, seconds=said["seconds"], memory_mib=said["memory_mib"])


def _row(point: Point) -> tuple[str, ...]:
    seconds = f"not measured: {point.missing}" if point.seconds is None else f"{point.seconds:.3g}"
    memory = "" if point.memory_mib is None else f"{point.memory_mib:.0f}"
    return (STEPS[point.step], f"{point.works:,}", f"{point.creators:,}", seconds, memory)
