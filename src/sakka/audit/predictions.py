"""Out-of-fold predictions: for each work the probabilities of models that have not seen it, from five folds.

The folds are the outer ones of the grouped split, so that no near-identical work is learned from. In each a photo
and a text model learn from 16 of 25 works, and how to fuse them is chosen on another 4 of 25, never on the test works.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sakka.arrays import IntArray, Mask, Probabilities
from sakka.catalog.splits import GROUPED, OUTER_FOLDS, nested_splits
from sakka.catalog.works import Catalog
from sakka.models.base import FoldPrediction
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL
from sakka.models.fixed_ratio import choose_weight
from sakka.models.fusion import fuse
from sakka.models.registry import make_model

DEFAULT_MODELS = (DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL)


@dataclass(frozen=True)
class OutOfFoldPredictions:
    """The predictions for works that were not learned from.

    Attributes:
        creators: The columns.
        labels: Each work's creator as a column, shape (n_works,).
        fused: Shape (n_works, n_creators), rows sum to 1.
        alone: The predictions of each kind of model by itself: `photo`, `text` or both of them; same shape.
        folds: The outer fold that each work was tested in, shape (n_works,).
    """

    creators: tuple[str, ...]
    labels: IntArray
    fused: Probabilities
    alone: dict[str, Probabilities]
    folds: IntArray

    @property
    def accuracy(self) -> float:
        """The share of works whose creator in the catalog is the most probable one."""
        return float((self.fused.argmax(axis=1) == self.labels).mean())


def out_of_fold_predictions(
    works: Catalog, groups: IntArray, *, seed: int = 0, models: Sequence[str] = DEFAULT_MODELS
) -> OutOfFoldPredictions:
    """Predict each work's creator by models that have learned from other works.

    Args:
        works: The works; each creator has `splits.MIN_WORKS` or more.
        groups: The number of each work's group of near-identical works, shape (n_works,).
        seed: The seed of the folds and of the models.
        models: Names of a photo model and a text model, or of one of them.

    Raises:
        SplitError: The works can't be split.
        ModelError: A model can't be used on them.
    """
    splits = nested_splits(works, seed=seed, kind=GROUPED, groups=groups)
    folds = [splits.fold(outer, 0) for outer in range(OUTER_FOLDS)]
    creators, labels = works.creators, works.creator_indices()
    by_kind: dict[str, list[FoldPrediction]] = {}
    readable: list[Mask] = []
    for name in models:
        settings = {"seed": seed} if "seed" in make_model(name).settings() else {}
        model = make_model(name, **settings)
        can_read = model.can_read(works)
        if can_read.any():
            by_kind[model.modality] = list(model.predict_folds(works, folds, creators))
            readable.append(can_read)
    shape = (len(works), len(creators))
    alone = {kind: np.zeros(shape, dtype=np.float32) for kind in by_kind}
    fused = np.zeros(shape, dtype=np.float32)
    for number, fold in enumerate(folds):
        parts = {kind: predictions[number] for kind, predictions in by_kind.items()}
        for kind, part in parts.items():
            alone[kind][fold.test] = part.test
        fused[fold.test] = _fused(readable, labels, list(parts.values()))
    return OutOfFoldPredictions(creators, labels, fused, alone, splits.outer)


def _fused(readable: Sequence[Mask], labels: IntArray, parts: list[FoldPrediction]) -> Probabilities:
    if len(parts) == 1:
        return parts[0].test
    first, second = parts
    rows, test = first.fold.validation, first.fold.test
    seen, read = readable
    fixed = choose_weight(first.validation, second.validation, labels[rows], seen[rows], read[rows])
    return fuse(first.test, second.test, fixed.photo_weight, fixed.how, seen[test], read[test])
