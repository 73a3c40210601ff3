"""How many works by known creators are said to be by none of them, and how many are named correctly, by view.

    python -m studies known_works_refused CATALOG [--splits N]

In each split another fifth of the works is kept from everything: `FusedModel` is fitted on the rest, as `sakka fit`
does, and learns what p-values rest on (`models/conformal.py`) on works that it holds out of that rest itself. The fifth
is asked about as it is and in each view. Of those named 95 in 100 should be correct.

    refused at 1 %    share said to be by none of the known creators at this false-refusal rate; also at 10 %;
                      left out where a model has p-values of some of the works only
    refused           the same at 5 %, where no other rate is chosen
    named, correct    share that is named; share of those that is named correctly, over the splits that name any

The last rows say what a limit of few works is worth. Of the works kept from everything, asked as they are, some are
drawn to set the threshold that 5 % of their p-values lie below, and the others are refused by it, `DRAWS` times in each
split: mean and standard deviation over the draws, and what 95 % of the draws lie between.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sakka.arrays import DoubleArray
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.evaluation.views import AS_THEY_ARE, ViewOutcome, outcomes_by_view
from sakka.models.confidence import threshold_of
from sakka.models.fused import FusedModel
from studies.figures import Figure

SPLITS = 5
SEED = 0
RATES = (0.01, 0.1)
SIZES = (20, 50, 100, 200, 500)
DRAWS = 200
LEAST_REST = 100  # works to be refused by the threshold


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--splits", type=int, default=SPLITS, metavar="N", help="how many of the five splits")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """The shares in each view, mean and standard deviation over the splits; then what few works are worth."""
    works = Catalog.read(asked.catalog)
    part = deal(works.creator_indices(), np.random.default_rng((SEED, 8)), SPLITS)
    found: dict[str, list[ViewOutcome]] = {}
    for split in range(asked.splits):
        model = FusedModel(seed=SEED).fit(works.take(np.flatnonzero(part != split)))
        for view, outcome in outcomes_by_view(model, works.take(np.flatnonzero(part == split))).items():
            found.setdefault(view, []).append(outcome)
    for view, outcomes in found.items():
        yield from figures_of(view, outcomes)
    yield from worth_of_few([outcome.confidence for outcome in found[AS_THEY_ARE]])


def figures_of(view: str, outcomes: list[ViewOutcome]) -> Iterator[Figure]:
    """The shares in one view."""
    n = sum(len(each.rows) for each in outcomes)
    for rate in RATES if all(each.has_p_values for each in outcomes) else ():
        shares = [float((each.confidence <= rate).mean()) for each in outcomes]
        yield Figure.over(view, f"refused at {100 * rate:.0f} %", shares, n)
    yield Figure.over(view, "refused", [float(each.refused.mean()) for each in outcomes], n)
    yield Figure.over(view, "named", [float(each.named.mean()) for each in outcomes], n)
    if correct := [float(each.correct[each.named].mean()) for each in outcomes if each.named.any()]:
        yield Figure.over(view, "correct", correct, n)


def worth_of_few(scores: list[DoubleArray]) -> Iterator[Figure]:
    """The share refused by a threshold of so many works, for each of `SIZES`.

    Args:
        scores: The p-values of each split's works, each of shape (n_works,).
    """
    generator = np.random.default_rng((SEED, 9))
    for size in SIZES:
        enough = [each for each in scores if len(each) >= size + LEAST_REST]
        shares = [_refused_by_few(each, size, generator) for each in enough for _ in range(DRAWS)]
        if shares:
            low, high = (float(bound) for bound in np.quantile(shares, [0.025, 0.975]))
            spread = float(np.std(shares, ddof=1))
            row = f"threshold of {size} works"
            yield Figure(row, "refused by it", float(np.mean(shares)), size, spread, (low, high))


def _refused_by_few(scores: DoubleArray, size: int, generator: np.random.Generator) -> float:
    order = generator.permutation(len(scores))
    return float((scores[order[size:]] < threshold_of(scores[order[:size]])).mean())
