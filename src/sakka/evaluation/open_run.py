"""Opening a run folder: what it is about, and its predictions one fold at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl

from sakka.arrays import IntArray, Mask
from sakka.catalog.splits import TEST, read_splits
from sakka.errors import RunError
from sakka.evaluation.layout import GROUP, READ_BY, RunLayout
from sakka.evaluation.plan import Plan, read_plan
from sakka.evaluation.predictions import StoredPrediction, read_deviations, read_fold
from sakka.models.work_reader import Modality
from sakka.remote.copies import reading

WORKS_COLUMNS = ("id", "creator", "title", "description", "photo", "has_photo", "photos", "has_text")


@dataclass(frozen=True)
class RunFacts:
    """What a run is about; arrays of shape (n_works,).

    Attributes:
        creators: The columns of every prediction.
        labels: Each work's creator as a column.
        outer: The outer fold that tests each work; -1 where none does.
        outer_folds: How many outer folds there are.
        inner_folds: How many inner folds each of them has.
        models: Name and modality of each model, in the plan's order.
        split: The kind of split: `random`, `grouped` or `temporal`.
        seed: The seed of the split.
        has_photo: Whether each work has a photo.
        photos: How many photos each work has.
        has_text: Whether each work has a title or a description.
        read_by: Of the models that read vectors of the catalog: whether each work has one.
        groups: The number of each work's group of near-identical works; None where nobody looked for them.
    """

    creators: tuple[str, ...]
    labels: IntArray
    outer: IntArray
    outer_folds: int
    inner_folds: int
    models: tuple[tuple[str, Modality], ...]
    split: str
    seed: int
    has_photo: Mask
    photos: IntArray
    has_text: Mask
    read_by: Mapping[str, Mask] = field(default_factory=dict)
    groups: IntArray | None = None

    def tested(self, outer: int) -> IntArray:
        """The rows of the works that an outer fold tests."""
        rows: IntArray = np.flatnonzero(self.outer == outer)
        return rows

    @property
    def n_tested(self) -> int:
        """How many works are evaluated."""
        return int((self.outer >= 0).sum())

    @property
    def columns(self) -> int:
        """How many creators there are."""
        return len(self.creators)

    @property
    def near_identical_across(self) -> int | None:
        """How many evaluated works have a near-identical one in another outer fold, which was learned from.

        None where nobody looked for them.
        """
        if self.groups is None:
            return None
        parts = np.unique(np.stack([self.groups, self.outer], axis=1), axis=0)
        across = np.bincount(parts[:, 0])[self.groups] > 1
        return int((across & (self.outer >= 0)).sum())

    def first(self, modality: Modality) -> str | None:
        """The first model that reads `modality`, None where the run has none."""
        return next((name for name, each in self.models if each == modality), None)

    @property
    def fused(self) -> tuple[str, str] | None:
        """The photo model and the text model that are fused, the first of each; None where the run lacks one."""
        photo, text = self.first("photo"), self.first("text")
        return None if photo is None or text is None else (photo, text)

    def fused_given_of(self, rows: IntArray) -> tuple[IntArray, Mask]:
        """How many photos of some works the fused photo model reads (a vector is one), and what the text model can."""
        photo, text = self.fused or ("", "")
        photos = self.read_by[photo].astype(np.int64) if photo in self.read_by else self.photos
        return photos[rows], self.read_by.get(text, self.has_text)[rows]


@dataclass(frozen=True)
class StoredRun:
    """A run folder that can be read.

    Attributes:
        layout: Where its files stand.
        plan: Its arguments.
        works: One row a work: id, creator (as a column of the predictions), title, description, photo, has_photo,
            has_text, a column for each model that reads vectors, and `GROUP`.
        facts: What the tables need of these.
    """

    layout: RunLayout
    plan: Plan
    works: pl.DataFrame
    facts: RunFacts

    def fold(self, model: str, outer: int, inner: int) -> StoredPrediction:
        """Read one model's predictions for one fold.

        Raises:
            RunError: They are missing or damaged.
        """
        found = read_fold(self.layout, model, outer, inner)
        if found.test.shape[1] != self.facts.columns:
            raise RunError(
                f"the predictions of {model} for fold {outer}-{inner} name {found.test.shape[1]} creators, expected "
                f"{self.facts.columns}; run the experiment in a new folder"
            )
        return found

    def deviations(self) -> tuple[str, ...]:
        """In what the fitting of its models departed from their settings, one clause each.

        Raises:
            RunError: Predictions are missing or damaged.
        """
        return tuple(
            f"{model}, fold {outer}-{inner}: {each}"
            for model, _ in self.facts.models
            for outer in range(self.facts.outer_folds)
            for inner in range(self.facts.inner_folds)
            for each in read_deviations(self.layout, model, outer, inner)
        )


def open_run(folder: Path | str) -> StoredRun:
    """Open a run folder, or one at an address.

    Raises:
        RunError: It is no run, or its plan or its works are damaged.
        SplitError: Its folds are missing or damaged.
    """
    with reading(folder, RunError) as local:
        return _opened(RunLayout(local))


def _opened(layout: RunLayout) -> StoredRun:
    plan = read_plan(layout)
    works = _read_works(layout, plan)
    splits = read_splits(layout.splits)
    if len(splits.outer) != len(works):
        raise RunError(
            f"{layout.splits} splits {len(splits.outer)} works, the run has {len(works)}; "
            "run the experiment in a new folder"
        )
    facts = RunFacts(
        creators=plan.creators,
        labels=works["creator"].to_numpy().astype(np.int64),
        outer=np.where(splits.outer < plan.outer_folds, splits.outer, TEST),
        outer_folds=plan.outer_folds,
        inner_folds=plan.inner_folds,
        models=tuple((model.name, cast(Modality, model.modality)) for model in plan.models),
        split=plan.split,
        seed=plan.seed,
        has_photo=works["has_photo"].to_numpy(),
        photos=works["photos"].to_numpy(),
        has_text=works["has_text"].to_numpy(),
        read_by={
            name.removeprefix(READ_BY): works[name].to_numpy() for name in works.columns if name.startswith(READ_BY)
        },
        groups=works[GROUP].to_numpy().astype(np.int64) if GROUP in works.columns else None,
    )
    return StoredRun(layout, plan, works, facts)


def _read_works(layout: RunLayout, plan: Plan) -> pl.DataFrame:
    with _readable(layout.works):
        works = pl.read_parquet(layout.works).select(*WORKS_COLUMNS, pl.col(f"^({READ_BY}.*|{GROUP})$"))
        outside = (works["creator"] < 0) | (works["creator"] >= len(plan.creators))
    if outside.any():
        raise RunError(f"{layout.works} names creators that the plan does not have; run the experiment in a new folder")
    return works


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunError(f"{path} can't be read ({error}); run the experiment in a new folder") from error
