"""Where the processor's time of a VGG16 training step goes.

    python -m studies step_profile [--batch 16] [--steps 2]

The steps are those of sakka's loop, on one core so that no thread's waiting counts. They are made with freed memory
kept and, in a process of its own, with memory as it is without that.
"""

import argparse
import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Iterator

import torch
from benchmarks.ours import training
from benchmarks.ours.training import TrainingSteps
from torch.profiler import ProfilerActivity, profile

from studies.figures import Figure

CREATORS = 43
ROWS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=2)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Make steps with memory kept and without, then the operations that take most."""
    steps = _steps(asked.batch, asked.steps)
    yield from costs_of("memory kept", costs(steps, asked.batch * asked.steps))
    call = f"costs_without_kept_memory({asked.batch}, {asked.steps})"
    code = f"from studies.step_profile import costs_without_kept_memory; {call}"
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    yield from costs_of("memory as it is", json.loads(done.stdout))
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        steps.run()
    events = sorted(profiled.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    for event in events[:ROWS]:
        yield Figure(event.key, "share of the step", event.self_cpu_time_total / total)


def costs_of(row: str, found: tuple[float, float, float]) -> Iterator[Figure]:
    """The figures of what `costs` gives."""
    for measured, value in zip(("s of the processor a photo", "s of the system", "page faults"), found, strict=True):
        yield Figure(row, measured, value)


def costs(steps: TrainingSteps, photos: int) -> tuple[float, float, float]:
    """Seconds of the processor, of these the system's, and page faults, a photo, after a warm-up."""
    steps.run()
    before = resource.getrusage(resource.RUSAGE_SELF)
    steps.run()
    after = resource.getrusage(resource.RUSAGE_SELF)
    system_s = after.ru_stime - before.ru_stime
    spent = after.ru_utime - before.ru_utime + system_s, system_s, after.ru_minflt - before.ru_minflt
    return spent[0] / photos, spent[1] / photos, spent[2] / photos


def costs_without_kept_memory(batch: int, steps: int) -> None:
    """Write on standard output, as JSON, what steps cost where freed memory is not kept."""
    training.kept_memory = contextlib.nullcontext  # type: ignore[assignment]
    sys.stdout.write(json.dumps(costs(_steps(batch, steps), batch * steps)))


def _steps(batch: int, steps: int) -> TrainingSteps:
    torch.set_num_threads(1)
    return TrainingSteps(batch, steps, CREATORS, None)
