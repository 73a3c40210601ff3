"""Commands that run in stages and in pieces: what each stage costs, added up over interruptions.

A command goes through stages; a stage ends when its file is there, the last one with the command. The processes are
looked at every `LOOK_EVERY_S`, and what they used since the last look is charged to the stage that is on. What was
measured stands in one file, written whole every `KEPT_EVERY_S`, and a command whose measuring process is killed goes
with it: nothing is computed that is not charged, but for the last few seconds. Linux only, as it reads `/proc`.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.provenance import commit

from sakka.cache import CACHE_VARIABLE
from sakka.files import write_json
from studies.hostile import peak_mib

LOOK_EVERY_S, KEPT_EVERY_S = 0.5, 10.0
PATIENCE_S = 120.0  # that a command has to stop in
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Stage:
    """What is measured by itself.

    Attributes:
        name: What is done.
        ends_with: The file that is there when it is done; None: it is done when its command has ended.
    """

    name: str
    ends_with: Path | None = None


@dataclass(frozen=True)
class Command:
    """A command and the stages that it goes through, the last of which ends with it."""

    words: tuple[str, ...]
    stages: tuple[Stage, ...]


@dataclass
class Spent:
    """What a stage has cost until now.

    Attributes:
        wall_s: Seconds.
        cpu_s: Seconds of all cores together.
        peak_mib: The most memory, in MiB.
        disk_mib: How much the folder grew, in MiB; None until it is done.
        pieces: In how many pieces it was run.
        commits: At which commits.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    disk_mib: float | None = None
    pieces: int = 0
    commits: list[str] = field(default_factory=list)


class State:
    """What was measured in a folder, whole in a file at any moment.

    Args:
        path: The file.
        part: The size that the folder is for, as a fraction 1 / part.
    """

    def __init__(self, path: Path, part: int) -> None:
        self.path, self.part = path, part
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"part": part, "stages": {}}
        if stored["part"] != part:
            sys.exit(f"{path.parent} is for 1/{stored['part']} of the size, expected 1/{part}; name another folder")
        self.stages = {name: Spent(**spent) for name, spent in stored["stages"].items()}

    def keep(self) -> None:
        """Write the file."""
        write_json(self.path, {"part": self.part, "stages": {name: asdict(each) for name, each in self.stages.items()}})

    def is_done(self, stage: Stage) -> bool:
        """Whether a stage is done."""
        return stage.name in self.stages and self.stages[stage.name].disk_mib is not None

    def begin(self, stage: Stage) -> Spent:
        """Begin a piece of a stage."""
        spent = self.stages.setdefault(stage.name, Spent())
        spent.pieces += 1
        spent.commits = sorted({*spent.commits, commit()})
        return spent

    def end(self, stage: Stage) -> None:
        """Note that a stage is done."""
        others = sum(each.disk_mib or 0.0 for each in self.stages.values())
        self.stages.setdefault(stage.name, Spent()).disk_mib = used_mib(self.path.parent) - others
        self.keep()


def run(command: Command, state: State, until_s: float | None) -> None:
    """Run a command unless it has ended before, and charge its stages.

    Raises:
        SystemExit: The time is over, it was interrupted, or the command failed; the state says how far it came.
    """
    if state.is_done(command.stages[-1]):
        return
    folder = state.path.parent
    environment = {**os.environ, CACHE_VARIABLE: str(folder / "cache")}
    used_s = children_cpu_s()
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        print(f"$ {' '.join(command.words)}", file=log, flush=True)
        process = subprocess.Popen(
            command.words, env=environment, stdout=log, stderr=log, preexec_fn=die_with_parent, start_new_session=True
        )
    meter = Meter(process.pid, state, command.stages)
    try:
        while process.poll() is None:
            meter.look()
            if until_s is not None and time.monotonic() > until_s:
                raise KeyboardInterrupt
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY_S)
    except KeyboardInterrupt:
        stop(process, meter)
        meter.look(children_cpu_s() - used_s)
        sys.exit(f"stopped at the stage {meter.stage.name}; give the same command again to go on with {folder}")
    meter.look(children_cpu_s() - used_s)
    if process.returncode:
        sys.exit(f"{' '.join(command.words)} ended with {process.returncode}: see {folder / 'log.txt'}")
    meter.end()


class Meter:
    """Charges what a process and those that it started use to the stage that is on.

    Args:
        process: The process's id.
        state: What is charged.
        stages: The stages that it goes through.
    """

    def __init__(self, process: int, state: State, stages: tuple[Stage, ...]) -> None:
        self.process, self.state = process, state
        self.left = [stage for stage in stages if not state.is_done(stage)]
        self.seen_s, self.kept_s, self.cpu_s = time.monotonic(), 0.0, 0.0
        self.spent = state.begin(self.stage)

    @property
    def stage(self) -> Stage:
        """The stage that is on."""
        return self.left[0]

    def look(self, cpu_s: float | None = None) -> None:
        """Charge what was used since the last look.

        Args:
            cpu_s: What the processes have used in all, where they have ended.
        """
        family = family_of(self.process) if cpu_s is None else []
        now_s, used_s = time.monotonic(), sum(map(process_cpu_s, family)) if cpu_s is None else cpu_s
        self.spent.wall_s += now_s - self.seen_s
        self.spent.cpu_s += max(0.0, used_s - self.cpu_s)
        self.spent.peak_mib = max(self.spent.peak_mib, sum(map(known_peak_mib, family)))
        self.seen_s, self.cpu_s = now_s, max(self.cpu_s, used_s)
        while len(self.left) > 1 and self.stage.ends_with is not None and self.stage.ends_with.is_file():
            self._next(family)
        if now_s - self.kept_s > KEPT_EVERY_S or cpu_s is not None:
            self.state.keep()
            self.kept_s = now_s

    def end(self) -> None:
        """Note that the command has ended as it should.

        Raises:
            SystemExit: It ended without the file that a stage before the last ends with.
        """
        if len(self.left) > 1:
            sys.exit(f"the command ended without {self.stage.ends_with}, with which the stage {self.stage.name} ends")
        self.state.end(self.stage)

    def _next(self, family: list[int]) -> None:
        self.state.end(self.left.pop(0))
        self.spent = self.state.begin(self.stage)
        for process in family:
            with suppress(OSError):
                Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew


def stop(process: "subprocess.Popen[bytes]", meter: Meter) -> None:
    """Interrupt a command and wait until it has ended."""
    process.send_signal(signal.SIGINT)
    asked_s = time.monotonic()
    while process.poll() is None:
        meter.look()
        if time.monotonic() - asked_s > PATIENCE_S:
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_EVERY_S)


def interrupt_at_signals() -> None:
    """Take SIGTERM for an interruption, and SIGINT too where a shell has it ignored, as that of a background job."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)


def die_with_parent() -> None:
    """Have this process killed when the one that started it is, and have it listen to SIGINT."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def family_of(process: int) -> list[int]:
    """A process and those that it started, theirs too."""
    found = [process]
    for each in found:
        with suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return found


def process_cpu_s(process: int) -> float:
    """The seconds that a process has computed, with those of its own that have ended; 0 where it has ended itself."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        return sum(map(int, fields[11:15])) / TICKS_A_SECOND
    return 0.0


def known_peak_mib(process: int) -> float:
    """The most memory that a process has held, in MiB; 0 where it has ended."""
    with suppress(OSError, StopIteration):
        return peak_mib(process)
    return 0.0


def children_cpu_s() -> float:
    """The seconds that ended processes of this one have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def used_mib(folder: Path) -> float:
    """What a folder takes on the disk, in MiB."""
    used = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            used += path.lstat().st_blocks * 512
    return used / 2**20
