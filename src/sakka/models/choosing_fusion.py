"""Which fusion serves best on works that were held out: a fixed ratio, or what is learned where it loses less."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sakka.arrays import FLOOR, IntArray, Mask, Probabilities, log_loss
from sakka.models.cross_fusion import fit_cross_fusion
from sakka.models.fixed_ratio import FixedRatio, best_ratio, correct_by_ratio
from sakka.models.fusion import Fuser
from sakka.models.held_out import Fuse
from sakka.models.learned_fusion import VIEWS, Kind, View, fit_fusion


@dataclass(frozen=True)
class ChosenFusion:
    """A fusion that was chosen on held-out works.

    Attributes:
        fuser: What fuses from now on.
        fuse: Fuses the held-out works themselves, each by a fusion that was not learned on it.
        held_out: How many works there were, and the share of them that the fused model (`accuracy`) and each of the two
            (`photo_accuracy`, `text_accuracy`) named correctly.
    """

    fuser: Fuser
    fuse: Fuse
    held_out: dict[str, float]


def choose_fusion(
    photo: Probabilities,
    text: Probabilities,
    labels: IntArray,
    given: tuple[IntArray, Mask],
    ratios: Sequence[FixedRatio],
    *,
    kind: Kind | None,
    seed: int,
    views: Collection[View] = VIEWS,
) -> ChosenFusion:
    """Choose the ratio by accuracy; take what is learned where it has less log-loss on works that it did not learn.

    Args:
        photo: The photo model's probabilities of the works, shape (n_works, n_creators).
        text: The text model's, same shape.
        labels: Each work's creator as a column, shape (n_works,).
        given: How many photos of each work are read, and whether the text model can read it, each of shape (n_works,).
        ratios: The ratios to choose from.
        kind: The kind of fusion to learn; None: none.
        seed: Deals the works into parts.
        views: What the works that are to be fused have.
    """
    counts = correct_by_ratio(photo, text, labels, *given, ratios)
    fixed = best_ratio(counts)
    held_out = {
        "works": len(labels),
        "accuracy": counts[fixed] / len(labels),
        "photo_accuracy": float((photo.argmax(axis=1) == labels).mean()),
        "text_accuracy": float((text.argmax(axis=1) == labels).mean()),
    }
    if kind is not None:
        cross = fit_cross_fusion(photo, text, labels, *given, seed=seed, kind=kind, views=views)
        learned = cross.predict(np.arange(len(labels)), photo, text, *given)
        if log_loss(learned, labels, FLOOR) < log_loss(fixed.predict(photo, text, *given), labels, FLOOR):
            fuser = fit_fusion(photo, text, labels, *given, kind=kind, views=views)
            accuracy = float((learned.argmax(axis=1) == labels).mean())
            return ChosenFusion(fuser, cross.predict, {**held_out, "accuracy": accuracy})
    return ChosenFusion(fixed, _fused_by(fixed), held_out)


def _fused_by(ratio: FixedRatio) -> Fuse:
    def fuse(_: IntArray, photo: Probabilities, text: Probabilities, photos: IntArray, has_text: Mask) -> Probabilities:
        return ratio.predict(photo, text, photos, has_text)

    return fuse
