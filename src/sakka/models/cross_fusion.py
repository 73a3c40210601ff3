"""Learned fusions of which each is applied to works that it was not learned on (cross-fitting).

What is said of the works that a fusion was learned on flatters it; here the works are dealt into parts, and each part
is predicted by the fusion of the others.

Source: V. Chernozhukov et al., Double/debiased machine learning, https://arxiv.org/abs/1608.00060 (cross-fitting)
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from sakka.arrays import FLOOR, IntArray, Mask, Probabilities, log_loss
from sakka.catalog.splits import deal
from sakka.models.learned_fusion import KINDS, VIEWS, Kind, LearnedFusion, View, fit_fusion, fused_views

PARTS = 5


@dataclass(frozen=True)
class CrossFusion:
    """Fusions of which each was learned on all parts of some works but its own.

    Attributes:
        part: The part of each work, shape (n_works,).
        fusions: One a part.
    """

    part: IntArray
    fusions: tuple[LearnedFusion, ...]

    def predict(
        self, rows: IntArray, photo: Probabilities, text: Probabilities, photos: IntArray, has_text: Mask
    ) -> Probabilities:
        """Fuse predictions for some of the works, each by the fusion that was not learned on it.

        Args:
            rows: Which works they are, shape (n_rows,).
            photo: The photo model's probabilities, shape (n_rows, n_creators).
            text: The text model's, same shape.
            photos: With how many photos each is asked about.
            has_text: Whether it is with a text.
        """
        probabilities = np.empty(photo.shape, dtype=np.float32)
        for number, fusion in enumerate(self.fusions):
            own = self.part[rows] == number
            probabilities[own] = fusion.predict(photo[own], text[own], photos[own], has_text[own])
        return probabilities


def fit_cross_fusion(
    photo: Probabilities,
    text: Probabilities,
    labels: IntArray,
    photos: IntArray,
    has_text: Mask,
    *,
    seed: int,
    kind: Kind,
    parts: int = PARTS,
    views: Collection[View] = VIEWS,
) -> CrossFusion:
    """Learn a fusion for each part of the works on the others.

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        labels: Each work's creator as a column index, shape (n_works,).
        photos: How many photos each work has.
        has_text: Whether it has a text.
        seed: Deals the works into parts.
        kind: `log-linear` or `stacked`.
        parts: How many parts there are.
        views: What the works that are to be fused have.
    """
    part = deal(labels, np.random.default_rng((seed, 3)), parts)
    rests = (part != number for number in range(parts))
    fusions = (
        fit_fusion(photo[rest], text[rest], labels[rest], photos[rest], has_text[rest], kind=kind, views=views)
        for rest in rests
    )
    return CrossFusion(part, tuple(fusions))


def better_kind(
    photo: Probabilities, text: Probabilities, labels: IntArray, photos: IntArray, has_text: Mask, *, seed: int
) -> Kind:
    """The kind with less log-loss where each half of the works is predicted by weights learned on the other.

    The arguments are those of `fit_cross_fusion`; `seed` deals the works into halves.
    """

    def loss(kind: Kind) -> float:
        views = fused_views(len(labels), photos, has_text)
        fusion = fit_cross_fusion(photo, text, labels, photos, has_text, seed=seed, kind=kind, parts=2, views=views)
        return log_loss(fusion.predict(np.arange(len(labels)), photo, text, photos, has_text), labels, FLOOR)

    return min(KINDS, key=loss)
