"""A photo model distilled from texts: it learns from photos and texts, and predicts from the photo alone.

The default photo model's head is given out-of-fold predictions of the creator (`out_of_fold.py`). This one's is also
given predictions of what a text model would say of the work: the logarithms of its probabilities, by text models that
were not fitted on the work. Works with a text and no photo help to fit these. What is kept is one linear softmax all
the same.

The predictions of the text model are left out where the head has less log-loss without them on a part of the training
works. Nothing but the training works is ever looked at.

Source: V. Vapnik, A. Vashist, A new learning paradigm: learning using privileged information, Neural Networks 22, 2009.
"""

from typing import ClassVar

import numpy as np

from sakka.arrays import FloatArray, IntArray, log_loss
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.photo.out_of_fold import (
    LEAST_WORKS,
    PARTS,
    RidgePredictions,
    WorkVectors,
    beside,
    fit_ridge,
    parts_of,
)
from sakka.models.text.linear import LinearText

LEAST_PROBABILITY = 1e-6  # under the logarithm of a head's log-loss
FLOOR = 1e-4  # of the text's probabilities, under the logarithm


class EfficientNetDistilled(EfficientNetLinear):
    """EfficientNet-Lite0, frozen, with a head that is distilled from texts."""

    name: ClassVar[str] = "photo-lite0-distilled"

    def _predictions(
        self, works: Catalog, vectors: WorkVectors, labels: IntArray, n_classes: int
    ) -> list[RidgePredictions]:
        of_creators = super()._predictions(works, vectors, labels, n_classes)
        given = (works.has_photo & works.has_text)[works.has_photo]
        if given.sum() < LEAST_WORKS:
            return of_creators
        part = parts_of(labels, self.seed)
        rows = np.flatnonzero(works.has_photo)
        targets = text_targets(works, labels, part, n_classes)[rows]
        with_texts = [*of_creators, fit_ridge(vectors, self._widths(), targets, given, part[rows])]
        losses = [self._loss(vectors, each, labels[rows], part[rows], n_classes) for each in (of_creators, with_texts)]
        return with_texts if losses[1] < losses[0] else of_creators

    def _loss(
        self,
        vectors: WorkVectors,
        predictions: list[RidgePredictions],
        labels: IntArray,
        part: IntArray,
        n_classes: int,
    ) -> float:
        """The log-loss on the works of part 0 of a head fitted on the others."""
        learn, held_out = np.flatnonzero(part != 0), np.flatnonzero(part == 0)
        if len(learn) == 0 or len(held_out) == 0:
            return 0.0
        head = self._fit_head(vectors, predictions, labels, learn, n_classes)
        table = head.predict_proba(beside(vectors, predictions, held_out))
        return log_loss(table, labels[held_out], LEAST_PROBABILITY)


def text_targets(works: Catalog, labels: IntArray, part: IntArray, n_classes: int) -> FloatArray:
    """The centred logarithms of text models' probabilities of works not fitted on, shape (n_works, n_classes).

    Args:
        works: The works.
        labels: Each work's creator as a column index, shape (n_works,).
        part: The part that each work is held out with, shape (n_works,).
        n_classes: How many creators there are.
    """
    known, first = np.unique(labels, return_index=True)
    creators = [works.table["creator"][int(row)] for row in first]
    nobody = np.empty(0, dtype=np.int64)
    folds = [Fold(0, held, np.flatnonzero(part != held), np.flatnonzero(part == held), nobody) for held in range(PARTS)]
    table = np.full((len(works), n_classes), FLOOR, dtype=np.float32)
    for prediction in LinearText().predict_folds(works, [fold for fold in folds if len(fold.train)], creators):
        table[np.ix_(prediction.fold.validation, known)] = np.maximum(prediction.validation, FLOOR)
    logarithms = np.log(table)
    centred: FloatArray = logarithms - logarithms.mean(axis=1, keepdims=True)
    return centred
