"""The paper's experiment as settings: the preset `paper`, and in what a plan departs from the paper.

Sections 3.1 (rules of the data set), 3.3 (VGG16, 5 x 5 folds), 3.4 (fastText) and 3.6 (labels, LightGBM). A plan may
be smaller, for a small machine, or on other works: `deviations` names every difference, and the report's head and the
terminal print them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sakka.catalog.splits import INNER_FOLDS, OUTER_FOLDS
from sakka.catalog.works import Catalog
from sakka.errors import RunError
from sakka.evaluation.plan import ModelSpec, Plan, make_plan

PRESET = "paper"
BASELINE = "dummy"
PHOTO_EPOCHS, TEXT_EPOCHS = "epochs", "epoch"  # the settings' names; the second is fastText's own
WORKS, CREATORS = 109_685, 944
CATEGORY = "コサージュ・ブローチ"
FEWEST = "50 or more works"
PERIOD = "from 2012-04-03 11:03 until 2019-09-01 23:31"
LOG_BASES = ("e", "2")


@dataclass(frozen=True)
class PaperModel:
    """One of the paper's models.

    Attributes:
        name: Our model that follows it.
        settings: The settings that the paper gives, by our names.
    """

    name: str
    settings: Mapping[str, Any]


PAPER_MODELS: dict[str, PaperModel] = {
    "photo": PaperModel(
        "photo-vgg16-finetuned",
        {PHOTO_EPOCHS: 100, "learning_rate": 0.005, "momentum": 0.97, "batch": 256, "hidden": 4096},
    ),
    "text": PaperModel("text-fasttext", {"dim": 100, TEXT_EPOCHS: 1000, "lr": 0.1, "min_count": 1}),
    "labels": PaperModel(
        "labels-lightgbm",
        {"threshold": 0.2, "learning_rate": 0.1, "num_leaves": 23, "min_data_in_leaf": 1, "iterations": 100, "l2": 0.0},
    ),
}
MODELS: tuple[str, ...] = (*(model.name for model in PAPER_MODELS.values()), BASELINE)


@dataclass(frozen=True)
class PaperOptions:
    """What may be asked of the preset `paper`; the defaults are the paper's.

    Attributes:
        only: Which of `photo`, `text` and `labels`; empty for all three.
        epochs: Passes of the photo model's fine-tuning; None for the model's own.
        text_epochs: Passes of fastText; None for the model's own.
        photo_model: The photo model's name; None for VGG16 fine-tuned.
        log_base: The entropy's logarithm: `e` or `2`.
        models: Names of models in place of the preset's; empty for the preset's.
        settings: By a model's name, settings that differ from its defaults; not with the preset `paper`, whose
            settings are the paper's.
    """

    only: tuple[str, ...] = ()
    epochs: int | None = None
    text_epochs: int | None = None
    photo_model: str | None = None
    log_base: str = "e"
    models: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The models' names, the baseline last.

        Raises:
            RunError: `only` names something else, or is given together with models.
        """
        unknown = [each for each in self.only if each not in PAPER_MODELS]
        if unknown:
            raise RunError(f"`only` has {unknown[0]!r}; expected {', '.join(PAPER_MODELS)}")
        if self.models and (self.only or self.photo_model):
            raise RunError("`models` names the models by itself; leave out `only` and `photo_model`")
        if self.photo_model and self.only and "photo" not in self.only:
            raise RunError(
                f"{self.photo_model} is not evaluated where `only` has {' and '.join(self.only)}; "
                "leave out `photo_model`"
            )
        chosen = [
            (self.photo_model or model.name) if modality == "photo" else model.name
            for modality, model in PAPER_MODELS.items()
            if not self.only or modality in self.only
        ]
        return self.models or (*chosen, BASELINE)


def paper_plan(
    catalog: Catalog,
    options: PaperOptions,
    *,
    split: str = "random",
    seed: int = 0,
    inner_folds: int = INNER_FOLDS,
    outer_folds: int = OUTER_FOLDS,
) -> Plan:
    """Plan the paper's experiment on a catalog: its models, their labels' entropy, 5 x 5 folds.

    Raises:
        RunError: An option can't be used.
        ModelError: No model has such a name.
    """
    if options.log_base not in LOG_BASES:
        raise RunError(f"`log_base` is {options.log_base!r}, expected e or 2")
    if options.settings:
        raise RunError(
            "`settings` is not for the preset paper, whose settings are the paper's; use the preset best with `models`"
        )
    names = options.names
    plan = make_plan(catalog, names, split=split, seed=seed, inner_folds=inner_folds, outer_folds=outer_folds)
    plan = replace(plan, models=tuple(_with_papers_settings(model) for model in plan.models))
    plan = _with_epochs(plan, "photo", PHOTO_EPOCHS, "epochs", options.epochs)
    plan = _with_epochs(plan, "text", TEXT_EPOCHS, "text_epochs", options.text_epochs)
    return replace(plan, preset=PRESET, labels=bool(catalog.has_photo.any()), log_base=options.log_base)


def deviations(plan: Plan, info: Mapping[str, Any]) -> tuple[str, ...]:
    """Name every setting and every rule in which a plan departs from the paper, one clause each.

    Args:
        plan: The plan.
        info: The catalog's `catalog.json`: its source and what its rules did.
    """
    return (*_of_the_works(plan, info), *_of_the_folds(plan), *_of_the_models(plan))


def readings(plan: Plan) -> tuple[str, ...]:
    """Name how the plan reads what the paper leaves open, one clause each."""
    base = "natural logarithm" if plan.log_base == "e" else f"logarithm to base {plan.log_base}"
    return (
        f"entropy: {base} (the paper names no base)",
        f"seed {plan.seed} for folds and models (the paper names none)",
        "the fusion's weight is chosen on validation works; the paper's way, best on the test works, is the oracle",
        "a label vector's “none” is 1 where no object was found, 0 elsewhere (the paper does not say)",
    )


def paper_arguments(plan: Plan) -> list[str]:
    """The words of the command line, after the catalog and the run, that make a plan of this preset."""
    asked = [model.name for model in plan.models] + list(plan.left_out)
    specs = {model.modality: model for model in plan.models}
    words = ["--preset", PRESET]
    named = {modality: model.name for modality, model in PAPER_MODELS.items()}
    photo = next((name for name in asked if name.startswith("photo-")), named["photo"])
    expected = {**named, "photo": photo}
    only = [modality for modality, name in expected.items() if name in asked]
    if set(asked) == {*(expected[modality] for modality in only), BASELINE} and only:
        words += [] if len(only) == len(expected) else [word for modality in only for word in ("--only", modality)]
        words += [] if photo == named["photo"] else ["--photo-model", photo]
    else:
        words += [word for name in asked for word in ("--model", name)]
    for modality, setting, option in (("photo", PHOTO_EPOCHS, "--epochs"), ("text", TEXT_EPOCHS, "--text-epochs")):
        if modality in specs and setting in specs[modality].settings:
            words += [option, str(specs[modality].settings[setting])]
    return words + _number_arguments(plan)


def _number_arguments(plan: Plan) -> list[str]:
    pairs = (
        ("--folds", plan.inner_folds, INNER_FOLDS),
        ("--outer-folds", plan.outer_folds, OUTER_FOLDS),
        ("--log-base", plan.log_base, "e"),
    )
    return [word for option, value, usual in pairs if value != usual for word in (option, str(value))]


def _with_papers_settings(spec: ModelSpec) -> ModelSpec:
    papers = [model.settings for model in PAPER_MODELS.values() if model.name == spec.name]
    return replace(spec, settings={**spec.settings, **papers[0]}) if papers else spec


def _with_epochs(plan: Plan, modality: str, setting: str, argument: str, value: int | None) -> Plan:
    if value is None:
        return plan
    if value < 1:
        raise RunError(f"`{argument}` is {value}, expected 1 or more")
    named = [model for model in plan.models if model.modality == modality]
    settable = [model.name for model in named if setting in model.settings]
    if not settable:
        names = ", ".join(model.name for model in named)
        why = f"{names} makes no passes that could be set" if names else f"no {modality} model is evaluated"
        raise RunError(f"`{argument}` is {value}, but {why}; leave it out")
    models = tuple(
        replace(model, settings={**model.settings, setting: value}) if model.name in settable else model
        for model in plan.models
    )
    return replace(plan, models=models)


def _of_the_works(plan: Plan, info: Mapping[str, Any]) -> Iterator[str]:
    source = info.get("source", {}).get("kind", "a catalog made in Python")
    named = "the simulated market" if source == "market" else f"from {source}"
    yield (
        f"other works: {plan.works:,} by {len(plan.creators):,} creators, {named}; "
        f"the paper: {WORKS:,} by {CREATORS:,} of minne, which are not public"
    )
    rules = {rule["rule"]: rule["settings"] for rule in info.get("rules", [])}
    wanted = (
        ("period", PERIOD, "no rule of period"),
        ("category", CATEGORY, "no rule of category"),
        ("one account", None, "accounts of one person are not joined"),
        ("fewest works", FEWEST, "no fewest number of works a creator"),
    )
    for rule, settings, absent in wanted:
        if rule not in rules:
            yield f"{absent}; the paper: {settings or 'joined'}"
        elif settings is not None and rules[rule] != settings:
            yield f"{rule}: {rules[rule]}; the paper: {settings}"
    for kind in ("photo", "text"):
        share = info.get("statistics", {}).get(f"with_{kind}", 1.0)
        if share < 1:
            yield f"{1 - share:.1%} of the works have no {kind}; the paper names no such works"


def _of_the_folds(plan: Plan) -> Iterator[str]:
    if (plan.outer_folds, plan.inner_folds) != (OUTER_FOLDS, INNER_FOLDS):
        yield (
            f"{plan.outer_folds} x {plan.inner_folds} folds, {plan.outer_folds * plan.inner_folds} models of a kind; "
            f"the paper: {OUTER_FOLDS} x {INNER_FOLDS}"
        )
    if plan.split != "random":
        yield f"{plan.split} split; the paper: random"


def _of_the_models(plan: Plan) -> Iterator[str]:
    by_name = {model.name: model for model in plan.models}
    of_modality = {model.modality: model.name for model in reversed(plan.models)}
    for modality, paper in PAPER_MODELS.items():
        if paper.name in by_name:
            yield from _of_the_settings(by_name[paper.name], paper)
        elif modality in of_modality:
            yield f"{of_modality[modality]} in place of {paper.name}"
        else:
            why = plan.left_out.get(paper.name)
            yield f"no model for {modality}" + (f" ({why})" if why else "") + f"; the paper: {paper.name}"
    if "photo" in of_modality:
        yield "the network runs in PyTorch; the paper: Keras"
    if not plan.labels:
        yield "no labels were looked for, so there is no entropy; the paper: tables 1 and 5 to 8"


def _of_the_settings(spec: ModelSpec, paper: PaperModel) -> Iterator[str]:
    for name, value in paper.settings.items():
        ours = spec.settings.get(name, "not known")
        if ours != value:
            yield f"{spec.name}: {name} {ours}; the paper: {value}"
