"""How often sets of possible creators hold the right one, beside what is stated, and how large they are, by view.

    python -m studies creator_sets CATALOG [--split random grouped temporal] [--folds N] [--shuffled]

Each outer fold's test works are kept from everything: `FusedModel` is fitted on the rest, as `sakka fit` does, and
learns what sets rest on (`models/conformal.py`) on works that it holds out of that rest itself. The test works are
asked about as they are and in each view.

    covered       share of the works whose set holds their creator: stated are 0.9, 0.95 and 0.99
    size          mean number of creators in a set
    empty         share of the works of which no known creator is possible
    within 7      share of the creators with `LEAST_WORKS` test works or more, over all folds, whose own works are
                  covered within 7 points of what is stated

Sets are only as good as the held-out works are like those asked about: under `temporal`, the test works are later ones.
So each fold's test works are also shown to `sakka monitor` (`evaluation/monitor.py`) in order of date, or where one has
none in the catalog's order, which may put series of works together; with `--shuffled` in a random order:

    alarms          share of the folds in which it warns that works are no longer like the held-out ones
    raised at       after how many works, mean over the folds with an alarm
    since           the work that it dates the change at
    short since     how many points below what is stated the sets of the alarm held from that work on
    log10 evidence  of the most that a stake of 1 was turned into; 2 is an alarm
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.catalog.splits import KINDS
from sakka.catalog.works import Catalog
from sakka.evaluation.monitor import StreamTest, monitor_table
from sakka.evaluation.usable_works import split_works, usable_works
from sakka.evaluation.views import LEAST_ASKED, works_by_view
from sakka.models.fused import FusedModel
from sakka.models.identification import COVERAGES
from studies.figures import Figure

FOLDS = 5
SEED = 0
LEAST_WORKS = 50
WITHIN = 0.07
EVERY = 10**6  # names all creators of a set


@dataclass(frozen=True)
class Covered:
    """The sets of one fold's test works in one view, each array of shape (n_works, n_coverages).

    Attributes:
        labels: Each work's creator, shape (n_works,).
        holds: Whether the set holds the creator.
        sizes: How many creators are in it.
    """

    labels: IntArray
    holds: Mask
    sizes: IntArray


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--split", nargs="+", choices=KINDS, default=["random", "grouped"], help="how works are split")
    parser.add_argument("--folds", type=int, default=FOLDS, metavar="N", help="how many of the outer folds")
    parser.add_argument("--shuffled", action="store_true", help="show monitor the test works in a random order")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Coverage and size in each view under each split, mean and standard deviation over the folds."""
    catalog = Catalog.read(asked.catalog)
    for kind in asked.split:
        works = usable_works(catalog, kind).works
        creators, found, monitored = works.creators, dict[str, list[Covered]](), list[StreamTest]()
        for fold in list(split_works(works, kind, SEED).folds(1))[: asked.folds]:
            model = FusedModel(seed=SEED).fit(works.take(np.sort(np.concatenate([fold.train, fold.validation]))))
            test = works.take(fold.test)
            for view, covered in covered_by_view(model, test, creators).items():
                found.setdefault(view, []).append(covered)
            monitored.append(monitor_table(model, shuffled(test) if asked.shuffled else test).known)
        for view, each in found.items():
            yield from figures_of(f"{kind}: {view}", each)
        yield from figures_of_warnings(f"{kind}: what monitor says", monitored)


def shuffled(works: Catalog) -> Catalog:
    """The works in a random order, without the dates that would give them another.

    >>> from datetime import datetime
    >>> from sakka import Work
    >>> works = Catalog.from_works(Work(each, created_at=datetime(2026, 1, 1)) for each in "abcdef")
    >>> shuffled(works).ids, shuffled(works).table["created_at"].null_count()
    (['d', 'c', 'f', 'e', 'a', 'b'], 6)
    """
    mixed = works.take(np.random.default_rng(SEED).permutation(len(works)))
    return replace(mixed, table=mixed.table.with_columns(created_at=pl.lit(None, mixed.table.schema["created_at"])))


def covered_by_view(model: FusedModel, test: Catalog, creators: Sequence[str]) -> dict[str, Covered]:
    """The sets in each view that the model has learned sets for."""
    found = {}
    for view, rows, shown in works_by_view(test):
        if len(rows) < LEAST_ASKED:
            continue
        sets = [each.sets for each in model.identify(shown, EVERY)]
        have = np.array([bool(each) for each in sets])
        if not have.any():
            continue
        own = [(each, creator) for each, creator in zip(sets, shown.table["creator"], strict=True) if each]
        holds = np.array([[creator in one.creators for one in each] for each, creator in own])
        sizes = np.array([[one.size for one in each] for each, _ in own])
        found[view] = Covered(test.creator_indices(creators)[rows][have], holds, sizes)
    return found


def figures_of(row: str, folds: list[Covered]) -> Iterator[Figure]:
    """What the folds say of one view."""
    n = sum(len(each.labels) for each in folds)
    for at, coverage in enumerate(COVERAGES):
        said = f"{100 * coverage:.0f} %"
        yield Figure.over(row, f"{said}: covered", [float(each.holds[:, at].mean()) for each in folds], n)
        yield Figure.over(row, f"{said}: size", [float(each.sizes[:, at].mean()) for each in folds], n)
        yield Figure.over(row, f"{said}: empty", [float((each.sizes[:, at] == 0).mean()) for each in folds], n)
        labels = np.concatenate([each.labels for each in folds])
        gaps = gaps_by_creator(labels, np.concatenate([each.holds[:, at] for each in folds]), coverage)
        if len(gaps):
            yield Figure(row, f"{said}: within 7, of {len(gaps)} creators", float((gaps <= WITHIN).mean()), n)


def figures_of_warnings(row: str, folds: list[StreamTest]) -> Iterator[Figure]:
    """What monitoring the folds' test works came to.

    >>> [each.text for each in figures_of_warnings("temporal", [StreamTest(80, 10.0, None), StreamTest(80, 1.0, None)])]
    ['0.0000 ± 0.0000', '0.5000 ± 0.7071']
    """
    n = sum(each.works for each in folds)
    alarms = [each.alarm for each in folds if each.alarm is not None]
    yield Figure.over(row, "alarms", [float(each.alarm is not None) for each in folds], n)
    yield Figure.over(row, "log10 evidence", [math.log10(each.evidence) for each in folds], n)
    if alarms:
        yield Figure.over(row, "raised at", [float(each.raised) for each in alarms], n)
        yield Figure.over(row, "since", [float(each.since) for each in alarms], n)
        short = [100 * (each.coverage - each.held / each.works) for each in alarms if each.works]
        yield Figure.over(row, "short since, points", short, n)


def gaps_by_creator(labels: IntArray, holds: Mask, coverage: float) -> DoubleArray:
    """How far each creator's own coverage is from what is stated, of those with `LEAST_WORKS` or more.

    >>> gaps_by_creator(np.repeat([0, 1, 2], [60, 50, 3]), np.arange(113) % 10 > 0, 0.95).round(2).tolist()
    [0.05, 0.05]
    """
    works = np.bincount(labels)
    enough = works >= LEAST_WORKS
    gaps: DoubleArray = np.abs(np.bincount(labels, holds)[enough] / works[enough] - coverage)
    return gaps
