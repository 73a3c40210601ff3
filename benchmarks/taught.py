"""How much of the gap between the photo alone and photo and text a taught photo model closes: `docs/evaluation.md`.

    python -m benchmarks.taught CATALOG [--folds 5] [--seed 0]

Grouped split, inner fold 0 of each outer fold. The fusion is learned on the validation part. The gap is between the
default photo model, which knows no words, and the fusion of it with the text. Works with a photo and a text are judged.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence

from sakka.arrays import log_loss
from sakka.catalog.splits import GROUPED, Fold
from sakka.catalog.works import Catalog
from sakka.evaluation.usable_works import divide, usable_works
from sakka.models.base import CreatorModel, FoldPrediction
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.photo.taught import EfficientNetTaught
from sakka.models.stacking import FLOOR, fit_fusion
from sakka.models.text.linear import LinearText

PHOTO, TEXT, FUSED = "photo alone", "text alone", "photo and text, learned fusion"
TAUGHT = "photo alone, taught by texts"
MODELS: dict[str, CreatorModel] = {
    "photo alone, without guesses of the creator": EfficientNetLinear(guesses=False),
    PHOTO: EfficientNetLinear(),
    TAUGHT: EfficientNetTaught(),
    TEXT: LinearText(),
}


def answers(works: Catalog, folds: Sequence[Fold]) -> Iterator[tuple[str, list[FoldPrediction]]]:
    """Each row's answers to the folds, the fusion last."""
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


def judged(works: Catalog, found: Sequence[FoldPrediction]) -> list[tuple[float, float, float]]:
    """Each fold's accuracy on validation, accuracy on test and log-loss on test."""
    labels, able = works.creator_indices(works.creators), works.has_photo & works.has_text
    scores = []
    for one in found:
        own = one.validation[able[one.fold.validation]], one.test[able[one.fold.test]]
        right = [labels[rows[able[rows]]] for rows in (one.fold.validation, one.fold.test)]
        shares = [float((table.argmax(axis=1) == named).mean()) for table, named in zip(own, right, strict=True)]
        scores.append((*shares, log_loss(own[1], right[1], FLOOR)))
    return scores


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("catalog")
    parser.add_argument("--folds", type=int, default=5, help="how many outer folds, each with its inner fold 0")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    works = usable_works(Catalog.read(chosen.catalog), GROUPED).works
    splits = divide(works, GROUPED, chosen.seed)
    folds = [splits.fold(outer, 0) for outer in range(chosen.folds)]
    able = works.has_photo & works.has_text
    scores = {words: judged(works, found) for words, found in answers(works, folds)}
    n_judged = sum(int(able[fold.test].sum()) for fold in folds)
    sys.stdout.write(f"n = {n_judged:,} test works of {len(folds)} folds.\n\n")
    sys.stdout.write(
        "| Answers | Validation | Test | Test log-loss | Share of the gap |\n| --- | ---: | ---: | ---: | ---: |\n"
    )
    alone, both = (statistics.fmean(score[1] for score in scores[words]) for words in (PHOTO, FUSED))
    for words, rows in scores.items():
        cells = [
            f"{statistics.fmean(column):.4f} ± {statistics.pstdev(column):.4f}" for column in zip(*rows, strict=True)
        ]
        closed = (statistics.fmean(score[1] for score in rows) - alone) / max(both - alone, 1e-9)
        share = f"{100 * closed:.0f} %" if words == TAUGHT else ""
        sys.stdout.write(f"| {words} | {' | '.join(cells)} | {share} |\n")


if __name__ == "__main__":
    main()
