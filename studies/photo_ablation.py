"""What each kind of photo feature is worth, and what it costs.

    python -m studies photo_ablation CATALOG [--rows encoders] [--encoder NAME] [--folds 5] [--seed 0]

Each row is the photo model with other features, trained on the training part of inner fold 0 of each outer fold of the
grouped split (near-identical works together) and evaluated on its validation part; test parts are never looked at.
`--encoder` adds an encoder of one's own, alone and beside Lite0; `--rows own` has little else.

    accuracy            share of the validation works named correctly; its spread is the standard deviation over the
                        folds (n - 1)
    groups once         the same where near-identical works count as one: each by the share of its group
    log-loss            nats a work
    gain                over the first row, in points, with the 95 % paired bootstrap interval over the works, or over
                        the groups of near-identical works
    over `lite0`        the gain over the row of that name: the same head on the fast network

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
from sakka.copies.groups import near_identical
from sakka.evaluation.usable_works import split_works
from sakka.models.linear_head.dense import block_weights
from sakka.models.linear_head.head import LinearHead
from sakka.models.photo.linear import LEAST_PENALTY, PENALTY_A_FEATURE, PENALTY_A_FEATURE_BY_BATCHES, mean_vectors
from sakka.models.photo.out_of_fold import MOST_WORKS, fit_ridge, fit_stacked, one_head, parts_of
from sakka.networks.encoders import BATCH_PHOTOS, PhotoEncoder, photo_encoders
from sakka.networks.extractor import PhotoExtractor, channel_statistics
from sakka.networks.features import photo_features, photo_pixels
from studies.figures import Figure, group_means, mean_interval

ROUNDS = 9
DECODED = 64  # photos of the catalog whose decoding is timed
POINTS = 100
FAST = "lite0"  # the row of the second gain


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

    def made(self, *, turned: bool = False) -> PhotoEncoder:
        """What reads the network, of mirror images where `turned`."""
        (encoder,) = photo_encoders(self.encoder)
        return encoder.of_mirror_images() if turned else encoder

    def blocks(self) -> list[IntArray]:
        """The columns of each block of the network's vectors that is read."""
        return self.made().blocks(self.stages, self.covariances)


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
        penalty: The weight of the squared weights for each value.
        projected: How many random directions the vectors are projected onto; None: they stay.
    """

    words: str
    parts: tuple[Part, ...] = (Part(),)
    mirrored: bool = False
    reads_both: bool = False
    out_of_fold: bool = True
    minibatches: bool = False
    penalty: float = PENALTY_A_FEATURE
    projected: int | None = None


NO_STAGES: tuple[str, ...] = ()
LITE0, LITE2 = (Part(),), (Part("lite2"),)
ROWS: Mapping[str, tuple[Variant, ...]] = {
    "own": (Variant(FAST), Variant("lite0+lite2", LITE0 + LITE2)),
    "features": (
        Variant("lite0: six stages, covariances, out-of-fold predictions"),
        Variant("means of the last layer (the paper's way)", (Part("lite0", ("last",)),), out_of_fold=False),
        Variant("means and deviations of six stages", (Part("lite0", None, NO_STAGES),), out_of_fold=False),
        Variant("... and covariances of block 7", (Part("lite0", None, ("block7",)),), out_of_fold=False),
        Variant("... of blocks 4 and 7", (Part("lite0", None, ("block4", "block7")),), out_of_fold=False),
        Variant("... of blocks 2, 4, 7 and 10", out_of_fold=False),
        Variant("... learning from mirror images too", out_of_fold=False, mirrored=True),
        Variant("the first row, learning from mirror images too and reading both", mirrored=True, reads_both=True),
    ),
    "encoders": (
        Variant(
            "lite0 as it was: mirror images, a fixed number of steps on minibatches",
            mirrored=True,
            minibatches=True,
            penalty=PENALTY_A_FEATURE_BY_BATCHES,
        ),
        Variant(FAST),
        Variant("lite0, learning from mirror images too", mirrored=True),
        Variant("lite2", LITE2),
        Variant("lite0+lite2", LITE0 + LITE2),
        Variant("... a third of the penalty", LITE0 + LITE2, penalty=3.3e-6),
        Variant("... twice the penalty", LITE0 + LITE2, penalty=2e-5),
        Variant("... learning from mirror images too", LITE0 + LITE2, mirrored=True),
        Variant("... without out-of-fold predictions", LITE0 + LITE2, out_of_fold=False),
        Variant("... projected onto 4,096 random directions", LITE0 + LITE2, projected=4096),
        Variant("... of lite2 means and deviations only", (*LITE0, Part("lite2", None, NO_STAGES))),
    ),
}


@dataclass(frozen=True)
class Judged:
    """The validation works of all folds.

    Attributes:
        hits: Whether each is named correctly, shape (n_works,).
        groups: The group of near-identical works that each is in, shape (n_works,).
    """

    hits: DoubleArray
    groups: IntArray


def evaluated(works: Catalog, folds: Sequence[Fold], groups: IntArray, variant: Variant) -> tuple[list[Figure], Judged]:
    """A variant's number of features, accuracy and log-loss, and which validation works it names correctly."""
    straight = _features(works, variant, turned=False)
    turned = _features(works, variant, turned=True) if variant.mirrored or variant.reads_both else straight
    features = mean_vectors(straight, turned) if variant.mirrored else straight
    widths = [len(block) for part in variant.parts for block in part.blocks()]
    labels, has_photo = works.creator_indices(works.creators), works.has_photo
    hits, losses, within = [], [], []
    for number, fold in enumerate(folds):
        train = fold.train[has_photo[fold.train]]
        rows = fold.validation[has_photo[fold.validation]]
        learned, read = (
            features[train],
            [each[rows] for each in ((straight, turned) if variant.reads_both else (straight,))],
        )
        if variant.projected is not None:
            learned, *read = projected([learned, *read], widths, variant.projected)
        head = _head(learned, labels[train], [variant.projected] if variant.projected else widths, variant)
        probabilities = np.mean([head.predict_proba(each) for each in read], axis=0)
        hits.append((probabilities.argmax(axis=1) == labels[rows]).astype(np.float64))
        losses.append(float(-np.log(np.maximum(probabilities[np.arange(len(rows)), labels[rows]], 1e-9)).mean()))
        within.append(number * len(works) + groups[rows])
    judged = Judged(np.concatenate(hits), np.concatenate(within))
    n_works, once = len(judged.hits), group_means(judged.hits, judged.groups)
    figures = [
        Figure(variant.words, "values", variant.projected or straight.shape[1]),
        Figure.over(variant.words, "accuracy", [float(each.mean()) for each in hits], n_works),
        Figure(variant.words, "groups once", float(once.mean()), len(once)),
        Figure.over(variant.words, "log-loss", losses, n_works),
    ]
    return figures, judged


def projected(tables: Sequence[Features], widths: Sequence[int], size: int) -> list[Features]:
    """Tables on random directions, standardised before by the first of them, each block counting alike."""
    mean = tables[0].mean(axis=0, dtype=np.float32)
    stretch = block_weights(widths) / np.maximum(tables[0].std(axis=0, dtype=np.float32), 1e-6)
    directions = np.random.default_rng(0).standard_normal((len(mean), size), dtype=np.float32) * stretch[:, None]
    return [(each - mean) @ directions for each in tables]


def _features(works: Catalog, variant: Variant, *, turned: bool) -> Features:
    tables = [
        photo_features(works, part.made(turned=turned), np.concatenate(part.blocks()))[0] for part in variant.parts
    ]
    return np.concatenate(tables, axis=1)


def _head(vectors: Features, labels: IntArray, widths: Sequence[int], variant: Variant) -> LinearHead:
    penalty = max(LEAST_PENALTY, variant.penalty * sum(widths))
    n_classes, rows, predictions = int(labels.max()) + 1, np.arange(len(labels)), []
    if variant.out_of_fold:
        targets = np.eye(n_classes, dtype=np.float32)[labels]
        predictions = [fit_ridge(vectors, widths, targets, np.ones(len(labels), np.bool_), parts_of(labels, 0))]
    settings: Any = {"widths": widths, "n_classes": n_classes, "penalty": penalty, "seed": 0}
    most_works = 0 if variant.minibatches else MOST_WORKS
    head = fit_stacked(vectors, predictions, labels, rows, most_works=most_works, **settings)
    return one_head(head, predictions) if predictions else head


def gains(row: str, judged: Judged, before: Judged, over: str = "gain") -> Iterator[Figure]:
    """How many points more works are named correctly than before, and how many where a group counts once."""
    difference = POINTS * (judged.hits - before.hits)
    yield mean_interval(row, f"{over}, points", difference)
    yield mean_interval(row, f"{over}, groups once", group_means(difference, judged.groups))


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
    encoder = part.made()
    pixels = np.zeros((BATCH_PHOTOS, encoder.input_px, encoder.input_px, 3), dtype=np.uint8)
    if not isinstance(encoder, PhotoExtractor):
        return partial(encoder.vectors, pixels)
    stages = encoder.backbone.covariances if part.covariances is None else part.covariances

    def read() -> None:
        with torch.inference_mode():
            for stage, maps in encoder.maps(pixels).items():
                channel_statistics(maps, covariances=stage in stages)

    return read


def decoding_milliseconds(works: Catalog) -> float:
    """The median processor time to read one of the catalog's photos and to squash it."""
    photos = [photo for photo in works.photos if photo is not None][:: max(1, len(works) // DECODED)]
    input_px = Part().made().input_px
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
    parser.add_argument("--encoder", action="append", default=[], help="one more encoder, as `photo-ENCODER` names it")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="some rows of the table, from 1")
    parser.add_argument("--folds", type=int, default=5, help="how many outer folds, each with its inner fold 0")
    parser.add_argument("--seed", type=int, default=0)


def variants_of(rows: str, only: Sequence[int] | None, encoders: Sequence[str]) -> list[Variant]:
    """A table's rows, or some of them by their numbers from 1, and two for each further encoder."""
    chosen = ROWS[rows] if only is None else [ROWS[rows][number - 1] for number in only]
    added = [
        each
        for name in encoders
        for each in (Variant(name, (Part(name),)), Variant(f"lite0+{name}", (*LITE0, Part(name))))
    ]
    return [*chosen, *added]


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Evaluate each variant, then time them all."""
    works, variants = Catalog.read(asked.catalog), variants_of(asked.rows, asked.only, asked.encoder)
    splits, groups = split_works(works, GROUPED, asked.seed), near_identical(works).groups
    folds = [splits.fold(outer, 0) for outer in range(asked.folds)]
    judged: dict[str, Judged] = {}
    for variant in variants:
        figures, judged[variant.words] = evaluated(works, folds, groups, variant)
        yield from figures
        yield from gains(variant.words, judged[variant.words], judged[variants[0].words])
        if FAST in judged:
            yield from gains(variant.words, judged[variant.words], judged[FAST], f"over `{FAST}`")
    yield from costs(variants, works)
