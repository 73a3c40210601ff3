"""Table 3: every model three ways, so that the gain of ensembling and the gain of fusion can be told apart.

    single     the measures of each inner fold's model, averaged: what one trained model does
    ensemble   the inner models' probabilities averaged, judged once an outer fold
    fused      the photo and the text ensembles fused, the weight chosen on validation predictions

`fused-learned` is the fusion that a fitted model uses (`models/stacking.py`), of the kind settled on beforehand.

The paper compares `single` photo and text models with an ensemble of ten; part of its gain is plain ensembling. The
row `fused`, `single` is one photo and one text model of the same inner fold, fused under the same weight.
"""

from collections.abc import Sequence

from sakka.evaluation.answers import Answers
from sakka.evaluation.display_names import MEASURE_WORDS, ROW_WORDS, model_words
from sakka.evaluation.evaluated_run import MEASURES, Judged, ModelAnswers, RunFacts, measures_by_fold
from sakka.evaluation.figures import Cell, RowKind, Table, figure
from sakka.evaluation.learned_fusion import LEARNED_KIND


def table3(judged: Judged) -> Table:
    """Every measure of every model, the fusion and the baseline."""
    facts = judged.facts
    baselines = [model for model in judged.models if model.modality == "none"]
    rows = [row for model in judged.models if model.modality != "none" for row in _model_rows(model, facts)]
    strong = None
    if judged.fusion is not None:
        fusion = judged.fusion
        rows.append(_row("fused", "single", fusion.singles, facts))
        rows += [_row(f"fused-{how}", "fused", [answers], facts) for how, answers in fusion.of_how.items()]
        strong = len(rows)
        rows.append(_row("fused", "fused", [fusion.chosen], facts))
        if LEARNED_KIND in fusion.learned:
            rows.append(_row("fused-learned", "fused", [fusion.learned[LEARNED_KIND]], facts))
    rows += [row for model in baselines for row in _model_rows(model, facts)]
    return Table(
        key="table3",
        title="Every model, all works",
        note=_note(facts),
        head=("Model", "Judged as", *(MEASURE_WORDS[name] for name in MEASURES)),
        rows=tuple(rows),
        strong=strong,
    )


def _note(facts: RunFacts) -> str:
    same = " With one inner fold the two coincide." if facts.inner_folds == 1 else ""
    return (
        f"Mean ± standard deviation over {facts.outer_folds} outer folds; {facts.n_tested:,} works judged. "
        "“Single models” averages the figures of the single models; “ensemble” judges the mean of their "
        f"probabilities, {facts.inner_folds} a fold.{same} The way of fusing and its weight are chosen on validation "
        "works only, and the learned fusion's weights are fitted on them; “single models” of the fusion is one photo "
        "and one text model."
    )


def _model_rows(model: ModelAnswers, facts: RunFacts) -> list[tuple[Cell, ...]]:
    return [
        _row(model.name, "single", model.singles, facts),
        _row(model.name, "ensemble", [model.ensemble], facts),
    ]


def _row(model: str, row: RowKind, many: Sequence[Answers], facts: RunFacts) -> tuple[Cell, ...]:
    by_fold = measures_by_fold(many, facts)
    figures = (figure(model, row, name, by_fold[name], facts.n_tested) for name in MEASURES)
    return (model_words(model), ROW_WORDS[row], *figures)
