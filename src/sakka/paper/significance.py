"""Which differences between the rows of table 3 could be chance; the paper gives only the rows.

Two models predict the same works, so they are compared work by work, pooled over the folds: the interval of the
difference in accuracy and McNemar's test of `evaluation/tables/fusions.py`. The works are taken as drawn one by one;
how the same models would do after another training is not part of it.
"""

from itertools import combinations

import numpy as np

from sakka.evaluation.display_names import model_words
from sakka.evaluation.figures import Cell, LeftOut, Table, pooled
from sakka.evaluation.frame import EvaluatedRun, Predictor, ensemble
from sakka.evaluation.tables.fusions import RESAMPLES, mcnemar, paired_interval


def significance(run: EvaluatedRun) -> Table | LeftOut:
    """The difference of each two of the fusion and the ensembles, with its interval and McNemar's p."""
    reading = [ensemble(name) for name, modality in run.models if modality != "none"]
    shown = [*([run.headline] if run.facts.fused else []), *reading]
    pairs = list(combinations(shown, 2))
    if not pairs:
        return LeftOut("paper_significance", "The run has one model, so there are no two rows of table 3 to compare.")
    return Table(
        key="paper_significance",
        title="Between the rows of table 3",
        note=(
            "The accuracy of the first less that of the second, work by work and pooled over the folds, with the 95 % "
            f"interval of {RESAMPLES:,} bootstrap resamples of the works; “only” counts the works that one of the two "
            "names right, and p is McNemar's: how surely one side has more. Models are ensembles. What "
            "another training would change is not part of it."
        ),
        head=("First", "Second", "Difference", "from", "to", "Only the first", "Only the second", "p"),
        rows=tuple(_row(run, *pair) for pair in pairs),
    )


def _row(run: EvaluatedRun, first: Predictor, second: Predictor) -> tuple[Cell, ...]:
    correct, other = (run.of(each)["correct"].to_numpy() for each in (first, second))
    low, high = paired_interval(correct.astype(np.float64), other.astype(np.float64))
    alone, beside = int((correct & ~other).sum()), int((other & ~correct).sum())
    values = {
        "accuracy_gain": float(correct.mean() - other.mean()),
        "low_accuracy_gain": low,
        "high_accuracy_gain": high,
        "only_first_count": alone,
        "only_second_count": beside,
        "p_value": mcnemar(alone, beside),
    }
    name, facts = f"{second.model} -> {first.model}", run.facts
    figures = (pooled(name, measure, value, facts.n_tested, facts.outer_folds) for measure, value in values.items())
    return (model_words(first.model), model_words(second.model), *figures)
