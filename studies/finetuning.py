"""Accuracy of VGG16 fine-tuned against VGG16 frozen, on a few creators.

    python -m studies finetuning CATALOG

Of the creators with the most works, `--creators` are taken, and of each `--train` works to learn from and
`--validation` works to choose epochs and settings on, drawn by `--seed`; all others, or `--test` of each, are the test
works. All models learn from the same works and are evaluated on the same test works:

- the frozen network under sakka's linear softmax: its last maps, as the paper means it, and the statistics of all its
  stages, sakka's default; at 224 pixels, and at the size that the fine-tuned one is given;
- the frozen network under the paper's layer of 4,096, which alone is trained, by the same steps (`head_only`);
- the network with all its layers trained: once for each `--learning-rate`. The one with the best validation accuracy
  (among equals the least log-loss) is set against the others.

Spreads are standard errors. The difference of two models on the same works comes with the 95 % interval of 10,000
bootstrap draws of works, and with the p-value of the exact McNemar test: of the works that only one of the two names
right, how surely one side has more.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from sakka.arrays import IntArray, Mask, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.cli.terminal import showing_progress
from sakka.models.base import CreatorModel
from sakka.models.linear_head.dense import fit_dense
from sakka.models.registry import make_model
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.pixels import read_photos
from studies.figures import Figure, bootstrap_interval

PENALTY = 0.003  # of the heads on the frozen network at another size than 224 pixels
DRAWS = 10_000


@dataclass(frozen=True)
class Evaluated:
    """How a model did.

    Attributes:
        name: What the table calls it.
        correct: Which test works it names right, shape (n_test,).
        validation: Accuracy on the validation works.
        log_loss: On the validation works.
        seconds: What fitting and predicting took.
    """

    name: str
    correct: Mask
    validation: float
    log_loss: float
    seconds: float

    def figures(self) -> Iterator[Figure]:
        """Accuracy on the test works, and how it did on the validation works."""
        accuracy = float(self.correct.mean())
        error = (accuracy * (1 - accuracy) / len(self.correct)) ** 0.5
        yield Figure(self.name, "test accuracy", accuracy, len(self.correct), spread=error)
        yield Figure(self.name, "validation accuracy", self.validation)
        yield Figure(self.name, "validation log-loss", self.log_loss)
        yield Figure(self.name, "seconds", self.seconds)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Train and evaluate each model, then compare the best fine-tuned one with the others."""
    works, fold = drawn(Catalog.read(asked.catalog), asked)
    others = []
    for evaluated in frozen(works, fold, asked):
        yield from evaluated.figures()
        others.append(evaluated)
    if asked.frozen_only:
        return
    rates = asked.learning_rate or [0.001]
    trained: dict[bool, list[Evaluated]] = {True: [], False: []}
    for head_only in trained:
        what = "frozen, layer of 4,096 trained" if head_only else "all layers trained"
        for rate in rates:
            name = f"{what}, {asked.input_px} px, rate {rate}"
            evaluated = _fitted(name, _fine_tuned(asked, rate, head_only), works, fold)
            yield from evaluated.figures()
            trained[head_only].append(evaluated)
    best = _best(trained[False])
    for other in [*others, _best(trained[True])]:
        yield from differences(f"{best.name}, against {other.name}", best.correct, other.correct, asked.seed)


def frozen(works: Catalog, fold: Fold, asked: argparse.Namespace) -> Iterator[Evaluated]:
    """The frozen network under linear heads, at the fine-tuned one's size and at 224 pixels."""
    if asked.input_px != 224:
        yield from _frozen_at_another_size(works, fold, asked)
    for stages, name in ((["last"], "last maps"), (None, "statistics of all stages")):
        yield _fitted(f"frozen, {name}, 224 px", make_model("photo-vgg16", stages=stages, seed=asked.seed), works, fold)


def drawn(works: Catalog, asked: argparse.Namespace) -> tuple[Catalog, Fold]:
    """Works of a few creators, and their parts: so many of each creator to train, validate and test."""
    labels = works.creator_indices()
    most = np.argsort(-np.bincount(labels), kind="stable")[: asked.creators]
    generator = np.random.default_rng(asked.seed)
    before = asked.train + asked.validation
    end = before + asked.test if asked.test else None
    chosen = [generator.permutation(np.flatnonzero(labels == place))[:end] for place in most]
    rows = np.sort(np.concatenate(chosen))
    parts: list[IntArray] = [
        np.sort(np.searchsorted(rows, np.concatenate([own[part] for own in chosen])))
        for part in (slice(asked.train), slice(asked.train, before), slice(before, end))
    ]
    return works.take(rows), Fold(0, 0, *parts)


def differences(row: str, ours: Mask, other: Mask, seed: int) -> Iterator[Figure]:
    """The difference of two models' accuracies on the same works, and of which works only one names the creator."""
    apart = ours.astype(np.int64) - other
    interval = bootstrap_interval(
        lambda rows: apart[rows].mean(axis=1), len(apart), np.random.default_rng(seed), draws=DRAWS
    )
    alone = int((apart > 0).sum()), int((apart < 0).sum())
    yield Figure(row, "gain in accuracy", float(apart.mean()), len(apart), interval=interval)
    yield Figure(row, "named right by it alone", alone[0])
    yield Figure(row, "by the other alone", alone[1])
    yield Figure(row, "p", float(binomtest(alone[0], sum(alone)).pvalue) if sum(alone) else 1.0)


def _fine_tuned(asked: argparse.Namespace, rate: float, head_only: bool) -> CreatorModel:
    settings = {name: getattr(asked, name) for name in ("epochs", "batch", "momentum", "hidden", "input_px", "seed")}
    options = {name: getattr(asked, name) for name in ("pools", "mirrors", "decays")}
    return make_model("photo-vgg16-finetuned", learning_rate=rate, head_only=head_only, **settings, **options)


def _best(evaluated: list[Evaluated]) -> Evaluated:
    return max(evaluated, key=lambda one: (one.validation, -one.log_loss))


def _fitted(name: str, model: CreatorModel, works: Catalog, fold: Fold) -> Evaluated:
    start = time.perf_counter()
    with showing_progress():
        (found,) = model.predict_folds(works, [fold], works.creators)
    return _evaluated(name, works, fold, (found.validation, found.test), time.perf_counter() - start)


def _frozen_at_another_size(works: Catalog, fold: Fold, asked: argparse.Namespace) -> Iterator[Evaluated]:
    """The frozen network on photos of another size than 224 pixels; the head and its penalty are sakka's."""
    start = time.perf_counter()
    extractor = PhotoExtractor("vgg16")
    pixels = read_photos(works, asked.input_px).take(np.arange(len(works)))
    starts = range(0, len(pixels), BATCH_PHOTOS)
    vectors = np.concatenate([extractor.vectors(pixels[first : first + BATCH_PHOTOS]) for first in starts])
    settings = {"n_classes": len(works.creators), "penalty": PENALTY, "seed": asked.seed}
    for stages, name in ((["last"], "last maps"), (None, "statistics of all stages")):
        table = vectors[:, extractor.column_indices(stages)]
        (head,) = fit_dense(table, works.creator_indices(), [fold.train], **settings)
        parts = head.predict_proba(table[fold.validation]), head.predict_proba(table[fold.test])
        seconds = time.perf_counter() - start
        yield _evaluated(f"frozen, {name}, {asked.input_px} px", works, fold, parts, seconds)


def _evaluated(
    name: str, works: Catalog, fold: Fold, parts: tuple[Probabilities, Probabilities], seconds: float
) -> Evaluated:
    labels = works.creator_indices()
    validation, test = (
        table.argmax(axis=1) == labels[rows] for table, rows in zip(parts, (fold.validation, fold.test), strict=True)
    )
    own = parts[0][np.arange(len(fold.validation)), labels[fold.validation]].astype(np.float64)
    log_loss = float(-np.log(np.maximum(own, 1e-12)).mean())
    return Evaluated(name, test, float(validation.mean()), log_loss, seconds)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    numbers = {"creators": 5, "train": 100, "validation": 40, "epochs": 6, "batch": 16, "hidden": 4096, "seed": 0}
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--input-px", type=int, default=128)
    parser.add_argument("--test", type=int, default=0, help="test works of each creator; 0: all that are left")
    parser.add_argument("--frozen-only", action="store_true", help="leave what is trained by steps out")
    parser.add_argument("--learning-rate", type=float, action="append", help="repeatable; 0.001 where it is left out")
    parser.add_argument("--momentum", type=float, default=0.9)
    for name, told in (
        ("pools", "average the last maps instead of flattening them"),
        ("mirrors", "mirror half of the photos"),
        ("decays", "let the steps get shorter"),
    ):
        parser.add_argument(f"--{name}", action="store_true", default=None if name == "pools" else False, help=told)
