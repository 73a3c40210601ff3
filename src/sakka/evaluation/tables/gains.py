"""Where the accuracy comes from: ensembling, fusion, or both; differences fold by fold.

Two rows judge the same works of a fold, so the difference of their accuracies is taken within each fold. Its spread
is smaller than the spreads of the two rows suggest, because a fold that is hard for one is hard for the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sakka.evaluation.answers import Answers
from sakka.evaluation.display_names import ROW_WORDS, model_words
from sakka.evaluation.evaluated_run import Fusion, Judged, ModelAnswers, measures_by_fold
from sakka.evaluation.figures import Cell, RowKind, Table, figure, total


@dataclass(frozen=True)
class _Side:
    name: str
    row: RowKind
    answers: Sequence[Answers]

    @property
    def words(self) -> str:
        if self.name == "fused":
            return "One photo and one text model, fused" if self.row == "single" else "The two ensembles, fused"
        return model_words(self.name) if self.name == "dummy" else f"{model_words(self.name)}, {ROW_WORDS[self.row]}"


def gains(judged: Judged) -> Table:
    """The accuracy gained by ensembling, by fusion and over the baseline."""
    rows = [_row(words, before, after, judged) for words, before, after in _steps(judged)]
    return Table(
        key="gains",
        title="Where the accuracy comes from",
        note=(
            "Accuracy after minus accuracy before, within each outer fold: mean ± standard deviation, and in how many "
            "folds it is a gain. A comparison of a fusion of ensembles with single models mixes two gains; here they "
            "stand apart."
        ),
        head=("Step", "From", "To", "Gain in accuracy", "Folds with a gain"),
        rows=tuple(rows),
    )


def _steps(judged: Judged) -> list[tuple[str, _Side, _Side]]:
    steps = [("ensembling", _single(model), _ensemble(model)) for model in judged.models if model.modality != "none"]
    name, answers = judged.headline
    best = _Side(name, "ensemble" if judged.fusion is None else "fused", [answers])
    if judged.fusion is not None:
        steps += _fusion_steps(judged, judged.fusion, best)
    baseline = judged.first("none")
    if baseline is not None and name != baseline.name:
        steps.append(("over the baseline", _ensemble(baseline), best))
    return steps


def _fusion_steps(judged: Judged, fusion: Fusion, best: _Side) -> list[tuple[str, _Side, _Side]]:
    pair = _Side("fused", "single", fusion.singles)
    models = [judged.model(fusion.photo), judged.model(fusion.text)]
    return [
        *(("fusion, one model each", _single(model), pair) for model in models),
        ("ensembling", pair, best),
        *(("fusion of ensembles", _ensemble(model), best) for model in models),
    ]


def _single(model: ModelAnswers) -> _Side:
    return _Side(model.name, "single", model.singles)


def _ensemble(model: ModelAnswers) -> _Side:
    return _Side(model.name, "ensemble", [model.ensemble])


def _row(words: str, before: _Side, after: _Side, judged: Judged) -> tuple[Cell, ...]:
    facts = judged.facts
    earlier, later = (measures_by_fold(side.answers, facts)["accuracy"] for side in (before, after))
    differences = [late - early for early, late in zip(earlier, later, strict=True)]
    name = f"{before.name} {before.row} -> {after.name} {after.row}"
    gained = [int(difference > 0) for difference in differences]
    return (
        words,
        before.words,
        after.words,
        figure(name, after.row, "accuracy_gain", differences, facts.n_tested),
        total(name, after.row, "folds_with_gain_count", gained, facts.n_tested),
    )
