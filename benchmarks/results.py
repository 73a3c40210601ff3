"""Results as JSON and as Markdown; docs/performance.md and README.md hold the Markdown between markers.

<!-- generated: NAME -->
...
<!-- end: NAME -->
"""

import json
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import summary
from benchmarks.harness import Measured, Outcome, Plan, Spread
from benchmarks.processes import ROOT
from sakka.files import write_json, write_text

RESULTS = Path(__file__).parent / "results"
DOCUMENT = ROOT / "docs" / "performance.md"
FRONT_PAGE = ROOT / "README.md"
SPEED = "speed"  # the front page's block, of several benchmarks
NOT_MEASURED = "not measured yet"
ABILITIES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "bfloat16",
    "amx_bf16": "bfloat16 tiles",
    "asimd": "NEON",
}
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
    """

    name: str
    title: str
    markdown: str
    data: dict[str, Any]


def section_of(name: str, title: str, plan: Plan, outcomes: Sequence[Outcome], works: str = "") -> Section:
    """Make the section of a benchmark that consists of comparisons, measured on `works`."""
    data = {
        "comparisons": [outcome.as_json() for outcome in outcomes],
        "size": plan.size,
        "pairs": plan.pairs,
        "works": works,
    }
    measured = machine_line(plan) + (f" Works: {works}." if works else "")
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


def machine_line(plan: Plan) -> str:
    """Tell what the figures were measured on and with which command arguments."""
    arguments = f"--pairs {plan.pairs}" + (f" --size {plan.size}" if plan.size else "")
    return f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()['processor']}, {arguments}."


def machine() -> dict[str, Any]:
    """Describe the machine: processor, cores that this process may use, system."""
    cores = len(os.sched_getaffinity(0))
    return {"processor": f"{_processor()}, {cores} cores", "cores": cores, "system": platform.platform()}


def write_section(section: Section, folder: Path) -> Path:
    """Write a section's JSON whole and give its path."""
    path = folder / f"{section.name}.json"
    content = {
        "benchmark": section.name,
        "title": section.title,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "markdown": section.markdown,
        **section.data,
    }
    write_json(path, content)
    return path


def fill_document(text: str, folder: Path) -> str:
    """A document's text with every generated block written anew from the results in `folder`."""

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        body = table(summary.HEADINGS, summary.speed_rows(folder)) if name == SPEED else _markdown(name, folder)
        return f"<!-- generated: {name} -->\n{body}\n<!-- end: {name} -->"

    pattern = r"<!-- generated: (?P<name>\w+) -->\n.*?<!-- end: (?P=name) -->"
    return re.sub(pattern, block, text, flags=re.DOTALL)


def update_documents(folder: Path = RESULTS) -> None:
    """Write the generated blocks of docs/performance.md and of the front page anew."""
    for document in (DOCUMENT, FRONT_PAGE):
        write_text(document, fill_document(document.read_text(encoding="utf-8"), folder))


def _markdown(name: str, folder: Path) -> str:
    path = folder / f"{name}.json"
    if not path.is_file():
        return NOT_MEASURED
    markdown: str = json.loads(path.read_text(encoding="utf-8"))["markdown"]
    return markdown


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


def _processor() -> str:
    """Name the processor and what it multiplies with, on which the figures depend more than on its name."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        told = information.read_text()
        words = set(told.split())
        found = re.search(r"model name\s*:\s*(.+)", told)
        abilities = [ability for flag, ability in ABILITIES.items() if flag in words]
        if found:
            return found[1].strip() + (f" with {', '.join(abilities)}" if abilities else "")
    return platform.processor() or platform.machine()
