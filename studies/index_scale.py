"""Speed, memory and recall of an index of 110,000 works and of a million: built in shards and asked.

    python -m studies index_scale [--works 110000 1000000] [--questions 200] [--folder FOLDER]

The texts are those of the simulated market, which has as many works a creator as the market of 944 creators. No photo
is drawn: photo coordinates are simulated, clustered as real ones are (a creator's centre, the item's own part along the
motif, material and colour, noise), with the falling variances of principal coordinates; what follows the network, the
learning of the spaces and the writing of the shards included, is the real thing. Reading 110,000 photos is measured
elsewhere (`benchmarks/results/photo_features.md`).

Latencies are of whole calls in this process after a warm-up, medians with the 95th percentile; the processor's time on
all cores, a median too, is what other work on the machine changes least. The calls are `similar` (10 works),
`similar` by creator (10 creators with 3 works each), search by words, and hybrid: words and the style of a work. Recall
at 10 compares what is found with the exact answer: of a style with the products of all vectors; of words and style with
the answer where every partition of every vector index is looked at. Memory is the most that the process of a size had
until the index was built. `growth` is the exponent b of a figure that grows as (works)^b between the smallest size and
the largest, and `10,000,000 (extrapolated)` is the largest size's figure continued by it: it was not measured.

Works are added last. Each size is measured in a process of its own. With `--folder` the indexes stay, and those that
are there are asked; with `--questions 0` they are only added to.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from sakka.arrays import FloatArray, IntArray
from sakka.catalog.works import SCHEMA, Catalog, Work
from sakka.files import writing_whole
from sakka.market.listings import market_listings
from sakka.market.settings import MarketSettings
from sakka.models.creator_axes import fit_creator_axes
from sakka.networks.encoders import photo_encoders
from sakka.search import database, lookup
from sakka.search.filters import Filters
from sakka.search.find import search, similar
from sakka.search.index import Index
from sakka.search.lookup import nearest
from sakka.search.records import STYLE, Spaces
from sakka.search.shards import IndexPlan, begin, merge, missing_shards, write_shards
from sakka.search.style.photos import PhotoAxes
from sakka.search.style.same_creator import fit_calibration, pairs_of, prior_of
from sakka.search.style.space import COORDINATES, MOST_WORKS, SIZE, StyleSpace, unit_rows
from sakka.search.style.words import WordSpace
from studies.figures import Figure
from studies.word_search import Query, make_queries, truth_of

CREATORS, THEIR_WORKS = 944, 110_000
ROWS_AT_ONCE = 4096
ADDED = 1000
SEED = 1
ENCODER = "lite0"
DESCRIBED = 5000  # works of which queries are made
DRAWN = 4096  # vectors of which those of a group are made
EXTRAPOLATED = 10_000_000
MEDIAN, RECALL = "median, ms", "recall at 10"
INFO = {"model_sha256": "", "catalog": ""}


@dataclass(frozen=True)
class Simulation:
    """A market's works without photos, and what takes the photos' part.

    Attributes:
        catalog: The works, each with the name of a photo that is never read.
        groups: The name of each work's group of copies.
        labels: What coordinates are made of, by part: each work's number, shape (n_works,).
        settings: The market's.
    """

    catalog: Catalog
    groups: dict[str, str]
    labels: dict[str, IntArray]
    settings: MarketSettings

    @classmethod
    def of(cls, works: int, kept: Path | None = None) -> "Simulation":
        """Draw a market of so many works, or read the listings that were kept; they are kept where a file is named."""
        settings = MarketSettings(creators=max(8, CREATORS * works // THEIR_WORKS), works=works, seed=SEED)
        table = market_listings(settings).head(works) if kept is None or not kept.is_file() else pl.read_parquet(kept)
        if kept is not None and not kept.is_file():
            with writing_whole(kept) as part:
                table.write_parquet(part)
        table = table.with_columns(
            pl.col("created_at").str.to_datetime(time_unit="us"),
            pl.concat_list(pl.col("id") + ".jpg").alias("photos"),
            pl.concat_list(pl.lit(None, pl.String())).alias("photos_sha256"),
        )
        labels = {
            each: np.unique(table[each].to_numpy(), return_inverse=True)[1].astype(np.int64)
            for each in ("creator", "motif", "material", "colour", "group")
        }
        groups = dict(table.select("id", "group").iter_rows())
        return cls(Catalog(table.select(list(SCHEMA)).cast(pl.Schema(SCHEMA))), groups, labels, settings)

    def coordinates(self, rows: IntArray) -> FloatArray:
        """Photo coordinates: the creator's centre, parts of motif, material and colour, the item's own, noise."""
        drawn = np.random.default_rng(SEED).standard_normal((DRAWN, COORDINATES), dtype=np.float32)
        parts = {"creator": 1.0, "motif": 0.5, "material": 0.6, "colour": 0.4, "group": 0.8}
        total = np.zeros((len(rows), COORDINATES), dtype=np.float32)
        for number, (part, weight) in enumerate(parts.items()):
            labels, of_row = np.unique(self.labels[part][rows], return_inverse=True)
            size = (int(self.labels[part].max()) + 1, 3)
            chosen = np.random.default_rng((SEED, number)).integers(DRAWN, size=size)[labels]
            total += np.float32(weight / np.sqrt(3)) * drawn[chosen].sum(axis=1)[of_row]
        noise = [np.random.default_rng((SEED, row)).standard_normal(COORDINATES, dtype=np.float32) for row in rows]
        total += np.float32(0.7) * np.stack(noise)
        coordinates: FloatArray = total * (np.arange(1, COORDINATES + 1) ** -0.4).astype(np.float32)
        return coordinates

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Each work's row, by its id."""
        return {each: row for row, each in enumerate(self.catalog.ids)}

    def queries(self, count: int) -> list[Query]:
        """Queries that describe works, each with the id of its work."""
        rows = np.sort(np.random.default_rng(SEED).permutation(len(self.catalog))[:DESCRIBED])
        return make_queries(truth_of(self.catalog.take(rows), self.settings), count, seed=7)

    def begin(self, folder: Path | str, shard_works: int = database.SHARD_WORKS) -> IndexPlan:
        """Learn the spaces from as many works as a build does, and write the plan of an index."""
        catalog = self.catalog
        rows = np.sort(np.random.default_rng(0).permutation(len(catalog))[:MOST_WORKS])
        coordinates, labels = self.coordinates(rows), catalog.creator_indices()
        axes = fit_creator_axes(coordinates, labels[rows])
        matrix, centre = axes.stretched(1.0, SIZE), axes.centre.astype(np.float32)
        some = np.arange(min(1200, len(rows)))
        pairs = pairs_of(unit_rows((coordinates[some] - centre) @ matrix), labels[rows[some]], some)
        width = sum(photo_encoders(ENCODER, "float32")[0].widths)
        none = np.zeros((width, COORDINATES), dtype=np.float32)  # the works that are added have no photos
        plain = PhotoAxes(none[:, 0], np.ones(width, dtype=np.float32), none)
        learned = {"works": len(rows), "creators": len(catalog.creators), "trust": 1.0}
        calibration = fit_calibration(*pairs, prior_of(labels))
        style = StyleSpace(ENCODER, "float32", plain, matrix, centre, calibration, learned)
        words = WordSpace.fit(catalog.take(rows).texts, coordinates, np.ones(len(rows), dtype=np.bool_))
        plan = begin(folder, catalog, Spaces(style, words), INFO, groups=self.groups, shard_works=shard_works)
        return self.seen(plan)

    def seen(self, plan: IndexPlan) -> IndexPlan:
        """A plan under which works have simulated photos."""
        style = plan.spaces.style
        known = {each.name: getattr(style, each.name) for each in fields(style)}
        return replace(plan, spaces=Spaces(SimulatedStyle(**known, simulation=self), plan.spaces.words))


@dataclass(frozen=True)
class SimulatedStyle(StyleSpace):
    """A style space for which every work has a photo, whose coordinates are simulated."""

    simulation: Simulation

    def photo_coordinates(self, works: Catalog) -> Iterator[tuple[IntArray, FloatArray, IntArray]]:
        """Simulated coordinates, a photo a work."""
        rows = np.array([self.simulation.row_of[each] for each in works.ids], dtype=np.int64)
        for start in range(0, len(works), ROWS_AT_ONCE):
            own = np.arange(start, min(start + ROWS_AT_ONCE, len(works)))
            yield own, self.simulation.coordinates(rows[own]), np.arange(len(own))


def milliseconds(call: Callable[[int], object], count: int) -> tuple[float, float, float]:
    """Median and 95th percentile of the time of a call after a warm-up, and the median of its processor time."""
    for number in range(5):
        call(number)
    times, processor = [], []
    for number in range(count):
        start, used = time.perf_counter(), time.process_time()
        call(number)
        processor.append(1000 * (time.process_time() - used))
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times)), float(np.quantile(times, 0.95)), float(np.median(processor))


def exact_neighbours(index: Index, ids: Sequence[str]) -> list[set[str]]:
    """The ids of the ten works whose style has the greatest product with each of some works'."""
    table = index.table.search().where(f"{STYLE} IS NOT NULL").select(["id", STYLE]).to_arrow()
    vectors = table[STYLE].combine_chunks().flatten().to_numpy().reshape(table.num_rows, -1)
    names = table["id"].to_pylist()
    rows = {name: row for row, name in enumerate(names)}
    nearest_rows = (np.argpartition(-(vectors @ vectors[rows[each]]), 10)[:10] for each in ids)
    return [{names[row] for row in own} for own in nearest_rows]


@contextmanager
def every_partition() -> Iterator[None]:
    """Look at every partition of the vector indexes, and compare many candidates exactly, within the block."""
    before = lookup.PARTITIONS, lookup.REFINED
    lookup.PARTITIONS, lookup.REFINED = 1_000_000, 50
    try:
        yield
    finally:
        lookup.PARTITIONS, lookup.REFINED = before


def size_measured(works: int, questions: int, folder: Path) -> list[Figure]:
    """Build an index of a size, or take one that is there, and ask it: one process, so that the memory is its own."""
    simulation = Simulation.of(works, folder.with_suffix(".parquet"))
    figures = list(built(simulation, folder)) if not (folder / f"{database.PARTS_TABLE}.lance").is_dir() else []
    index = Index.open(folder)
    if questions:
        figures += asked_for(index, simulation, questions)
    for measure, seconds in zip(("s", "processor, s"), seconds_to_add(index, ADDED), strict=True):
        figures.append(Figure(sized(works), f"adding {ADDED:,} works, {measure}", seconds))
    return figures


def seconds_to_add(index: Index, count: int) -> tuple[float, float]:
    """How long it takes to add works, and the processor's time on all cores.

    They are removed again, so that the next call adds them and replaces none.
    """
    new = from_outside(0, count)
    start, used = time.perf_counter(), time.process_time()
    index.add(new)
    seconds = time.perf_counter() - start, time.process_time() - used
    index.remove(new.ids)
    return seconds


def sized(works: int) -> str:
    """How a size is called in the tables."""
    return f"{works:,} works"


def built(simulation: Simulation, folder: Path) -> Iterator[Figure]:
    """Learn the spaces, write the shards and merge them: how long it takes, bytes, and the peak memory."""
    works = len(simulation.catalog)
    seconds = [time.perf_counter()]
    plan = simulation.begin(folder)
    seconds.append(time.perf_counter())
    write_shards(plan, simulation.catalog, missing_shards(plan))
    seconds.append(time.perf_counter())
    merge(plan)
    seconds.append(time.perf_counter())
    for measure, value in zip(("learning, s", "shards, s", "merge and indexes, s"), np.diff(seconds), strict=True):
        yield Figure(sized(works), measure, float(value))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    yield Figure(sized(works), "disk, GiB", size / 2**30)
    yield Figure(sized(works), "peak memory, GiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def asked_for(index: Index, simulation: Simulation, questions: int) -> Iterator[Figure]:
    """Latencies and recall."""
    works = len(simulation.catalog)
    queries = simulation.queries(questions)
    ids = [query.work for query in queries]

    def hybrid(number: int) -> list[str]:
        hits = search(index, queries[number % len(ids)].words, photo=ids[-number % len(ids)])
        return [hit.work.id for hit in hits]

    calls: dict[str, Callable[[int], object]] = {
        "similar": lambda number: similar(index, ids[number % len(ids)]),
        "similar, other creators": lambda number: similar(index, ids[number % len(ids)], other_creators=True),
        "similar, by creator": lambda number: similar(index, ids[number % len(ids)], by_creator=True),
        "words": lambda number: search(index, queries[number % len(ids)].words),
        "words, by creator": lambda number: search(index, queries[number % len(ids)].words, by_creator=True),
        "words and a style": hybrid,
    }
    for name, call in calls.items():
        median, late, processor = milliseconds(call, questions)
        yield Figure(f"{name}, {sized(works)}", MEDIAN, median, questions)
        yield Figure(f"{name}, {sized(works)}", "95th percentile, ms", late, questions)
        yield Figure(f"{name}, {sized(works)}", "processor, ms", processor, questions)
    exact = exact_neighbours(index, ids)
    vectors = index.rows(ids, [STYLE])
    found = [{row["id"] for row in nearest(index, STYLE, vectors[each][STYLE], 10, Filters())} for each in ids]
    yield Figure(f"style, {sized(works)}", RECALL, _shared(found, exact), len(ids))
    some = range(min(len(ids), 50))
    answers = [set(hybrid(number)) for number in some]
    with every_partition():
        exact = [set(hybrid(number)) for number in some]
    yield Figure(f"words and a style, {sized(works)}", RECALL, _shared(answers, exact), len(some))


def _shared(found: Sequence[set[str]], exact: Sequence[set[str]]) -> float:
    return float(np.mean([len(own & other) / 10 for own, other in zip(found, exact, strict=True)]))


def from_outside(number: int, count: int) -> Catalog:
    """Works without photos to add."""
    return Catalog.from_works(
        Work(f"outside-{number}-{each}", creator="outside", title=f"銀の花のブローチ {number} {each}")
        for each in range(count)
    )


def growth(figures: Sequence[Figure], sizes: Sequence[int]) -> Iterator[Figure]:
    """The exponent by which each figure grows from the smallest size to the largest, and what that comes to beyond."""
    small, large = min(sizes), max(sizes)
    value = {(figure.row, figure.measure): figure.value for figure in figures}
    for (row, measure), last in value.items():
        first = value.get((row.replace(sized(large), sized(small)), measure))
        if row.endswith(sized(large)) and first and last and measure != RECALL and large > small:
            exponent = float(np.log(last / first) / np.log(large / small))
            name = f"{row.removesuffix(sized(large))}{measure}"
            yield Figure(name, "growth, exponent of works", exponent)
            yield Figure(name, f"{sized(EXTRAPOLATED)} (extrapolated)", last * (EXTRAPOLATED / large) ** exponent)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--works", type=int, nargs="+", default=[110_000, 1_000_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where the indexes stay, or are from an earlier call")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Build an index of each size and ask it."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="sakka-study-index-") as scratch:
        for works in asked.works:
            folder = (asked.folder or Path(scratch)) / str(works)
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                own = process.submit(size_measured, works, asked.questions, folder).result()
            yield from own
            figures += own
    yield from growth(figures, asked.works)
