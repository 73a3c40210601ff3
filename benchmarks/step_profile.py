"""Where the processor's time of a VGG16 training step goes: `python -m benchmarks.step_profile`.

The steps are those of sakka's loop, on one core so that no thread's waiting counts. They are made with freed memory
kept and, in a process of its own, with memory as it is without that.
"""

import argparse
import contextlib
import resource
import subprocess
import sys

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.ours import training
from benchmarks.ours.training import TrainingSteps

CREATORS = 43
ROWS = 8


def main() -> None:
    """Make steps and print the operations that take most, and the seconds of the processor a photo."""
    asked = _parser().parse_args()
    torch.set_num_threads(1)
    if asked.memory_as_it_is:
        training.kept_memory = contextlib.nullcontext  # type: ignore[assignment]
    steps = TrainingSteps(asked.batch, asked.steps, CREATORS, None)
    steps.run()
    before = resource.getrusage(resource.RUSAGE_SELF)
    steps.run()
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = [after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime]
    photos = asked.batch * asked.steps
    name = "as it is" if asked.memory_as_it_is else "kept"
    print(
        f"memory {name}: {sum(seconds) / photos:.3f} s of the processor a photo, of which the system's "
        f"{seconds[1] / photos:.3f}; {(after.ru_minflt - before.ru_minflt) / photos:,.0f} page faults",
        flush=True,
    )
    if asked.memory_as_it_is:
        return
    again = [sys.executable, "-m", "benchmarks.step_profile", "--memory-as-it-is"]
    subprocess.run([*again, "--batch", str(asked.batch), "--steps", str(asked.steps)], check=True)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        steps.run()
    events = sorted(profiled.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    print("| operation | share |\n|---|---|")
    for event in events[:ROWS]:
        print(f"| {event.key} | {event.self_cpu_time_total / total:.3f} |")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--memory-as-it-is", action="store_true", help="without keeping freed memory")
    return parser


if __name__ == "__main__":
    main()
