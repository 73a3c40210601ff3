"""Run benchmarks: `python -m benchmarks` for all of them, `python -m benchmarks NAME ...` for some.

A run at full size with at least five pairs is written to benchmarks/results/ (figures as JSON, a page as Markdown) and
into README.md; a smaller one is a trial and goes to benchmarks/results/trial/, which git ignores.
"""

import argparse
import dataclasses
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks import results
from benchmarks.data import data_folder
from benchmarks.harness import PAIRS, Plan

NO_COMPILE = "SAKKA_BENCHMARK_NO_COMPILE"  # read by peers/keras_networks.py
BENCHMARKS = (
    "photo_features",
    "labels",
    "finetune_step",
    "text",
    "heads",
    "startup",
    "limits",
    "growth",
    "paper_scale",
    "gpu",
    "experiment",
)


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for and write the results; gives the exit code, 1 where a demand is not met."""
    asked = _parser().parse_args(arguments)
    if asked.table:
        results.update_documents()
        return 0
    if asked.no_compile:
        os.environ[NO_COMPILE] = "1"
    missed = []
    for name in asked.names or BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix=f"sakka-benchmark-{name}-") as scratch:
            plan = Plan(asked.pairs, asked.size, asked.threads, Path(scratch), data_folder(asked.data), asked.only)
            missed.append(_run(name, plan, results.RESULTS if _counts(asked) else results.RESULTS / "trial"))
    if _counts(asked):
        results.update_documents()
    for each in filter(None, missed):
        sys.stderr.write(f"{each}\n")
    return 1 if any(missed) else 0


def _run(name: str, plan: Plan, folder: Path) -> str:
    """Run one and write its section; gives what it missed."""
    module = import_module(f"benchmarks.suites.{name}")
    sized = dataclasses.replace(plan, size=module.SIZE if plan.size is None else plan.size)
    section = module.measure(sized)
    path = results.write_section(section, folder)
    print(f"\n## {section.title}\n\n{section.markdown}\n\nwritten: {path}")
    sys.stdout.flush()
    return section.missed


def _counts(asked: argparse.Namespace) -> bool:
    return asked.pairs >= PAIRS and asked.size is None and not (asked.no_compile or asked.only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*BENCHMARKS, []], help=", ".join(BENCHMARKS))
    parser.add_argument("--pairs", type=int, default=PAIRS, help="runs of each side after the warm-up (default 5)")
    parser.add_argument("--size", type=int, help="how much to measure, in each benchmark's own units")
    parser.add_argument("--threads", type=int, help="threads for numeric libraries of both sides (default: theirs)")
    parser.add_argument("--data", type=Path, help="folder with paintings/ and aozora/ (or SAKKA_BENCHMARK_DATA)")
    parser.add_argument("--only", default="", help="leave out comparisons without this in their name")
    parser.add_argument("--no-compile", action="store_true", help="leave the peers' compilers out: for quick trials")
    parser.add_argument("--table", action="store_true", help="only write the pages and README's table anew")
    return parser


if __name__ == "__main__":
    sys.exit(main())
