"""What each kind of photo feature is worth, and what it costs: the table in `docs/photo.md`.

    python -m benchmarks.photo_ablation CATALOG [--folds 5] [--seed 0]

Each row is the photo model with other features, trained on the training part of inner fold 0 of each outer fold and
judged on its validation part; test parts are never looked at. Milliseconds are processor time of one thread for one
photo of a batch: the network's, and what the features add to it.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from sakka.models.photo.extractor import (
    BATCH_PHOTOS,
    DTYPES,
    INPUT_PX,
    PhotoExtractor,
    channel_covariances,
    channel_statistics,
)
from sakka.models.photo.linear import EfficientNetLinear
from sakka.splits import Fold, nested_splits
from sakka.works import Catalog

ROUNDS = 5
STAGES = ("block2", "block4", "block7", "block10")
# Each row's words, its stages of means and deviations, and its stages of covariances.
VARIANTS: tuple[tuple[str, list[str] | None, list[str]], ...] = (
    ("means of the last layer (the paper's way)", ["last"], []),
    ("means and deviations of six stages", None, []),
    ("... and covariances of block 7", None, ["block7"]),
    ("... of blocks 4 and 7", None, ["block4", "block7"]),
    ("... of blocks 2, 4, 7 and 10 (the default)", None, list(STAGES)),
)


def judged(works: Catalog, folds: Sequence[Fold], stages: list[str] | None, covariances: list[str]) -> list[str]:
    """Give a row's number of features, accuracy and log-loss, with their spread over the folds."""
    model = EfficientNetLinear(stages=stages, covariances=covariances)
    places = works.creator_indices(works.creators)
    right, losses = [], []
    for answers in model.predict_folds(works, folds, works.creators):
        own = places[answers.fold.validation]
        right.append(float((answers.validation.argmax(axis=1) == own).mean()))
        losses.append(float(-np.log(np.maximum(answers.validation[np.arange(len(own)), own], 1e-9)).mean()))
    width = sum(len(block) for block in PhotoExtractor(model.backbone).blocks(stages, covariances))
    return [f"{width:,}", *(f"{statistics.fmean(values):.4f} ± {_spread(values):.4f}" for values in (right, losses))]


def _spread(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def milliseconds() -> dict[str, float]:
    """Time the network, the means and deviations of all stages, and each stage's covariances."""
    torch.set_num_threads(1)
    extractor = PhotoExtractor("efficientnet_lite0")
    photos = torch.zeros(BATCH_PHOTOS, 3, INPUT_PX, INPUT_PX, dtype=DTYPES[extractor.dtype])
    photos = photos.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        maps = extractor.network(photos)
        costs = {"network": _cost(lambda: extractor.network(photos))}
        costs["statistics"] = _cost(lambda: [channel_statistics(maps[stage]) for stage in extractor.backbone.stages])
        for stage in STAGES:
            costs[stage] = _cost(lambda stage=stage: channel_covariances(maps[stage]))
    return costs


def _cost(do: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        do()
        times.append(time.thread_time() - start)
    return 1000 * min(times) / BATCH_PHOTOS


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("catalog")
    parser.add_argument("--folds", type=int, default=5, help="how many outer folds, each with its inner fold 0")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    works = Catalog.read(chosen.catalog)
    splits = nested_splits(works, seed=chosen.seed)
    folds = [splits.fold(outer, 0) for outer in range(chosen.folds)]
    costs = milliseconds()
    n_judged = sum(len(fold.validation) for fold in folds)
    lines = [
        f"n = {n_judged:,} answers on the validation parts of {len(folds)} folds; {len(works):,} works.",
        "",
        "| Features | Values | Accuracy | Log-loss | ms a photo beside the network's "
        f"{costs['network']:.1f} |\n| --- | ---: | ---: | ---: | ---: |",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    for words, stages, covariances in VARIANTS:
        cost = costs["statistics"] + sum(costs[stage] for stage in covariances)
        row = [words, *judged(works, folds, stages, covariances), f"{cost:.2f}"]
        sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
