"""Fine-tuned against frozen VGG16 on a few creators: `python -m benchmarks.finetuned CATALOG`.

Of the creators with the most works, `--creators` are taken, and of each `--train` works to learn from and
`--validation` works to choose epochs and settings on, drawn by `--seed`; all others, or `--test` of each, are judged.
All models learn from the same works and answer for the same test works:

- the frozen network under sakka's linear softmax: its last maps, as the paper means it, and the statistics of all its
  stages, sakka's default; at 224 pixels, and at the size that the fine-tuned one is given;
- the frozen network under the paper's layer of 4,096, which alone is trained, by the same steps (`head_only`);
- the network with all its layers trained: once for each `--learning-rate`. The one with the best validation accuracy
  (among equals the least log-loss) is set against the others.

The difference of two models on the same works comes with the 95% interval of 10,000 bootstrap draws of works, and with
the p-value of the exact McNemar test: of the works that only one of the two names, how surely one side has more.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from sakka.arrays import IntArray, Mask, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.cli.terminal import showing_progress
from sakka.models.base import CreatorModel
from sakka.models.registry import make_model
from sakka.models.softmax import fit_softmax
from sakka.networks.extractor import BATCH_PHOTOS, PhotoExtractor
from sakka.networks.pixels import read_photos

PENALTY = 0.003  # of the heads on the frozen network at another size than 224 pixels
DRAWS = 10_000


@dataclass(frozen=True)
class Judged:
    """How a model did.

    Attributes:
        name: What the table calls it.
        right: Which test works it names right, shape (n_test,).
        validation: Accuracy on the validation works.
        log_loss: On the validation works.
    """

    name: str
    right: Mask
    validation: float
    log_loss: float


def main() -> None:
    """Train, judge and print a table."""
    asked = _parser().parse_args()
    works, fold = drawn(Catalog.read(asked.catalog), asked)
    print(
        f"{len(works.creators)} creators, {len(fold.train)} works to learn from, {len(fold.validation)} to validate, "
        f"{len(fold.test)} to test\n\n| VGG16 | test | validation, log-loss | seconds |\n|---|---|---|---|"
    )
    frozen = []
    if asked.input_px != 224:
        frozen += _judged_small(works, fold, asked)
    for stages, name in ((["last"], "last maps"), (None, "statistics of all stages")):
        model = make_model("photo-vgg16", stages=stages, seed=asked.seed)
        frozen.append(_judged(f"frozen, {name}, 224 px", model, works, fold))
    if asked.frozen_only:
        return
    rates = asked.learning_rate or [0.001]
    how = f"{asked.input_px} px"
    heads = [_judged(f"frozen, layer of 4,096 trained, {how}, rate {rate}", _tuned(asked, rate, True), works, fold)
             for rate in rates]  # fmt: skip
    tuned = [_judged(f"all layers trained, {how}, rate {rate}", _tuned(asked, rate, False), works, fold)
             for rate in rates]  # fmt: skip
    best = _best(tuned)
    print(f"\n{best.name}, chosen on the validation works, against\n")
    for other in [*frozen, _best(heads)]:
        print(f"- {other.name}: {difference(best.right, other.right, asked.seed)}")


def drawn(works: Catalog, asked: argparse.Namespace) -> tuple[Catalog, Fold]:
    """The works of a few creators, and their parts: so many of each creator to train, validate and test."""
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


def difference(ours: Mask, other: Mask, seed: int) -> str:
    """Tell the difference of two models' accuracies on the same works.

    >>> difference(np.array([True] * 9 + [False]), np.array([True] * 3 + [False] * 7), seed=0)
    '+0.600 (95% interval 0.300 to 0.900), named by one alone: 6 and 0, p = 0.031'
    """
    apart = ours.astype(np.int64) - other
    generator = np.random.default_rng(seed)
    means = [apart[generator.integers(0, len(apart), len(apart))].mean() for _ in range(DRAWS)]
    low, high = np.quantile(means, (0.025, 0.975))
    alone = int((apart > 0).sum()), int((apart < 0).sum())
    p = binomtest(alone[0], sum(alone)).pvalue if sum(alone) else 1.0
    return (
        f"{apart.mean():+.3f} (95% interval {low:.3f} to {high:.3f}), "
        f"named by one alone: {alone[0]} and {alone[1]}, p = {p:.2g}"
    )


def _tuned(asked: argparse.Namespace, rate: float, head_only: bool) -> CreatorModel:
    settings = {name: getattr(asked, name) for name in ("epochs", "batch", "momentum", "hidden", "input_px", "seed")}
    options = {name: getattr(asked, name) for name in ("pools", "mirrors", "decays")}
    return make_model("photo-vgg16-finetuned", learning_rate=rate, head_only=head_only, **settings, **options)


def _best(judged: list[Judged]) -> Judged:
    return max(judged, key=lambda one: (one.validation, -one.log_loss))


def _judged(name: str, model: CreatorModel, works: Catalog, fold: Fold) -> Judged:
    start = time.perf_counter()
    with showing_progress():
        (answers,) = model.predict_folds(works, [fold], works.creators)
    return _told(name, works, fold, (answers.validation, answers.test), time.perf_counter() - start)


def _judged_small(works: Catalog, fold: Fold, asked: argparse.Namespace) -> list[Judged]:
    """Judge the frozen network on photos of another size than 224 pixels; the head and its penalty are sakka's."""
    start = time.perf_counter()
    extractor = PhotoExtractor("vgg16")
    pixels = read_photos(works, asked.input_px).take(np.arange(len(works)))
    starts = range(0, len(pixels), BATCH_PHOTOS)
    vectors = np.concatenate([extractor.vectors(pixels[first : first + BATCH_PHOTOS]) for first in starts])
    settings = {"n_classes": len(works.creators), "penalty": PENALTY, "seed": asked.seed}
    judged = []
    for stages, name in ((["last"], "last maps"), (None, "statistics of all stages")):
        table = vectors[:, extractor.column_indices(stages)]
        (head,) = fit_softmax(table, works.creator_indices(), [fold.train], **settings)
        answers = head.predict_proba(table[fold.validation]), head.predict_proba(table[fold.test])
        seconds = time.perf_counter() - start
        judged.append(_told(f"frozen, {name}, {asked.input_px} px", works, fold, answers, seconds))
    return judged


def _told(
    name: str, works: Catalog, fold: Fold, answers: tuple[Probabilities, Probabilities], seconds: float
) -> Judged:
    labels = works.creator_indices()
    validation, test = (
        table.argmax(axis=1) == labels[rows] for table, rows in zip(answers, (fold.validation, fold.test), strict=True)
    )
    own = answers[0][np.arange(len(fold.validation)), labels[fold.validation]].astype(np.float64)
    log_loss = float(-np.log(np.maximum(own, 1e-12)).mean())
    error = (test.mean() * (1 - test.mean()) / len(test)) ** 0.5
    judged = Judged(name, test, float(validation.mean()), log_loss)
    print(f"| {name} | {test.mean():.3f} ± {error:.3f} | {judged.validation:.3f}, {log_loss:.2f} | {seconds:.0f} |",
          flush=True)  # fmt: skip
    return judged


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog", type=Path)
    numbers = {"creators": 5, "train": 100, "validation": 40, "epochs": 6, "batch": 16, "hidden": 4096, "seed": 0}
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--input-px", type=int, default=128)
    parser.add_argument("--test", type=int, default=0, help="works of each creator to judge; 0: all that are left")
    parser.add_argument("--frozen-only", action="store_true", help="leave what is trained by steps out")
    parser.add_argument("--learning-rate", type=float, action="append", help="repeatable; 0.001 where it is left out")
    parser.add_argument("--momentum", type=float, default=0.9)
    for name, told in (
        ("pools", "average the last maps instead of flattening them"),
        ("mirrors", "mirror half of the photos"),
        ("decays", "let the steps get shorter"),
    ):
        parser.add_argument(f"--{name}", action="store_true", default=None if name == "pools" else False, help=told)
    return parser


if __name__ == "__main__":
    main()
