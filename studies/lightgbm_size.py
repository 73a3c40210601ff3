"""Time and memory of LightGBM with the paper's settings on the labels of 70,000 works by 944 creators.

    python -m studies lightgbm_size

Label vectors are drawn: a few labels are common, most are rare, and each creator has a habit; confidences go from 0.2
to 1, and a quarter of the works show nothing. Some of the paper's 100 iterations are fitted, in a process of its own:
once on a row a work, as sakka does it, and once on distinct rows of a creator with their numbers as weights, binned as
all rows are. What 100 iterations and 25 models take is extrapolated, **not measured**. Where both
ways give the same after one iteration and not after more, what the paper's settings give hangs on how sums are rounded.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from sakka.arrays import DoubleArray, IntArray
from sakka.object_labels.coco import N_LABELS
from sakka.object_labels.table import THRESHOLD, LabelVectors
from studies.figures import Figure

PAPERS = {
    "objective": "multiclass",
    "learning_rate": 0.1,
    "num_leaves": 23,
    "min_data_in_leaf": 1,
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
    "verbosity": -1,
}
PAPERS_ITERATIONS, PAPERS_MODELS = 100, 25
SHOWN_ROWS = 500  # whose predictions are compared
EMPTY, HABIT = 0.25, 0.2
ROWS = {False: "a row a work", True: "distinct rows, weighted"}


@dataclass(frozen=True)
class Fitted:
    """What a fit took and gave.

    Attributes:
        rows: How many rows it read.
        seconds: Of wall time.
        cpu_seconds: Of all threads.
        memory_mib: The process's peak.
        predictions: For the first works, shape (n, creators).
    """

    rows: int
    seconds: float
    cpu_seconds: float
    memory_mib: float
    predictions: DoubleArray


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Fit both ways, and compare what they predict."""
    fits = {}
    for weighted, name in ROWS.items():
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            fits[weighted] = pool.submit(fitted, asked, weighted).result()
        yield from _figures(name, fits[weighted], asked.iterations)
    apart = np.abs(fits[True].predictions - fits[False].predictions).max()
    yield Figure("the two ways", "most that a probability differs", float(apart), SHOWN_ROWS)


def fitted(asked: argparse.Namespace, weighted: bool) -> Fitted:
    """Fit on drawn vectors, in this process."""
    import lightgbm

    vectors, labels = drawn(asked.works, asked.creators, asked.seed)
    settings = {**PAPERS, "num_class": asked.creators, "num_threads": asked.threads}
    start, cpu_start = time.perf_counter(), time.process_time()
    data = lightgbm.Dataset(vectors, label=labels.astype(np.float32), params=settings, free_raw_data=False)
    if weighted:
        rows = np.column_stack([vectors, labels.astype(np.float32)])
        distinct, counts = np.unique(rows, axis=0, return_counts=True)
        data = lightgbm.Dataset(distinct[:, :-1], label=distinct[:, -1], weight=counts, reference=data, params=settings)
    booster = lightgbm.train(settings, data, num_boost_round=asked.iterations)
    took = time.perf_counter() - start, time.process_time() - cpu_start
    memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Fitted(data.num_data(), *took, memory_mib, np.asarray(booster.predict(vectors[:SHOWN_ROWS])))


def drawn(works: int, creators: int, seed: int) -> tuple[LabelVectors, IntArray]:
    """Label vectors of works, shape (works, 92), and the creator of each."""
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(creators), generator.integers(0, creators, works - creators)])
    common = np.clip(generator.pareto(2, N_LABELS) * 0.02, 0, 0.3)
    shown = generator.random((works, N_LABELS), dtype=np.float32) < common
    keeps = np.flatnonzero(generator.random(works) < HABIT)
    shown[keeps, generator.integers(1, N_LABELS, creators)[labels[keeps]]] = True
    shown[generator.random(works) < EMPTY] = False
    shown[:, 0] = False
    vectors = np.where(shown, generator.uniform(THRESHOLD, 1, shown.shape), 0).astype(np.float32)
    vectors[~shown.any(axis=1), 0] = 1
    return vectors, labels


def _figures(name: str, fit: Fitted, iterations: int) -> Iterator[Figure]:
    yield Figure(name, "rows", fit.rows)
    yield Figure(name, f"{iterations} iterations, s", fit.seconds)
    yield Figure(name, "CPU s", fit.cpu_seconds)
    yield Figure(name, "peak memory, MiB", fit.memory_mib)
    whole = fit.cpu_seconds * PAPERS_ITERATIONS / iterations
    yield Figure(name, f"CPU s of {PAPERS_ITERATIONS}, not measured", whole)
    yield Figure(name, f"CPU h of {PAPERS_MODELS} models, not measured", whole * PAPERS_MODELS / 3600)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--works", type=int, default=70_000)
    parser.add_argument("--creators", type=int, default=944)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1, help="of LightGBM")
    parser.add_argument("--seed", type=int, default=0)
