"""Which fusion is better: learned fusions beside the best fixed ratio, each work against itself.

The one that the run puts forward stands under its own name.

Two fusions predict the same works, so the difference is taken work by work: in correct predictions, and in log-loss,
where the fixed ratio is given a temperature fitted on validation, so that no more than the fusion itself is compared.
The interval is a percentile bootstrap over the works (95 %, `RESAMPLES` resamples, a fixed seed); a gain is one when it
leaves out zero. Of more than `MOST_VALUES` different differences neighbours are joined and count as their mean.
McNemar's test counts the works that only one of the two predicts correctly, n_a and n_b, and gives the two-sided
binomial probability of a split so uneven if both were equally good.

Sources: B. Efron, R. Tibshirani, An introduction to the bootstrap, 1993; Q. McNemar, Psychometrika 12, 1947
"""

from collections.abc import Iterator, Mapping

import numpy as np

from sakka.arrays import DoubleArray, Mask
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, pooled
from sakka.evaluation.frame import FUSED_RATIO, EvaluatedRun, Predictor, way_of_fusing
from sakka.evaluation.learned_fusion import LEARNED, TEMPERED
from sakka.evaluation.tables.ratios import NO_FUSION
from sakka.models.fusion import HOWS

RESAMPLES = 2000
SEED = 0
CONFIDENCE = 0.95
MOST_VALUES = 1 << 13
DRAWN_AT_ONCE = 1 << 23  # counts of 8 bytes


def fusions(run: EvaluatedRun) -> Table | LeftOut:
    """Accuracy, log-loss and gain over the best fixed ratio of every way of fusing."""
    if run.facts.fused is None:
        return LeftOut("fusions", NO_FUSION)
    ways = {how: f"{how}, best ratio" for how in HOWS} | {way: way for way in LEARNED if way != TEMPERED}
    before = run.of(FUSED_RATIO)["correct"].to_numpy()
    shown, strong = run.with_headline({name: way_of_fusing(f"fused {name}", way) for way, name in ways.items()})
    rows = (_row(run, name, each, before) for name, each in shown.items())
    return Table(
        key="fusions",
        title="Fixed and learned fusion",
        note=(
            "The best ratio is chosen, and the learned fusions are fitted, on the validation predictions of each outer "
            "fold. The gain is over the best fixed ratio of either way, work by work, with its 95 % bootstrap interval "
            f"({RESAMPLES:,} resamples of the works); “only this” and “only the ratio” count the works that one of the "
            "two predicts correctly, and p is McNemar's. Log-loss is in nats. “Kind by validation” is, in each fold, "
            "the learned kind that loses less where each half of the validation works is fused by weights of the other."
        ),
        head=("Fusion", "Accuracy", "Log-loss", "Gain", "from", "to", "Only this", "Only the ratio", "p"),
        rows=tuple(rows),
        strong=strong,
    )


def log_losses(run: EvaluatedRun) -> Table | LeftOut:
    """The log-loss of every way of fusing, and what it saves beside the best fixed ratio with a temperature."""
    if run.facts.fused is None:
        return LeftOut("log_losses", NO_FUSION)
    ways = {"fixed ratio": FUSED_RATIO} | {way: way_of_fusing(f"fused {way}", way) for way in LEARNED}
    shown, strong = run.with_headline(ways)
    before = run.of(ways[TEMPERED])["log_loss"].to_numpy()
    rows = (_loss_row(run, name, each, before) for name, each in shown.items())
    return Table(
        key="log_losses",
        title="Log-loss of fixed and learned fusion",
        note=(
            "Over all tested works, in nats. Saved: beside the best fixed ratio whose probabilities have a temperature "
            f"fitted on validation, work by work, with the 95 % bootstrap interval ({RESAMPLES:,} resamples)."
        ),
        head=("Fusion", "Log-loss", "Saved", "from", "to"),
        rows=tuple(rows),
        strong=strong,
    )


def _row(run: EvaluatedRun, name: str, predictor: Predictor, before: Mask) -> tuple[Cell, ...]:
    correct = run.of(predictor)["correct"].to_numpy()
    low, high = paired_interval(correct.astype(np.float64), before.astype(np.float64))
    alone, other = int((correct & ~before).sum()), int((before & ~correct).sum())
    pooled_values = {
        "accuracy_gain": float(correct.mean() - before.mean()),
        "low_accuracy_gain": low,
        "high_accuracy_gain": high,
        "only_this_count": alone,
        "only_ratio_count": other,
        "p_value": mcnemar(alone, other),
    }
    by_fold = (run.figure(predictor, measure) for measure in ("accuracy", "log_loss"))
    return (name, *by_fold, *_pooled(run, predictor.model, pooled_values))


def _loss_row(run: EvaluatedRun, name: str, predictor: Predictor, before: DoubleArray) -> tuple[Cell, ...]:
    losses = run.of(predictor)["log_loss"].to_numpy()
    low, high = paired_interval(before, losses)
    values = {
        "pooled_log_loss": float(losses.mean()),
        "log_loss_saved": float(before.mean() - losses.mean()),
        "low_log_loss_saved": low,
        "high_log_loss_saved": high,
    }
    return (name, *_pooled(run, predictor.model, values))


def _pooled(run: EvaluatedRun, model: str, values: Mapping[str, float]) -> Iterator[Figure]:
    facts = run.facts
    return (pooled(model, name, value, facts.n_tested, facts.outer_folds) for name, value in values.items())


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
    if len(values) > MOST_VALUES:
        starts = np.linspace(0, len(values), MOST_VALUES, endpoint=False, dtype=np.int64)
        joined = np.add.reduceat(counts, starts)
        values, counts = np.add.reduceat(values * counts, starts) / joined, joined
    means: list[float] = []
    while len(means) < RESAMPLES:  # a part at a time: log-losses differ from work to work
        part = min(RESAMPLES - len(means), max(1, DRAWN_AT_ONCE // len(values)))
        drawn = generator.multinomial(len(difference), counts / len(difference), size=part)
        means.extend(drawn @ values / len(difference))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def mcnemar(alone: int, other: int) -> float:
    """The probability of a split of alone + other works so uneven, if each falls either way alike.

    >>> mcnemar(0, 5)
    0.0625
    """
    from scipy.stats import binomtest

    return float(binomtest(alone, alone + other).pvalue) if alone + other else 1.0
