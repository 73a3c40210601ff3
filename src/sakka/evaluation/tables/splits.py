"""The same models under several ways of dividing the works, side by side: how much does the random split flatter?

Each way is a run of its own (`RUN`, `RUN/grouped`, `RUN/temporal`); the figures are those of the runs' table 3.
"""

from collections.abc import Sequence

from sakka.evaluation.answers import Answers
from sakka.evaluation.display_names import MEASURE_WORDS, ROW_WORDS, model_words
from sakka.evaluation.evaluated_run import Judged, measures_by_fold
from sakka.evaluation.figures import Cell, Figure, RowKind, Table, figure

KEY = "splits"
SHOWN = ("accuracy", "macro_f1")
SPLIT_WORDS = {
    "random": "Random",
    "grouped": "Near-identical works together",
    "temporal": "Past to future",
}
Entry = tuple[str, RowKind, Answers]


def splits_table(runs: Sequence[Judged]) -> Table:
    """Accuracy and macro-F1 of every model under each way of dividing.

    Args:
        runs: The judged runs, the random split first; a model that only some of them have shows a blank.
    """
    entries = [entry for judged in runs for entry in _entries(judged)]
    names = list(dict.fromkeys((model, row) for model, row, _ in entries))
    rows: list[tuple[Cell, ...]] = [_counts("Works judged", "works_count", runs), _counts("Creators", "creators", runs)]
    for measure in SHOWN:
        rows += [(model_words(model), f"{MEASURE_WORDS[measure]}, {ROW_WORDS[row]}",
                  *(_cell(judged, model, row, measure) for judged in runs)) for model, row in names]  # fmt: skip
    return Table(
        key=KEY,
        title="How much does the random split flatter?",
        note=" ".join(flattery(runs)),
        head=("Model", "What", *(SPLIT_WORDS[judged.facts.split] for judged in runs)),
        rows=tuple(rows),
    )


def flattery(runs: Sequence[Judged]) -> list[str]:
    """Say in plain words how much the random split flatters what a run puts forward."""
    name = runs[0].headline[0]
    random = _accuracy(runs[0], name)
    said = [f"Under the random split {_subject(name)} names {100 * random:.1f} % of the works rightly."]
    for judged in runs[1:]:
        value = _accuracy(judged, name)
        how = {
            "grouped": "When near-identical works never stand on both sides",
            "temporal": "When it learns from each creator's past and is judged on the same creator's later works",
        }[judged.facts.split]
        change = 100 * (random - value)
        flatters = f"the random split flatters by {change:.1f} points" if change > 0 else f"{-change:.1f} points more"
        said.append(f"{how}, it is {100 * value:.1f} %: {flatters}{_other_works(runs[0], judged)}.")
    return said


def _other_works(random: Judged, other: Judged) -> str:
    facts = other.facts
    if facts.n_tested == random.facts.n_tested and facts.columns == random.facts.columns:
        return ""
    return f", though on fewer works ({facts.n_tested:,} of {facts.columns:,} creators), learned from fewer"


def _subject(name: str) -> str:
    return "the fusion of photo and text" if name == "fused" else model_words(name)


def _accuracy(judged: Judged, name: str) -> float:
    answers = next(each for model, _, each in _entries(judged) if model == name)
    by_fold = measures_by_fold([answers], judged.facts)["accuracy"]
    return figure(name, "ensemble", "accuracy", by_fold, judged.facts.n_tested).value or 0.0


def _entries(judged: Judged) -> list[Entry]:
    models: list[Entry] = [(model.name, "ensemble", model.ensemble) for model in judged.models]
    return models if judged.fusion is None else [("fused", "fused", judged.fusion.chosen), *models]


def _cell(judged: Judged, model: str, row: RowKind, measure: str) -> Cell:
    answers = next((each for name, kind, each in _entries(judged) if (name, kind) == (model, row)), None)
    if answers is None:
        return ""
    by_fold = measures_by_fold([answers], judged.facts)[measure]
    return _of(judged, figure(model, row, measure, by_fold, judged.facts.n_tested))


def _counts(words: str, measure: str, runs: Sequence[Judged]) -> tuple[Cell, ...]:
    counts = (judged.facts.n_tested if measure == "works_count" else judged.facts.columns for judged in runs)
    figures = (
        _of(judged, Figure("all", "ensemble", measure, count, None, judged.facts.n_tested, judged.facts.outer_folds))
        for judged, count in zip(runs, counts, strict=True)
    )
    return (words, "", *figures)


def _of(judged: Judged, made: Figure) -> Figure:
    return Figure(**{**vars(made), "table": KEY, "split": judged.facts.split})
