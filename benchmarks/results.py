"""Results as JSON and as pages of Markdown; README.md holds a table of several between markers.

<!-- generated: speed -->
...
<!-- end: speed -->
"""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import summary
from benchmarks.harness import Measured, Outcome, Plan, Spread
from benchmarks.processes import ROOT
from benchmarks.provenance import commit, machine, measured_line
from sakka.files import write_json, write_text

RESULTS = Path(__file__).parent / "results"
SUITES = Path(__file__).parent / "suites"
FRONT_PAGE = ROOT / "README.md"
SPEED = re.compile(r"(<!-- generated: speed -->\n).*?(<!-- end: speed -->)", re.DOTALL)
HEADINGS = (
    "ours / other",
    "counted",
    "ratio: min",
    "median",
    "max",
    "wanted",
    "ours, a second",
    "other, a second",
    "ours: quality",
    "other: quality",
    "pairs",
)


@dataclass(frozen=True)
class Section:
    """What one benchmark came to.

    Attributes:
        name: The benchmark's name.
        title: Its heading.
        markdown: Tables and notes.
        data: The same and more, for JSON.
        missed: What was demanded and not met, one clause; empty where all was.
    """

    name: str
    title: str
    markdown: str
    data: dict[str, Any]
    missed: str = ""


def section_of(name: str, title: str, plan: Plan, outcomes: Sequence[Outcome], works: str = "") -> Section:
    """Make the section of a benchmark that consists of comparisons, measured on `works`."""
    data = {
        "comparisons": [outcome.as_json() for outcome in outcomes],
        "size": plan.size,
        "pairs": plan.pairs,
        "works": works,
    }
    measured = measured_line(command(name, plan)) + (f" Works: {works}." if works else "")
    lines = [ratio_table(outcomes), "", *side_lines(outcomes), "", measured]
    return Section(name, title, "\n".join(lines), data)


def ratio_table(outcomes: Sequence[Outcome]) -> str:
    """Write one row a comparison; a comparison without figures says why."""
    return table(HEADINGS, [_row(outcome) for outcome in outcomes])


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Write a Markdown table.

    >>> table(("a", "b"), [("1", "2")])
    '| a | b |\n|---|---|\n| 1 | 2 |'
    """
    lines = [headings, *rows]
    written = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([written[0], "|" + "---|" * len(headings), *written[1:]])


def side_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Tell once what each side ran on, what it says of itself and what a reader must know."""
    lines: dict[str, None] = {}
    for outcome in outcomes:
        for side in (outcome.ours, outcome.other):
            if side is not None and side.description:
                lines[_side_line(side)] = None
    measured = [outcome.comparison for outcome in outcomes if not outcome.missing]
    for note in dict.fromkeys(comparison.note for comparison in measured if comparison.note):
        names = [comparison.name for comparison in measured if comparison.note == note]
        lines[f"- {note}" if len(names) > 1 else f"- {names[0]}: {note}"] = None
    return list(lines)


def command(name: str, plan: Plan) -> str:
    """The command that measures as a plan says.

    >>> command("text", Plan(5, None, None, Path(), None))
    'python -m benchmarks text --pairs 5'
    """
    return f"python -m benchmarks {name} --pairs {plan.pairs}" + (f" --size {plan.size}" if plan.size else "")


def write_section(section: Section, folder: Path) -> Path:
    """Write a section whole, as JSON and as a page; gives the path of the JSON."""
    path = folder / f"{section.name}.json"
    content = {
        "benchmark": section.name,
        "title": section.title,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "markdown": section.markdown,
        **section.data,
    }
    write_json(path, content)
    write_text(path.with_suffix(".md"), page(path))
    return path


def page(path: Path) -> str:
    """The page of a stored result: its title, what the benchmark's module says of itself, tables and notes."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    about = docstring(SUITES / f"{stored['benchmark']}.py")
    return f"# {stored['title']}\n\n{about}\n\n{stored['markdown']}\n"


def docstring(module: Path) -> str:
    """What a module says of itself, read without importing it."""
    return ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""


def fill_front_page(text: str, folder: Path) -> str:
    """The front page's text with its table of speed written anew from the results in `folder`."""
    rows = table(summary.HEADINGS, summary.speed_rows(folder))
    return SPEED.sub(lambda found: f"{found[1]}{rows}\n{found[2]}", text)


def update_documents(folder: Path = RESULTS) -> None:
    """Write the pages of all results and the front page's table anew."""
    for path in folder.glob("*.json"):
        write_text(path.with_suffix(".md"), page(path))
    write_text(FRONT_PAGE, fill_front_page(FRONT_PAGE.read_text(encoding="utf-8"), folder))


def _row(outcome: Outcome) -> list[str]:
    wanted = outcome.comparison
    if outcome.missing:
        return [wanted.name, wanted.unit, f"not measured: {outcome.missing}", *[""] * (len(HEADINGS) - 3)]
    ratio = Spread.of(outcome.ratios) if outcome.ratios else None
    return [
        wanted.name,
        wanted.unit,
        *([f"{value:.2f}" for value in (ratio.minimum, ratio.median, ratio.maximum)] if ratio else ["", "", ""]),
        _wanted(outcome),
        _rates(outcome.ours),
        _rates(outcome.other) if outcome.other else "",
        _quality(outcome.ours),
        _quality(outcome.other) if outcome.other else "",
        str(len(outcome.ours.seconds)),
    ]


def _wanted(outcome: Outcome) -> str:
    wanted, parts = outcome.comparison, []
    if wanted.wanted_ratio is not None:
        parts.append(f"≥ {wanted.wanted_ratio:g}")
    if wanted.wanted_seconds is not None:
        seconds = 1 / Spread.of(outcome.ours.rates).median
        parts.append(f"≤ {wanted.wanted_seconds:g} s each (got {seconds:.3g} s)")
    if wanted.wanted_gain is not None:
        parts.append(f"quality ≥ +{wanted.wanted_gain:g}")
    word = {True: "yes", False: "NO", None: ""}[outcome.holds]
    return f"{', '.join(parts)}: {word}" if parts else "-"


def _rates(side: Measured) -> str:
    spread = Spread.of(side.rates)
    return f"{spread.median:.4g} ({spread.minimum:.4g} to {spread.maximum:.4g})"


def _quality(side: Measured) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in side.quality.items())


def _side_line(side: Measured) -> str:
    about = side.description
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    told = "; ".join(part for part in (about["notes"], *side.notes) if part)
    threads = f"{about['threads']} threads"
    memory = f"peak memory {about['peak_memory_mib']} MiB"
    return f"- {side.name}: {threads}, {memory}; {versions}" + (f"; {told}" if told else "")
