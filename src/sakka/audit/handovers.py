"""Accounts whose maker changes at a date: handed over, filled with bought-in stock or with generated pictures.

Each account's works are seen along axes learned from the catalog's other creators, so that an account says nothing of
what it is measured by; by photo and by text, as far as the models read them. Where they change most, and whether other
accounts of the catalog change as much, `change_point.py` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, FloatArray, IntArray, Mask
from sakka.audit.change_point import change_point, scaled, tail_rates, usual_scale
from sakka.audit.findings import Finding, Timeline
from sakka.catalog.works import Catalog
from sakka.models.creator_axes import fit_creator_axes
from sakka.models.feature_model import FeatureModel
from sakka.models.registry import make_model
from sakka.progress import track
from sakka.search.style.photos import fit_axes

FEWEST, SIDE = 16, 5
"""Works of an account, and works before and after a change."""
FEWEST_ACCOUNTS = 10
COORDINATES, AXES = 128, 32
PARTS = 5
FALSE_ALARMS = 0.005
"""The p-value that is reported."""
LEAST, LEAST_SAID = 0.0001, 0.001
"""No p-value is taken, or told a person, to be less: tails are not known much further out than 1 in 1,000 accounts."""
READ = 0.8
"""The share of an account's works that must have a photo, or a text, for it to be looked at."""
EXAMPLES = 4

Dates = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class StyleCoordinates:
    """What one kind of model reads of the works, on its principal axes.

    Attributes:
        name: `photo` or `text`.
        coordinates: Shape (n_works, n_coordinates).
        there: Whether a work has what is read, shape (n_works,).
    """

    name: str
    coordinates: FloatArray
    there: Mask


@dataclass(frozen=True)
class CreatorCoordinates:
    """The works of accounts along axes that were learned from other creators.

    Attributes:
        name: `photo` or `text`.
        coordinates: The scatter within creators is 1, shape (n_works, n_axes).
        between: The scatter between creators as the axes of each work have it, shape (n_works, n_axes).
        there: Whether a work has what is read, shape (n_works,).
    """

    name: str
    coordinates: DoubleArray
    between: DoubleArray
    there: Mask


@dataclass(frozen=True)
class Change:
    """The most probable change of maker in one account.

    Attributes:
        rows: The account's works in the order of their dates.
        after: The place in `rows` of the first work after the change.
        shares: How much of the evidence comes from each view, by name; they sum to 1.
        positions: The works along the axis that separates before and after, 0 in the middle, shape (n_works,).
        surprise: -log of the p-value against the account's own works in random order.
        p_value: Against careers as this catalog has them; 1 before it is calibrated.
    """

    rows: IntArray
    after: int
    shares: dict[str, float]
    positions: DoubleArray
    surprise: float
    p_value: float = 1.0


def handovers(works: Catalog, groups: IntArray, models: Sequence[str], *, seed: int = 0) -> list[Finding]:
    """The accounts whose maker seems to change at a date, the surest first.

    Args:
        works: The catalog; each work has a creator.
        groups: The number of each work's group of near-identical works, shape (n_works,).
        models: Names of models; what those of them read that are linear ones on features is looked at.
        seed: Of the parts of the creators and of the random orders.

    Raises:
        PhotoError: A photo can't be read.
        ModelError: A model is not known.
    """
    labels, when = works.creator_indices(), works.table["created_at"].to_numpy()
    accounts = dated_accounts(labels, when, groups)
    if len(accounts) < FEWEST_ACCOUNTS:
        return []
    views = views_of(readings_of(works, models, seed), labels, seed)
    watched = track(accounts, "accounts over time", total=len(accounts))
    changes = [change_in(rows, when[rows], views, seed) for rows in watched]
    found = calibrated([each for each in changes if each is not None])
    rates = tail_rates([each.p_value for each in found])
    pairs = [pair for pair in zip(found, rates, strict=True) if pair[0].p_value <= FALSE_ALARMS]
    pairs.sort(key=lambda pair: (-pair[0].surprise, int(pair[0].rows[0])))
    return [_finding(works, change, rate, len(found)) for change, rate in pairs]


def dated_accounts(labels: IntArray, when: Dates, groups: IntArray) -> list[IntArray]:
    """The rows of each account with `FEWEST` dated works or more, by date, the first of each near-identical group.

    Args:
        labels: Each work's creator as a number, shape (n_works,).
        when: Their dates, NaT where there is none.
        groups: The number of each work's group of near-identical works.
    """
    dated = np.flatnonzero((labels >= 0) & ~np.isnat(when))
    order = dated[np.argsort(when[dated], kind="stable")]
    _, firsts = np.unique(np.stack([labels[order], groups[order]], axis=1), axis=0, return_index=True)
    order = order[np.sort(firsts)]
    accounts = (order[labels[order] == creator] for creator in np.unique(labels[order]))
    return [rows for rows in accounts if len(rows) >= FEWEST]


def readings_of(works: Catalog, models: Sequence[str], seed: int = 0) -> list[StyleCoordinates]:
    """What the models read of the works; nothing of a model that is no linear one on features."""
    readings = []
    for model in map(make_model, models):
        there = model.can_read(works)
        if isinstance(model, FeatureModel) and there.sum() > 1:
            model.learn_features(works)
            features, there = model.features(works)
            readings.append(StyleCoordinates(model.modality, _on_principal_axes(features, there, seed), there))
    return readings


def _on_principal_axes(features: Any, there: Mask, seed: int) -> FloatArray:
    """Features, dense or SciPy CSR, on `COORDINATES` axes at most."""
    from sklearn.utils.extmath import randomized_svd

    if isinstance(features, np.ndarray):
        return fit_axes(features[there], [features.shape[1]], COORDINATES, seed).coordinates(features)
    kept = min(COORDINATES, *features.shape)
    _, _, axes = randomized_svd(features, kept, n_oversamples=16, n_iter=2, random_state=seed)
    return np.asarray(features @ axes.T, dtype=np.float32)


def views_of(readings: Sequence[StyleCoordinates], labels: IntArray, seed: int = 0) -> list[CreatorCoordinates]:
    """Each creator's works along axes that were learned from the creators of the other parts.

    Args:
        readings: What is read of the works.
        labels: Each work's creator as a number, shape (n_works,); of -1 nothing is learned.
        seed: Of the parts.
    """
    part_of = np.random.default_rng((seed, 17)).permutation(np.arange(labels.max() + 1) % PARTS)
    part = np.where(labels >= 0, part_of[labels], -1)
    views = []
    for each in readings:
        coordinates = np.zeros((len(labels), min(AXES, each.coordinates.shape[1])))
        between = np.zeros_like(coordinates)
        for number in range(PARTS):
            learned, seen = np.flatnonzero(each.there & (part >= 0) & (part != number)), part == number
            if len(learned) > 1 and seen.any():
                axes = fit_creator_axes(each.coordinates[learned], labels[learned])
                coordinates[seen] = (each.coordinates[seen] - axes.centre) @ axes.axes[:, :AXES]
                between[seen] = axes.between[:AXES]
        views.append(CreatorCoordinates(each.name, coordinates, between, each.there))
    return views


def change_in(rows: IntArray, when: Dates, views: Sequence[CreatorCoordinates], seed: int = 0) -> Change | None:
    """The most probable change among works of one account; None where too few can be looked at.

    Args:
        rows: The works in the order of their dates.
        when: Their dates; between works of one date nothing changes.
        views: What is read of the catalog's works.
        seed: Of the random orders.
    """
    read = [each for each in views if each.there[rows].mean() >= READ]
    seen = np.logical_and.reduce([each.there[rows] for each in read]) if read else np.zeros(len(rows), dtype=np.bool_)
    rows, when = rows[seen], when[seen]
    splits = np.arange(SIDE, max(SIDE, len(rows) - SIDE + 1))
    splits = splits[when[splits] != when[splits - 1]]
    if len(rows) < FEWEST or not len(splits):
        return None
    tables, between = zip(*(scaled(each.coordinates[rows], each.between[rows[0]]) for each in read), strict=True)
    change = change_point(np.concatenate(tables, axis=1), np.concatenate(between), splits, seed)
    ends = np.cumsum([len(each) for each in between])[:-1]
    evidence = [max(float(part.sum()), 0.0) for part in np.split(change.by_axis, ends)]
    shares = {each.name: part / max(sum(evidence), 1e-12) for each, part in zip(read, evidence, strict=True)}
    return Change(rows, change.after, shares, change.positions, change.surprise)


def calibrated(changes: Sequence[Change]) -> list[Change]:
    """The changes with p-values against careers as the catalog has them."""
    scale = usual_scale(np.array([each.surprise for each in changes]))
    return [replace(each, p_value=max(LEAST, float(np.exp(-each.surprise / scale)))) for each in changes]


def _finding(works: Catalog, change: Change, error_rate: float, n_accounts: int) -> Finding:
    rows, at = change.rows.tolist(), change.after
    when = works.table["created_at"][rows[at]]
    since = f"{when:%Y}" if (when.month, when.day) == (1, 1) else f"{when:%Y-%m-%d}"
    rarely = change.p_value < LEAST_SAID
    chance = f"{'fewer than ' if rarely else ''}1 in {1 / max(change.p_value, LEAST_SAID):,.0f}"
    said = [
        f"From {since} on the works look like another maker's: {at} works before and "
        f"{len(rows) - at} from then on; works that follow a maker's own development change little by little.",
        f"So sudden a change comes up in {chance} accounts whose maker stays the same, judging by the {n_accounts} "
        "accounts of this catalog.",
    ]
    if len(change.shares) > 1:
        parts = " and ".join(f"{share:.0%} in the {name}s" for name, share in change.shares.items())
        said.append(f"What tells before and after apart is seen {parts}.")
    creator = str(works.table["creator"][rows[at]])
    timeline = Timeline(tuple(rows), tuple(change.positions.round(3).tolist()), at)
    looked_at = tuple(rows[max(0, at - EXAMPLES) : at]), tuple(rows[at : at + EXAMPLES])
    return Finding("handover", 1 - error_rate, (creator,), *looked_at, tuple(said), error_rate, timeline)
