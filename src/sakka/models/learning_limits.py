"""Learning the limits between the three answers on works that were held out; what they are stands in `limits.py`.

Each view needs `LEAST_WORKS` held-out works. A quantile of n works is uncertain: with 50 the share below a_v has a
standard deviation of 3 %, with 200 of 1.5 %.

`BELOW` is 6 %, for 5 % of later works: the models are fitted again on all works, and are a little surer then. It was
settled on aozora's texts; `studies/results/known_works_refused.md` has what it comes to there and elsewhere.

Source: R. Koenker, G. Bassett, Regression quantiles, Econometrica 46, 1978
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask, Probabilities
from sakka.models.calibration import at_temperature, fit_temperature
from sakka.models.confidence import confidence, threshold_of
from sakka.models.identification import NEVER_NONE
from sakka.models.limits import View, ViewLimits

BELOW = 0.06
CORRECT = 0.95
LEAST_NAMED = 0.5  # less than that is not more than all others together
LEAST_WORKS = 50
SLOPES = np.linspace(0, 1, 41)


@dataclass(frozen=True)
class HeldOut:
    """What models say of works that they were not fitted on, of one view.

    Attributes:
        probabilities: Shape (n_works, n_creators).
        labels: Each work's creator as a column, shape (n_works,).
        text_amounts: log(1 + m), shape (n_works,).
        is_calibrated: Whether their fusion was learned on works asked in this way.
        is_shortened: Whether the texts are cut, so that they speak for the slope alone.
        has_rest: Whether the last column is what all others have together, who are never named.
    """

    probabilities: Probabilities
    labels: IntArray
    text_amounts: DoubleArray
    is_calibrated: bool = False
    is_shortened: bool = False
    has_rest: bool = False

    def take(self, rows: IntArray) -> "HeldOut":
        """The part of the works at `rows`."""
        tables = self.probabilities[rows], self.labels[rows], self.text_amounts[rows]
        return replace(self, probabilities=tables[0], labels=tables[1], text_amounts=tables[2])


def learn_limits(held_out: Mapping[View, Sequence[HeldOut]]) -> dict[View, ViewLimits]:
    """The limits of each view that has enough works.

    Args:
        held_out: What was said of the works of each view.
    """
    wholes = {view: [each for each in parts if not each.is_shortened] for view, parts in held_out.items()}
    enough = {view for view, parts in wholes.items() if sum(len(each.labels) for each in parts) >= LEAST_WORKS}
    temperatures = {view: _temperature(wholes[view]) for view in enough}
    scored = {view: _Scored.of(held_out[view], temperatures[view]) for view in sorted(enough)}
    slopes = {
        has_photo: _slope([each for view, each in scored.items() if view.startswith("photo") is has_photo])
        for has_photo in (True, False)
    }
    found = {view: (each, slopes[view.startswith("photo")]) for view, each in scored.items()}
    return {
        view: ViewLimits(
            works=int((~each.is_shortened).sum()),
            temperature=temperatures[view],
            least_confidence=each.least_confidence(slope),
            slope=slope,
            named_from=least_named(each.highest[~each.is_shortened], each.correct[~each.is_shortened]),
        )
        for view, (each, slope) in found.items()
    }


def least_named(highest: Probabilities, correct: Mask) -> float | None:
    """The least probability, `LEAST_NAMED` or more, from which 95 in 100 are correct, one wrong more counted in.

    Args:
        highest: The first candidates' probabilities, shape (n_works,).
        correct: Whether the first candidate is the creator, shape (n_works,).

    >>> highest = np.float32([0.9] * 19 + [0.6] * 20 + [0.3])
    >>> round(least_named(highest, np.arange(40) < 38), 1), round(least_named(highest, np.arange(40) < 37), 1)
    (0.6, 0.9)
    """
    order = np.argsort(-highest, kind="stable")
    share = np.cumsum(correct[order]) / np.arange(2, len(order) + 2)
    last_of_equals = np.append(highest[order][1:] < highest[order][:-1], True)
    reached = np.flatnonzero((share >= CORRECT) & last_of_equals & (highest[order] >= LEAST_NAMED))
    return float(highest[order][reached[-1]]) if len(reached) else None


@dataclass(frozen=True)
class _Scored:
    """The scores of one view's works, and of the same with their texts cut; each array of shape (n_works,)."""

    scores: DoubleArray
    text_amounts: DoubleArray
    highest: Probabilities
    correct: Mask
    is_shortened: Mask

    @classmethod
    def of(cls, parts: Sequence[HeldOut], temperature: float) -> "_Scored":
        tables = [at_temperature(part.probabilities, temperature) for part in parts]
        named = [table[:, :-1] if part.has_rest else table for table, part in zip(tables, parts, strict=True)]
        return cls(
            np.concatenate([confidence(table) for table in tables]),
            np.concatenate([part.text_amounts for part in parts]),
            np.concatenate([table.max(axis=1) for table in named]),
            np.concatenate([table.argmax(axis=1) == part.labels for table, part in zip(named, parts, strict=True)]),
            np.concatenate([np.full(len(part.labels), part.is_shortened) for part in parts]),
        )

    def least_confidence(self, slope: float) -> float:
        """a_v; 0 where all that may be below it are fewer than `BELOW`."""
        own = ~self.is_shortened
        rest = self.scores[own] - slope * self.text_amounts[own]
        return min(0.0, threshold_of(np.where(self.highest[own] > NEVER_NONE, np.inf, rest), 1 - BELOW))

    def loss(self, slope: float) -> float:
        """The summed loss of quantile regression, with the best a_v."""
        rest = self.scores - slope * self.text_amounts
        off = rest - threshold_of(rest, 1 - BELOW)
        return float(np.where(off >= 0, BELOW * off, (BELOW - 1) * off).sum())


def _temperature(parts: Sequence[HeldOut]) -> float:
    if all(part.is_calibrated for part in parts):
        return 1.0
    tables, labels = ([part.probabilities for part in parts], [part.labels for part in parts])
    return fit_temperature(np.concatenate(tables), np.concatenate(labels))


def _slope(scored: Sequence[_Scored]) -> float:
    """The slope with the least loss; of equal ones the least, so 0 where no text is longer than another."""
    losses = np.array([sum(each.loss(slope) for each in scored) for slope in SLOPES])
    return float(SLOPES[np.flatnonzero(losses <= losses.min() * (1 + 1e-9))[0]])
