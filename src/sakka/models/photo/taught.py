"""A photo model that texts have taught: it learns from photos and texts, and answers by the photo alone.

The default photo model's head is given a guess of the creator (`guesses.py`). This one's is also given a guess of what
a text model would say of the work: log of its answer, by text models that did not see the work. Works with a text and
no photo teach the text models too. What is kept is one linear softmax all the same.

The text's guess is left out where the head has less log-loss without it on a part of the training works. Nothing but
the training works is ever looked at.

Source: V. Vapnik, A. Vashist, A new learning paradigm: learning using privileged information, Neural Networks 22, 2009.
"""

from typing import ClassVar

import numpy as np

from sakka.arrays import Features, FloatArray, IntArray, log_loss
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.models.photo.guesses import LEAST_WORKS, PARTS, Guesses, beside, guess, parts_of
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.text.linear import LinearText

LEAST_PROBABILITY = 1e-6  # under the logarithm of a head's log-loss
FLOOR = 1e-4  # of the text's probabilities, under the logarithm


class EfficientNetTaught(EfficientNetLinear):
    """EfficientNet-Lite0, frozen, with a head that texts have taught."""

    name: ClassVar[str] = "photo-efficientnet_lite0-taught"

    def _guesses(self, works: Catalog, vectors: Features, labels: IntArray, n_classes: int) -> list[Guesses]:
        plain = super()._guesses(works, vectors, labels, n_classes)
        able = (works.has_photo & works.has_text)[works.has_photo]
        if able.sum() < LEAST_WORKS:
            return plain
        part = parts_of(labels, self.seed)
        seen = np.flatnonzero(works.has_photo)
        told = text_lessons(works, labels, part, n_classes)[seen]
        taught = [*plain, guess(vectors, self._widths(), told, able, part[seen])]
        losses = [self._loss(vectors, each, labels[seen], part[seen], n_classes) for each in (plain, taught)]
        return taught if losses[1] < losses[0] else plain

    def _loss(
        self, vectors: Features, guesses: list[Guesses], labels: IntArray, part: IntArray, n_classes: int
    ) -> float:
        """The log-loss on the works of part 0 of a head fitted on the others."""
        learn, held = np.flatnonzero(part != 0), np.flatnonzero(part == 0)
        if len(learn) == 0 or len(held) == 0:
            return 0.0
        head = self._head_on(vectors, guesses, labels, learn, n_classes)
        table = beside(vectors, guesses) if guesses else vectors
        return log_loss(head.predict_proba(table[held]), labels[held], LEAST_PROBABILITY)


def text_lessons(works: Catalog, labels: IntArray, part: IntArray, n_classes: int) -> FloatArray:
    """The centred logarithms of a text model's answers for works that it did not see, shape (n_works, n_classes).

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
    for answers in LinearText().predict_folds(works, [fold for fold in folds if len(fold.train)], creators):
        table[np.ix_(answers.fold.validation, known)] = np.maximum(answers.validation, FLOOR)
    logarithms = np.log(table)
    centred: FloatArray = logarithms - logarithms.mean(axis=1, keepdims=True)
    return centred
