"""How far probabilities can be believed, and what is gained by answering only when sure.

The expected calibration error parts the works by the probability of the creator named into `BINS` equal intervals and
weighs how far each part's share of right answers is from its mean probability:

    ECE = sum over bins b of  n_b / n * |right_b - mean probability_b|

Source: C. Guo et al., On calibration of modern neural networks, ICML 2017, https://arxiv.org/abs/1706.04599
"""

import numpy as np
import numpy.typing as npt

from sakka.arrays import IntArray, Mask, top
from sakka.evaluation.answers import Answers
from sakka.evaluation.evaluated_run import Judged, RunFacts
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, figure, pooled, total
from sakka.evaluation.learned_fusion import LEARNED_KIND
from sakka.evaluation.tables.ratios import NO_FUSION

BINS = 15
SURE: tuple[float, ...] = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
CURVE_STEPS = 20
Floats = npt.NDArray[np.floating]


def calibration(judged: Judged) -> Table | LeftOut:
    """The calibration error of every way of fusing and of the two models it joins."""
    fusion, facts = judged.fusion, judged.facts
    if fusion is None or not fusion.learned:
        return LeftOut("calibration", NO_FUSION)
    ways = {
        fusion.photo: judged.model(fusion.photo).ensemble,
        fusion.text: judged.model(fusion.text).ensemble,
        **{f"{how}, best ratio": answers for how, answers in fusion.of_how.items()},
        **fusion.learned,
    }
    extra = [each for answers in (fusion.learned[LEARNED_KIND],) for each in _bins(answers, facts)]
    return Table(
        key="calibration",
        title="How far the probabilities can be believed",
        note=(
            f"Expected calibration error: works are parted into {BINS} intervals by the probability of the creator "
            "named; it is the mean distance of an interval's share of right answers from its mean probability. It is "
            "taken over all tested works; “surer than right” is the mean probability minus the accuracy. Temperatures "
            "and learned fusions are fitted on validation predictions only."
        ),
        head=("Answers of", "Calibration error", "Mean probability", "Accuracy", "Surer than right"),
        rows=tuple(_row(name, answers, facts) for name, answers in ways.items()),
        extra=tuple(extra),
        strong=len(fusion.of_how) + 2,
    )


def sure(judged: Judged) -> Table | LeftOut:
    """Coverage and accuracy where only answers with at least some probability are given."""
    fusion, facts = judged.fusion, judged.facts
    if fusion is None or not fusion.learned:
        return LeftOut("sure", NO_FUSION)
    answers = fusion.learned[LEARNED_KIND]
    surest = answers.probability[facts.outer >= 0].max(initial=0)
    return Table(
        key="sure",
        title="Answering only when sure",
        note=(
            "The learned log-linear fusion answers only where the probability of the creator named is at least the "
            "threshold. Coverage is the share of works answered; accuracy is that of the answers given."
        ),
        head=("Threshold", "Coverage", "Accuracy", "Wrong answers"),
        rows=tuple(_sure_row(answers, facts, threshold) for threshold in SURE if threshold <= surest),
        extra=tuple(_curve(answers, facts)),
    )


def calibration_error(probability: Floats, right: Mask, bins: int = BINS) -> float:
    """The expected calibration error of some answers.

    Args:
        probability: The probability of the creator named, shape (n,).
        right: Whether it is the right one, shape (n,).
        bins: How many intervals.

    >>> calibration_error(np.array([0.75, 0.75, 0.75, 0.75]), np.array([True, True, True, False]))
    0.0
    """
    place = _bin_of(probability, bins)
    gaps = np.bincount(place, weights=probability.astype(np.float64) - right, minlength=bins)
    return float(np.abs(gaps).sum() / max(1, len(right)))


def _bin_of(probability: Floats, bins: int) -> IntArray:
    place: IntArray = np.minimum((probability * bins).astype(np.int64), bins - 1)
    return place


def _row(name: str, answers: Answers, facts: RunFacts) -> tuple[Cell, ...]:
    tested = np.flatnonzero(facts.outer >= 0)
    probability, right = answers.probability[tested].astype(np.float64), _right(answers, tested, facts)

    def whole(measure: str, value: float) -> Figure:
        return pooled(f"fused {name}", measure, value, len(tested), facts.outer_folds)

    return (
        name,
        whole("calibration_error", calibration_error(probability, right)),
        whole("mean_probability", float(probability.mean())),
        whole("accuracy", float(right.mean())),
        whole("surer_gain", float(probability.mean() - right.mean())),
    )


def _bins(answers: Answers, facts: RunFacts) -> list[Figure]:
    """The reliability diagram: of each interval its works, mean probability and share of right answers."""
    tested = np.flatnonzero(facts.outer >= 0)
    probability, right = answers.probability[tested].astype(np.float64), _right(answers, tested, facts)
    place = _bin_of(probability, BINS)
    figures = []
    for number in np.unique(place):
        inside = place == number
        name, n = f"bin {number + 1} of {BINS}", int(inside.sum())
        figures.append(pooled(name, "mean_probability", float(probability[inside].mean()), n, facts.outer_folds))
        figures.append(pooled(name, "accuracy", float(right[inside].mean()), n, facts.outer_folds))
    return figures


def _sure_row(answers: Answers, facts: RunFacts, threshold: float) -> tuple[Cell, ...]:
    coverage, accuracies, wrong = [], [], []
    for outer in range(facts.outer_folds):
        rows = facts.tested(outer)
        given = answers.probability[rows] >= threshold
        right = _right(answers, rows, facts)[given]
        coverage.append(float(given.mean()))
        accuracies.append(float(right.mean()) if given.any() else float("nan"))
        wrong.append(int((~right).sum()))
    name = f"fused at least {threshold:.2f}"
    return (
        f"{threshold:.2f}",
        figure(name, "fused", "coverage", coverage, facts.n_tested),
        figure(name, "fused", "accuracy", accuracies, facts.n_tested),
        total(name, "fused", "wrong_count", wrong, facts.n_tested),
    )


def _curve(answers: Answers, facts: RunFacts) -> list[Figure]:
    """The accuracy of the surest 5 %, 10 %, ... 100 % of each fold's works."""
    figures = []
    for step in range(1, CURVE_STEPS + 1):
        accuracies = []
        for outer in range(facts.outer_folds):
            rows = facts.tested(outer)
            surest = rows[top(answers.probability[rows])]
            given = surest[: max(1, round(len(rows) * step / CURVE_STEPS))]
            accuracies.append(float(_right(answers, given, facts).mean()))
        name = f"surest {step / CURVE_STEPS:.2f}"
        figures.append(figure(name, "fused", "accuracy", accuracies, facts.n_tested))
    return figures


def _right(answers: Answers, rows: IntArray, facts: RunFacts) -> Mask:
    right: Mask = answers.named[rows] == facts.labels[rows]
    return right
