"""Accounts that look like one person's, by their names, photos and style.

Three things are looked for:

- names that are equal once normalised (`catalog/accounts.py`);
- near-identical photos in both, of which one is the featured photo of its work: of at least `FEWEST_SHARED` works,
  and of `SHARED` of the works with photos of the account with fewer;
- models that have not seen the works can't tell the two apart:

      e(a, b) = mean of p(b) / (mean of p(a) + mean of p(b))   over the works of a

  1/2 where a work of a is as probably b's, 0 where it never is. Both e(a, b) and e(b, a) must be `CONFUSED` or more.
  The models read photo and text, so this covers style too; photo and text alone are listed as evidence.

The score is the largest of 1 for equal names, the share of shared photos, and twice the smaller e.
"""

from itertools import combinations

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Probabilities
from sakka.audit.findings import Finding
from sakka.audit.predictions import OutOfFoldPredictions
from sakka.audit.shared_photos import of_featured_photos, rows_of
from sakka.catalog.accounts import normalised_name
from sakka.catalog.works import Catalog
from sakka.copies.groups import NearIdentical

FEWEST_SHARED = 3
SHARED = 0.2
CONFUSED = 0.25
EXAMPLES = 4


def same_person(works: Catalog, near: NearIdentical, predictions: OutOfFoldPredictions | None) -> list[Finding]:
    """The pairs of creators that look like one person, the surest first.

    Args:
        works: The catalog.
        near: Its near-identical works.
        predictions: Out-of-fold predictions; None where no model could be fitted. Some creators may be missing.
    """
    creators = works.creators
    names = [normalised_name(each) for each in creators]
    share, counts = _shared(works, near)
    confused = np.zeros_like(share) if predictions is None else _confusion(predictions, creators, predictions.fused)
    both = np.minimum(confused, confused.T)
    found = []
    for a, b in combinations(range(len(creators)), 2):
        equal = names[a] == names[b]
        shares = share[a, b] if counts[a, b] >= FEWEST_SHARED and share[a, b] >= SHARED else 0.0
        mixed = both[a, b] if both[a, b] >= CONFUSED else 0.0
        if equal or shares or mixed:
            said = [f"Their names are equal but for case, width and punctuation: {names[a]!r}."] if equal else []
            if counts[a, b]:
                said.append(f"Photos of {counts[a, b]} works, {share[a, b]:.0%} of the smaller account's, are in both.")
            if predictions is not None:
                said += _mixed_up(predictions, creators, a, b)
            score = min(1.0, max(float(equal), float(shares), 2 * float(mixed)))
            found.append(_finding(works, score, (creators[a], creators[b]), said))
    return sorted(found, key=lambda finding: (-finding.score, finding.creators))


def _shared(works: Catalog, near: NearIdentical) -> tuple[DoubleArray, IntArray]:
    """For each two creators the share of the smaller one's works whose photos both have, and their number."""
    labels, n_creators = works.creator_indices(), len(works.creators)
    pairs = rows_of(of_featured_photos(near))
    pairs = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]
    both = np.concatenate([pairs, pairs[:, ::-1]])
    rows = np.unique(np.stack([labels[both[:, 0]], labels[both[:, 1]], both[:, 0]], axis=1), axis=0)
    counts = np.zeros((n_creators, n_creators), dtype=np.int64)
    np.add.at(counts, (rows[:, 0], rows[:, 1]), 1)
    counts = np.minimum(counts, counts.T)
    photos = np.bincount(labels[works.has_photo & (labels >= 0)], minlength=n_creators)
    return counts / np.maximum(np.minimum(photos[:, None], photos), 1), counts


def _confusion(predictions: OutOfFoldPredictions, creators: tuple[str, ...], table: Probabilities) -> DoubleArray:
    """e(a, b) for each two creators, 0 for those that the models don't know, shape (n_creators, n_creators)."""
    n_known = len(predictions.creators)
    sums = np.zeros((n_known, n_known))
    np.add.at(sums, predictions.labels, table)
    mean = sums / np.maximum(np.bincount(predictions.labels, minlength=n_known), 1)[:, None]
    own = np.diag(mean)
    mixed = mean / np.maximum(own[:, None] + mean, 1e-12)
    np.fill_diagonal(mixed, 0)
    at = {name: column for column, name in enumerate(predictions.creators)}
    labels = np.array([at.get(name, -1) for name in creators])
    known = np.flatnonzero(labels >= 0)
    whole = np.zeros((len(creators), len(creators)))
    whole[np.ix_(known, known)] = mixed[np.ix_(labels[known], labels[known])]
    return whole


def _mixed_up(predictions: OutOfFoldPredictions, creators: tuple[str, ...], a: int, b: int) -> list[str]:
    if creators[a] not in predictions.creators or creators[b] not in predictions.creators:
        return []
    said = []
    for kind, table in {"photo and text": predictions.fused, **predictions.alone}.items():
        if kind != "photo and text" or len(predictions.alone) > 1:
            mixed = _confusion(predictions, (creators[a], creators[b]), table)
            said.append(
                f"By {kind}, {mixed[0, 1]:.0%} and {mixed[1, 0]:.0%} of the belief in the two goes to the wrong one."
            )
    return said


def _finding(works: Catalog, score: float, pair: tuple[str, str], said: list[str]) -> Finding:
    names = np.array(works.table["creator"].to_list(), dtype=object)
    first, second = (np.flatnonzero(names == name)[:EXAMPLES].tolist() for name in pair)
    return Finding("one person", score, pair, tuple(first), tuple(second), tuple(said))
