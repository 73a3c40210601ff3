"""What an experiment is: its arguments, kept as `plan.json`, so that the same arguments go on with the same run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sakka.catalog.splits import INNER_FOLDS, OUTER_FOLDS
from sakka.catalog.works import Catalog
from sakka.errors import RunError
from sakka.evaluation.layout import RunLayout
from sakka.evaluation.usable_works import usable_works
from sakka.files import why_not_a_folder, write_json
from sakka.models.registry import make_model
from sakka.version import __version__


@dataclass(frozen=True)
class ModelSpec:
    """One model of an experiment.

    Attributes:
        name: The model's name; also the name of its folder of predictions.
        modality: What it reads of a work: `photo`, `text`, `labels`, `both` or `none`.
        settings: Every argument of its `__init__`.
    """

    name: str
    modality: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """The arguments of an experiment; equal plans give equal figures.

    Attributes:
        catalog_sha256: The catalog's fingerprint, with the kept columns that models read.
        works: How many works of it are used.
        creators: The columns of every prediction, in order.
        models: The models to evaluate, in order.
        left_out: Models that were asked for and can't be evaluated on this catalog: name -> reason.
        split: How the works are split: `random`, `grouped` or `temporal`.
        seed: The seed of the split and of the models.
        inner_folds: How many of the inner folds are used, 1 to 5.
        outer_folds: How many of the outer folds are evaluated, 1 to 5.
        sakka: The version that evaluates; figures of two versions are not mixed.
        preset: `paper` where the plan follows the paper, which the report then sets beside it; else empty.
        labels: Whether the objects in the photos are looked for and kept as `labels.parquet`.
        log_base: The base of the entropy's logarithm, `e` or `2`.
        few_creators: How many creators of the catalog are not evaluated since they have too few works for folds.
        few_works: How many works these have; `works` does not count them.
    """

    catalog_sha256: str
    works: int
    creators: tuple[str, ...]
    models: tuple[ModelSpec, ...]
    left_out: dict[str, str]
    split: str
    seed: int
    inner_folds: int
    outer_folds: int = OUTER_FOLDS
    sakka: str = __version__
    preset: str = ""
    labels: bool = False
    log_base: str = "e"
    few_creators: int = 0
    few_works: int = 0

    def is_of(self, catalog: Catalog) -> bool:
        """Whether it was made for a catalog."""
        return catalog.fingerprint(_columns_read(self.models)) == self.catalog_sha256

    def spec(self, name: str) -> ModelSpec:
        """The model called `name`.

        Raises:
            RunError: The plan has no such model.
        """
        for model in self.models:
            if model.name == name:
                return model
        raise RunError(f"the run has no model {name!r}; it has {', '.join(model.name for model in self.models)}")


def make_plan(
    catalog: Catalog,
    models: Sequence[str],
    *,
    split: str = "random",
    seed: int = 0,
    inner_folds: int = INNER_FOLDS,
    outer_folds: int = OUTER_FOLDS,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plan:
    """Plan to evaluate models on a catalog.

    Creators with too few works and works that the split can't use (`usable_works`) are left out before anything else.
    A model that reads only what no work of the catalog has (photo models on texts alone) is left out with a reason.

    Args:
        catalog: The works to evaluate on.
        models: Names of models, each once.
        split: How the works are split.
        seed: The seed of the split and of the models.
        inner_folds: How many inner folds to use, 1 to 5.
        outer_folds: How many outer folds to evaluate, 1 to 5.
        settings: By a model's name, settings that differ from its defaults.

    Raises:
        RunError: A model is named twice, none is left, settings are given for another one, or a number of folds is
            out of range.
        ModelError: No model has such a name or such a setting.
        SplitError: No such kind of split is known, or it can use none of the works.
    """
    usable = usable_works(catalog, split)
    catalog = usable.works
    for kind, asked, most in (("inner", inner_folds, INNER_FOLDS), ("outer", outer_folds, OUTER_FOLDS)):
        if not 1 <= asked <= most:
            raise RunError(f"{asked} {kind} folds were asked for, expected 1 to {most}")
    if len(set(models)) < len(models):
        raise RunError(f"a model is named twice among {', '.join(models)}; name each once")
    given = settings or {}
    for name in given:
        if name not in models:
            raise RunError(f"settings are given for {name}, which is not evaluated; evaluated are {', '.join(models)}")
    specs = [_specification(name, seed, given.get(name, {})) for name in models]
    left_out = {spec.name: reason for spec in specs if (reason := _reason_to_leave_out(spec, catalog))}
    kept = tuple(spec for spec in specs if spec.name not in left_out)
    if not kept:
        raise RunError(f"no model is left to evaluate: {'; '.join(f'{name}: {left_out[name]}' for name in left_out)}")
    return Plan(
        catalog_sha256=catalog.fingerprint(_columns_read(kept)),
        works=len(catalog),
        creators=catalog.creators,
        models=kept,
        left_out=left_out,
        split=split,
        seed=seed,
        inner_folds=inner_folds,
        outer_folds=outer_folds,
        labels=any(spec.modality == "labels" for spec in kept),
        few_creators=usable.few_creators,
        few_works=usable.few_works,
    )


def write_plan(plan: Plan, layout: RunLayout) -> None:
    """Write `plan.json`."""
    write_json(layout.plan, asdict(plan))


def read_plan(layout: RunLayout) -> Plan:
    """Read `plan.json`.

    Raises:
        RunError: The folder is no run, or its plan is damaged or of another version's form.
    """
    if trouble := why_not_a_folder(layout.folder):
        raise RunError(f"{trouble}; expected a run's folder, as `run_experiment` writes it")
    if not layout.plan.is_file():
        raise RunError(f"{layout.folder} is not a run: no plan.json in it; make one with `run_experiment`")
    try:
        content = json.loads(layout.plan.read_text(encoding="utf-8"))
        models = tuple(ModelSpec(**model) for model in content.pop("models"))
        return Plan(**{**content, "creators": tuple(content["creators"]), "models": models})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(f"{layout.plan} is damaged ({error!r}); run the experiment in a new folder") from error


def check_same_plan(plan: Plan, layout: RunLayout) -> None:
    """Refuse to go on with a run that was started with other arguments.

    Raises:
        RunError: The run folder's plan differs from `plan`; the message names what differs first.
    """
    found, asked = asdict(read_plan(layout)), asdict(plan)
    for key in asked:
        if found[key] != asked[key]:
            raise RunError(
                f"{layout.folder} holds an experiment with {_differing(key, found[key], asked[key])}; "
                "give the same arguments to go on with it, or another folder"
            )


def _differing(key: str, found: Any, asked: Any) -> str:
    if key == "catalog_sha256":
        return "another catalog (or the catalog was built anew with other works since)"
    if key == "creators":
        return f"{len(found)} creators that are not the {len(asked)} of this catalog"
    if key == "models":
        return _differing_models(found, asked)
    return f"{key.replace('_', ' ')} {found}, asked for {asked}"


def _differing_models(found: Any, asked: Any) -> str:
    names, wanted = ([model["name"] for model in models] for models in (found, asked))
    if names != wanted:
        return f"models {', '.join(names)}, asked for {', '.join(wanted)}"
    model, other = next(pair for pair in zip(found, asked, strict=True) if pair[0] != pair[1])
    settings, others = model["settings"], other["settings"]
    for setting in sorted(settings.keys() | others.keys()):
        if setting not in settings or setting not in others:
            return f"{model['name']} of another version of sakka (its setting {setting} is not in both)"
        if settings[setting] != others[setting]:
            return f"{model['name']} with {setting} {settings[setting]}, asked for {others[setting]}"
    return f"{model['name']} for {model['modality']}, asked for {other['modality']}"


def _specification(name: str, seed: int, given: Mapping[str, Any]) -> ModelSpec:
    model = make_model(name, **given)
    settings = model.settings()
    seeds = "seed" in settings and "seed" not in given
    return ModelSpec(name, model.modality, {**settings, "seed": seed} if seeds else settings)


def _reason_to_leave_out(spec: ModelSpec, catalog: Catalog) -> str:
    return make_model(spec.name, **spec.settings).why_unreadable(catalog)


def _columns_read(models: Sequence[ModelSpec]) -> tuple[str, ...]:
    return tuple(name for spec in models for name in make_model(spec.name, **spec.settings).kept_columns)
