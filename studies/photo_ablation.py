"""What each kind of photo feature is worth, and what it costs.

    python -m studies photo_ablation CATALOG [--folds 5] [--seed 0]

Each row is the photo model with other features, trained on the training part of inner fold 0 of each outer fold and
evaluated on its validation part; test parts are never looked at. Spreads are standard deviations over the folds
(n - 1). Milliseconds are processor time of one thread for one photo of a batch: the network's, and what the features
add to it. A row that reads the mirror image too pays for the network and the features twice.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from sakka.arrays import Features, IntArray
from sakka.catalog.splits import Fold, nested_splits
from sakka.catalog.works import Catalog
from sakka.models.linear_head.dense import block_weights, fit_dense
from sakka.models.linear_head.head import LinearHead
from sakka.models.photo.linear import mean_vectors
from sakka.models.photo.out_of_fold import fit_ridge, fit_stacked, one_head, parts_of
from sakka.networks.backbones import INPUT_PX
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.extractor import DTYPES, PhotoExtractor, channel_statistics
from sakka.networks.features import photo_features
from studies.figures import Figure

ROUNDS = 5
STAGES = ("block2", "block4", "block7", "block10")
STRAIGHT, TURNED = "as it is", "mirrored"


@dataclass(frozen=True)
class Variant:
    """A row of the table.

    Attributes:
        words: What it is.
        stages: The stages of means and deviations; None: all but the last.
        covariances: The stages of covariances.
        learns: The views of a photo whose mean vector is learned from.
        reads: The views whose probabilities are averaged.
        out_of_fold: Whether the head is given out-of-fold predictions of the creator.
        penalty: The weight of the squared weights; None: the photo model's default.
    """

    words: str
    stages: list[str] | None = None
    covariances: tuple[str, ...] = STAGES
    learns: tuple[str, ...] = (STRAIGHT,)
    reads: tuple[str, ...] = (STRAIGHT,)
    out_of_fold: bool = False
    penalty: float | None = None


BOTH = (STRAIGHT, TURNED)
VARIANTS = (
    Variant("means of the last layer (the paper's way)", ["last"], ()),
    Variant("means and deviations of six stages", None, ()),
    Variant("... and covariances of block 7", None, ("block7",)),
    Variant("... of blocks 4 and 7", None, ("block4", "block7")),
    Variant("... of blocks 2, 4, 7 and 10"),
    Variant("... with a penalty of 0.004", penalty=0.004),
    Variant("... learning from mirror images too", learns=BOTH),
    Variant("... learning from mirror images and reading both", learns=BOTH, reads=BOTH),
    Variant("... with out-of-fold predictions of the creator", out_of_fold=True),
    Variant(
        "... with out-of-fold predictions, learning from mirror images too (the default)", learns=BOTH, out_of_fold=True
    ),
    Variant("... with a penalty of 0.02", learns=BOTH, out_of_fold=True, penalty=0.02),
    Variant("... the default, reading both", learns=BOTH, reads=BOTH, out_of_fold=True),
)


def evaluated(works: Catalog, folds: Sequence[Fold], variant: Variant) -> Iterator[Figure]:
    """A variant's number of features, accuracy and log-loss."""
    extractor = PhotoExtractor("efficientnet_lite0")
    blocks = extractor.blocks(variant.stages, variant.covariances)
    columns = np.concatenate(blocks)
    views = {STRAIGHT: extractor, TURNED: extractor.of_mirror_images()}
    used = {view: photo_features(works, views[view], columns)[0] for view in {*variant.learns, *variant.reads}}
    features = used[variant.learns[0]]
    if len(variant.learns) > 1:
        features = mean_vectors(*(used[view] for view in variant.learns))
    labels, has_photo = works.creator_indices(works.creators), works.has_photo
    widths = [len(block) for block in blocks]
    settings: Any = {
        "n_classes": len(works.creators),
        "penalty": variant.penalty or (0.01 if len(blocks) > 1 else 0.003),
        "seed": 0,
    }
    rows_of_folds = [fold.train[has_photo[fold.train]] for fold in folds]
    if variant.out_of_fold:
        heads = [_stacked_head(features[rows], labels[rows], widths, settings) for rows in rows_of_folds]
    else:
        heads = fit_dense(features, labels, rows_of_folds, weights=block_weights(widths), **settings)
    accuracies, losses, n_works = [], [], 0
    for fold, head in zip(folds, heads, strict=True):
        rows = fold.validation[has_photo[fold.validation]]
        probabilities = np.mean([head.predict_proba(used[view][rows]) for view in variant.reads], axis=0)
        accuracies.append(float((probabilities.argmax(axis=1) == labels[rows]).mean()))
        losses.append(float(-np.log(np.maximum(probabilities[np.arange(len(rows)), labels[rows]], 1e-9)).mean()))
        n_works += len(rows)
    yield Figure(variant.words, "values", len(columns))
    yield Figure.over(variant.words, "accuracy", accuracies, n_works)
    yield Figure.over(variant.words, "log-loss", losses, n_works)


def _stacked_head(vectors: Features, labels: IntArray, widths: Sequence[int], settings: Any) -> LinearHead:
    known = np.eye(settings["n_classes"], dtype=np.float32)[labels]
    predictions = [
        fit_ridge(vectors, widths, known, np.ones(len(labels), np.bool_), parts_of(labels, settings["seed"]))
    ]
    head = fit_stacked(vectors, predictions, labels, np.arange(len(labels)), widths=widths, **settings)
    return one_head(head, predictions)


def milliseconds() -> dict[str, float]:
    """Processor time a photo of the network, the means and deviations of all stages, and each stage's covariances."""
    torch.set_num_threads(1)
    extractor = PhotoExtractor("efficientnet_lite0")
    photos = torch.zeros(BATCH_PHOTOS, 3, INPUT_PX, INPUT_PX, dtype=DTYPES[extractor.dtype])
    photos = photos.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        maps = extractor.network(photos)
        costs = {"network": _cost(lambda: extractor.network(photos))}
        costs["statistics"] = _cost(lambda: [channel_statistics(maps[stage]) for stage in extractor.backbone.stages])
        for stage in STAGES:
            without, whole = (
                _cost(lambda stage=stage, wanted=wanted: channel_statistics(maps[stage], covariances=wanted))
                for wanted in (False, True)
            )
            costs[stage] = whole - without
    return costs


def _cost(do: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        do()
        times.append(time.thread_time() - start)
    return 1000 * min(times) / BATCH_PHOTOS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog")
    parser.add_argument("--folds", type=int, default=5, help="how many outer folds, each with its inner fold 0")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Time the network and the features, then evaluate each variant."""
    works = Catalog.read(asked.catalog)
    splits = nested_splits(works, seed=asked.seed)
    folds = [splits.fold(outer, 0) for outer in range(asked.folds)]
    costs = milliseconds()
    yield Figure("the network alone", "ms a photo", costs["network"])
    for variant in VARIANTS:
        yield from evaluated(works, folds, variant)
        cost = costs["statistics"] + sum(costs[stage] for stage in variant.covariances)
        cost += (len(variant.reads) - 1) * (cost + costs["network"])
        yield Figure(variant.words, "ms a photo", cost)
