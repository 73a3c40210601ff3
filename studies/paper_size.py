"""Time, memory, disk and accuracies of everything at the paper's size, every photo really read.

    python -m studies paper_size [--part 1] [--folder build/paper-size] [--for MINUTES]

The simulated market at the paper's size, 109,685 works by 944 creators with 50 at least, or a part of it: its photos
are drawn, read and hashed, cleaned by the paper's rules, near-identical works are found, every photo is decoded and
passed through both networks, and `sakka experiment --preset quick` divides the works, fits the models of 5 x 1 folds,
and judges and reports them. Each step is a command of sakka in a process of its own, on two cores unless `--cores` says
otherwise. A photo has 224 x 224 pixels.

It can be run in pieces: interrupted in whatever way, or stopped by itself after `--for` minutes, it goes on where it
was when the command is given again. Drawn photos, fingerprints, vectors and a model's folds are kept one by one;
reading and cleaning, the search for near-identical works and a fold that was cut short begin anew, so a piece should be
longer than they are. What was measured is kept in its folder, at most ten seconds behind; the figures are sums over the
pieces, with what had to be done twice, and they are recorded when all is done. Peak memory is the sum of the peaks of a
stage's processes, an upper bound; disk is how much the folder grew.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.provenance import commit

from sakka.cli.experiment import COLUMNS, headline_rows
from sakka.evaluation.layout import RunLayout
from sakka.files import alone_in
from sakka.market.settings import PAPER_CREATORS, PAPER_FEWEST, PAPER_WORKS
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL
from studies.figures import Figure
from studies.hostile import sakka
from studies.stages import Command, Spent, Stage, State, interrupt_at_signals, run

FOLDER = Path("build/paper-size")
PRESET, CORES = "quick", 2
LAST_FOLD = 4, 0
RULES = (
    *("--from", "2012-04-03 11:03", "--until", "2019-09-01 23:31", "--category", "コサージュ・ブローチ"),
    *("--one-account", "--min-works", str(PAPER_FEWEST)),
)


def commands(folder: Path, part: int) -> list[Command]:
    """What is run, in order."""
    catalog, run = folder / "catalog", RunLayout(folder / "run")
    size = ("--creators", str(PAPER_CREATORS // part), "--works", str(round(PAPER_WORKS / part)))
    build = ("catalog", "build", "market", "-o", str(catalog), *size, *RULES)
    encoders = DEFAULT_PHOTO_MODEL.removeprefix("photo-").split("+")
    models = (DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL, "dummy")
    fitted = (Stage(f"fitting and predicting, {name}", run.prediction(name, *LAST_FOLD)) for name in models)
    return [
        Command((sakka(), *build), (Stage("drawing", catalog / "market" / "listings.csv"), Stage("reading, cleaning"))),
        Command((sakka(), "catalog", "show", str(catalog)), (Stage("near-identical works"),)),
        *(
            Command((sys.executable, "-m", "studies.paper_size", str(catalog), name), (Stage(f"features, {name}"),))
            for name in encoders
        ),
        Command(
            (sakka(), "experiment", str(catalog), "-o", str(run.folder), "--preset", PRESET),
            (Stage("dividing", run.splits), *fitted, Stage("judging, report")),
        ),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The size, the folder, how long."""
    parser.add_argument("--part", type=int, default=1, help="1/PART of the paper's size")
    parser.add_argument("--folder", type=Path, help=f"where it stands; by default {FOLDER}, or {FOLDER}-PART")
    parser.add_argument("--cores", type=int, default=CORES, help="how many cores are used")
    parser.add_argument("--for", dest="minutes", type=float, help="stop after so many minutes, to go on later")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Run what is left, and give the figures when nothing is."""
    folder: Path = asked.folder or (FOLDER if asked.part == 1 else FOLDER.with_name(f"{FOLDER.name}-{asked.part}"))
    folder.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.cores])
    interrupt_at_signals()
    until_s = None if asked.minutes is None else time.monotonic() + 60 * asked.minutes
    with alone_in(folder, folder / ".lock", RuntimeError):
        state = State(folder / "state.json", asked.part)
        for command in commands(folder, asked.part):
            run(command, state, until_s)
    yield from cost(state)
    yield from accuracies(RunLayout(folder / "run"))


def cost(state: State) -> Iterator[Figure]:
    """What each stage cost, and all of them; `n` counts the catalog's works."""
    works = json.loads((state.path.parent / "catalog" / "catalog.json").read_text(encoding="utf-8"))["works"]
    spent = list(state.stages.values())
    disk = sum(each.disk_mib or 0.0 for each in spent)
    totals = Spent(
        sum(each.wall_s for each in spent),
        sum(each.cpu_s for each in spent),
        max(each.peak_mib for each in spent),
        disk,
    )
    for name, each in [*state.stages.items(), ("all", totals)]:
        row = name if each.commits in ([], [commit()]) else f"{name}, at {' and '.join(each.commits)}"
        yield Figure(row, "wall, s", each.wall_s, works)
        yield Figure(row, "CPU, s", each.cpu_s)
        yield Figure(row, "wall a thousand works, s", each.wall_s / works * 1000)
        yield Figure(row, "CPU a thousand works, s", each.cpu_s / works * 1000)
        yield Figure(row, "peak memory, MiB", round(each.peak_mib))
        yield Figure(row, "disk, MiB", round(each.disk_mib or 0.0))
        if each is not totals:
            yield Figure(row, "pieces", each.pieces)


def accuracies(run: RunLayout) -> Iterator[Figure]:
    """What the run's report says of each model: the mean over the outer folds and the standard deviation."""
    results = json.loads(run.results.read_text(encoding="utf-8"))
    rows = headline_rows(results)
    for (model, row), found in (
        (name, rows[name]) for name in rows if name[1] != "ensemble"
    ):  # equal to the single one
        for measure_name, said in COLUMNS.items():
            each = found[measure_name]
            yield Figure(f"{model}, {row}", said, each["value"], each["n"], each["spread"])


def compute_features(catalog: Path, encoder: str) -> None:
    """Have the cache hold an encoder's vector of every photo."""
    from sakka.catalog.works import Catalog
    from sakka.cli.terminal import showing_progress
    from sakka.networks.encoders import photo_encoders
    from sakka.networks.features import cache_features

    with showing_progress():
        for each in photo_encoders(encoder):
            cache_features(Catalog.read(catalog), each)


if __name__ == "__main__":
    compute_features(Path(sys.argv[1]), sys.argv[2])
