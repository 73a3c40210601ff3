"""What each kind of photo feature is worth, and what it costs.

    python -m studies photo_ablation CATALOG [--rows encoders] [--folds 5] [--seed 0]

Each row is the photo model with other features, trained on the training part of inner fold 0 of each outer fold of the
grouped split (near-identical works together) and evaluated on its validation part; test parts are never looked at.
Spreads are standard deviations over the folds (n - 1). Gains are over the first row, in points, with the 95 % paired
bootstrap interval over the works.

Milliseconds are processor time of one thread for one photo of a batch, network and statistics: medians of rounds in
which all networks take turns. The first ratio is to the first row's; the second counts the decoding of the catalog's
photos on both sides. A row that reads the mirror image too pays for network and statistics twice.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from sakka.arrays import DoubleArray, Features, IntArray
from sakka.catalog.splits import GROUPED, Fold
from sakka.catalog.works import Catalog
from sakka.evaluation.usable_works import split_works
from sakka.models.linear_head.head import LinearHead
from sakka.models.photo.linear import LEAST_PENALTY, PENALTY_A_FEATURE, mean_vectors
from sakka.models.photo.out_of_fold import MOST_WORKS, fit_ridge, fit_stacked, one_head, parts_of
from sakka.networks.encoders import BATCH_PHOTOS, BUILT_IN
from sakka.networks.extractor import PhotoExtractor, channel_statistics
from sakka.networks.features import photo_features, photo_pixels
from studies.figures import Figure, bootstrap_interval

ROUNDS = 9
DECODED = 64  # photos of the catalog whose decoding is timed
POINTS = 100


@dataclass(frozen=True)
class Part:
    """What is read of one network.

    Attributes:
        encoder: The network's name.
        stages: The stages of means and deviations; None: all but the last.
        covariances: The stages of covariances; None: all that the network is read for.
    """

    encoder: str = "lite0"
    stages: tuple[str, ...] | None = None
    covariances: tuple[str, ...] | None = None

    def extractor(self) -> PhotoExtractor:
        """What reads the network."""
        return PhotoExtractor(BUILT_IN[self.encoder])

    def blocks(self) -> list[IntArray]:
        """The columns of each block of the network's vectors that is read."""
        return self.extractor().blocks(self.stages, self.covariances)

    def stages_of_covariances(self) -> tuple[str, ...]:
        """The stages whose covariances are read."""
        return self.extractor().backbone.covariances if self.covariances is None else self.covariances


@dataclass(frozen=True)
class Variant:
    """A row of the table.

    Attributes:
        words: What it is.
        parts: What is read of each network, side by side.
        mirrored: Whether mirror images are learned from too.
        reads_both: Whether the probabilities of the photo and its mirror image are averaged.
        out_of_fold: Whether the head is given out-of-fold predictions of the creator.
        minibatches: Whether the head takes a fixed number of steps on minibatches, as it does for many works.
        penalty: The weight of the squared weights; None: the photo model's default.
    """

    words: str
    parts: tuple[Part, ...] = (Part(),)
    mirrored: bool = True
    reads_both: bool = False
    out_of_fold: bool = True
    minibatches: bool = False
    penalty: float | None = None


NO_STAGES: tuple[str, ...] = ()
LITE0, LITE2 = (Part(),), (Part("lite2"),)
PLAIN = {"mirrored": False, "out_of_fold": False}
ROWS: Mapping[str, tuple[Variant, ...]] = {
    "features": (
        Variant("lite0: six stages, covariances, mirror images, out-of-fold predictions"),
        Variant("means of the last layer (the paper's way)", (Part("lite0", ("last",)),), **PLAIN),
        Variant("means and deviations of six stages", (Part("lite0", None, NO_STAGES),), **PLAIN),
        Variant("... and covariances of block 7", (Part("lite0", None, ("block7",)),), **PLAIN),
        Variant("... of blocks 4 and 7", (Part("lite0", None, ("block4", "block7")),), **PLAIN),
        Variant("... of blocks 2, 4, 7 and 10", **PLAIN),
        Variant("... learning from mirror images too", out_of_fold=False),
        Variant("... with out-of-fold predictions of the creator", mirrored=False),
        Variant("the first row, reading mirror images too", reads_both=True),
    ),
    "encoders": (
        Variant("lite0, a fixed number of steps on minibatches, penalty 0.01", minibatches=True, penalty=0.01),
        Variant("lite0, solved by works, penalty 0.01", penalty=0.01),
        Variant("lite0", LITE0),
        Variant("lite2", LITE2),
        Variant("lite0+lite2", LITE0 + LITE2),
        Variant("... with a penalty of 0.022", LITE0 + LITE2, penalty=0.022),
        Variant(
            "... of lite2 the covariances of blocks 10 and 14", (*LITE0, Part("lite2", None, ("block10", "block14")))
        ),
        Variant("... of lite2 means and deviations only", (*LITE0, Part("lite2", None, NO_STAGES))),
    ),
}


def evaluated(works: Catalog, folds: Sequence[Fold], variant: Variant) -> tuple[list[Figure], DoubleArray]:
    """A variant's number of features, accuracy and log-loss, and which validation works it names correctly."""
    straight = _features(works, variant, turned=False)
    turned = _features(works, variant, turned=True) if variant.mirrored or variant.reads_both else straight
    features = mean_vectors(straight, turned) if variant.mirrored else straight
    labels, has_photo = works.creator_indices(works.creators), works.has_photo
    hits, losses = [], []
    for fold in folds:
        train = fold.train[has_photo[fold.train]]
        head = _head(features[train], labels[train], variant)
        rows = fold.validation[has_photo[fold.validation]]
        read = (straight, turned) if variant.reads_both else (straight,)
        probabilities = np.mean([head.predict_proba(each[rows]) for each in read], axis=0)
        hits.append((probabilities.argmax(axis=1) == labels[rows]).astype(np.float64))
        losses.append(float(-np.log(np.maximum(probabilities[np.arange(len(rows)), labels[rows]], 1e-9)).mean()))
    n_works = sum(len(each) for each in hits)
    figures = [
        Figure(variant.words, "values", straight.shape[1]),
        Figure.over(variant.words, "accuracy", [float(each.mean()) for each in hits], n_works),
        Figure.over(variant.words, "log-loss", losses, n_works),
    ]
    return figures, np.concatenate(hits)


def _features(works: Catalog, variant: Variant, *, turned: bool) -> Features:
    tables = []
    for part in variant.parts:
        extractor = part.extractor().of_mirror_images() if turned else part.extractor()
        tables.append(photo_features(works, extractor, np.concatenate(part.blocks()))[0])
    return np.concatenate(tables, axis=1)


def _head(vectors: Features, labels: IntArray, variant: Variant) -> LinearHead:
    widths = [len(block) for part in variant.parts for block in part.blocks()]
    penalty = variant.penalty or max(LEAST_PENALTY, PENALTY_A_FEATURE * sum(widths))
    n_classes, rows, predictions = int(labels.max()) + 1, np.arange(len(labels)), []
    if variant.out_of_fold:
        targets = np.eye(n_classes, dtype=np.float32)[labels]
        predictions = [fit_ridge(vectors, widths, targets, np.ones(len(labels), np.bool_), parts_of(labels, 0))]
    settings: Any = {"widths": widths, "n_classes": n_classes, "penalty": penalty, "seed": 0}
    most_works = 0 if variant.minibatches else MOST_WORKS
    head = fit_stacked(vectors, predictions, labels, rows, most_works=most_works, **settings)
    return one_head(head, predictions) if predictions else head


def gain(row: str, hits: DoubleArray, before: DoubleArray) -> Figure:
    """How many points more works are named correctly than before, with its interval."""
    difference = POINTS * (hits - before)
    generator = np.random.default_rng(0)
    interval = bootstrap_interval(lambda rows: difference[rows].mean(axis=1), len(difference), generator)
    return Figure(row, "gain, points", float(difference.mean()), interval=interval)


def milliseconds(parts: Sequence[Part]) -> dict[Part, float]:
    """Processor time a photo of each part's network and statistics; the parts take turns."""
    torch.set_num_threads(1)
    jobs = {part: _reading(part) for part in parts}
    seconds: dict[Part, list[float]] = {part: [] for part in parts}
    for job in jobs.values():
        job()
    for _ in range(ROUNDS):
        for part, job in jobs.items():
            seconds[part].append(_seconds(job))
    return {part: 1000 * statistics.median(taken) / BATCH_PHOTOS for part, taken in seconds.items()}


def _reading(part: Part) -> Callable[[], object]:
    extractor, stages = part.extractor(), part.stages_of_covariances()
    pixels = np.zeros((BATCH_PHOTOS, extractor.input_px, extractor.input_px, 3), dtype=np.uint8)

    def read() -> None:
        with torch.inference_mode():
            for stage, maps in extractor.maps(pixels).items():
                channel_statistics(maps, covariances=stage in stages)

    return read


def decoding_milliseconds(works: Catalog) -> float:
    """The median processor time to read one of the catalog's photos and to squash it."""
    photos = [photo for photo in works.photos if photo is not None][:: max(1, len(works) // DECODED)]
    input_px = Part().extractor().input_px
    return 1000 * statistics.median(_seconds(partial(photo_pixels, photo, input_px)) for photo in photos)


def _seconds(do: Callable[[], object]) -> float:
    start = time.thread_time()
    do()
    return time.thread_time() - start


def costs(variants: Sequence[Variant], works: Catalog) -> Iterator[Figure]:
    """Each variant's milliseconds a photo, and their ratios to the first's without and with decoding."""
    taken = milliseconds(list(dict.fromkeys(part for variant in variants for part in variant.parts)))
    decoding = decoding_milliseconds(works)
    first = 0.0
    for variant in variants:
        own = (1 + variant.reads_both) * sum(taken[part] for part in variant.parts)
        first = first or own
        yield Figure(variant.words, "ms a photo", own)
        yield Figure(variant.words, "ratio", own / first)
        yield Figure(variant.words, "ratio with decoding", (own + decoding) / (first + decoding))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog")
    parser.add_argument("--rows", choices=sorted(ROWS), default="encoders", help="which table")
    parser.add_argument("--folds", type=int, default=5, help="how many outer folds, each with its inner fold 0")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Evaluate each variant, then time them all."""
    works, variants = Catalog.read(asked.catalog), ROWS[asked.rows]
    splits = split_works(works, GROUPED, asked.seed)
    folds = [splits.fold(outer, 0) for outer in range(asked.folds)]
    before = None
    for variant in variants:
        figures, hits = evaluated(works, folds, variant)
        yield from figures
        before = hits if before is None else before
        yield gain(variant.words, hits, before)
    yield from costs(variants, works)
