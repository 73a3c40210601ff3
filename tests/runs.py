"""Run folders for tests: a real layout with simulated predictions, as an experiment would store them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import nested_splits, write_splits
from sakka.catalog.works import Catalog, Work
from sakka.evaluation.layout import RunLayout
from sakka.evaluation.plan import ModelSpec, Plan, write_plan
from sakka.evaluation.predictions import write_fold
from sakka.models.base import FoldPrediction

CREATORS = ("Abe", "Baba", "Chiba", "Doi", "Endo", "<script>alert(1)</script>")
MODELS = (("photo-lite0", "photo"), ("text-linear", "text"), ("dummy", "none"))
# How much a simulated model leans towards the right creator, against noise of 1.
SKILL = {"photo": 1.6, "text": 1.1, "labels": 0.3, "both": 1.7}


def make_works(per_creator: int = 25, lacking: bool = False, title: str = "花のブローチ") -> Catalog:
    """Works by the creators, the first with the most; with `lacking`, some have no photo, some no text."""
    works = []
    for place, creator in enumerate(CREATORS):
        for number in range(per_creator + 10 * (len(CREATORS) - 1 - place)):
            at = len(works)
            works.append(
                Work(
                    f"w{at:04d}",
                    creator=creator,
                    title="" if lacking and at % 7 == 0 else f"{title} {number}",
                    photos=() if lacking and at % 5 == 0 else (f"{at}.png",),
                )
            )
    return Catalog.from_works(works)


def write_run(
    folder: Path,
    catalog: Catalog,
    models: Sequence[tuple[str, str]] = MODELS,
    inner_folds: int = 5,
    seed: int = 0,
    skill: Mapping[str, float] = SKILL,
) -> RunLayout:
    """Write a complete run folder with simulated predictions, deterministic by `seed`; `skill` as in `SKILL`."""
    layout = RunLayout(folder)
    specs = tuple(ModelSpec(name, modality, {}) for name, modality in models)
    plan = Plan(
        catalog.fingerprint(), len(catalog), catalog.creators, specs, {}, "random", seed, inner_folds, sakka="0"
    )
    splits = nested_splits(catalog, seed=seed)
    write_plan(plan, layout)
    write_splits(splits, layout.splits)
    _write_works(catalog, layout)
    labels = catalog.creator_indices()
    for number, (name, modality) in enumerate(models):
        for fold in splits.folds(inner_folds):
            generator = np.random.default_rng([seed, number, fold.outer, fold.inner])
            validation, test = (
                simulate(labels[rows], modality, len(catalog.creators), generator, skill)
                for rows in (fold.validation, fold.test)
            )
            write_fold(layout, name, FoldPrediction(fold, validation, test))
    return layout


def simulate(
    labels: IntArray,
    modality: str,
    n_creators: int,
    generator: np.random.Generator,
    skill: Mapping[str, float] = SKILL,
) -> Probabilities:
    """Probabilities that lean towards the right creator, shape (n_works, n_creators)."""
    if modality == "none":
        shares = np.arange(n_creators, 0, -1) / np.arange(1, n_creators + 1).sum()
        return np.tile(shares.astype(np.float32), (len(labels), 1))
    scores = generator.standard_normal((len(labels), n_creators))
    scores[np.arange(len(labels)), labels] += skill[modality]
    odds = np.exp(scores)
    probabilities: Probabilities = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def _write_works(catalog: Catalog, layout: RunLayout) -> None:
    photos = [None if path is None else str(path) for path in catalog.photo_paths]
    pl.DataFrame(
        {
            "id": catalog.table["id"],
            "creator": catalog.creator_indices(),
            "title": catalog.table["title"],
            "description": catalog.table["description"],
            "photo": pl.Series(photos, dtype=pl.String),
            "has_photo": catalog.has_photo,
            "photos": catalog.photo_counts,
            "has_text": catalog.has_text,
        }
    ).write_parquet(layout.works)
