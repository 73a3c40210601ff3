"""Accuracy by scikit-learn's `cross_val_score`, beside the single models of `sakka experiment`.

    python -m studies scikit_learn CATALOG [--model NAME ...]

The experiment splits each creator's works into five outer folds; a single model learns from four fifths of the other
four (16 of 25 works) and is evaluated on the fifth. `SakkaClassifier` gets the same works as a table, and
`cross_val_score` evaluates it twice: on the experiment's own folds, and on five splits of scikit-learn's
(`StratifiedShuffleSplit`) with as many works to learn from and to evaluate on.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score

from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.frame import CORRECT
from sakka.evaluation.open_run import open_run
from sakka.evaluation.run import run_experiment
from sakka.evaluation.usable_works import split_works
from sakka.models.classifier import SakkaClassifier
from sakka.paper.plan import PaperOptions
from sakka.paper.presets import preset_plan
from studies.figures import Figure

MODELS = ("photo-lite0", "text-linear")
SEED = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--model", action="append", metavar="NAME", help="a model to evaluate; repeatable")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Each model's accuracy by the experiment and by `cross_val_score`, mean and standard deviation over five folds."""
    works = Catalog.read(asked.catalog)
    folds = split_works(works, "random", SEED).folds(1)
    for name in asked.model or MODELS:
        for way, accuracies in accuracies_of(works, name, folds).items():
            yield Figure.over(name, way, accuracies, len(works))


def accuracies_of(works: Catalog, name: str, folds: Sequence[Fold], **settings: object) -> dict[str, list[float]]:
    """A model's accuracy on each fold, by the experiment and by `cross_val_score` on two kinds of folds.

    Args:
        works: The works.
        name: The model.
        folds: The experiment's first inner fold of each outer fold.
        settings: Of the model.
    """
    classifier = SakkaClassifier(name, settings=dict(settings), photo_root=works.photo_root)
    table, creators = works.table.drop("creator"), works.table["creator"].to_numpy()
    own = StratifiedShuffleSplit(
        len(folds), train_size=len(folds[0].train), test_size=len(folds[0].test), random_state=SEED
    )
    return {
        "experiment, single models": _by_experiment(works, name, dict(settings)),
        "cross_val_score, the same folds": list(
            cross_val_score(classifier, table, creators, cv=[(fold.train, fold.test) for fold in folds])
        ),
        "cross_val_score, other folds": list(cross_val_score(classifier, table, creators, cv=own)),
    }


def _by_experiment(works: Catalog, name: str, settings: dict[str, object]) -> list[float]:
    options = PaperOptions(models=(name,), settings={name: settings} if settings else {})
    plan = preset_plan(works, "quick", options, seed=SEED, inner_folds=1)
    with tempfile.TemporaryDirectory() as folder:
        frame = evaluate_run(open_run(run_experiment(works, Path(folder) / "run", plan).folder)).frame
    by_fold = frame.group_by("outer").agg(CORRECT.mean().alias("accuracy")).sort("outer")
    return [float(each) for each in np.asarray(by_fold["accuracy"])]
