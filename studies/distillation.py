"""Share of the gap between the photo alone and photo with text that a photo model distilled from texts closes.

    python -m studies distillation CATALOG [--folds 5] [--seed 0]

Grouped split, inner fold 0 of each outer fold. The fusion is learned on the validation part. The gap is between the
default photo model, which knows no words, and the fusion of it with the text. Works with a photo and a text are
evaluated; spreads are standard deviations over the outer folds (n - 1).
"""

import argparse
import statistics
from collections.abc import Iterator, Sequence

from sakka.arrays import FLOOR, log_loss
from sakka.catalog.splits import GROUPED, Fold
from sakka.catalog.works import Catalog
from sakka.evaluation.usable_works import split_works, usable_works
from sakka.models.base import CreatorModel, FoldPrediction
from sakka.models.learned_fusion import fit_fusion
from sakka.models.photo.distilled import EfficientNetDistilled
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.text.linear import LinearText
from studies.figures import Figure

PHOTO, TEXT, FUSED = "photo alone", "text alone", "photo and text, learned fusion"
DISTILLED = "photo alone, distilled from texts"
MODELS: dict[str, CreatorModel] = {
    "photo alone, without out-of-fold predictions of the creator": EfficientNetLinear(out_of_fold=False),
    PHOTO: EfficientNetLinear(),
    DISTILLED: EfficientNetDistilled(),
    TEXT: LinearText(),
}


def predictions_of(works: Catalog, folds: Sequence[Fold]) -> Iterator[tuple[str, list[FoldPrediction]]]:
    """Each row's predictions of the folds, the fusion last."""
    found = {}
    for words, model in MODELS.items():
        found[words] = list(model.predict_folds(works, folds, works.creators))
        yield words, found[words]
    labels, seen, read = works.creator_indices(works.creators), works.has_photo, works.has_text
    fused = []
    for photo, text in zip(found[PHOTO], found[TEXT], strict=True):
        rows, tested = photo.fold.validation, photo.fold.test
        fusion = fit_fusion(photo.validation, text.validation, labels[rows], seen[rows], read[rows])
        validation = fusion.predict(photo.validation, text.validation, seen[rows], read[rows])
        fused.append(
            FoldPrediction(photo.fold, validation, fusion.predict(photo.test, text.test, seen[tested], read[tested]))
        )
    yield FUSED, fused


def scores_of(works: Catalog, found: Sequence[FoldPrediction]) -> list[tuple[float, float, float]]:
    """Each fold's accuracy on validation, accuracy on test and log-loss on test."""
    labels, usable = works.creator_indices(works.creators), works.has_photo & works.has_text
    scores = []
    for one in found:
        own = one.validation[usable[one.fold.validation]], one.test[usable[one.fold.test]]
        right = [labels[rows[usable[rows]]] for rows in (one.fold.validation, one.fold.test)]
        accuracies = [float((table.argmax(axis=1) == named).mean()) for table, named in zip(own, right, strict=True)]
        scores.append((accuracies[0], accuracies[1], log_loss(own[1], right[1], FLOOR)))
    return scores


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog")
    parser.add_argument("--folds", type=int, default=5, help="how many outer folds, each with its inner fold 0")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Evaluate each model and the fusion, then the share of the gap that is closed."""
    works = usable_works(Catalog.read(asked.catalog), GROUPED).works
    splits = split_works(works, GROUPED, asked.seed)
    folds = [splits.fold(outer, 0) for outer in range(asked.folds)]
    usable = works.has_photo & works.has_text
    n_test = sum(int(usable[fold.test].sum()) for fold in folds)
    test = {}
    for row, found in predictions_of(works, folds):
        validation, test[row], losses = zip(*scores_of(works, found), strict=True)
        yield Figure.over(row, "validation accuracy", validation)
        yield Figure.over(row, "test accuracy", test[row], n_test)
        yield Figure.over(row, "test log-loss", losses, n_test)
    alone, distilled, both = (statistics.fmean(test[row]) for row in (PHOTO, DISTILLED, FUSED))
    yield Figure(DISTILLED, "share of the gap", (distilled - alone) / max(both - alone, 1e-9), n_test)
