"""Table 3, every model three ways, and its differences: the gain of ensembling and the gain of fusion told apart.

    single     the measures of each inner fold's model, averaged: what one trained model does
    ensemble   the inner models' probabilities averaged, evaluated once an outer fold
    fused      the photo and the text ensembles fused, the weight chosen on validation predictions

`fused-learned` is the fusion that a fitted model uses (`models/learned_fusion.py`), of the kind settled on beforehand.

The paper compares `single` photo and text models with an ensemble of ten; part of its gain is plain ensembling. The
row `fused`, `single` is one photo and one text model of the same inner fold, fused under the same weight. Two rows are
of the same works of a fold, so the difference of their accuracies is taken within each fold: its standard deviation is
smaller than those of the two rows suggest, because a fold that is hard for one is hard for the other.
"""

from sakka.evaluation.display_names import MEASURE_WORDS, ROW_WORDS, model_words
from sakka.evaluation.figures import Cell, Table, figure, total
from sakka.evaluation.frame import (
    FUSED,
    FUSED_LEARNED,
    FUSED_SINGLE,
    MEASURES,
    EvaluatedRun,
    Predictor,
    ensemble,
    single,
    way_of_fusing,
)
from sakka.models.fusion import HOWS


def table3(run: EvaluatedRun) -> Table:
    """Every measure of every model, the fusion and the baseline."""
    models = [name for name, modality in run.models if modality != "none"]
    baselines = [name for name, modality in run.models if modality == "none"]
    ways = [way_of_fusing(f"fused-{how}", how) for how in HOWS]
    fusions = [FUSED_SINGLE, *ways, FUSED, FUSED_LEARNED] if run.facts.fused else []
    predictors = [
        *(each for name in models for each in (single(name), ensemble(name))),
        *fusions,
        *(each for name in baselines for each in (single(name), ensemble(name))),
    ]
    return Table(
        key="table3",
        title="Every model, all works",
        note=_note(run),
        head=("Model", "Evaluated as", *(MEASURE_WORDS[name] for name in MEASURES)),
        rows=tuple(
            (model_words(each.model), ROW_WORDS[each.row], *(run.figure(each, name) for name in MEASURES))
            for each in predictors
        ),
        strong=predictors.index(FUSED) if fusions else None,
    )


def _note(run: EvaluatedRun) -> str:
    facts = run.facts
    same = " With one inner fold the two coincide." if facts.inner_folds == 1 else ""
    return (
        f"Mean ± standard deviation over {facts.outer_folds} outer folds; {facts.n_tested:,} works evaluated. "
        "“Single models” averages the figures of the single models; “ensemble” evaluates the mean of their "
        f"probabilities, {facts.inner_folds} a fold.{same} The way of fusing and its weight are chosen on validation "
        "works only, and the learned fusion's weights are fitted on them; “single models” of the fusion is one photo "
        "and one text model."
    )


def gains(run: EvaluatedRun) -> Table:
    """The accuracy gained by ensembling, by fusion and over the baseline."""
    return Table(
        key="gains",
        title="Where the accuracy comes from",
        note=(
            "Accuracy after minus accuracy before, within each outer fold: mean ± standard deviation, and in how many "
            "folds it is a gain. A comparison of a fusion of ensembles with single models mixes two gains; here they "
            "stand apart."
        ),
        head=("Step", "From", "To", "Gain in accuracy", "Folds with a gain"),
        rows=tuple(_gain_row(run, *step) for step in _steps(run)),
    )


def _steps(run: EvaluatedRun) -> list[tuple[str, Predictor, Predictor]]:
    steps = [("ensembling", single(name), ensemble(name)) for name, modality in run.models if modality != "none"]
    best, pair = run.headline, run.facts.fused or ()
    steps += [("fusion, one model each", single(name), FUSED_SINGLE) for name in pair]
    steps += [("ensembling", FUSED_SINGLE, best)] if pair else []
    steps += [("fusion of ensembles", ensemble(name), best) for name in pair]
    baseline = run.facts.first("none")
    return steps + ([("over the baseline", ensemble(baseline), best)] if baseline not in (None, best.model) else [])


def _gain_row(run: EvaluatedRun, words: str, before: Predictor, after: Predictor) -> tuple[Cell, ...]:
    earlier, later = (run.by_fold(each, "accuracy") for each in (before, after))
    differences = [late - early for early, late in zip(earlier, later, strict=True)]
    name = f"{before.model} {before.row} -> {after.model} {after.row}"
    gained = [int(difference > 0) for difference in differences]
    return (
        words,
        _words(before),
        _words(after),
        figure(name, after.row, "accuracy_gain", differences, run.facts.n_tested),
        total(name, after.row, "folds_with_gain_count", gained, run.facts.n_tested),
    )


def _words(side: Predictor) -> str:
    if side.model == FUSED.model:
        return "One photo and one text model, fused" if side.row == "single" else "The two ensembles, fused"
    return model_words(side.model) if side.model == "dummy" else f"{model_words(side.model)}, {ROW_WORDS[side.row]}"
