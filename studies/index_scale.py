"""Speed, memory, recall and survival of an index of 110,000 works: building, asking, adding, being killed.

    python -m studies index_scale [--works 110000] [--creators 944] [--questions 200] [--kills 20]

The texts are those of the simulated market. No photo is drawn: photo coordinates are simulated, clustered as real ones
are (a creator's centre, the item's own part along the motif, material and colour, noise), with the falling variances of
principal coordinates; what follows the network, the learning of the spaces included, is the real thing. Reading 110,000
photos is measured elsewhere (`benchmarks/results/photo_features.md`).

Latencies are of whole calls in this process after a warm-up, medians with the 95th percentile: `similar` (10 works),
search by words, and hybrid: words and the style of a work. Recall at 10 compares `similar`'s search with the exact one
on the same vectors. Peak memory is that of this process until the index is built. Kills: a process that adds and
removes works is killed at a random moment, again and again; afterwards each work must be there once.
"""

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from sakka.arrays import FloatArray, IntArray, Mask
from sakka.catalog.works import SCHEMA, Catalog, Work
from sakka.market.listings import market_listings
from sakka.market.settings import MarketSettings
from sakka.networks.extractor import PhotoExtractor
from sakka.search.filters import Filters
from sakka.search.find import search, similar
from sakka.search.index import Index
from sakka.search.lookup import nearest
from sakka.search.records import SEEN, STYLE, TEXT, Spaces, batch_of, schema_of
from sakka.search.style.creator_axes import fit_creator_axes
from sakka.search.style.photos import PhotoAxes
from sakka.search.style.same_creator import fit_calibration, pairs_of, prior_of
from sakka.search.style.space import COORDINATES, MOST_WORKS, SIZE, StyleSpace, unit_rows
from sakka.search.style.words import WordSpace
from studies.figures import Figure
from studies.word_search import Truth, make_queries, truth_of

ROWS_AT_ONCE = 4096
ADDED = 1000


def simulated(works: int, creators: int, seed: int) -> tuple[Catalog, Truth, FloatArray]:
    """A market's works without photos, the truth about them, and photo coordinates in their place."""
    settings = MarketSettings(creators=creators, works=works, seed=seed)
    table = market_listings(settings).head(works)
    table = table.with_columns(
        pl.col("created_at").str.to_datetime(time_unit="us"),
        pl.lit(None, pl.List(pl.String())).alias("photos"),
        pl.lit(None, pl.List(pl.String())).alias("photos_sha256"),
    )
    catalog = Catalog(table.select(list(SCHEMA)).cast(pl.Schema(SCHEMA)))
    return catalog, truth_of(catalog, settings), coordinates_of(catalog, table, seed)


def coordinates_of(catalog: Catalog, table: pl.DataFrame, seed: int) -> FloatArray:
    """Draw photo coordinates: the creator's centre, parts of motif, material and colour, the item's own, noise."""
    generator = np.random.default_rng(seed)
    total = np.zeros((len(catalog), COORDINATES), dtype=np.float32)
    parts = {"creator": 1.0, "motif": 0.5, "material": 0.6, "colour": 0.4, "group": 0.8}
    for column, weight in parts.items():
        _, labels = np.unique(table[column].to_numpy(), return_inverse=True)
        centres = generator.standard_normal((int(labels.max()) + 1, COORDINATES), dtype=np.float32)
        total += np.float32(weight) * centres[labels]
    total += np.float32(0.7) * generator.standard_normal(total.shape, dtype=np.float32)
    spread = (np.arange(1, COORDINATES + 1) ** -0.4).astype(np.float32)
    coordinates: FloatArray = total * spread
    return coordinates


def learn(catalog: Catalog, coordinates: FloatArray) -> Spaces:
    """Learn both spaces from as many works as a build does."""
    rows = np.sort(np.random.default_rng(0).permutation(len(catalog))[:MOST_WORKS])
    labels = catalog.creator_indices()
    axes = fit_creator_axes(coordinates[rows], labels[rows])
    matrix, centre = axes.stretched(1.0, SIZE), axes.centre.astype(np.float32)
    some = rows[:1200]
    pairs = pairs_of(unit_rows((coordinates[some] - centre) @ matrix), labels[some], some)
    width = sum(len(block) for block in PhotoExtractor("efficientnet_lite0").blocks(None, None))
    none = np.zeros((width, COORDINATES), dtype=np.float32)  # the works that are added have no photos
    plain = PhotoAxes(none[:, 0], np.ones(width, dtype=np.float32), none)
    learned = {"works": len(rows), "creators": len(catalog.creators), "trust": 1.0}
    calibration = fit_calibration(*pairs, prior_of(labels))
    style = StyleSpace("efficientnet_lite0", "float32", plain, matrix, centre, calibration, learned)
    seen = np.ones(len(rows), dtype=np.bool_)
    return Spaces(style, WordSpace.fit(catalog.take(rows).texts, coordinates[rows], seen))


def rows_of(catalog: Catalog, coordinates: FloatArray, spaces: Spaces, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows of the index as a build would write them."""
    for start in range(0, len(catalog), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(catalog)))
        some, own = catalog.take(rows), coordinates[rows]
        every = np.ones(len(rows), dtype=np.bool_)
        vectors = {
            STYLE: (spaces.style.style(own), every),
            TEXT: (spaces.words.vectors(some.texts), every),
            SEEN: (own[:, : spaces.words.seen_size], every),
        }
        yield batch_of(some, some.ids, vectors, schema)


def milliseconds(call: Callable[[int], object], count: int) -> tuple[float, float]:
    """Median and 95th percentile of the time of a call, after a warm-up."""
    for number in range(5):
        call(number)
    times = []
    for number in range(count):
        start = time.perf_counter()
        call(number)
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times)), float(np.quantile(times, 0.95))


def recall_at_10(index: Index, ids: Sequence[str]) -> float:
    """The share of the ten exactly nearest style vectors that the search finds."""
    table = index.table.search().select(["id", STYLE]).to_arrow()
    vectors = table[STYLE].combine_chunks().flatten().to_numpy().reshape(table.num_rows, -1)
    names = table["id"].to_pylist()
    place_of = {name: place for place, name in enumerate(names)}
    shares = []
    for each in ids:
        own = vectors[place_of[each]]
        exact = {names[place] for place in np.argsort(-(vectors @ own))[:10]}
        found = {row["id"] for row in nearest(index, STYLE, own, 10, Filters())}
        shares.append(len(exact & found) / 10)
    return float(np.mean(shares))


def from_outside(number: int, count: int = ADDED) -> Catalog:
    """Works without photos to add."""
    return Catalog.from_works(
        Work(f"outside-{number}-{each}", creator="outside", title=f"銀の花のブローチ {number} {each}")
        for each in range(count)
    )


class Simulated(StyleSpace):
    """A style space for which every work has a photo, whose coordinates are drawn by chance."""

    def coordinates(self, works: Catalog) -> Iterator[tuple[IntArray, FloatArray, Mask]]:
        """Drawn coordinates, all in one batch."""
        table = np.random.default_rng(len(works)).standard_normal((len(works), COORDINATES), dtype=np.float32)
        yield np.arange(len(works)), table, np.ones(len(works), dtype=np.bool_)


def opened(address: Path | str) -> Index:
    """Open an index in which works without photos are read as if they had some."""
    index = Index.open(address)
    style = index.spaces.style
    simulated = Simulated(**{field.name: getattr(style, field.name) for field in fields(style)})
    index.spaces = Spaces(simulated, index.spaces.words)
    return index


def killed(address: str, kills: int) -> Iterator[Figure]:
    """Kill a process that adds and removes works, again and again, and look at what the index holds then."""
    before = set(Index.open(address).table.search().select(["id"]).to_arrow()["id"].to_pylist())
    chance = random.Random(0)
    for _ in range(kills):
        command = [sys.executable, "-c", f"from studies.index_scale import change; change({address!r})"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 2.0))
            os.kill(process.pid, signal.SIGKILL)
    ids = Index.open(address).table.search().select(["id"]).to_arrow()["id"].to_pylist()
    changes = {each.rsplit("-", 1)[0] for each in ids if each.startswith("outside-")}
    row = f"after {kills} kills"
    yield Figure(row, "works lost", len(before - set(ids)), len(before))
    yield Figure(row, "works doubled", len(ids) - len(set(ids)), len(before))
    yield Figure(row, "additions that went through", len(changes))


def change(address: str) -> None:
    """Add works and remove half of them until killed."""
    index = opened(address)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    number = os.getpid() * 1000
    while True:
        works = from_outside(number, 20)
        index.add(works)
        index.remove(works.ids[:10])
        number += 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--works", type=int, default=110_000)
    parser.add_argument("--creators", type=int, default=944)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where the index stays, or is from an earlier call")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Build, ask, add and kill."""
    with tempfile.TemporaryDirectory(prefix="sakka-study-index-") as scratch:
        folder = asked.folder or Path(scratch) / "index"
        catalog, truth, coordinates = simulated(asked.works, asked.creators, seed=1)
        if not folder.is_dir():
            yield from built(folder, catalog, coordinates)
        index = opened(folder)
        yield from asked_for(index, truth, asked.questions)
        start = time.perf_counter()
        index.add(from_outside(0))
        yield Figure("adding works", "seconds", time.perf_counter() - start, ADDED)
        yield from killed(str(folder), asked.kills)


def built(folder: Path, catalog: Catalog, coordinates: FloatArray) -> Iterator[Figure]:
    """Learn the spaces and write the index: how long it takes, and the peak memory."""
    start = time.perf_counter()
    spaces = learn(catalog, coordinates)
    yield Figure("learning the spaces", "seconds", time.perf_counter() - start, min(len(catalog), MOST_WORKS))
    schema = schema_of(spaces)
    start = time.perf_counter()
    about = {"model_sha256": "", "catalog": ""}
    Index.write(folder, spaces, rows_of(catalog, coordinates, spaces, schema), schema, about)
    yield Figure("writing the index", "seconds", time.perf_counter() - start, len(catalog))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    yield Figure("until it is written", "peak memory, GiB", peak)


def asked_for(index: Index, truth: Truth, questions: int) -> Iterator[Figure]:
    """Latencies and recall."""
    queries = make_queries(truth, questions, seed=7)
    ids = [query.work for query in queries]
    calls: dict[str, Callable[[int], object]] = {
        "similar": lambda number: similar(index, ids[number % len(ids)]),
        "similar, other creators": lambda number: similar(index, ids[number % len(ids)], other_creators=True),
        "words": lambda number: search(index, queries[number % len(ids)].words),
        "words and a style": lambda number: search(
            index, queries[number % len(ids)].words, photo=ids[-number % len(ids)]
        ),
    }
    for name, call in calls.items():
        median, late = milliseconds(call, questions)
        yield Figure(name, "median, ms", median, questions)
        yield Figure(name, "95th percentile, ms", late, questions)
    yield Figure("search by style", "recall at 10", recall_at_10(index, ids), len(ids))
