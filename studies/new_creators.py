"""Recall of creators added to a fitted model, beside a model fitted anew with the same works.

    python -m studies new_creators CATALOG [--splits 0 1 2 3 4] [--only-added]

In each of five splits another fifth of the creators with `LEAST_WORKS` works or more are new. The works of
the others are parted 4:1 into training and test; a fused model is fitted on the training part. Then 1, 5, 10 and 20
works of each new creator are added, all new creators at once, and beside it a model is fitted anew on the training part
and the same works. Both name the creators of the known creators' test works and of what is left of the new creators'
works from the 21st on, so that each number of works is evaluated on the same ones.

Recall is the mean over the new creators of the share of their works that are named right; spreads are standard
deviations over the splits (n - 1).
"""

import argparse
import copy
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.models.fused import FusedModel
from studies.figures import Figure

SPLITS = 5
SIZES = (1, 5, 10, 20)
LEAST_WORKS = 30
SEED = 0


@dataclass(frozen=True)
class Split:
    """Which works are for what.

    Attributes:
        number: Which split it is.
        new: The new creators.
        train: Works of the known creators to learn from, rows.
        known: Their test works, rows.
        unseen: The new creators' test works, rows.
        order: The works of each new creator that may be added, by chance, shape (n_new, 20).
    """

    number: int
    new: tuple[str, ...]
    train: IntArray
    known: IntArray
    unseen: IntArray
    order: IntArray


def split(works: Catalog, number: int) -> Split:
    """One of the five splits."""
    creators, labels = works.creators, works.creator_indices()
    usable = np.flatnonzero(np.bincount(labels) >= LEAST_WORKS)
    group = np.full(len(creators), -1)
    group[usable] = deal(np.zeros(len(usable), dtype=np.int64), np.random.default_rng((SEED, 5)), SPLITS)
    part = deal(labels, np.random.default_rng((SEED, 6)), SPLITS)
    new = group[labels] == number
    generator = np.random.default_rng((SEED, 7, number))
    own = [generator.permutation(np.flatnonzero(labels == place)) for place in np.flatnonzero(group == number)]
    return Split(
        number,
        tuple(creators[place] for place in np.flatnonzero(group == number)),
        np.flatnonzero(~new & (part > 0)),
        np.flatnonzero(~new & (part == 0)),
        np.concatenate([rows[max(SIZES) :] for rows in own]),
        np.stack([rows[: max(SIZES)] for rows in own]),
    )


def scores_of(model: FusedModel, works: Catalog, parts: Split) -> dict[str, float]:
    """Recall of the new creators and accuracy on the known ones, fused and for each of the two models."""
    found: dict[str, float] = {}
    for name, each in (("fused", model), ("photo", model.photo_model_), ("text", model.text_model_)):
        if each is None:
            continue
        known, unseen = works.take(parts.known), works.take(parts.unseen)
        new, old = each.predict_proba(unseen), each.predict_proba(known)
        correct = new.argmax(axis=1) == unseen.creator_indices(model.creators_)
        labels = unseen.creator_indices()
        found[f"{name} recall"] = float(np.mean([correct[labels == place].mean() for place in np.unique(labels)]))
        named = old.argmax(axis=1)
        found[f"{name} known"] = float((named == known.creator_indices(model.creators_)).mean())
        if name == "fused":
            taken = np.isin(
                named, [model.creators_.index(creator) for creator in parts.new if creator in model.creators_]
            )
            found["known named new"] = float(taken.mean())
            found["known accepted"] = share_accepted(model, known, old)
            found["new accepted"] = share_accepted(model, unseen, new)
    return found


def share_accepted(model: FusedModel, works: Catalog, probabilities: Probabilities) -> float:
    """The share of works that are not said to be by none of the known creators."""
    decided = model.decide(works, probabilities)
    return float(np.mean([answer != "none of the known creators" for answer, _ in decided]))


def ways(works: Catalog, parts: Split, *, fits_anew: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """One split's scores: of the model before, then with creators added and fitted anew for each number of works."""
    base = FusedModel(seed=SEED).fit(works.take(parts.train))
    yield "before", scores_of(base, works, parts)
    for size in SIZES:
        added = works.take(parts.order[:, :size].ravel())
        extended = copy.deepcopy(base)
        start = time.perf_counter()
        extended.add_creators(added)
        seconds = time.perf_counter() - start
        yield f"added, {size} works", {**scores_of(extended, works, parts), "seconds": seconds}
        if fits_anew:
            rows = np.concatenate([parts.train, parts.order[:, :size].ravel()])
            start = time.perf_counter()
            anew = FusedModel(seed=SEED).fit(works.take(rows))
            seconds = time.perf_counter() - start
            yield f"fitted anew, {size} works", {**scores_of(anew, works, parts), "seconds": seconds}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--splits", type=int, nargs="+", default=list(range(SPLITS)))
    parser.add_argument("--only-added", action="store_true", help="fit nothing anew")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Evaluate each split, saying on standard error how far it is, then the means over them."""
    works = Catalog.read(asked.catalog)
    found: dict[tuple[str, str], list[float]] = {}
    n_known = n_new = 0
    for number in asked.splits:
        parts = split(works, number)
        n_known, n_new = n_known + len(parts.known), n_new + len(parts.unseen)
        for way, scores in ways(works, parts, fits_anew=not asked.only_added):
            sys.stderr.write(f"split {number}, {way}: {scores}\n")
            for name, value in scores.items():
                found.setdefault((way, name), []).append(value)
    for (way, name), values in found.items():
        yield Figure.over(way, name, values, n_known if "known" in name else n_new)
