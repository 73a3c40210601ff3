"""How well a fitted model tells works by creators that it does not know (open-set recognition).

In each of five splits another fifth of the creators are unknown. A fused model is fitted on four fifths of the other
creators' works, as `sakka fit` does: the limits between its answers are learned on works that it holds out itself. Then
it is asked about the known creators' remaining works and all works by the unknown creators, as they are and with only a
part of what they have (`evaluation/views.py`).

AUROC            the probability that a known creator's work has the higher p-value than an unknown creator's
                 (ties count half)
refused          the share of the known creators' works that are said to be by none of them: 5 % is asked for
named            the share of the known creators' works whose creator is named
correct          the share of those that is named correctly, of which `fit` aims at 95 % or more
false accepts    the share of the unknown creators' works that are not said to be by none of the known creators
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.catalog.splits import Fold, deal
from sakka.catalog.works import Catalog
from sakka.errors import ModelError, SplitError
from sakka.evaluation.figures import Cell, Table, figure
from sakka.evaluation.views import AS_THEY_ARE, ViewOutcome, outcomes_by_view
from sakka.models.fused import FusedModel
from sakka.models.registry import make_model
from sakka.progress import track

SPLITS = 5
LEAST_CREATORS = 10


def evaluate_unknown_creators(works: Catalog, photo_model: str, text_model: str, *, seed: int = 0) -> Table:
    """Run the protocol on the works that have both a photo and a text.

    Args:
        works: The works.
        photo_model: The photo model's name.
        text_model: The text model's name.
        seed: Splits the creators and the works, and is the models' seed.

    Raises:
        SplitError: There are fewer than `LEAST_CREATORS` creators.
        ModelError: A model reads vectors of the catalog, which no view leaves out.
    """
    _check_readable(photo_model, text_model)
    both = works_with_both(works)
    labels = both.creator_indices()
    splits = [fold for fold, _ in creator_splits(labels, len(both.creators), seed=seed)]
    measured: dict[str, list[tuple[int, dict[str, float]]]] = {}
    for fold in track(splits, "unknown creators", total=SPLITS):
        train = both.take(np.sort(np.concatenate([fold.train, fold.validation])))
        test = both.take(fold.test)
        model = FusedModel(photo_model, text_model, seed=seed).fit(train)
        known = test.creator_indices(train.creators) >= 0
        for view, outcome in outcomes_by_view(model, test).items():
            if known[outcome.rows].all() or not known[outcome.rows].any():
                continue  # nothing to compare
            measured.setdefault(view, []).append((len(outcome.rows), _measures(outcome, known[outcome.rows])))
    return _table(measured)


def _check_readable(*models: str) -> None:
    for name in models:
        if columns := make_model(name).kept_columns:
            raise ModelError(
                f"works are asked about with less of their photos and texts here, and {name} reads the column "
                f"{columns[0]!r}; take a model that reads photos or texts, or evaluate this one with `run_experiment`"
            )


def works_with_both(works: Catalog) -> Catalog:
    """The works that have a photo and a text.

    Raises:
        SplitError: They are by fewer than `LEAST_CREATORS` creators.
    """
    both = works.take(np.flatnonzero(works.has_photo & works.has_text))
    if len(both.creators) < LEAST_CREATORS:
        raise SplitError(
            f"got {len(both):,} works of {len(works):,} that have both a photo and a text, by {len(both.creators)} "
            f"creators, expected {LEAST_CREATORS} creators or more; both are needed: use more such works"
        )
    return both


def creator_splits(labels: IntArray, n_creators: int, *, seed: int) -> Iterator[tuple[Fold, IntArray]]:
    """For each split its fold, whose test part ends with the unknown creators' works, and the unknown creators.

    The known creators' works are split 3:1:1 into training, validation and test.

    Args:
        labels: Each work's creator as a column, shape (n_works,).
        n_creators: How many creators there are.
        seed: Splits the creators and the works.
    """
    group = deal(np.zeros(n_creators, dtype=np.int64), np.random.default_rng((seed, 5)), SPLITS)
    part = deal(labels, np.random.default_rng((seed, 6)), SPLITS)
    for number in range(SPLITS):
        unknown = group[labels] == number
        train, validation, test = (np.flatnonzero(~unknown & own) for own in (part > 1, part == 1, part == 0))
        rows = np.concatenate([test, np.flatnonzero(unknown)])
        yield Fold(number, 0, train, validation, rows), np.flatnonzero(group == number)


def auroc(known: DoubleArray, unknown: DoubleArray) -> float:
    """The area under the curve of true accepts over false accepts.

    >>> auroc(np.array([3.0, 2.0]), np.array([1.0, 2.0]))
    0.875
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([known, unknown]))[: len(known)]
    return float((ranks.sum() - len(known) * (len(known) + 1) / 2) / (len(known) * len(unknown)))


def _measures(outcome: ViewOutcome, known: Mask) -> dict[str, float]:
    """What the table says of one split in one view."""
    named = outcome.named & known
    return {
        "auroc": auroc(outcome.confidence[known], outcome.confidence[~known]),
        "refused": float(outcome.refused[known].mean()),
        "named": float(outcome.named[known].mean()),
        "correct": float(outcome.correct[named].mean()) if named.any() else math.nan,
        "false_accepts": float(1 - outcome.refused[~known].mean()),
    }


def _table(measured: Mapping[str, list[tuple[int, dict[str, float]]]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for view, splits in measured.items():
        n = sum(count for count, _ in splits)
        model = "fused" if view == AS_THEY_ARE else f"fused: {view}"
        names = splits[0][1]
        rows.append((view, *(figure(model, "fused", name, [each[name] for _, each in splits], n) for name in names)))
    return Table(
        key="unknown_creators",
        title="Works by unknown creators",
        note=(
            "In each of five splits a fifth of the creators are unknown: the model sees no work of theirs. It is "
            "fitted on four fifths of the others' works and learns from those it holds out when to say “none of the "
            "known creators” (to 5 % of them) and when to name one (where 95 % are correct). “Refused” is the share of "
            "the known creators' test works that are said to be by none of them, “named” the share whose creator is "
            "named, “correct” the share of these that is right, “false accepts” the share of the unknown creators' "
            "works that are not refused; AUROC compares the p-values of the two."
        ),
        head=("What is given", "AUROC", "Refused", "Named", "Correct", "False accepts"),
        rows=tuple(rows),
    ).of_split("unknown creators")
