"""Works of one creator found by style: the style vectors beside the cosine of the network's last layer.

    python -m studies style_search CATALOG [--splits 3]

Every work evaluated asks for the other works by its creator; near-identical works of its own are left out. Creators
never seen: the space is fitted on a random half of the creators and evaluated on the other half, then the other way
round. Creators seen: it is fitted on three quarters of the works (groups of near-identical ones whole) and evaluated on
the rest, which ask among themselves. Each split draws anew. At most `MOST_EVALUATED` works ask, among themselves.

Mean average precision, and recall at 10 (the share of the first ten by the creator, or of all others that there are
where these are fewer); the ratio's interval is the 95 % bootstrap over queries, of all splits together. Calibration:
pairs of evaluated works in 15 equal intervals of the probability of one maker, mean distance from the share of pairs of
one maker; the prior is that of the evaluated works.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray, IntArray
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.networks.backbones import LAST
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import photo_features
from sakka.search.style.same_creator import average_precisions, prior_of
from sakka.search.style.space import StyleSpace, unit_rows
from studies.figures import Figure, bootstrap_interval

MOST_EVALUATED = 2500
BINS = 15
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One fit and what it is evaluated on.

    Attributes:
        kind: `seen` or `never seen`.
        fitted: Rows that the space learns from.
        evaluated: Rows that ask, and are asked.
    """

    kind: str
    fitted: IntArray
    evaluated: IntArray


@dataclass(frozen=True)
class Outcome:
    """How a part came out, query by query, and its pairs' calibration."""

    kind: str
    ours: Floats
    other: Floats
    error: float
    trust: float


def parts(labels: IntArray, groups: IntArray, seed: int) -> Iterator[Part]:
    """Split works once: two halves of the creators, each evaluating the other; and a quarter of the works."""
    generator = np.random.default_rng(seed)
    creators = generator.permutation(int(labels.max()) + 1)
    half = np.isin(labels, creators[: len(creators) // 2])
    held = np.isin(groups, generator.permutation(np.unique(groups))[: len(np.unique(groups)) // 4])
    for kind, fitted in (("never seen", half), ("never seen", ~half), ("seen", ~held)):
        evaluated = generator.permutation(np.flatnonzero(~fitted))[:MOST_EVALUATED]
        yield Part(kind, np.flatnonzero(fitted), np.sort(evaluated))


def compared(works: Catalog, part: Part, labels: IntArray, groups: IntArray) -> Outcome:
    """Fit a space and compare it with the last layer."""
    space = StyleSpace.fit(works.take(part.fitted), groups=groups[part.fitted])
    evaluated = works.take(part.evaluated)
    own, group = labels[part.evaluated], groups[part.evaluated]
    vectors = space.vectors(evaluated)
    extractor = PhotoExtractor("efficientnet_lite0")
    last = np.arange(extractor.size)[extractor.columns[LAST]]
    plain = unit_rows(photo_features(evaluated, extractor, last)[0].astype(np.float32))
    ours, other = (np.stack(average_precisions(each, own, group)) for each in (vectors, plain))
    return Outcome(part.kind, ours, other, calibration_error(space, vectors, own, group), space.learned["trust"])


def calibration_error(space: StyleSpace, vectors: FloatArray, labels: IntArray, groups: IntArray) -> float:
    """The expected calibration error of the probability of one maker over all pairs."""
    first, second = np.triu_indices(len(vectors), 1)
    apart = groups[first] != groups[second]
    first, second = first[apart], second[apart]
    same = labels[first] == labels[second]
    chances = space.same_creator((vectors @ vectors.T)[first, second], prior=prior_of(labels))
    bins = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    gaps = np.abs(np.bincount(bins, chances, BINS) - np.bincount(bins, same, BINS))
    return float(gaps[counts > 0].sum() / len(chances))


def figures_of(outcomes: Sequence[Outcome]) -> Iterator[Figure]:
    """Both sides' measures and their ratio over all queries, then the calibration error over the splits."""
    for kind in ("seen", "never seen"):
        own = [each for each in outcomes if each.kind == kind]
        for place, measured in enumerate(("mean average precision", "recall at 10")):
            ours, other = (np.concatenate([getattr(each, side)[place] for each in own]) for side in ("ours", "other"))
            known = np.isfinite(ours)
            yield from _ratio(f"creators {kind}, {measured}", ours[known], other[known])
    for kind in ("seen", "never seen"):
        errors = [each.error for each in outcomes if each.kind == kind]
        yield Figure.over(f"creators {kind}, same-creator probability", "calibration error", errors)


def _ratio(row: str, ours: Floats, other: Floats) -> Iterator[Figure]:
    interval = bootstrap_interval(
        lambda rows: ours[rows].mean(axis=1) / other[rows].mean(axis=1), len(ours), np.random.default_rng(0)
    )
    yield Figure(row, "last layer, cosine", float(other.mean()), len(other))
    yield Figure(row, "style vectors", float(ours.mean()), len(ours))
    yield Figure(row, "ratio", float(ours.mean() / other.mean()), len(ours), interval=interval)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--splits", type=int, default=3)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Fit and compare on each part of each split."""
    works = Catalog.read(asked.catalog)
    rows = np.flatnonzero(works.has_photo)
    groups = near_identical(works).groups[rows]
    works = works.take(rows)
    labels = works.creator_indices()
    yield from figures_of(
        [compared(works, part, labels, groups) for seed in range(asked.splits) for part in parts(labels, groups, seed)]
    )
