"""Works of one creator found by style: the style vectors beside the cosine of the network's last layer.

    python -m benchmarks.retrieval CATALOG [--divisions 3]

Every work judged asks for the other works by its creator; near-identical works of its own are left out. Creators never
seen: the space is fitted on a random half of the creators and judged on the other half, then the other way round.
Creators seen: it is fitted on three quarters of the works (groups of near-identical ones whole) and judged on the rest,
which ask among themselves. Each division draws anew. At most `MOST_JUDGED` works ask, among themselves.

Mean average precision, and recall at 10 (the share of the first ten by the creator, or of all others that there are
where these are fewer); the ratio's interval is the 95 % bootstrap over queries, of all divisions together. Calibration:
pairs of judged works in 15 equal intervals of the probability of one maker, mean distance from the share of pairs of
one maker; the prior is that of the judged works.
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

MOST_JUDGED = 2500
RESAMPLES = 2000
BINS = 15
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One fit and what it is judged on.

    Attributes:
        kind: `seen` or `never seen`.
        fitted: Rows that the space learns from.
        judged: Rows that ask, and are asked.
    """

    kind: str
    fitted: IntArray
    judged: IntArray


@dataclass(frozen=True)
class Answers:
    """How a part came out, query by query, and its pairs' calibration."""

    kind: str
    ours: Floats
    other: Floats
    error: float
    trust: float


def parts(labels: IntArray, groups: IntArray, seed: int) -> Iterator[Part]:
    """Divide works once: two halves of the creators, each judging the other; and a quarter of the works."""
    generator = np.random.default_rng(seed)
    creators = generator.permutation(int(labels.max()) + 1)
    half = np.isin(labels, creators[: len(creators) // 2])
    held = np.isin(groups, generator.permutation(np.unique(groups))[: len(np.unique(groups)) // 4])
    for kind, fitted in (("never seen", half), ("never seen", ~half), ("seen", ~held)):
        judged = generator.permutation(np.flatnonzero(~fitted))[:MOST_JUDGED]
        yield Part(kind, np.flatnonzero(fitted), np.sort(judged))


def judge(works: Catalog, part: Part, labels: IntArray, groups: IntArray) -> Answers:
    """Fit a space and compare it with the last layer."""
    space = StyleSpace.fit(works.take(part.fitted), groups=groups[part.fitted])
    judged = works.take(part.judged)
    own, group = labels[part.judged], groups[part.judged]
    vectors = space.vectors(judged)
    extractor = PhotoExtractor("efficientnet_lite0")
    last = np.arange(extractor.size)[extractor.columns[LAST]]
    plain = unit_rows(photo_features(judged, extractor, last)[0].astype(np.float32))
    ours, other = (np.stack(average_precisions(each, own, group)) for each in (vectors, plain))
    return Answers(part.kind, ours, other, calibration_error(space, vectors, own, group), space.learned["trust"])


def calibration_error(space: StyleSpace, vectors: FloatArray, labels: IntArray, groups: IntArray) -> float:
    """The expected calibration error of the probability of one maker over all pairs."""
    first, second = np.triu_indices(len(vectors), 1)
    apart = groups[first] != groups[second]
    first, second = first[apart], second[apart]
    same = labels[first] == labels[second]
    chances = space.same_maker((vectors @ vectors.T)[first, second], prior=prior_of(labels))
    bins = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    gaps = np.abs(np.bincount(bins, chances, BINS) - np.bincount(bins, same, BINS))
    return float(gaps[counts > 0].sum() / len(chances))


def ratio_interval(ours: Floats, other: Floats) -> tuple[float, float]:
    """The 95 % bootstrap interval of the ratio of two means over the same queries."""
    generator = np.random.default_rng(0)
    drawn = generator.integers(len(ours), size=(RESAMPLES, len(ours)))
    ratios = ours[drawn].mean(axis=1) / other[drawn].mean(axis=1)
    return float(np.quantile(ratios, 0.025)), float(np.quantile(ratios, 0.975))


def rows(answers: Sequence[Answers]) -> Iterator[str]:
    """Write the table's rows."""
    for kind in ("seen", "never seen"):
        own = [each for each in answers if each.kind == kind]
        for place, measure in enumerate(("mean average precision", "recall at 10")):
            ours, other = (np.concatenate([getattr(each, side)[place] for each in own]) for side in ("ours", "other"))
            known = np.isfinite(ours)
            ours, other = ours[known], other[known]
            low, high = ratio_interval(ours, other)
            yield (
                f"| {kind} | {measure} | {len(ours):,} | {other.mean():.3f} | {ours.mean():.3f} | "
                f"{ours.mean() / other.mean():.2f} | {low:.2f} to {high:.2f} |"
            )


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--divisions", type=int, default=3)
    asked = parser.parse_args(arguments)
    works = Catalog.read(asked.catalog)
    groups = near_identical(works).groups
    works = works.take(np.flatnonzero(works.has_photo))
    groups = groups[np.flatnonzero(Catalog.read(asked.catalog).has_photo)]
    labels = works.creator_indices()
    answers = []
    for seed in range(asked.divisions):
        for part in parts(labels, groups, seed):
            answers.append(judge(works, part, labels, groups))
    print(f"{len(works):,} works with photos, {len(works.creators)} creators, {asked.divisions} divisions\n")
    print("| creators | measure | queries | last layer, cosine | style vectors | ratio | 95 % interval |")
    print("|---|---|---:|---:|---:|---:|---|")
    print("\n".join(rows(answers)))
    for kind in ("seen", "never seen"):
        errors = [each.error for each in answers if each.kind == kind]
        print(
            f"\ncalibration error of one maker, {kind}: {np.mean(errors):.3f} ({min(errors):.3f} to {max(errors):.3f})"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
