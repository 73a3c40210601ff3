"""Two sides measured in turn in one run; every figure that comes out is a ratio.

After a warm-up of each, the sides run A B A B ..., or A B C A B C ... where there are several others; a pair is one run
of ours and one of another. Ratio of a pair: our rate over the other's (units a second), so 2 means that ours is twice
as fast. What is told of the ratios is their minimum, median and maximum: the machine drifts, and neighbours in time
drift together.
"""

import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.environments import python_of
from benchmarks.processes import Side, SideError, WorkerProcess

PAIRS = 5


@dataclass(frozen=True)
class Spread:
    """Minimum, median and maximum of some values."""

    minimum: float
    median: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise at least one value.

        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(minimum=1.0, median=2.0, maximum=3.0)
        """
        return cls(min(values), statistics.median(values), max(values))


@dataclass(frozen=True)
class Comparison:
    """What is measured against what.

    Attributes:
        name: What the table calls it.
        unit: What is counted (photos, fits).
        ours: Our side.
        other: The peer or the physical limit; None where only our seconds are judged.
        wanted_ratio: The median ratio to reach; None where nothing is demanded.
        wanted_seconds: The median of our seconds a unit to stay under; None where nothing is demanded.
        wanted_gain: By how much our first quality figure must exceed the other's; None where nothing is demanded.
        judge: Turns a side's `quality()` into named figures; None takes them as they are.
        note: What a reader must know about the figures.
    """

    name: str
    unit: str
    ours: Side
    other: Side | None
    wanted_ratio: float | None = None
    wanted_seconds: float | None = None
    wanted_gain: float | None = None
    judge: Callable[[dict[str, Any]], dict[str, float]] | None = None
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        pairs: Runs of each side after the warm-up.
        size: The benchmark's own measure of how much; None means its default.
        threads: Threads for numeric libraries of both sides; None leaves it to them.
        scratch: A folder for what the sides hand over.
        data: The folder of real works; None where there is none.
        only: Comparisons without this in their name are left out; empty means none are.
    """

    pairs: int
    size: int | None
    threads: int | None
    scratch: Path
    data: Path | None
    only: str = ""


@dataclass
class Measured:
    """What one side gave: a run is (units, seconds)."""

    name: str
    units: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    quality: dict[str, float] = field(default_factory=dict)
    description: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Units a second of each run."""
        return [units / seconds for units, seconds in zip(self.units, self.seconds, strict=True)]

    def take(self, answer: dict[str, Any]) -> None:
        """Add one run."""
        self.units.append(float(answer["units"]))
        self.seconds.append(float(answer["seconds"]))
        note = answer.get("note")
        if note and note not in self.notes:
            self.notes.append(note)


@dataclass
class Outcome:
    """What a comparison came to; `missing` says why there are no figures."""

    comparison: Comparison
    ours: Measured
    other: Measured | None
    missing: str = ""

    @property
    def ratios(self) -> list[float]:
        """Our rate over the other's, pair by pair."""
        if self.other is None:
            return []
        return [ours / other for ours, other in zip(self.ours.rates, self.other.rates, strict=True)]

    @property
    def holds(self) -> bool | None:
        """Whether everything demanded is reached; None where nothing is demanded or measured."""
        wanted, checks = self.comparison, []
        if self.missing or not self.ours.seconds:
            return None
        if wanted.wanted_ratio is not None and self.ratios:
            checks.append(statistics.median(self.ratios) >= wanted.wanted_ratio)
        if wanted.wanted_seconds is not None:
            checks.append(1 / statistics.median(self.ours.rates) <= wanted.wanted_seconds)
        if wanted.wanted_gain is not None and self.gain is not None:
            checks.append(self.gain >= wanted.wanted_gain)
        return all(checks) if checks else None

    @property
    def gain(self) -> float | None:
        """Our first quality figure minus the other's of the same name; None where one is absent."""
        if self.other is None:
            return None
        shared = [name for name in self.ours.quality if name in self.other.quality]
        return self.ours.quality[shared[0]] - self.other.quality[shared[0]] if shared else None

    def as_json(self) -> dict[str, Any]:
        """Everything that was measured in a form that JSON can hold."""
        wanted = self.comparison
        return {
            "name": wanted.name,
            "unit": wanted.unit,
            "ours": asdict(self.ours),
            "other": None if self.other is None else asdict(self.other),
            "ratios": self.ratios,
            "ratio": asdict(Spread.of(self.ratios)) if self.ratios else None,
            "wanted_ratio": wanted.wanted_ratio,
            "wanted_seconds": wanted.wanted_seconds,
            "wanted_gain": wanted.wanted_gain,
            "gain": self.gain,
            "holds": self.holds,
            "missing": self.missing,
            "note": wanted.note,
        }


def compare(comparison: Comparison, plan: Plan) -> Outcome:
    """Measure both sides in turn; a side that can't be run is told in the outcome, not skipped."""
    return compare_all([comparison], plan)[0]


def compare_all(comparisons: Sequence[Comparison], plan: Plan) -> list[Outcome]:
    """Measure one side of ours against several others in one run, A B C A B C ...; all are alive at the same time.

    Args:
        comparisons: They have the same `ours`, unit and `judge`.
        plan: How to measure.
    """
    chosen = [comparison for comparison in comparisons if plan.only in comparison.name]
    measured = iter(_compared(chosen, plan) if chosen else [])
    outcomes = [
        next(measured)
        if comparison in chosen
        else Outcome(comparison, Measured(comparison.ours.name), None, missing="left out by --only")
        for comparison in comparisons
    ]
    for outcome in outcomes:
        told = outcome.missing or ", ".join(f"{ratio:.2f}" for ratio in outcome.ratios)
        sys.stderr.write(f"{outcome.comparison.name}: {told}\n")
    return outcomes


class _Player:
    """A side that takes its turns until it fails; `missing` then says why.

    Args:
        number: Its place in the round.
        side: What it does; None stands for no side.
        plan: How to measure.
        stack: Ends its process.
    """

    def __init__(self, number: int, side: Side | None, plan: Plan, stack: ExitStack) -> None:
        self.measured = None if side is None else Measured(side.name)
        self.worker: WorkerProcess | None = None
        self.missing = ""
        if side is not None:
            log = plan.scratch / f"{number}-{side.target.replace(':', '.')}.log"
            try:
                process = WorkerProcess(side, python_of(side.environment), plan.threads, log)
                self.worker = stack.enter_context(process)
            except SideError as error:
                self.missing = str(error)

    def ask(self, do: str) -> dict[str, Any]:
        """Ask for one thing; a side that is absent or has failed gives nothing."""
        if self.worker is None:
            return {}
        try:
            return self.worker.ask(do)
        except SideError as error:
            self.missing, self.worker = str(error), None
            return {}

    def play(self) -> None:
        """Take a turn."""
        answer = self.ask("run")
        if answer and self.measured is not None:
            self.measured.take(answer)

    def tell(self, judge: Callable[[dict[str, Any]], dict[str, float]] | None) -> None:
        """Say what it ran on and what its work is worth."""
        if self.measured is not None:
            self.measured.description = self.ask("describe")  # quality() may need more memory than the work
            said = self.ask("quality")
            self.measured.quality = judge(said) if judge and said else said


def _take_turns(
    players: Sequence[_Player], pairs: int, judge: Callable[[dict[str, Any]], dict[str, float]] | None
) -> None:
    for player in players:
        player.ask("warm up")
    for _ in range(pairs):
        for player in players:
            player.play()
    for player in players:
        player.tell(judge)


def _compared(comparisons: Sequence[Comparison], plan: Plan) -> list[Outcome]:
    with ExitStack() as stack:
        sides = [comparisons[0].ours, *(comparison.other for comparison in comparisons)]
        players = [_Player(number, side, plan, stack) for number, side in enumerate(sides)]
        ours, *others = players
        if not ours.missing and not all(other.missing for other in others):
            _take_turns(players, plan.pairs, comparisons[0].judge)
    outcomes = []
    for comparison, other in zip(comparisons, others, strict=True):
        missing = ours.missing or other.missing
        if missing or ours.measured is None:
            outcomes.append(Outcome(comparison, Measured(comparison.ours.name), None, missing))
        else:
            outcomes.append(Outcome(comparison, ours.measured, other.measured))
    return outcomes
