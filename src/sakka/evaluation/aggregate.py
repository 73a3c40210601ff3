"""From stored predictions to the frame of an evaluated run, one outer fold at a time.

Each file is read once. For each outer fold: (a) every ratio of photo and text is evaluated on the validation
predictions of its inner folds, pooled, the learned fusions (`learned_fusion.py`) are fitted on them, and the one that
`sakka fit` would take is chosen; (b) the test predictions are reduced to rows of the frame, for each single model, for
the mean of the inner models' probabilities (the ensemble), and for the two ensembles fused. Memory: the tables of one
test part, one of each model and one more of each inner fold of the two that are fused, and the pool of validation
predictions, whatever the number of outer folds.

The fusion joins the first photo model and the first text model of the plan.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from sakka.arrays import IntArray, Probabilities
from sakka.errors import RunError
from sakka.evaluation.frame import FUSION, EvaluatedRun, reduced, schema, shown_name
from sakka.evaluation.learned_fusion import LEARNED, LEARNED_KIND, Pool
from sakka.evaluation.open_run import RunFacts, StoredRun
from sakka.evaluation.predictions import StoredPrediction
from sakka.models.fixed_ratio import FIXED_RATIOS, FixedRatio, best_ratio, correct_by_ratio
from sakka.models.fusion import HOWS, fuse
from sakka.progress import track

Pair = tuple[Probabilities, Probabilities]


def evaluate_run(run: StoredRun) -> EvaluatedRun:
    """Read every stored prediction of a run once and reduce it to the frame.

    Raises:
        RunError: Two models of a fold predict different works.
    """
    facts = run.facts
    folds = [_EvaluatedFold(run, outer) for outer in range(facts.outer_folds)]
    for fold in track(folds, "evaluating the folds", total=len(folds)):
        fold.evaluate()
    frame = pl.concat([part for fold in folds for part in fold.parts])
    return EvaluatedRun(facts, frame, _validation_frame([fold.votes for fold in folds]))


class _EvaluatedFold:
    """One outer fold: its rows of the frame, a predictor after the other, and the votes of its validation works."""

    def __init__(self, run: StoredRun, outer: int) -> None:
        self.run, self.facts, self.outer = run, run.facts, outer
        self.rows = self.facts.tested(outer)
        self.given = self.facts.fused_given_of(self.rows)
        models = [shown_name(name) for name, _ in self.facts.models]
        self.schema = schema(models, [*HOWS, *LEARNED], self.facts.columns)
        self.parts: list[pl.DataFrame] = []
        self.votes = _Votes()

    def evaluate(self) -> None:
        """Read the fold's predictions and reduce them."""
        shape = len(self.rows), self.facts.columns
        totals = {name: np.zeros(shape, dtype=np.float32) for name, _ in self.facts.models}
        pairs, pool = [], Pool(self.facts)
        for inner in range(self.facts.inner_folds):
            found = {name: self._read(name, inner) for name in totals}
            for name, prediction in found.items():
                totals[name] += prediction.test
                self._add(prediction.test.__getitem__, model=shown_name(name), kind="single", inner=inner)
            if self.facts.fused is not None:
                photo, text = (found[name] for name in self.facts.fused)
                self.votes.add(self.facts, photo, text)
                pool.add(photo, text)
                pairs.append((photo.test, text.test))
        for name, total in totals.items():
            total /= np.float32(self.facts.inner_folds)
            self._add(total.__getitem__, model=shown_name(name), kind="ensemble")
        if self.facts.fused is not None:
            photo_name, text_name = self.facts.fused
            self._add_fused((totals[photo_name], totals[text_name]), pairs, pool)

    def _read(self, model: str, inner: int) -> StoredPrediction:
        found = self.run.fold(model, self.outer, inner)
        _check_rows(self.rows, found.test_rows, found)
        return found

    def _add_fused(self, ensembles: Pair, pairs: list[Pair], pool: Pool) -> None:
        best = self.votes.best()
        fusions = pool.fit(best)
        for fixed in FIXED_RATIOS:
            as_fitted = fixed == best and not fusions.is_learned
            self._add_ratio(ensembles, fixed, kind="fused", as_fitted=as_fitted, **self.votes.choice(fixed))
        for way, probabilities in fusions.predictions(self.given, pairs):
            as_fitted = way == LEARNED_KIND and fusions.is_learned
            self._add(probabilities.__getitem__, model=FUSION, kind="fused", way=way, as_fitted=as_fitted)
        for inner, pair in enumerate(pairs):
            if fusions.is_learned:
                fused = fusions.fusers[LEARNED_KIND](*pair, *self.given)
                self._add(fused.__getitem__, model=FUSION, kind="single", inner=inner, way=LEARNED_KIND)
            else:
                self._add_ratio(pair, best, kind="single", inner=inner)

    def _add_ratio(self, pair: Pair, fixed: FixedRatio, **columns: Any) -> None:
        def fused(block: slice) -> Probabilities:  # a block stays in the processor's cache: 2.5 times as fast
            given = self.given[0][block], self.given[1][block]
            return fuse(pair[0][block], pair[1][block], fixed.photo_weight, fixed.how, *given)

        self._add(fused, model=FUSION, way=fixed.how, photo_weight=fixed.photo_weight, **columns)

    def _add(self, table: Callable[[slice], Probabilities], **columns: Any) -> None:
        labels = self.facts.labels[self.rows]
        has_photo, has_text = self.facts.has_photo[self.rows], self.facts.has_text[self.rows]
        of_works = {"work": self.rows, "label": labels, "has_photo": has_photo, "has_text": has_text}
        part = pl.DataFrame({**of_works, **reduced(table, labels)})
        constant: dict[str, Any] = dict.fromkeys(("inner", "way", "photo_weight"))
        constant |= {"chosen": False, "chosen_of_way": False, "as_fitted": False, "outer": self.outer, **columns}
        part = part.with_columns(**{name: pl.lit(value) for name, value in constant.items()})
        self.parts.append(part.select(pl.col(name).cast(dtype) for name, dtype in self.schema.items()))


class _Votes:
    """How many validation works of an outer fold each ratio predicts correctly, added over its inner folds."""

    def __init__(self) -> None:
        self.correct = dict.fromkeys(FIXED_RATIOS, 0)
        self.works = 0

    def add(self, facts: RunFacts, photo: StoredPrediction, text: StoredPrediction) -> None:
        """Add one inner fold's validation part."""
        rows = photo.validation_rows
        _check_rows(rows, text.validation_rows, text)
        given = facts.fused_given_of(rows)
        counts = correct_by_ratio(photo.validation, text.validation, facts.labels[rows], *given)
        self.correct = {fixed: self.correct[fixed] + counts[fixed] for fixed in FIXED_RATIOS}
        self.works += len(rows)

    def best(self, ways: Sequence[str] = HOWS) -> FixedRatio:
        """The ratio of some ways of fusing with most correct predictions."""
        return best_ratio({fixed: count for fixed, count in self.correct.items() if fixed.how in ways})

    def choice(self, fixed: FixedRatio) -> dict[str, bool]:
        """Whether a ratio is the best of all and the best of its way."""
        return {"chosen": fixed == self.best(), "chosen_of_way": fixed == self.best((fixed.how,))}


def _validation_frame(folds: Sequence[_Votes]) -> pl.DataFrame:
    rows = [
        {"outer": outer, "way": fixed.how, "photo_weight": fixed.photo_weight, **votes.choice(fixed),
         "works": votes.works, "correct": correct}
        for outer, votes in enumerate(folds) for fixed, correct in votes.correct.items() if votes.works
    ]  # fmt: skip
    columns = {"outer": pl.UInt8, "way": pl.String, "photo_weight": pl.Float64, "chosen": pl.Boolean}
    columns |= {"chosen_of_way": pl.Boolean, "works": pl.Int64, "correct": pl.Int64}
    frame = pl.DataFrame(rows, schema=columns)
    return frame.with_columns(accuracy=pl.col("correct") / pl.col("works"))


def _check_rows(expected: IntArray, found: IntArray, prediction: StoredPrediction) -> None:
    if not np.array_equal(expected, found):
        raise RunError(
            f"the predictions of {prediction.model} for fold {prediction.outer}-{prediction.inner} are of "
            f"{len(found)} works that are not the {len(expected)} works of the fold; "
            "run the experiment in a new folder"
        )
