"""Evaluating models: each unit of work fits models on a fixed group of folds and stores their predictions.

A unit is one model and one group of folds that the model's class fixes (`CreatorModel.fold_group`): folds that are
computed together may differ from folds computed alone in the last bit, so a unit that was cut short is done again
as a whole. A run that is interrupted at any point and resumed therefore ends with the same bytes. Where a model's folds
do not depend on each other each is a unit, and several that are left are asked for in one call: in this process all of
them, elsewhere (`engines/`) those that a worker gets at a time. This process writes what is predicted.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import polars as pl

from sakka.arrays import IntArray, Mask
from sakka.catalog.splits import RANDOM, Fold, write_splits
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.engines.engine import WorkEngine, current_engine
from sakka.errors import PhotoError, RunError
from sakka.evaluation.layout import GROUP, READ_BY, RunLayout
from sakka.evaluation.plan import ModelSpec, Plan, check_same_plan, write_plan
from sakka.evaluation.predictions import is_sound, write_fold
from sakka.evaluation.usable_works import split_works, usable_works
from sakka.files import alone_in, write_json, writing_whole
from sakka.models.base import FoldPrediction
from sakka.models.registry import make_model, model_class
from sakka.progress import task
from sakka.remote.writing import send_finished

UNITS_A_WORKER = 2  # of each model: work is shared within a unit, and what is left at the end is small
MOST_COMPARED = 3000
"""Works of a random split up to which near-identical ones are looked for unasked: a minute, once, at 20 ms a photo."""
MOST_BYTES = 2**28  # of the predictions that a worker answers with


@dataclass(frozen=True)
class Unit:
    """What is done as a whole or not at all.

    Attributes:
        spec: The model.
        folds: The folds it predicts, in order.
    """

    spec: ModelSpec
    folds: tuple[Fold, ...]


def run_experiment(catalog: Catalog, folder: Path | str, plan: Plan) -> RunLayout:
    """Evaluate the plan's models on a catalog and store their predictions; what is there already is kept.

    Args:
        catalog: The catalog that the plan was made for.
        folder: The run folder; new, empty, or one that the same plan was started in.
        plan: What to do.

    Returns:
        The run folder, complete but for the report.

    Raises:
        RunError: The folder holds something else, or the catalog is not the plan's.
        SplitError: The works can't be split into folds.
        ModelError: A model can't be used on these works.
    """
    layout = RunLayout(Path(folder))
    if not plan.is_of(catalog):
        catalog = usable_works(catalog, plan.split).works
    if not plan.is_of(catalog):
        raise RunError("the plan was made for another catalog; make a plan for this one")
    splits = split_works(catalog, plan.split, plan.seed)
    _check_free(layout)
    layout.folder.mkdir(parents=True, exist_ok=True)
    with alone_in(layout.folder, layout.lock, RunError):
        _open(layout, plan)
        _remove_half_written(layout)
        write_splits(splits, layout.splits)
        write_json(layout.catalog, catalog.info)
        _write_works(catalog, plan, layout)
        units = units_of(plan, [fold for fold in splits.folds(plan.inner_folds) if fold.outer < plan.outer_folds])
        left = [unit for unit in units if not _is_done(unit, layout)]
        _do(left, catalog, plan, layout)
        if plan.labels:
            _keep_labels(catalog, plan, layout)
    return layout


def units_of(plan: Plan, folds: list[Fold]) -> list[Unit]:
    """The plan's units of work in order."""
    return [Unit(spec, group) for spec in plan.models for group in _groups(spec, folds)]


def _groups(spec: ModelSpec, folds: list[Fold]) -> Iterator[tuple[Fold, ...]]:
    way = model_class(spec.name).fold_group
    if way == "all":
        yield tuple(folds)
    elif way == "outer":
        yield from (tuple(group) for _, group in groupby(folds, key=lambda fold: fold.outer))
    else:
        yield from ((fold,) for fold in folds)


def _joined(units: list[Unit], engine: WorkEngine, n_creators: int) -> Iterator[Unit]:
    """Join the units of a model whose folds do not depend on each other: asked together, they share work.

    Here all are asked together; elsewhere so many that each worker gets `UNITS_A_WORKER` units of a model, and that the
    predictions of one are at most `MOST_BYTES`.
    """
    for name, group in groupby(units, key=lambda unit: unit.spec.name):
        same = list(group)
        if model_class(name).fold_group != "fold":
            yield from same
            continue
        at_once = len(same)
        if engine.elsewhere:
            predicted_bytes = (
                4 * n_creators * max(len(unit.folds[0].validation) + len(unit.folds[0].test) for unit in same)
            )
            at_once = max(1, min(-(-len(same) // (UNITS_A_WORKER * engine.workers)), MOST_BYTES // predicted_bytes))
        for start in range(0, len(same), at_once):
            yield Unit(same[0].spec, tuple(fold for unit in same[start : start + at_once] for fold in unit.folds))


def _check_free(layout: RunLayout) -> None:
    folder, own = layout.folder, (".plan.json.", layout.lock.name)
    if layout.plan.exists():
        return
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is a file, expected a folder for the run; choose another name")
    if folder.exists() and any(not path.name.startswith(own) for path in folder.iterdir()):
        raise RunError(f"{folder} is not empty and not a run (no plan.json in it); choose another folder")


def _open(layout: RunLayout, plan: Plan) -> None:
    if layout.plan.exists():
        check_same_plan(plan, layout)
    else:
        write_plan(plan, layout)


def _remove_half_written(layout: RunLayout) -> None:
    for path in list(layout.folder.rglob(".*.part")):  # what a killed process left behind
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _write_works(catalog: Catalog, plan: Plan, layout: RunLayout) -> None:
    table = pl.DataFrame(
        {
            "id": catalog.table["id"],
            "creator": catalog.creator_indices(plan.creators),
            "title": catalog.table["title"],
            "description": catalog.table["description"],
            "photo": pl.Series([None if path is None else str(path) for path in catalog.photo_paths], dtype=pl.String),
            "has_photo": catalog.has_photo,
            "photos": _photos_read(catalog, plan),
            "has_text": catalog.has_text,
            **_readable_columns(catalog, plan),
            **_group_column(catalog, plan),
        }
    )
    with writing_whole(layout.works) as part:
        table.write_parquet(part)


def _photos_read(catalog: Catalog, plan: Plan) -> IntArray:
    """How many photos of each work the first photo model reads, which is the one that is fused."""
    photo_models = (make_model(spec.name, **spec.settings) for spec in plan.models if spec.modality == "photo")
    first = next(photo_models, None)
    return catalog.photo_counts if first is None else first.parts_read(catalog)[:, 0]


def _readable_columns(catalog: Catalog, plan: Plan) -> dict[str, Mask]:
    """Which works each model can read that reads vectors; what others read is known from `has_photo` and `has_text`."""
    models = {spec.name: make_model(spec.name, **spec.settings) for spec in plan.models}
    return {f"{READ_BY}{name}": model.can_read(catalog) for name, model in models.items() if model.kept_columns}


def _group_column(catalog: Catalog, plan: Plan) -> dict[str, IntArray]:
    """Which works are near-identical, where a random split may part them and the catalog is small."""
    if plan.split != RANDOM or len(catalog) > MOST_COMPARED:
        return {}
    try:
        return {GROUP: near_identical(catalog).groups}
    except PhotoError:  # a model that reads photos says so itself
        return {}


def _keep_labels(catalog: Catalog, plan: Plan, layout: RunLayout) -> None:
    """Write what the photos show, unless it is there; the label model has looked for it already."""
    from sakka.object_labels.table import THRESHOLD, read_labels, write_labels

    try:
        kept = read_labels(layout.folder)
    except RunError:  # damaged: found anew below
        kept = None
    if kept is None or list(kept.ids) != catalog.ids:
        thresholds = [spec.settings["threshold"] for spec in plan.models if "threshold" in spec.settings]
        write_labels(layout.folder, catalog, *(thresholds[:1] or [THRESHOLD]))


def _is_done(unit: Unit, layout: RunLayout) -> bool:
    return all(is_sound(layout, unit.spec.name, fold.outer, fold.inner) for fold in unit.folds)


def _do(units: list[Unit], catalog: Catalog, plan: Plan, layout: RunLayout) -> None:
    for unit in units:
        for fold in unit.folds:  # from a unit cut short: its files and the new ones must not be taken for one whole
            layout.prediction(unit.spec.name, fold.outer, fold.inner).unlink(missing_ok=True)
    engine = current_engine()
    with task("evaluating models", total=sum(len(unit.folds) for unit in units)) as progress:
        if engine.elsewhere:
            for spec in dict.fromkeys(unit.spec.name for unit in units):
                make_model(spec, **plan.spec(spec).settings).fill_cache(catalog)
        predict = partial(_predictions, catalog=catalog, creators=plan.creators)
        answers = engine.units(predict, _joined(units, engine, len(plan.creators)))
        with closing(answers):
            for unit, prediction in answers:
                write_fold(layout, unit.spec.name, prediction)
                send_finished(layout.folder)
                progress.advance()


def _predictions(unit: Unit, catalog: Catalog, creators: Sequence[str]) -> Iterator[FoldPrediction]:
    model = make_model(unit.spec.name, **unit.spec.settings)
    yield from model.predict_folds(catalog, unit.folds, creators)
