"""Time, memory and accuracy with very many creators, and what deciding among candidates alone loses where all fit.

    python -m studies many_creators scale [--creators 1000 10000 100000] [--works-a-creator 10] [--folder FOLDER]
    python -m studies many_creators compare CATALOG [--photo-model NAME] [--text-model NAME] [--fewest 2]
    python -m studies many_creators market [--works 12000]

`scale` draws markets of each number of creators, each in a process of its own: the texts and the heavy tail of works
are the simulated market's (a large one is several of at most 20,000 people), the photo is a vector of 128 numbers in a
kept column, clustered as in `index_scale.py`. One creator in a hundred is unknown, and 2,000 works of the others are
held out. A fused model of defaults is fitted on the rest, saved, mapped, and asked about one work after the other.
Recall is whether a work's creator is among the first 200; `none` is the share of answers `none of the known creators`.
Added are unknown creators with up to 5 works each, which are then named from their other works. Memory is the peak of
the process until the model is saved, the catalog included.

`compare` fits each outer fold of a catalog twice, with candidates and with a softmax of all creators, on the fold's
training and validation parts, and asks both about its test part; differences are paired over works, with 95 %
intervals. `--fewest` lets so few creators be found by candidates: with 200 or fewer the two are the same otherwise.
`market` is the same on the texts of the simulated market's 944 creators with vectors in the place of photos.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from sakka.arrays import FloatArray, IntArray, Probabilities
from sakka.catalog.splits import deal
from sakka.catalog.works import SCHEMA, Catalog
from sakka.evaluation.unknown_creators import auroc
from sakka.market.listings import market_listings
from sakka.market.settings import LARGEST_MARKET, MarketSettings
from sakka.models.base import CreatorModel
from sakka.models.candidate_model import CandidateModel
from sakka.models.candidates import FirstCandidates
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from studies.figures import Figure, mean_interval

VECTOR, SIZE = "vector", 128
UNKNOWN = 100  # one creator in so many
ASKED = 2000
TIMED = 300
ADDED = 5
PARTS = {"creator": 0.6, "motif": 0.5, "material": 0.6, "colour": 0.4, "group": 0.8}
NOISE = 1.2
BINS = 10
NONE = "none of the known creators"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    kinds = parser.add_subparsers(dest="kind", required=True)
    scale = kinds.add_parser("scale")
    scale.add_argument("--creators", type=int, nargs="+", default=[1000, 10_000, 100_000])
    scale.add_argument("--works-a-creator", type=int, default=10)
    scale.add_argument("--folder", type=Path, help="where catalogs and models stay")
    compare = kinds.add_parser("compare")
    compare.add_argument("catalog", type=Path)
    market = kinds.add_parser("market")
    market.add_argument("--works", type=int, default=12_000)
    for each in (compare, market):
        each.add_argument("--photo-model", default=DEFAULT_PHOTO_MODEL, metavar="NAME")
        each.add_argument("--text-model", default=DEFAULT_TEXT_MODEL, metavar="NAME")
        each.add_argument("--fewest", type=int, help="creators among whom candidates are found")
        each.add_argument("--folds", type=int, default=5)
    market.set_defaults(photo_model=f"photo-column:{VECTOR}")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """The figures of one kind."""
    if asked.kind == "scale":
        yield from _scale(asked)
    elif asked.kind == "compare":
        yield from _compared(Catalog.read(asked.catalog), asked)
    else:
        yield from _compared(market(944, asked.works, seed=1), asked)


def market(creators: int, works: int, seed: int) -> Catalog:
    """A market's works with a vector in the place of each photo; a large market is several side by side."""
    generator = np.random.default_rng(seed)
    n_parts = -(-creators // LARGEST_MARKET)
    tables = []
    for number in range(n_parts):
        people = creators // n_parts + (number < creators % n_parts)
        settings = MarketSettings(people, works * people // creators, seed + number, second_account_share=0.0)
        tables.append(_listed(settings, f"{number}-", generator))
    return Catalog(pl.concat(tables))


def _listed(settings: MarketSettings, prefix: str, generator: np.random.Generator) -> pl.DataFrame:
    table = market_listings(settings)
    table = table.with_columns(
        *(pl.concat_str(pl.lit(prefix), pl.col(name)).alias(name) for name in ("id", "creator", "group")),
        pl.col("created_at").str.to_datetime(time_unit="us"),
        pl.lit(None, pl.List(pl.String())).alias("photos"),
        pl.lit(None, pl.List(pl.String())).alias("photos_sha256"),
    )
    kept = pl.Series(VECTOR, vectors_of(table, generator).astype(np.float64))
    return table.select(list(SCHEMA)).cast(pl.Schema(SCHEMA)).with_columns(kept.arr.to_list())


def vectors_of(table: pl.DataFrame, generator: np.random.Generator) -> FloatArray:
    """Vectors of works, shape (n_works, SIZE): parts of creator, motif, material, colour and item, and noise."""
    total = np.float32(NOISE) * generator.standard_normal((table.height, SIZE), dtype=np.float32)
    for column, weight in PARTS.items():
        # What a motif looks like is the same in every part of a market.
        shared = np.random.default_rng(list(PARTS).index(column))
        own = shared if column in ("motif", "material", "colour") else generator
        _, labels = np.unique(table[column].to_numpy(), return_inverse=True)
        centres = own.standard_normal((int(labels.max()) + 1, SIZE), dtype=np.float32)
        total += np.float32(weight) * centres[labels]
    spread = (np.arange(1, SIZE + 1) ** -0.4).astype(np.float32)
    found: FloatArray = total * spread
    return found


def _scale(asked: argparse.Namespace) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="sakka-study-creators-") as scratch:
        for creators in asked.creators:
            folder = (asked.folder or Path(scratch)) / str(creators)
            works = creators * asked.works_a_creator
            for step in ("make", "fit", "ask"):
                call = f"from studies.many_creators import {step}; {step}({str(folder)!r}, {creators}, {works})"
                yield from _told(call)
        folders = [str((asked.folder or Path(scratch)) / str(creators)) for creators in asked.creators]
        if len(folders) > 1:
            yield from _told(f"from studies.many_creators import in_turn; in_turn({folders!r}, {asked.creators})")


def _told(call: str) -> Iterator[Figure]:
    """What a process says, one figure a line."""
    with subprocess.Popen([sys.executable, "-c", call], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield Figure(**json.loads(line))
    if process.returncode:
        raise RuntimeError(f"a step failed: {call}")


def _tell(creators: int, works: int, measured: str, value: float, n: int | None = None) -> None:
    row = f"{creators:,} creators, {works:,} works"
    sys.stdout.write(json.dumps({"row": row, "measure": measured, "value": value, "n": n}) + "\n")
    sys.stdout.flush()


def make(folder: str, creators: int, works: int) -> None:
    """Draw a market and write its catalogs: works to learn from, works to ask about, works of unknown creators."""
    if (Path(folder) / "unknown" / "catalog.json").is_file():
        return
    catalog = market(creators, works, seed=1)
    labels, generator = catalog.creator_indices(), np.random.default_rng(2)
    is_unknown = np.isin(labels, generator.permutation(creators)[: creators // UNKNOWN])
    held = (deal(labels, generator, 5) == 0) & ~is_unknown & (np.bincount(labels)[labels] > 2)
    rows = generator.permutation(np.flatnonzero(held))[:ASKED]
    rest = np.setdiff1d(np.flatnonzero(~is_unknown), rows)
    for name, part in (("learned", rest), ("asked", np.sort(rows)), ("unknown", np.flatnonzero(is_unknown))):
        catalog.take(part).write(Path(folder) / name)


def fit(folder: str, creators: int, works: int) -> None:
    """Fit a model, save it, and tell what that took."""
    catalog = Catalog.read(Path(folder) / "learned")
    start, cpu_start = time.perf_counter(), time.process_time()
    model = FusedModel(f"photo-column:{VECTOR}", candidates=True).fit(catalog)
    _tell(creators, works, "fit, s", time.perf_counter() - start, len(catalog))
    _tell(creators, works, "fit, CPU s", time.process_time() - cpu_start)
    _tell(creators, works, "fit, ms a creator", 1000 * (time.perf_counter() - start) / creators)
    save_model(model, Path(folder) / "model")
    _tell(creators, works, "peak memory, GiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def ask(folder: str, creators: int, works: int) -> None:
    """Ask the saved model, and tell how long an answer takes and how good it is."""
    model = load_model(Path(folder) / "model", FusedModel, mapped=True)
    asked, unknown = (Catalog.read(Path(folder) / name) for name in ("asked", "unknown"))
    for row in range(20):
        model.identify(asked.take([row]))
    times = []
    for row in range(min(TIMED, len(asked))):
        one = asked.take([row])
        start = time.perf_counter()
        model.identify(one)
        times.append(1000 * (time.perf_counter() - start))
    _tell(creators, works, "an answer, median ms", float(np.median(times)), len(times))
    _tell(creators, works, "an answer, 95th percentile ms", float(np.quantile(times, 0.95)))
    labels = asked.creator_indices(model.creators_)
    found = model.predict_candidates(asked)
    assert isinstance(found, FirstCandidates)
    correct = found.columns[:, 0] == labels
    _tell(creators, works, "accuracy", float(correct.mean()), len(asked))
    _tell(creators, works, "recall at 200", float((found.columns == labels[:, None]).any(axis=1).mean()))
    _tell(creators, works, "calibration error", calibration_error(found.probabilities[:, 0], correct))
    strangers = unknown.take(np.random.default_rng(3).permutation(len(unknown))[:ASKED])
    others = model.predict_candidates(strangers)
    assert isinstance(others, FirstCandidates)
    for name, catalog, table in (("known", asked, found), ("unknown", strangers, others)):
        said = np.mean([answer == NONE for answer, _ in model.decide(catalog, table)])
        _tell(creators, works, f"none, {name}", float(said))
    _tell(creators, works, "AUROC of unknown creators", auroc(found.confidence(), others.confidence()))
    _added(model, unknown, creators, works)


def in_turn(folders: list[str], creators: list[int]) -> None:
    """Ask the models one after the other, again and again, and tell how much longer the largest takes."""
    models = [load_model(Path(folder) / "model", FusedModel, mapped=True) for folder in folders]
    asked = [Catalog.read(Path(folder) / "asked") for folder in folders]
    times = np.zeros((TIMED, len(models)))
    for row in range(-20, TIMED):
        for place, model in enumerate(models):
            one = asked[place].take([row % len(asked[place])])
            start = time.perf_counter()
            model.identify(one)
            times[row, place] = 1000 * (time.perf_counter() - start)
    medians = np.median(times, axis=0)
    named = f"{creators[-1]:,} beside {creators[0]:,} creators, asked in turn"
    logs = np.log(creators[-1]) / np.log(creators[0])
    for measured, value in (
        ("an answer of the most, median ms", float(medians[-1])),
        ("an answer of the fewest, median ms", float(medians[0])),
        ("ratio", float(medians[-1] / medians[0])),
        ("ratio of the logarithms", float(logs)),
    ):
        sys.stdout.write(json.dumps({"row": named, "measure": measured, "value": value, "n": TIMED}) + "\n")


def _added(model: FusedModel, unknown: Catalog, creators: int, works: int) -> None:
    labels = unknown.creator_indices()
    number = np.zeros(len(labels), dtype=np.int64)
    for own in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == own)
        number[rows] = np.arange(len(rows))
    few = np.isin(labels, np.arange(50)) & (number < np.minimum(ADDED, np.bincount(labels)[labels] - 1))
    new, rest = unknown.take(np.flatnonzero(few)), np.flatnonzero(np.isin(labels, labels[few]) & ~few)
    start = time.perf_counter()
    model.add_creators(new)
    _tell(creators, works, "adding, ms a creator", 1000 * (time.perf_counter() - start) / len(new.creators))
    named = model.predict_candidates(unknown.take(rest))
    assert isinstance(named, FirstCandidates)
    own = unknown.take(rest).creator_indices(model.creators_)
    _tell(creators, works, "accuracy of added creators", float((named.columns[:, 0] == own).mean()), len(rest))


def calibration_error(highest: Probabilities, correct: np.ndarray) -> float:
    """The mean gap between probability and accuracy over ten bins, weighted by works."""
    bins = np.minimum((highest * BINS).astype(np.int64), BINS - 1)
    filled = [bins == each for each in range(BINS) if (bins == each).any()]
    return float(sum(abs(highest[each].mean() - correct[each].mean()) * each.mean() for each in filled))


def _compared(works: Catalog, asked: argparse.Namespace) -> Iterator[Figure]:
    if asked.fewest is not None:
        CandidateModel.fewest = asked.fewest
    part = deal(works.creator_indices(), np.random.default_rng(0), 5)
    found: dict[bool, list[tuple[Probabilities, IntArray, float]]] = {False: [], True: []}
    for fold in range(asked.folds):
        learned, test = works.take(np.flatnonzero(part != fold)), works.take(np.flatnonzero(part == fold))
        labels = test.creator_indices(works.creators)
        for candidates in (False, True):
            start = time.perf_counter()
            model: CreatorModel = FusedModel(asked.photo_model, asked.text_model, candidates=candidates)
            table = model.fit(learned, works.creators).predict_proba(test)
            found[candidates].append((table.max(axis=1), table.argmax(axis=1) == labels, time.perf_counter() - start))
    ways = {}
    for candidates, name in ((False, "softmax of all"), (True, "candidates")):
        highest, correct = (np.concatenate([each[place] for each in found[candidates]]) for place in (0, 1))
        ways[name] = highest, correct
        yield Figure(name, "accuracy", float(correct.mean()), len(correct))
        yield Figure(name, "calibration error", calibration_error(highest, correct), len(correct))
        yield Figure.over(name, "seconds a fold", [each[2] for each in found[candidates]])
    exact, candidate = ways["softmax of all"], ways["candidates"]
    gains = 100.0 * (candidate[1].astype(np.float64) - exact[1])
    yield mean_interval("candidates less softmax of all", "accuracy, points", gains)
    difference = calibration_error(*candidate) - calibration_error(*exact)
    yield Figure("candidates less softmax of all", "calibration error, more", difference, len(gains))
