"""Table 2: nine ratios of photo to text, and which of them is chosen.

The paper prints its ratios the wrong way round, it seems (at "image 1 : text 9" it comes out near the image model);
here each weight stands under its modality's name. It also picks the best ratio on the test folds. That figure is the
`oracle` here: one ratio for all folds, known only afterwards. The headline's ratio is picked in each outer fold on
the pooled validation predictions of its inner folds.
"""

from collections.abc import Sequence

import numpy as np

from sakka.evaluation.answers import Answers
from sakka.evaluation.evaluated_run import Fusion, Judged, RunFacts, measure, measures_by_fold
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, figure
from sakka.evaluation.metrics import accuracy
from sakka.models.fusion import HOWS, RATIOS, Mixture

NO_FUSION = "The run has no pair of a photo model and a text model, so there is nothing to fuse."
PRINTED = ("accuracy", "macro_f1")


def table2(judged: Judged) -> Table | LeftOut:
    """Accuracy and macro-F1 of each ratio, of the ratio chosen on validation and of the oracle."""
    fusion, facts = judged.fusion, judged.facts
    if fusion is None:
        return LeftOut("table2", NO_FUSION)
    rows = [_ratio_row(fusion, ratio, facts) for ratio in RATIOS]
    chosen = [_cells(f"fused-{how} chosen", fusion.of_how[how], facts) for how in HOWS]
    oracles = [_oracle(fusion, how, facts) for how in HOWS]
    rows.append(("chosen on validation", "", *(cell for cells in chosen for cell in cells)))
    rows.append(("oracle (best on test)", "", *(cell for _, cells in oracles for cell in cells)))
    named = " and ".join(f"{mixture.photo_weight:.1f} ({mixture.how})" for mixture, _ in oracles)
    return Table(
        key="table2",
        title="Photo and text in nine ratios",
        note=(
            "The two ensembles fused as an arithmetic mean (the paper's way) or log-linearly. “Chosen” takes, in each "
            "outer fold, the weight that is best on its validation works. “Oracle” takes the one weight that turns out "
            f"best on the test works, a photo weight of {named}: nobody could know it beforehand, and it is printed "
            "because the paper's figure was picked that way. Micro-F1 equals accuracy where each work gets one answer."
        ),
        head=("Photo weight", "Text weight", *(f"{how}: {name}" for how in HOWS for name in ("accuracy", "macro-F1"))),
        rows=tuple(rows),
        extra=tuple(_extra(fusion, facts)),
        strong=len(RATIOS),
    )


def choices(judged: Judged) -> Table | LeftOut:
    """What each outer fold chose, and how that did on its test works beside the best it could have chosen."""
    fusion, facts = judged.fusion, judged.facts
    if fusion is None:
        return LeftOut("choices", NO_FUSION)
    rows = [_choice_row(fusion, outer, facts) for outer in range(facts.outer_folds)]
    return Table(
        key="choices",
        title="What each fold chose",
        note=(
            "The mixture that names most validation works rightly, and its accuracy there and on the fold's test "
            "works. The last column is the best that any of the eighteen mixtures reaches on the test works."
        ),
        head=("Fold", "Way of fusing", "Photo weight", "Validation accuracy", "Test accuracy", "Best on test"),
        rows=tuple(rows),
    )


def _ratio_row(fusion: Fusion, ratio: float, facts: RunFacts) -> tuple[Cell, ...]:
    cells: list[Cell] = [f"{ratio:.1f}", f"{1 - ratio:.1f}"]
    for how in HOWS:
        cells += _cells(mixture_name(Mixture(how, ratio)), fusion.mixtures[Mixture(how, ratio)], facts)
    return tuple(cells)


def mixture_name(mixture: Mixture) -> str:
    """A mixture's name in `results.json`.

    >>> mixture_name(Mixture("arithmetic", 0.3))
    'fused-arithmetic photo 0.3 text 0.7'
    """
    return f"fused-{mixture.how} photo {mixture.photo_weight:.1f} text {1 - mixture.photo_weight:.1f}"


def _cells(name: str, answers: Answers, facts: RunFacts) -> list[Figure]:
    by_fold = measures_by_fold([answers], facts)
    return [figure(name, "fused", each, by_fold[each], facts.n_tested) for each in PRINTED]


def _oracle(fusion: Fusion, how: str, facts: RunFacts) -> tuple[Mixture, list[Figure]]:
    def mean_accuracy(mixture: Mixture) -> float:
        return float(np.mean(measures_by_fold([fusion.mixtures[mixture]], facts)["accuracy"]))

    best = max((mixture for mixture in fusion.mixtures if mixture.how == how), key=mean_accuracy)
    return best, _cells(f"fused-{how} oracle", fusion.mixtures[best], facts)


def _extra(fusion: Fusion, facts: RunFacts) -> Sequence[Figure]:
    validation = fusion.choices[0].validation_works if fusion.choices else 0
    figures = []
    for mixture in fusion.mixtures:
        by_fold = measures_by_fold([fusion.mixtures[mixture]], facts)
        name = mixture_name(mixture)
        figures.append(figure(name, "fused", "micro_f1", by_fold["micro_f1"], facts.n_tested))
        on_validation = [choice.validation_accuracy(mixture) for choice in fusion.choices]
        figures.append(figure(name, "fused", "validation_accuracy", on_validation, validation))
    return figures


def _choice_row(fusion: Fusion, outer: int, facts: RunFacts) -> tuple[Cell, ...]:
    choice, rows = fusion.choices[outer], facts.tested(outer)
    name = f"fused fold {outer + 1}"
    reached = measure(fusion.chosen, rows, facts)["accuracy"]
    best = max(accuracy(facts.labels[rows], answers.named[rows]) for answers in fusion.mixtures.values())
    return (
        str(outer + 1),
        choice.mixture.how,
        figure(name, "fused", "photo_weight", [choice.mixture.photo_weight], choice.validation_works),
        figure(
            name,
            "fused",
            "validation_accuracy",
            [choice.validation_accuracy(choice.mixture)],
            choice.validation_works,
        ),
        figure(name, "fused", "accuracy", [reached], len(rows)),
        figure(name, "fused", "best_accuracy", [best], len(rows)),
    )
