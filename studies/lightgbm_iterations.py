"""Accuracy of LightGBM's models by the number of iterations, with and without a penalty on leaves.

    python -m studies lightgbm_iterations CATALOG

The models of the paper's sections 3.4 and 3.6 are fitted on three fifths of each creator's works with the paper's
settings (no penalty) and with sakka's, and evaluated on a fifth to validate and a fifth to test: accuracy and log-loss.
Spreads are standard errors over the works.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel
from sakka.models.registry import make_model
from sakka.paper.models.lightgbm_table import LEAF_PENALTY
from sakka.paper.text_candidates import split_3_1_1
from studies.figures import Figure

MODELS = ("labels-lightgbm", "text-tfidf_lightgbm", "text-word2vec")
ITERATIONS = (1, 10, 30, 100)
PENALTIES = (0.0, 1.0, LEAF_PENALTY)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--model", action="append", help=f"repeatable; {', '.join(MODELS)} where it is left out")
    parser.add_argument("--penalty", type=float, action="append", help="repeatable")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Fit and evaluate the dummy, then each model with each penalty and number of iterations."""
    works = Catalog.read(asked.catalog)
    parts = split_3_1_1(works, asked.seed)
    yield from evaluated("dummy", works, parts, make_model("dummy"))
    for name in asked.model or MODELS:
        for penalty in asked.penalty or PENALTIES:
            for iterations in ITERATIONS:
                model = make_model(name, l2=penalty, iterations=iterations, seed=asked.seed)
                yield from evaluated(f"{name}, penalty {penalty:g}, {iterations} iterations", works, parts, model)


def evaluated(
    row: str, works: Catalog, parts: tuple[IntArray, IntArray, IntArray], model: CreatorModel
) -> Iterator[Figure]:
    """Accuracy and log-loss on the validation part and on the test part."""
    train, *held_out = parts
    model.fit(works.take(train), works.creators)
    for part, rows in zip(("validation", "test"), held_out, strict=True):
        probabilities, labels = model.predict_proba(works.take(rows)), works.creator_indices()[rows]
        own = probabilities[np.arange(len(rows)), labels].astype(np.float64)
        accuracy = float(np.mean(probabilities.argmax(axis=1) == labels))
        error = (accuracy * (1 - accuracy) / len(rows)) ** 0.5
        yield Figure(row, f"{part} accuracy", accuracy, len(rows), spread=error)
        yield Figure(row, f"{part} log-loss", float(-np.log(np.maximum(own, 1e-12)).mean()), len(rows))
