"""Fine-tuned against frozen VGG16 on a few creators: `python -m benchmarks.finetuned CATALOG`.

Of the creators with the most works, `--creators` are taken, and of each `--train`, `--validation` and `--test` works,
drawn by `--seed`. All models learn from the same works and answer for the same test works. The frozen network is
judged by its last maps, as the paper means it, and by the statistics of all its stages, sakka's default; at 224
pixels, and at the size that the fine-tuned one is given.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from sakka.cli.terminal import showing_progress
from sakka.models.base import CreatorModel, Probabilities
from sakka.models.photo.extractor import BATCH_PHOTOS, PhotoExtractor
from sakka.models.photo.pixels import read_photos
from sakka.models.registry import make_model
from sakka.models.softmax import fit_softmax
from sakka.splits import Fold, IntArray
from sakka.works import Catalog

PENALTY = 0.003  # of the heads on the frozen network at another size than 224 pixels


def main() -> None:
    """Train, judge and print a table."""
    asked = _parser().parse_args()
    works, fold = drawn(Catalog.read(asked.catalog), [asked.train, asked.validation, asked.test], asked)
    print(f"{len(works.creators)} creators, {len(fold.train)} works to learn from, {len(fold.validation)} to validate")
    tuned = make_model(
        "photo-vgg16-finetuned",
        epochs=asked.epochs,
        batch=asked.batch,
        learning_rate=asked.learning_rate,
        momentum=asked.momentum,
        hidden=asked.hidden,
        input_px=asked.input_px,
        seed=asked.seed,
    )
    for stages in (["last"], None):
        name = "last maps" if stages else "statistics of all stages"
        print(f"frozen, {name}, {asked.input_px} px: {_judged_small(works, fold, stages, asked)}", flush=True)
    models = {
        "frozen, last maps, 224 px": make_model("photo-vgg16", stages=["last"], seed=asked.seed),
        "frozen, statistics of all stages, 224 px": make_model("photo-vgg16", seed=asked.seed),
    }
    if not asked.frozen_only:
        models[f"fine-tuned, {asked.input_px} px"] = tuned
    for name, model in models.items():
        print(f"{name}: {_judged(model, works, fold)}", flush=True)


def drawn(works: Catalog, counts: list[int], asked: argparse.Namespace) -> tuple[Catalog, Fold]:
    """Give the works of a few creators, and their parts: so many of each creator to train, validate and test."""
    places = works.creator_indices()
    most = np.argsort(-np.bincount(places), kind="stable")[: asked.creators]
    generator = np.random.default_rng(asked.seed)
    chosen = [generator.permutation(np.flatnonzero(places == place))[: sum(counts)] for place in most]
    ends = np.cumsum(counts)
    rows = np.sort(np.concatenate(chosen))
    parts: list[IntArray] = [
        np.sort(np.searchsorted(rows, np.concatenate([own[end - count : end] for own in chosen])))
        for count, end in zip(counts, ends, strict=True)
    ]
    return works.take(rows), Fold(0, 0, *parts)


def _judged(model: CreatorModel, works: Catalog, fold: Fold) -> str:
    start = time.perf_counter()
    with showing_progress():
        (answers,) = model.predict_folds(works, [fold], works.creators)
    return _told(works, fold, (answers.validation, answers.test), time.perf_counter() - start)


def _judged_small(works: Catalog, fold: Fold, stages: list[str] | None, asked: argparse.Namespace) -> str:
    """Judge the frozen network on photos of another size than 224 pixels; the head and its penalty are sakka's."""
    start = time.perf_counter()
    extractor = PhotoExtractor("vgg16")
    pixels = read_photos(works, asked.input_px).take(np.arange(len(works)))
    starts = range(0, len(pixels), BATCH_PHOTOS)
    table = np.concatenate([extractor.vectors(pixels[first : first + BATCH_PHOTOS]) for first in starts])
    table = table[:, extractor.column_indices(stages)]
    settings = {"n_classes": len(works.creators), "penalty": PENALTY, "seed": asked.seed}
    (head,) = fit_softmax(table, works.creator_indices(), [fold.train], **settings)
    answers = head.predict_proba(table[fold.validation]), head.predict_proba(table[fold.test])
    return _told(works, fold, answers, time.perf_counter() - start)


def _told(works: Catalog, fold: Fold, answers: tuple[Probabilities, Probabilities], seconds: float) -> str:
    places = works.creator_indices()
    right = [
        float(np.mean(table.argmax(axis=1) == places[rows]))
        for table, rows in zip(answers, (fold.validation, fold.test), strict=True)
    ]
    error = (right[1] * (1 - right[1]) / len(fold.test)) ** 0.5
    return (
        f"test accuracy {right[1]:.3f} ± {error:.3f} (standard error, n = {len(fold.test)}), "
        f"validation {right[0]:.3f} (n = {len(fold.validation)}), {seconds:.0f} s"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog", type=Path)
    for name, default in (
        ("creators", 5),
        ("train", 32),
        ("validation", 8),
        ("test", 32),
        ("epochs", 6),
        ("batch", 16),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in (("hidden", 4096), ("input-px", 96), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--frozen-only", action="store_true", help="leave the fine-tuned network out")
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--momentum", type=float, default=0.9)
    return parser


if __name__ == "__main__":
    main()
