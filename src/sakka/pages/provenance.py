"""How a run was made: what someone needs to make it again."""

import json
import platform
import shlex
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from sakka.catalog.splits import OUTER_FOLDS
from sakka.evaluation.open_run import StoredRun
from sakka.files import canonical_json
from sakka.paper.plan import PRESET as PAPER
from sakka.paper.plan import paper_arguments
from sakka.paper.presets import PRESETS

PACKAGES = ("numpy", "torch", "scikit-learn", "polars", "pillow", "safetensors")
HIDDEN = frozenset({"photo_root", "version", "works_sha256", "photos_file_sha256", "problems_sha256"})
"""Paths of one machine, and what stands elsewhere."""


@dataclass(frozen=True)
class Provenance:
    """How a run was made.

    Attributes:
        command: The command line.
        facts: Pairs of a name and a value.
        models: Name and settings of each model.
        deviations: In what their fitting departed from these, one clause each.
        catalog: Pairs of a name and a value: the source, its rules and what each removed.
    """

    command: str
    facts: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...]
    deviations: tuple[str, ...]
    catalog: tuple[tuple[str, str], ...]


def provenance_of(run: StoredRun) -> Provenance:
    """The command, the split, the versions and the catalog of a run."""
    plan = run.plan
    works = np.bincount(run.facts.labels, minlength=run.facts.columns)
    split = f"{plan.split}, {plan.outer_folds} outer × {plan.inner_folds} inner folds, stratified by creator"
    facts = (
        ("Works and creators", f"{plan.works:,} works by {len(plan.creators):,} creators"),
        ("Works per creator", f"max {works.max():,}, min {works.min():,}, std {works.std():.1f}"),
        ("Lacking a photo", f"{int((~run.facts.has_photo).sum()):,} works"),
        ("Lacking a text", f"{int((~run.facts.has_text).sum()):,} works"),
        ("Split", split),
        ("Seed", str(plan.seed)),
        ("Catalog's SHA-256", plan.catalog_sha256),
        ("Versions", f"sakka {plan.sakka}, Python {platform.python_version()}, {_versions()}"),
    )
    models = tuple((model.name, _one_line(model.settings)) for model in plan.models)
    return Provenance(command(run), facts, models, run.deviations(), _catalog(run))


def command(run: StoredRun) -> str:
    """The command line that makes the run."""
    plan = run.plan
    names = tuple(model.name for model in plan.models)
    asked = {*names, *plan.left_out}
    preset = next(
        (
            each.name
            for each in PRESETS.values()
            if set(each.models) == asked and each.inner_folds == plan.inner_folds and each.name != PAPER
        ),
        None,
    )
    words = ["sakka", "experiment", "CATALOG", "-o", "RUN"]
    if plan.preset == PAPER:
        return shlex.join([*words, *paper_arguments(plan), "--split", plan.split, "--seed", str(plan.seed)])
    if preset is None:
        words += [word for name in names for word in ("--model", name)]
        words += ["--inner-folds", str(plan.inner_folds)]
    else:
        words += ["--preset", preset]
    if plan.outer_folds != OUTER_FOLDS:
        words += ["--outer-folds", str(plan.outer_folds)]
    return shlex.join([*words, "--split", plan.split, "--seed", str(plan.seed)])


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def _catalog(run: StoredRun) -> tuple[tuple[str, str], ...]:
    path = run.layout.catalog
    if not path.is_file():
        return ()
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(_flat("", info)) if isinstance(info, dict) else ()


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    """Pairs of a name and a value; each part of a list of parts (the rules) is one line."""
    if value in ({}, [], None):
        return []
    if isinstance(value, dict):
        pairs = [(f"{name} · {key}" if name else key, each) for key, each in value.items() if key not in HIDDEN]
        return [pair for key, each in pairs for pair in _flat(key.replace("_", " "), each)]
    if isinstance(value, list) and isinstance(value[0], dict):
        return [(f"{name} {number}", _described(each)) for number, each in enumerate(value, 1)]
    return [(name, _one_line(value) if isinstance(value, list) else _rounded(value))]


def _described(part: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in _flat("", part))


def _rounded(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _one_line(value: Any) -> str:
    return " ".join(canonical_json(value).split())
