"""Table 3, every model three ways, and its differences: the gain of ensembling and the gain of fusion told apart.

    single     the measures of each inner fold's model, averaged: what one trained model does
    ensemble   the inner models' probabilities averaged, evaluated once an outer fold
    fused      photo and text fused as `sakka fit` would, which goes by the validation predictions

`fused-ratio` and `fused-learned` are the two that `fused` chooses from in each outer fold; what it always is stands
there once. With one inner fold a single model is the ensemble.

The paper compares `single` photo and text models with an ensemble of ten; part of its gain is plain ensembling. The
row `fused`, `single` is one photo and one text model of the same inner fold, fused in the same way. Two rows are
of the same works of a fold, so the difference of their accuracies is taken within each fold: its standard deviation is
smaller than those of the two rows suggest, because a fold that is hard for one is hard for the other.
"""

from sakka.evaluation.display_names import MEASURE_WORDS, ROW_WORDS, model_words
from sakka.evaluation.figures import Cell, Table, figure, total
from sakka.evaluation.frame import (
    FUSED_LEARNED,
    FUSED_RATIO,
    FUSED_SINGLE,
    MEASURES,
    EvaluatedRun,
    Predictor,
    ensemble,
    single,
)


def table3(run: EvaluatedRun) -> Table:
    """Every measure of every model, the fusion and the baseline."""
    models = [name for name, modality in run.models if modality != "none"]
    baselines = [name for name, modality in run.models if modality == "none"]
    fusions = {model_words(each.model): each for each in (FUSED_RATIO, FUSED_LEARNED)} if run.facts.fused else {}
    several = run.facts.inner_folds > 1
    predictors = [
        *(each for name in models for each in _rows_of(name, several)),
        *([FUSED_SINGLE] if fusions and several else []),
        *(run.with_headline(fusions)[0].values() if fusions else ()),
        *map(ensemble, baselines),
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
        strong=[(each.model, each.row) for each in predictors].index((run.headline.model, run.headline.row)),
    )


def _rows_of(name: str, several: bool) -> tuple[Predictor, ...]:
    return (single(name), ensemble(name)) if several else (ensemble(name),)


def _note(run: EvaluatedRun) -> str:
    said = ["Mean ± standard deviation over the outer folds."]
    if run.facts.inner_folds > 1:
        said.append(
            "“Single models” averages the figures of the single models; “ensemble” evaluates the mean of their "
            "probabilities."
        )
    if run.facts.fused:
        said.append(
            "“Photo + text” is fused as a model fitted on all works would be: by a fixed ratio, or by learned weights "
            "where these have less log-loss. That is decided in each fold on validation works only."
        )
    return " ".join(said)


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
    several, best, pair = run.facts.inner_folds > 1, run.headline, run.facts.fused or ()
    steps = []
    if several:
        steps += [("ensembling", single(name), ensemble(name)) for name, modality in run.models if modality != "none"]
        steps += [("fusion, one model each", single(name), FUSED_SINGLE) for name in pair]
        steps += [("ensembling", FUSED_SINGLE, best)] if pair else []
    steps += [("fusion of ensembles" if several else "fusion", ensemble(name), best) for name in pair]
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
    words = model_words(side.model)
    return f"{words}, {ROW_WORDS[side.row]}" if side.row == "single" else words
