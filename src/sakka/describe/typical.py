"""A creator's most typical and most unusual works.

A work is the more typical, the surer the model is that it is the creator's (the log-odds against the most probable
other creator) and the nearer it stands to the mean of the creator's works in style (the cosine of the index's style
vectors, or of what the photo model reads where there is no index). Both are standardised over the creator's works and
averaged. Of near-identical works one is shown.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sakka.arrays import TINY, DoubleArray, IntArray, Probabilities, log_probabilities, top
from sakka.catalog.works import NOT_SHOWN, Catalog, Work
from sakka.copies.groups import near_identical
from sakka.models.base import CreatorModel
from sakka.models.feature_model import FeatureModel

if TYPE_CHECKING:
    from sakka.search.index import Index


@dataclass(frozen=True)
class Shown:
    """A work that stands for others.

    Attributes:
        work: The work.
        row: Its row in the catalog.
        probability: How sure the model is that it is the creator's, 0 to 1; None where no model knows the creator.
    """

    work: Work
    row: int = field(metadata=NOT_SHOWN)
    probability: float | None


def ordered_works(
    works: Catalog,
    rows: IntArray,
    probabilities: Probabilities | None,
    column: int,
    model: CreatorModel | None = None,
    index: "Index | None" = None,
) -> list[Shown]:
    """A creator's works from the most typical to the most unusual; empty where nothing orders them.

    Args:
        works: The catalog.
        rows: The rows of the creator's works.
        probabilities: The model's probabilities for these, shape (n_rows, n_creators); None without a model.
        column: The creator's column.
        model: The model, whose photo features stand in for a style where there is no index.
        index: An index of the works.
    """
    own = works.take(rows)
    scores = [score for score in (_sureness(probabilities, column), _nearness(own, model, index)) if score is not None]
    if not scores:
        return []
    order = top(np.mean([_standardised(score) for score in scores], axis=0))
    groups = near_identical(own).groups
    shown, seen = [], set()
    for place in order.tolist():
        if groups[place] in seen:
            continue
        seen.add(groups[place])
        probability = None if probabilities is None else float(probabilities[place, column])
        shown.append(Shown(next(iter(own.take([place]))), int(rows[place]), probability))
    return shown


def _sureness(probabilities: Probabilities | None, column: int) -> DoubleArray | None:
    if probabilities is None or probabilities.shape[1] < 2:
        return None
    logarithms = log_probabilities(probabilities.astype(np.float64), TINY)
    others = np.delete(logarithms, column, axis=1).max(axis=1)
    sureness: DoubleArray = logarithms[:, column] - others
    return sureness


def _nearness(own: Catalog, model: CreatorModel | None, index: "Index | None") -> DoubleArray | None:
    vectors = _style_vectors(own, index) if index is not None else _photo_vectors(own, model)
    if vectors is None:
        return None
    lengths = np.linalg.norm(vectors, axis=1)
    there = lengths > 0
    if not there.any():
        return None
    unit = vectors / np.where(there, lengths, 1)[:, None]
    mean = unit[there].mean(axis=0)
    near = unit @ mean / max(float(np.linalg.norm(mean)), 1e-12)
    nearness: DoubleArray = np.where(there, near, near[there].mean())  # a work without a photo is neither near nor far
    return nearness


def _style_vectors(own: Catalog, index: "Index") -> DoubleArray | None:
    from sakka.search.records import STYLE, vector_of

    rows = index.rows(own.ids, [STYLE])
    found = [vector_of(rows[name], STYLE) if name in rows else None for name in own.ids]
    known = next((vector for vector in found if vector is not None), None)
    if known is None:
        return None
    return np.stack([np.zeros(len(known)) if vector is None else vector.astype(np.float64) for vector in found])


def _photo_vectors(own: Catalog, model: CreatorModel | None) -> DoubleArray | None:
    photo = None if model is None else model.reader("photo")
    if not isinstance(photo, FeatureModel) or photo.head_ is None or not own.has_photo.any():
        return None
    features, there = photo.features(own)
    vectors: DoubleArray = photo.head_.standardised(features).astype(np.float64)
    vectors[~there] = 0
    return vectors


def _standardised(scores: DoubleArray) -> DoubleArray:
    spread = float(scores.std())
    standard: DoubleArray = (scores - scores.mean()) / (spread if spread > 1e-12 else 1.0)
    return standard
