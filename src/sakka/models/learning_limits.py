"""Learning from which probability on a creator is named, on works that were held out; see `limits.py`.

Each view needs `LEAST_WORKS` held-out works.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask, Probabilities
from sakka.models.calibration import at_temperature, fit_temperature
from sakka.models.limits import View, ViewLimits

CORRECT = 0.95
LEAST_NAMED = 0.5  # less than that is not more than all others together
LEAST_WORKS = 50


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
    return {view: _limits_of(wholes[view]) for view in sorted(enough)}


def _limits_of(parts: Sequence[HeldOut]) -> ViewLimits:
    temperature = _temperature(parts)
    tables = [at_temperature(part.probabilities, temperature) for part in parts]
    named = [table[:, :-1] if part.has_rest else table for table, part in zip(tables, parts, strict=True)]
    correct = [table.argmax(axis=1) == part.labels for table, part in zip(named, parts, strict=True)]
    named_from = least_named(np.concatenate([table.max(axis=1) for table in named]), np.concatenate(correct))
    return ViewLimits(sum(len(part.labels) for part in parts), temperature, named_from)


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


def _temperature(parts: Sequence[HeldOut]) -> float:
    if all(part.is_calibrated for part in parts):
        return 1.0
    tables, labels = ([part.probabilities for part in parts], [part.labels for part in parts])
    return fit_temperature(np.concatenate(tables), np.concatenate(labels))
