"""Which fusion is better: learned fusions beside the best fixed ratio, each work against itself.

Two fusions judge the same works, so the difference is taken work by work: in right answers, and in log-loss, where the
fixed ratio is given a temperature fitted on validation, so that no more than the fusion itself is compared. The
interval is a percentile bootstrap over the works (95 %, `RESAMPLES` resamples, a fixed seed); a gain is one when it
leaves out zero. McNemar's test counts the works that only one of the two names rightly, n_a and n_b, and gives the
two-sided binomial probability of a division so uneven if both were equally good.

Sources: B. Efron, R. Tibshirani, An introduction to the bootstrap, 1993; Q. McNemar, Psychometrika 12, 1947
"""

import numpy as np

from sakka.arrays import DoubleArray, IntArray, log_probabilities
from sakka.evaluation.answers import Answers
from sakka.evaluation.evaluated_run import Fusion, Judged, RunFacts, measures_by_fold
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, figure, pooled
from sakka.evaluation.learned_fusion import LEARNED, TEMPERED
from sakka.evaluation.tables.ratios import NO_FUSION

RESAMPLES = 2000
SEED = 0
CONFIDENCE = 0.95
DRAWN_AT_ONCE = 1 << 23  # counts of 8 bytes


def fusions(judged: Judged) -> Table | LeftOut:
    """Accuracy, log-loss and gain over the best fixed ratio of every way of fusing."""
    fusion = judged.fusion
    if fusion is None or not fusion.learned:
        return LeftOut("fusions", NO_FUSION)
    ways = {
        "arithmetic, best ratio": fusion.of_how["arithmetic"],
        "log-linear, best ratio": fusion.of_how["log-linear"],
        **{name: fusion.learned[name] for name in LEARNED if name != TEMPERED},
    }
    rows = [_row(name, answers, fusion, judged.facts) for name, answers in ways.items()]
    return Table(
        key="fusions",
        title="Fixed and learned fusion",
        note=(
            "The best ratio is chosen, and the learned fusions are fitted, on the validation predictions of each outer "
            "fold. The gain is over the best fixed ratio of either way, work by work, with its 95 % bootstrap interval "
            f"({RESAMPLES:,} resamples of the works); “only this” and “only the ratio” count the works that one of the "
            "two names rightly, and p is McNemar's. Log-loss is in nats. “Kind by validation” is, in each fold, the "
            "learned kind that loses less where each half of the validation works is judged by weights of the other."
        ),
        head=("Fusion", "Accuracy", "Log-loss", "Gain", "from", "to", "Only this", "Only the ratio", "p"),
        rows=tuple(rows),
        strong=2,
    )


def log_losses(judged: Judged) -> Table | LeftOut:
    """The log-loss of every way of fusing, and what it saves beside the best fixed ratio with a temperature."""
    fusion, facts = judged.fusion, judged.facts
    if fusion is None or not fusion.learned:
        return LeftOut("log_losses", NO_FUSION)
    tested = np.flatnonzero(facts.outer >= 0)
    before = log_loss(fusion.learned[TEMPERED], tested)
    rows: list[tuple[Cell, ...]] = []
    for name, answers in (("fixed ratio", fusion.chosen), *fusion.learned.items()):
        losses, model = log_loss(answers, tested), f"fused {name}"
        low, high = paired_interval(before, losses)
        told = {
            "pooled_log_loss": float(losses.mean()),
            "log_loss_saved": float(before.mean() - losses.mean()),
            "low_log_loss_saved": low,
            "high_log_loss_saved": high,
        }
        cells = (pooled(model, key, value, len(tested), facts.outer_folds) for key, value in told.items())
        rows.append((name, *cells))
    return Table(
        key="log_losses",
        title="Log-loss of fixed and learned fusion",
        note=(
            "Over all tested works, in nats. Saved: beside the best fixed ratio whose probabilities have a temperature "
            f"fitted on validation, work by work, with the 95 % bootstrap interval ({RESAMPLES:,} resamples)."
        ),
        head=("Fusion", "Log-loss", "Saved", "from", "to"),
        rows=tuple(rows),
        strong=2,
    )


def _row(name: str, answers: Answers, fusion: Fusion, facts: RunFacts) -> tuple[Cell, ...]:
    tested = np.flatnonzero(facts.outer >= 0)
    right, before = (each.named[tested] == facts.labels[tested] for each in (answers, fusion.chosen))
    low, high = paired_interval(right.astype(np.float64), before.astype(np.float64))
    alone, other = int((right & ~before).sum()), int((before & ~right).sum())
    model, n = f"fused {name}", len(tested)
    losses = [float(log_loss(answers, facts.tested(outer)).mean()) for outer in range(facts.outer_folds)]

    def whole(measure: str, value: float) -> Figure:
        return pooled(model, measure, value, n, facts.outer_folds)

    return (
        name,
        figure(model, "fused", "accuracy", measures_by_fold([answers], facts)["accuracy"], n),
        figure(model, "fused", "log_loss", losses, n),
        whole("accuracy_gain", float(right.mean() - before.mean())),
        whole("low_accuracy_gain", low),
        whole("high_accuracy_gain", high),
        pooled(model, "only_this_count", alone, n, facts.outer_folds),
        pooled(model, "only_ratio_count", other, n, facts.outer_folds),
        whole("p_value", mcnemar(alone, other)),
    )


def log_loss(answers: Answers, rows: IntArray) -> DoubleArray:
    """Minus the logarithm of the probability of each work's own creator, shape (n_rows,)."""
    return -log_probabilities(answers.probability_of_right[rows].astype(np.float64))


def paired_interval(after: DoubleArray, before: DoubleArray) -> tuple[float, float]:
    """The bootstrap interval of the mean of after - before, both of shape (n_works,).

    >>> paired_interval(np.ones(50), np.zeros(50))
    (1.0, 1.0)
    """
    difference = after - before
    generator = np.random.default_rng(SEED)
    if len(difference) == 0:
        return float("nan"), float("nan")
    values, counts = np.unique(difference, return_counts=True)
    means: list[float] = []
    while len(means) < RESAMPLES:  # a part at a time: log-losses differ from work to work
        part = min(RESAMPLES - len(means), max(1, DRAWN_AT_ONCE // len(values)))
        drawn = generator.multinomial(len(difference), counts / len(difference), size=part)
        means.extend(drawn @ values / len(difference))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def mcnemar(alone: int, other: int) -> float:
    """The probability of a division of alone + other works so uneven, if each falls either way alike.

    >>> mcnemar(0, 5)
    0.0625
    """
    from scipy.stats import binomtest

    return float(binomtest(alone, alone + other).pvalue) if alone + other else 1.0
