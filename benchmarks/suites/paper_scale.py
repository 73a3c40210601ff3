"""Everything but the training of networks at the paper's size: 944 creators, 109,685 works, 15 models a fold.

Each step is one run in a fresh process at 1/100, 1/10 and 1/1 of the size. CPU seconds stand beside wall seconds: on a
machine that others use too they say what the step itself took. The predictions are simulated and take 11 GB of disk at
full size (`TMPDIR` says where); they are removed afterwards. The command fails where full size takes longer, or more
memory, than is demanded.
"""

import shutil
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks.environments import python_of
from benchmarks.harness import Plan
from benchmarks.processes import Side, SideError, WorkerProcess
from benchmarks.provenance import measured_line
from benchmarks.results import Section, command, table

TITLE = "Paper scale: 109,685 works by 944 creators (simulated)"
SIZE = 1  # the largest market, as a fraction 1 / SIZE of the paper's
PARTS = (100, 10, 1)
STEPS = ("catalog", "splits", "predictions", "report")
SIMULATED = "simulating"  # such a part stands for training and does not count
MOST_SECONDS, MOST_MIB = 900.0, 8192.0
FREE_BYTES = 14 * 10**9  # at full size
LIMIT_S = 3_600.0


@dataclass(frozen=True)
class Point:
    """One part of a step at one size."""

    part: int
    name: str
    seconds: float
    cpu_seconds: float
    memory_mib: float

    @property
    def counts(self) -> bool:
        """Whether the part belongs to what is demanded."""
        return not self.name.startswith(SIMULATED)


def measure(plan: Plan) -> Section:
    """Run every step at every size up to 1 / `plan.size`."""
    assert plan.size is not None
    points: list[Point] = []
    for part in (part for part in PARTS if part >= plan.size):
        points += _measured(part, plan)
    rows = [_row(point) for point in points]
    sums = [_sum(points, part) for part in PARTS if any(point.part == part for point in points)]
    markdown = "\n".join(
        [
            table(("size", "step", "wall, s", "CPU, s", "peak memory, MiB"), [*rows, *sums]),
            "",
            f"Demanded at full size: {MOST_SECONDS:g} s and {MOST_MIB:,.0f} MiB. Simulated predictions and label sets "
            "stand for what networks would give; drawing them does not count.",
            "",
            measured_line(command("paper_scale", plan)),
        ]
    )
    return Section("paper_scale", TITLE, markdown, {"points": [vars(point) for point in points]}, missed(points))


def _measured(part: int, plan: Plan) -> list[Point]:
    folder = plan.scratch / f"part-{part}"
    (folder / "run").mkdir(parents=True)
    if shutil.disk_usage(folder).free < FREE_BYTES / part:
        raise SideError(
            f"{FREE_BYTES / part / 10**9:.1f} GB of disk are needed at {folder}; set TMPDIR to a larger one"
        )
    points = []
    for step in STEPS:
        settings = {"step": step, "part": part, "folder": str(folder)}
        side = Side(step, "benchmarks.ours.paper_scale:Stage", settings)
        with WorkerProcess(side, python_of(None), plan.threads, plan.scratch / f"{step}-{part}.log") as worker:
            said: dict[str, Any] = worker.ask("run", limit_s=LIMIT_S)
        points += [Point(part, **each) for each in said["parts"]]
        sys.stderr.write(f"1/{part} {step}: {said['seconds']:.1f} s\n")
    shutil.rmtree(folder)
    return points


def _row(point: Point) -> tuple[str, ...]:
    return (f"1/{point.part}", point.name, *_figures(point.seconds, point.cpu_seconds, point.memory_mib))


def missed(points: list[Point]) -> str:
    """What full size took beyond what is demanded, empty where it holds or was not measured."""
    wall, _, memory = _totals(points, 1)
    if wall <= MOST_SECONDS and memory <= MOST_MIB:
        return ""
    return (
        f"paper_scale took {wall:.0f} s and {memory:,.0f} MiB at full size, expected at most {MOST_SECONDS:g} s and "
        f"{MOST_MIB:,.0f} MiB"
    )


def _totals(points: list[Point], part: int) -> tuple[float, float, float]:
    """Wall and CPU seconds of all that counts at one size, and the peak memory in MiB."""
    counted = [point for point in points if point.part == part and point.counts]
    wall, cpu = (sum(getattr(point, name) for point in counted) for name in ("seconds", "cpu_seconds"))
    return wall, cpu, max((point.memory_mib for point in counted), default=0.0)


def _sum(points: list[Point], part: int) -> tuple[str, ...]:
    verdict = "" if part != 1 else ": DOES NOT HOLD" if missed(points) else ": holds"
    return (f"1/{part}", f"**all that counts{verdict}**", *_figures(*_totals(points, part)))


def _figures(seconds: float, cpu_seconds: float, memory_mib: float) -> tuple[str, str, str]:
    return f"{seconds:.2f}", f"{cpu_seconds:.2f}", f"{memory_mib:,.0f}"
