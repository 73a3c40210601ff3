"""How well a fitted model tells works by creators that it does not know (open-set recognition).

In each of five splits another fifth of the creators are unknown. A fused model is fitted on four fifths of the other
creators' works, as `sakka fit` does: the threshold of its confidence is set on works that it holds out itself. Then it
predicts the known creators' remaining works and all works by the unknown creators.

AUROC            the probability that a known creator's work has the higher confidence than an unknown creator's
                 (ties count half)
accepted         the share of the known creators' works that pass the threshold, of which `fit` aims at 95 %
false accepts    the share of the unknown creators' works that pass it
"""

from collections.abc import Iterator

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.catalog.splits import Fold, deal
from sakka.catalog.works import Catalog
from sakka.errors import SplitError
from sakka.evaluation.figures import Table, figure
from sakka.models.confidence import confidence
from sakka.models.fused import FusedModel
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
    """
    both = works_with_both(works)
    labels = both.creator_indices()
    splits = [fold for fold, _ in creator_splits(labels, len(both.creators), seed=seed)]
    measured = []
    for fold in track(splits, "unknown creators", total=SPLITS):
        train = both.take(np.sort(np.concatenate([fold.train, fold.validation])))
        test = both.take(fold.test)
        model = FusedModel(photo_model, text_model, seed=seed).fit(train)
        probabilities = model.predict_proba(test)
        known = test.creator_indices(train.creators) >= 0
        measured.append(measures(confidence(probabilities), model.knows(test, probabilities), known))
    return _table(measured, sum(len(fold.test) for fold in splits))


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


def measures(confidence: DoubleArray, accepted: Mask, known: Mask) -> dict[str, float]:
    """What is measured on one split.

    Args:
        confidence: The confidence of each work's prediction, shape (n_works,).
        accepted: Whether the model takes it for a known creator's work, shape (n_works,).
        known: Whether it is one, shape (n_works,).

    >>> measures(np.array([0.9, 0.4, 0.1]), np.array([True, True, False]), np.array([True, False, False]))
    {'auroc': 1.0, 'accepted': 1.0, 'false_accepts': 0.5}
    """
    return {
        "auroc": auroc(confidence[known], confidence[~known]),
        "accepted": float(accepted[known].mean()),
        "false_accepts": float(accepted[~known].mean()),
    }


def _table(measured: list[dict[str, float]], n: int) -> Table:
    figures = (figure("fused", "fused", name, [each[name] for each in measured], n) for name in measured[0])
    return Table(
        key="unknown_creators",
        title="Works by unknown creators",
        note=(
            "In each of five splits a fifth of the creators are unknown: the model sees no work of theirs. It is "
            "fitted on four fifths of the others' works and sets its threshold so that 95 % of those it holds out "
            "pass. “Accepted” is the share of the known creators' test works that pass it, “false accepts” that of the "
            "unknown creators' works; AUROC compares the confidence of the two."
        ),
        head=("Model", "AUROC", "Accepted", "False accepts"),
        rows=(("Photo and text fused", *figures),),
    ).of_split("unknown creators")
