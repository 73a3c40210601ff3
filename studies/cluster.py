"""Workers of Ray: what they gain on features and folds, and what Ray itself costs.

    python -m studies cluster [--works 400] [--turns 5] [--seed 0]

A market is simulated. Its photo features are computed, and a model on photos and one on texts are evaluated on 5 x 5
folds with the features in the cache, by this process with one thread, by one worker of one thread, and by two workers
of one thread each, in turn. The whole wall time counts, workers being up; features begin with an empty cache.

    seconds              the median over the turns, with the least and the most
    times one worker     the median over the turns of one worker's seconds by these, with the least and the most
    that differ          vectors, or files of predictions, that are not those of this process to the byte
    MB                   memory of the processes, what several share divided among them (Pss)
    seconds to start     Ray on this machine alone, for three starts the median; then two workers, until they answer

The load average tells how many processes wanted a core in the minute before.
"""

import argparse
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from sakka import build_catalog
from sakka.cache import CACHE_VARIABLE, cache_folder
from sakka.catalog.splits import MIN_WORKS
from sakka.catalog.works import Catalog
from sakka.engines.engine import LocalEngine, WorkEngine, working_on
from sakka.engines.ray import ray_engine
from sakka.engines.ray_jobs import RayEngine
from sakka.evaluation.plan import make_plan
from sakka.evaluation.run import run_experiment
from sakka.files import sha256_of
from sakka.market import MarketSettings
from sakka.networks.encoders import PhotoEncoder, photo_encoders
from sakka.networks.features import cache_features, cache_path
from studies.figures import Figure

WORKS_A_CREATOR = 25
MODELS = ("photo-lite0", "text-linear")
STARTS = 3
HERE, ONE, TWO = "this process, one thread", "one worker", "two workers"
Found = Mapping[str, str]
"""What was computed, by name: a digest of each part."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many works and turns, and the seed of the market."""
    parser.add_argument("--works", type=int, default=400, help="how many works the market has")
    parser.add_argument("--turns", type=int, default=5, help="how often each is measured")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the market")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Start Ray, then features and folds in turn."""
    yield Figure("before", "load average", os.getloadavg()[0])
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        creators = max(2, asked.works // WORKS_A_CREATOR)
        market = MarketSettings(creators=creators, works=asked.works, seed=asked.seed)
        works = build_catalog("market", folder=folder / "catalog", market=market, min_works=MIN_WORKS)
        yield from _starts()
        with ray_engine(workers=1 + 2) as _:  # cores for the workers of both engines
            engines: dict[str, WorkEngine] = {HERE: LocalEngine(), ONE: RayEngine(1), TWO: RayEngine(2)}
            yield from _memory(engines)
            [encoder] = photo_encoders("lite0")

            def features(engine: WorkEngine, place: Path) -> Found:
                return _features(works, encoder, engine, place)

            def folds(engine: WorkEngine, place: Path) -> Found:
                return _folds(works, engine, place)

            yield from _in_turn("features", features, engines, folder / "features", asked.turns, len(works))
            cache_features(works, encoder)
            yield from _in_turn("folds", folds, engines, folder / "folds", asked.turns, len(works))
            yield from _memory_of_workers("workers after both")


def _starts() -> Iterator[Figure]:
    ray_s, workers_s = [], []
    for _ in range(STARTS):
        began = time.monotonic()
        with ray_engine(workers=2) as engine:
            ray_s.append(time.monotonic() - began)
            engine.start()
            workers_s.append(time.monotonic() - began - ray_s[-1])
    yield _median("Ray", "seconds to start", ray_s)
    yield _median("two workers", "seconds to start", workers_s)


def _in_turn(
    what: str,
    do: Callable[[WorkEngine, Path], Found],
    engines: Mapping[str, WorkEngine],
    folder: Path,
    turns: int,
    n_works: int,
) -> Iterator[Figure]:
    """Measure all engines in turn, once before it counts; every other turn the other way round."""
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    found: dict[str, Found] = {}
    for turn in range(turns + 1):
        for name in list(engines)[:: 1 if turn % 2 else -1]:
            began = time.monotonic()
            found[name] = do(engines[name], folder / f"{turn}-{name}")
            if turn:
                seconds[name].append(time.monotonic() - began)
    for name in engines:
        row = f"{what}, {name}"
        yield _median(row, "seconds", seconds[name], n_works)
        ratios = [one / own for one, own in zip(seconds[ONE], seconds[name], strict=True)]
        yield _median(row, "times one worker", ratios, n_works)
        differing = sum(found[name].get(part) != digest for part, digest in found[HERE].items())
        yield Figure(row, "that differ", differing + len(found[name].keys() - found[HERE].keys()), n_works)


def _features(works: Catalog, encoder: PhotoEncoder, engine: WorkEngine, place: Path) -> Found:
    with _cache_at(place), working_on(engine):
        cache_features(works, encoder)
        connection = sqlite3.connect(cache_path(encoder))
        try:
            return {key: value.hex() for key, value in connection.execute("SELECT key, value FROM photos")}
        finally:
            connection.close()


def _folds(works: Catalog, engine: WorkEngine, place: Path) -> Found:
    with working_on(engine):
        layout = run_experiment(works, place, make_plan(works, MODELS))
    predictions = sorted((layout.folder / "predictions").rglob("*.safetensors"))
    return {path.relative_to(layout.folder).as_posix(): sha256_of(path) for path in predictions}


@contextmanager
def _cache_at(folder: Path) -> Iterator[None]:
    """Another folder as the cache of this process."""
    before = cache_folder()
    os.environ[CACHE_VARIABLE] = str(folder)
    try:
        yield
    finally:
        os.environ[CACHE_VARIABLE] = str(before)


def _median(row: str, measure: str, values: Sequence[float], n: int | None = None) -> Figure:
    return Figure(row, measure, statistics.median(values), n, interval=(min(values), max(values)))


def _memory(engines: Mapping[str, WorkEngine]) -> Iterator[Figure]:
    """The memory of Ray's own processes, and of workers that have done nothing."""
    for engine in engines.values():
        if isinstance(engine, RayEngine):
            engine.start()
    own = [_pss_mb(each) for each, name in _descendants() if not _is_worker(name)]
    yield Figure("Ray without workers", "MB", sum(own), len(own))
    yield from _memory_of_workers("a worker that has started")


def _memory_of_workers(row: str) -> Iterator[Figure]:
    yield _median(row, "MB", [_pss_mb(each) for each, name in _descendants() if _is_worker(name)])


def _is_worker(name: str) -> bool:
    return name.startswith("ray::RayWorker")


def _descendants() -> list[tuple[int, str]]:
    """The process ids and command lines of all processes that this one has started, itself or through others."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # has ended meanwhile
    found = {os.getpid()}
    for _ in parents:
        found |= {child for child, parent in parents.items() if parent in found}
    return [(each, _command_line(each)) for each in sorted(found - {os.getpid()})]


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _pss_mb(process: int) -> float:
    """A process's proportional share of memory; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
