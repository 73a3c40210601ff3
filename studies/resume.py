"""Whether an experiment that is killed again and again ends with the same bytes as one that is not.

    python -m studies resume [--kills 5] [--seed 0]

A market is simulated and one experiment on it runs to its end. Another is killed (SIGKILL) each time that it has stored
some more of its predictions and a drawn moment has passed, resumed after each kill, and compared file by file: folds,
predictions, report. Figures are counts.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sakka import build_catalog
from sakka.catalog.splits import MIN_WORKS
from sakka.files import sha256_of
from sakka.market import MarketSettings
from studies.figures import Figure

CREATORS, WORKS = 24, 600
MOST_S = 2.0  # between what was waited for and the kill


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How often it is killed, and the seed of the moments."""
    parser.add_argument("--kills", type=int, default=5, help="how often the experiment is killed")
    parser.add_argument("--seed", type=int, default=0, help="draws the moments")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Run an experiment whole and another one with kills, and compare their files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        market = MarketSettings(creators=CREATORS, works=WORKS, seed=asked.seed)
        build_catalog("market", folder=folder / "catalog", market=market, min_works=MIN_WORKS)
        if _experiment(folder, "first").wait():  # fills the cache of photo features
            raise RuntimeError("the experiment failed; run `sakka experiment` on a market to see why")
        _experiment(folder, "whole").wait()
        kills = _killed(folder, asked.kills, np.random.default_rng(asked.seed))
        whole, resumed = (_files(folder / run) for run in ("whole", "resumed"))
    differing = sum(resumed.get(path) != digest for path, digest in whole.items()) + len(resumed.keys() - whole.keys())
    row = f"5 x 5 folds of {WORKS} works, killed {kills} times"
    yield Figure(row, "files", len(whole), len(whole))
    yield Figure(row, "files that differ", differing, len(whole))


def _experiment(folder: Path, run: str) -> subprocess.Popen[bytes]:
    sakka = Path(sys.executable).with_name("sakka")
    command = [str(sakka), "experiment", str(folder / "catalog"), "-o", str(folder / run)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _killed(folder: Path, kills: int, generator: np.random.Generator) -> int:
    """Kill an experiment again and again and let the last one end; gives how often it was still running."""
    hit = 0
    for number in range(kills):
        running = _experiment(folder, "resumed")
        share = number / (kills + 1)
        while running.poll() is None and _stored(folder, "resumed") < share * _stored(folder, "whole"):
            time.sleep(0.02)
        time.sleep(float(generator.uniform(0, MOST_S)))
        hit += running.poll() is None
        running.kill()
        running.wait()
    if _experiment(folder, "resumed").wait():
        raise RuntimeError("the resumed experiment failed; run `sakka experiment` on a market to see why")
    return hit


def _stored(folder: Path, run: str) -> int:
    """How many files of predictions a run folder has."""
    return sum(1 for _ in (folder / run / "predictions").rglob("*.safetensors"))


def _files(run: Path) -> dict[str, str]:
    """SHA-256 of every file of a run folder by its path; a lock is no content."""
    paths = (path for path in sorted(run.rglob("*")) if path.is_file() and not path.name.endswith(".lock"))
    return {path.relative_to(run).as_posix(): sha256_of(path) for path in paths}
