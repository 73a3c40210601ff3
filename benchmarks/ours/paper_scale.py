"""Everything but the training of networks at the paper's size, on the simulated market and simulated predictions.

    catalog       listings as CSV (no photo is drawn) -> rules -> statistics -> catalog folder
    splits        nested 5 x 5 folds, written
    predictions   25 files of probabilities a model (photo, text, labels): simulated, stands for training
    report        stored predictions -> frame with the ratio sweep -> all tables, entropy included -> page

A part is 1, 10 or 100: the market has 109,685 / part works by 944 / part creators. Every work of the run counts as
having a photo, since the predictions of the photo model are simulated; the photos themselves are absent.
"""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import nested_splits, read_splits, write_splits
from sakka.catalog.works import Catalog
from sakka.evaluation.layout import RunLayout
from sakka.models.base import FoldPrediction
from sakka.models.work_reader import Modality

WORKS, CREATORS, LABELS = 109_685, 944, 91
SKILL: dict[Modality, float] = {"photo": 8.0, "text": 12.0, "labels": 1.0}  # against the largest of 944 drawn scores
MODELS: tuple[tuple[str, Modality], ...] = (
    ("photo-vgg16-finetuned", "photo"),
    ("text-fasttext", "text"),
    ("labels-lightgbm", "labels"),
)
RULES: dict[str, Any] = {
    "from_date": "2012-04-03 11:03",
    "until_date": "2019-09-01 23:31",
    "categories": ("コサージュ・ブローチ",),
    "one_account": True,
    "min_works": 50,
}


class Stage:
    """One step at one size, run once in a fresh process.

    Args:
        step: `catalog`, `splits`, `predictions` or `report`.
        part: The market's size, as a fraction 1 / part of the paper's.
        folder: Where the steps hand over to each other.
    """

    def __init__(self, step: str, part: int, folder: str) -> None:
        self.step, self.part, self.folder = step, part, Path(folder)
        self.layout = RunLayout(self.folder / "run")
        self.parts: list[dict[str, Any]] = []

    def run(self) -> dict[str, Any]:
        """Run the step; gives its parts, each with wall and CPU seconds and the peak memory until its end, in MiB."""
        start = time.perf_counter()
        getattr(self, f"_{self.step}")()
        return {"units": 1, "seconds": time.perf_counter() - start, "parts": self.parts}

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start, cpu_start = time.perf_counter(), time.process_time()
        yield
        told = {"name": name, "seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu_start}
        memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.parts.append({**told, "memory_mib": memory_mib})

    def _catalog(self) -> None:
        from sakka.catalog.build import build_catalog
        from sakka.catalog.statistics import statistics_of
        from sakka.market import MarketSettings, market_listings

        source = self.folder / "listings.csv"
        with self._timed("drawing the listings"):
            settings = MarketSettings(CREATORS // self.part, round(WORKS / self.part), second_account_share=0.0)
            market_listings(settings).drop("image", "kinds", "shows").write_csv(source)
        with self._timed("catalog: reading, rules, writing"):
            catalog = build_catalog(source, folder=self.folder / "catalog", **RULES)
        with self._timed("statistics"):
            statistics_of(catalog)

    def _splits(self) -> None:
        with self._timed("catalog: read again"):
            catalog = Catalog.read(self.folder / "catalog")
        with self._timed("splits"):
            write_splits(nested_splits(catalog, seed=0), self.layout.splits)

    def _predictions(self) -> None:
        from sakka.evaluation.plan import ModelSpec, Plan, write_plan
        from sakka.evaluation.predictions import write_fold
        from sakka.files import write_json

        catalog, splits = Catalog.read(self.folder / "catalog"), read_splits(self.layout.splits)
        specs = tuple(ModelSpec(name, modality, {}) for name, modality in MODELS)
        plan = Plan(
            catalog.fingerprint(),
            len(catalog),
            catalog.creators,
            specs,
            {},
            "random",
            0,
            5,
            preset="paper",
            labels=True,
        )
        write_plan(plan, self.layout)
        write_json(self.layout.catalog, catalog.info)
        labels = catalog.creator_indices()
        _write_works(catalog, labels, self.layout)
        with self._timed("simulating label sets"):
            _write_labels(catalog, labels, self.layout)
        with self._timed("simulating predictions"):
            for number, (name, modality) in enumerate(MODELS):
                for fold in splits.folds():
                    generator = np.random.default_rng([number, fold.outer, fold.inner])
                    validation, test = (
                        simulated(labels[rows], modality, len(catalog.creators), generator)
                        for rows in (fold.validation, fold.test)
                    )
                    write_fold(self.layout, name, FoldPrediction(fold, validation, test))

    def _report(self) -> None:
        from sakka.evaluation.aggregate import evaluate_run
        from sakka.evaluation.open_run import open_run
        from sakka.evaluation.tables.all_tables import all_tables
        from sakka.pages.paper_section import paper_section
        from sakka.pages.write_report import Report, write_tables
        from sakka.paper.entropy_tables import entropy_tables
        from sakka.paper.label_sets import read_label_sets

        run = open_run(self.layout.folder)
        with self._timed("predictions and ratio sweep: 75 prediction files"):
            evaluated = evaluate_run(run)
        with self._timed("entropy: label sets, tables 1 and 5 to 8, relation"):
            sets = read_label_sets(run)
            assert sets is not None
            entropy_tables(evaluated, sets)
        with self._timed("all other tables"):
            tables, left_out = all_tables(evaluated)
        with self._timed("page and files"):
            write_tables(Report(run, evaluated, tables, left_out, paper_section(run, evaluated, tables)))


def simulated(labels: IntArray, modality: Modality, n_creators: int, generator: np.random.Generator) -> Probabilities:
    """Draw probabilities that lean towards the right creator, shape (n_works, n_creators)."""
    scores = generator.standard_exponential((len(labels), n_creators), dtype=np.float32)
    own = generator.standard_exponential(len(labels), dtype=np.float32) * np.float32(SKILL[modality])
    scores[np.arange(len(labels)), labels] += own
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _write_works(catalog: Catalog, labels: IntArray, layout: RunLayout) -> None:
    pl.DataFrame(
        {
            "id": catalog.table["id"],
            "creator": labels,
            "title": catalog.table["title"],
            "description": catalog.table["description"],
            "photo": pl.Series([None] * len(catalog), dtype=pl.String),
            "has_photo": np.ones(len(catalog), dtype=np.bool_),
            "photos": np.ones(len(catalog), dtype=np.int64),
            "has_text": catalog.has_text,
        }
    ).write_parquet(layout.works)


def _write_labels(catalog: Catalog, labels: IntArray, layout: RunLayout) -> None:
    """Draw label sets: a few labels are common, most are rare, and each creator has a habit or two."""
    from sakka.object_labels.table import LabelTable

    generator = np.random.default_rng(0)
    common = np.clip(generator.pareto(2, LABELS) * 0.02, 0, 0.3)
    vectors = np.zeros((len(catalog), LABELS + 1), dtype=np.float32)
    drawn = generator.random((len(catalog), LABELS), dtype=np.float32)
    vectors[:, 1:] = np.where(drawn < common, np.float32(0.5), np.float32(0))
    habit = generator.integers(1, LABELS + 1, len(catalog.creators))[labels]
    keeps = np.flatnonzero(generator.random(len(catalog)) < 0.2)
    vectors[keeps, habit[keeps]] = 0.5
    vectors[~vectors.any(axis=1), 0] = 1.0
    LabelTable(tuple(catalog.ids), vectors).write(layout.folder)
