"""The same models under several kinds of split, side by side: how much does the random split flatter?

Each split is a run of its own (`RUN`, `RUN/grouped`, `RUN/temporal`); the figures are those of the runs' table 3.
"""

from collections.abc import Sequence
from dataclasses import replace

from sakka.evaluation.display_names import MEASURE_WORDS, ROW_WORDS, model_words
from sakka.evaluation.figures import Cell, Figure, Table
from sakka.evaluation.frame import FUSED, EvaluatedRun, Predictor, ensemble

KEY = "splits"
SHOWN = ("accuracy", "macro_f1")
SPLIT_WORDS = {
    "random": "Random",
    "grouped": "Near-identical works together",
    "temporal": "Past to future",
}


def splits_table(runs: Sequence[EvaluatedRun]) -> Table:
    """Accuracy and macro-F1 of every model under each kind of split.

    Args:
        runs: The evaluated runs, the random split first; a model that only some of them have shows a blank.
    """
    predictors = {(each.model, each.row): each for run in runs for each in _predictors(run)}
    rows: list[tuple[Cell, ...]] = [
        _counts("Works evaluated", "works_count", runs),
        _counts("Creators", "creators", runs),
    ]
    for measure in SHOWN:
        rows += [(model_words(each.model), f"{MEASURE_WORDS[measure]}, {ROW_WORDS[each.row]}",
                  *(_cell(run, each, measure) for run in runs)) for each in predictors.values()]  # fmt: skip
    return Table(
        key=KEY,
        title="How much does the random split flatter?",
        note=" ".join(flattery(runs)),
        head=("Model", "What", *(SPLIT_WORDS[run.facts.split] for run in runs)),
        rows=tuple(rows),
    )


def flattery(runs: Sequence[EvaluatedRun]) -> list[str]:
    """Say in plain words how much the random split flatters what a run puts forward."""
    first, best = runs[0], runs[0].headline
    random = first.figure(best, "accuracy").value or 0.0
    said = [f"Under the random split {model_words(best.model)} has an accuracy of {100 * random:.1f} %."]
    for run in runs[1:]:
        value = run.figure(best, "accuracy").value or 0.0
        how = {
            "grouped": "When near-identical works never stand on both sides",
            "temporal": "When it learns from each creator's past and is evaluated on the same creator's later works",
        }[run.facts.split]
        change = 100 * (random - value)
        flatters = f"the random split flatters by {change:.1f} points" if change > 0 else f"{-change:.1f} points more"
        said.append(f"{how}, it is {100 * value:.1f} %: {flatters}{_other_works(first, run)}.")
    return said


def _other_works(random: EvaluatedRun, other: EvaluatedRun) -> str:
    facts = other.facts
    if facts.n_tested == random.facts.n_tested and facts.columns == random.facts.columns:
        return ""
    return f", though on fewer works ({facts.n_tested:,} of {facts.columns:,} creators), learned from fewer"


def _predictors(run: EvaluatedRun) -> list[Predictor]:
    return [*([FUSED] if run.facts.fused else []), *(ensemble(name) for name, _ in run.models)]


def _cell(run: EvaluatedRun, predictor: Predictor, measure: str) -> Cell:
    has_it = any((each.model, each.row) == (predictor.model, predictor.row) for each in _predictors(run))
    return _of(run, run.figure(predictor, measure)) if has_it else ""


def _counts(words: str, measure: str, runs: Sequence[EvaluatedRun]) -> tuple[Cell, ...]:
    counts = (run.facts.n_tested if measure == "works_count" else run.facts.columns for run in runs)
    figures = (
        _of(run, Figure("all", "ensemble", measure, count, None, run.facts.n_tested, run.facts.outer_folds))
        for run, count in zip(runs, counts, strict=True)
    )
    return (words, "", *figures)


def _of(run: EvaluatedRun, made: Figure) -> Figure:
    return replace(made, table=KEY, split=run.facts.split)
