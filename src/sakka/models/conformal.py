"""P-values of works against held-out works: is it by a known creator, and which creators are possible.

Both rest on the works asked about being drawn as the held-out ones were (exchangeability; split-conformal prediction).

**By a known creator.** With s the confidence of a work (`confidence.py`), m the characters of its text and S the
held-out works of the same view, the p-value is the share of these that look no more like a known creator's work,

    p = (#{S: s' - b log(1 + m') <= s - b log(1 + m)} + 1) / (#S + 1) / SURER

so of the known creators' works a share a has p <= a. b is the slope of quantile regression at `STEEP`, a constant left
free: one for the views with a photo, one for those without. Here texts cut to a half and to a quarter count too, of
which a view's own works may have none. `SURER` is for the models' being fitted again on all works, which makes them
surer of the works that are asked about than they were of the held-out ones. It was settled on aozora's texts;
`studies/results/known_works_refused.md` has what it comes to there and elsewhere.

**Which creators.** A creator c is possible at coverage 1 - a where the p-value of "c made it" is above a. With f_c the
work's probability of c, S_c those of the held-out works by c, and f the probability that each of them had of its own
creator, it is

    p_c = (#{S_c: f <= f_c} + (#{S: f <= f_c} + 1) / (#S + 1) / a) / (#S_c + 1 / a)

so everyone's works count as 1 / a works by c, as many as it takes to see one in a share a of them. A creator with few
held-out works is judged as everyone is, and one with many as that creator's own works are: where
a creator's works are hard to tell, less probability is enough. The set may be empty, where the work is like
none of the known creators' works, or hold nearly everyone, where there is no telling.

Of candidates a creator who is none counts as having the probability 0, and so does a held-out work whose creator was
none. Where such works are so many that even the probability 0 is possible, everyone is.

The weight 1 / a was chosen on validation works of paintings and the simulated market, from 1 / 2a, 2 / a, 10 and 20
works: one for all coverages is too few at 99 % and too many at 90 %.

Sources: V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, Springer 2005; V. Vovk,
Conditional validity of inductive conformal predictors, ACML 2012, https://arxiv.org/abs/1209.2673 (by class);
M. Sadinle, J. Lei, L. Wasserman, JASA 114, 2019, https://arxiv.org/abs/1609.00451 (the smallest sets); R. Koenker,
G. Bassett, Regression quantiles, Econometrica 46, 1978
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from sakka.arrays import DoubleArray, FloatArray, IntArray, Mask, Probabilities
from sakka.models.calibration import at_temperature
from sakka.models.confidence import confidence, threshold_of
from sakka.models.identification import COVERAGES, FALSE_REFUSALS, CreatorSet
from sakka.models.learning_limits import HeldOut
from sakka.models.limits import View, ViewLimits

SURER = 1.2
STEEP = SURER * FALSE_REFUSALS  # a quantile of n works is uncertain: of 50 by 3 %, of 200 by 1.5 %
SLOPES = np.linspace(0, 1, 41)


@dataclass(frozen=True)
class KnownWorks:
    """How sure a model is of held-out works of one view, which are by known creators.

    Attributes:
        confidences: s - b log(1 + m), ascending, shape (n_works,); none where nothing was learned.
        slope: b.
    """

    confidences: DoubleArray = field(default_factory=lambda: np.zeros(0))
    slope: float = 0.0

    @classmethod
    def of(cls, confidences: DoubleArray, text_amounts: DoubleArray, slope: float) -> "KnownWorks":
        """Make it of works in any order.

        Args:
            confidences: s above, shape (n_works,).
            text_amounts: log(1 + m), shape (n_works,).
            slope: b.
        """
        return cls(np.sort(confidences - slope * text_amounts), slope)

    def p_value(self, score: float, text_amount: float = 0.0) -> float:
        """The p-value of a work's being by a known creator, above 0 and at most 1 / `SURER`.

        Args:
            score: s of the work.
            text_amount: log(1 + m).

        >>> known = KnownWorks.of(np.linspace(-1.9, 0, 20), np.zeros(20), 0.0)
        >>> [round(known.p_value(each) * SURER * 21) for each in (-3.0, -1.85, 0.0)]
        [1, 2, 21]
        """
        rest = score - self.slope * text_amount
        below = int(np.searchsorted(self.confidences, rest, side="right"))
        return (below + 1) / (len(self.confidences) + 1) / SURER


@dataclass(frozen=True)
class ConformalScores:
    """What the p-values of works of one view rest on.

    Attributes:
        scores: f above, the probabilities that held-out works had of their own creators, shape (n_works,), by creator
            and ascending for each.
        works: How many of them are by each creator, shape (n_creators,); 0 where all are judged alike.
        known: How sure the model is of them.
    """

    scores: FloatArray
    works: IntArray
    known: KnownWorks = field(default_factory=KnownWorks)

    @classmethod
    def of(
        cls, scores: FloatArray, labels: IntArray | None, n_creators: int, known: KnownWorks | None = None
    ) -> "ConformalScores":
        """Make them of works in any order.

        Args:
            scores: f above, shape (n_works,).
            labels: Each work's creator as a column, shape (n_works,); None where all creators are judged alike.
            n_creators: How many creators there are.
            known: How sure the model is of works by known creators; None: unknown.
        """
        known = known or KnownWorks()
        if labels is None:
            return cls(np.sort(scores).astype(np.float32), np.zeros(n_creators, dtype=np.int64), known)
        order = np.lexsort((scores, labels))
        return cls(scores[order].astype(np.float32), np.bincount(labels, minlength=n_creators), known)

    @property
    def coverages(self) -> tuple[float, ...]:
        """Those that the works can speak for: of fewer, even the least probability would not be unusual enough."""
        return tuple(each for each in COVERAGES if (len(self.scores) + 1) * (1 - each) >= 1)

    def possible(self, probabilities: Probabilities, coverage: float, creators: IntArray | None = None) -> Mask:
        """Which creators may have made each work, shape (n_works, n_asked).

        Args:
            probabilities: Of works asked about in the same view, shape (n_works, n_asked).
            coverage: How often the right creator is to be among them, 0 to 1.
            creators: The columns that are asked for, shape (n_asked,); None: all.

        >>> scores = ConformalScores.of(np.float32([0.9, 0.8, 0.2, 0.6]), np.array([0, 0, 0, 1]), 3)
        >>> scores.possible(np.float32([[0.3, 0.3, 0.3]]), 0.7)  # (1 + 4/3) / (3 + 10/3), (0 + 4/3) / 13/3, 4/3 / 10/3
        array([[ True,  True,  True]])
        >>> scores.possible(np.float32([[0.1, 0.1, 0.1]]), 0.7)  # (0 + 2/3) / 19/3, (0 + 2/3) / 13/3, 2/3 / 10/3
        array([[False, False, False]])
        """
        creators = np.arange(len(self.works)) if creators is None else creators
        share = 1 - coverage
        pooled = (np.searchsorted(self._ascending, probabilities, side="right") + 1) / (len(self.scores) + 1)
        own = np.searchsorted(self._by_creator, creators + _within_one(probabilities), side="right")
        below = own - self._starts[creators]
        possible: Mask = below + pooled / share > share * self.works[creators] + 1
        return possible

    def is_rest_possible(self, coverage: float) -> bool:
        """Whether creators who are no candidates are possible, since too many held-out works had such a creator.

        Args:
            coverage: How often the right creator is to be among those who are possible, 0 to 1.
        """
        return bool(self.possible(np.zeros((1, 1), dtype=np.float32), coverage, np.array([self.works.argmin()]))[0, 0])

    def is_everyone_possible(self, probabilities: Probabilities, coverage: float, columns: IntArray) -> bool:
        """Whether a work says too little to rule anybody out of several creators.

        Args:
            probabilities: Of the creators asked for, shape (n_asked,).
            coverage: How often the right creator is to be among those who are possible, 0 to 1; at 1 everyone is.
            columns: Their columns, shape (n_asked,); others have the probability 0.
        """
        if coverage >= 1:
            return True
        if len(columns) < len(self.works):
            return self.is_rest_possible(coverage)
        return len(columns) > 1 and bool(self.possible(probabilities[None], coverage, columns).all())

    def with_creators(self, count: int) -> "ConformalScores":
        """These with new creators, of whom no work was held out."""
        return replace(self, works=np.append(self.works, np.zeros(count, dtype=np.int64)))

    def without(self, label: int) -> "ConformalScores":
        """These without one creator and that creator's works."""
        start = self._starts[label]
        gone = slice(start, start + self.works[label])
        return replace(self, scores=np.delete(self.scores, gone), works=np.delete(self.works, label))

    @cached_property
    def _ascending(self) -> FloatArray:
        return np.sort(self.scores)

    @cached_property
    def _starts(self) -> IntArray:
        return np.concatenate([[0], np.cumsum(self.works)[:-1]]).astype(np.int64)

    @cached_property
    def _by_creator(self) -> DoubleArray:
        """The scores, each moved by its creator's column, so that one ascending row holds them all."""
        return np.repeat(np.arange(len(self.works)), self.works) + _within_one(self.scores[: self.works.sum()])


def _known_works(
    held_out: Mapping[View, Sequence[HeldOut]], limits: Mapping[View, ViewLimits]
) -> dict[View, KnownWorks]:
    scored = {view: [_scored(each, learned.temperature) for each in held_out[view]] for view, learned in limits.items()}
    slopes = {
        has_photo: _slope([np.hstack(each) for view, each in scored.items() if view.startswith("photo") is has_photo])
        for has_photo in (True, False)
    }
    found = {}
    for view, parts in scored.items():
        own = np.hstack([part for part, each in zip(parts, held_out[view], strict=True) if not each.is_shortened])
        found[view] = KnownWorks.of(own[0], own[1], slopes[view.startswith("photo")])
    return found


def _scored(held_out: HeldOut, temperature: float) -> DoubleArray:
    """The confidence and the amount of text of each work, shape (2, n_works)."""
    scores = confidence(at_temperature(held_out.probabilities, temperature))
    return np.stack([scores, held_out.text_amounts])


def _slope(scored: Sequence[DoubleArray]) -> float:
    """The slope with the least loss; of equal ones the least, so 0 where no text is longer than another."""
    losses = np.array([sum(_quantile_loss(each[0], each[1], slope) for each in scored) for slope in SLOPES])
    return float(SLOPES[np.flatnonzero(losses <= losses.min() * (1 + 1e-9))[0]])


def _quantile_loss(confidences: DoubleArray, text_amounts: DoubleArray, slope: float) -> float:
    """The summed loss of quantile regression at `STEEP`, with the best constant."""
    rest = confidences - slope * text_amounts
    off = rest - threshold_of(rest, 1 - STEEP)
    return float(np.where(off >= 0, STEEP * off, (STEEP - 1) * off).sum())


def learn_conformal(
    held_out: Mapping[View, Sequence[HeldOut]], limits: Mapping[View, ViewLimits], n_creators: int
) -> dict[View, ConformalScores]:
    """What p-values rest on in each view that has limits, at whose temperature the probabilities are taken.

    Args:
        held_out: What was said of the works of each view.
        limits: The limits learned on them.
        n_creators: How many creators there are.
    """
    found, known = {}, _known_works(held_out, limits)
    for view, learned in limits.items():
        parts = [each for each in held_out[view] if not each.is_shortened]
        own = [_own(each, learned.temperature) for each in parts]
        labels = None if parts[0].has_rest else np.concatenate([each.labels for each in parts])
        found[view] = ConformalScores.of(np.concatenate(own), labels, n_creators, known[view])
    return found


def _own(held_out: HeldOut, temperature: float) -> FloatArray:
    """The probability of each work's own creator; 0 where that is among the rest, who are never in a set."""
    table = at_temperature(held_out.probabilities, temperature)
    own: FloatArray = table[np.arange(len(held_out.labels)), held_out.labels]
    return own * (held_out.labels < table.shape[1] - 1) if held_out.has_rest else own


def creator_sets(
    scores: ConformalScores, columns: IntArray, probabilities: Probabilities, creators: Sequence[str], count: int
) -> tuple[CreatorSet, ...]:
    """The set of creators of one work, at each coverage that so many held-out works can speak for.

    Args:
        scores: Those of the work's view.
        columns: The creators' columns, the most probable first, shape (n_asked,); others have the probability 0.
        probabilities: Theirs, shape (n_asked,).
        creators: The creators' names.
        count: How many creators of a set to name.
    """
    found = []
    for coverage in scores.coverages:
        if len(columns) < len(creators) and scores.is_rest_possible(coverage):
            size, possible = len(creators), columns
            if count > len(columns):
                possible = np.concatenate([columns, np.setdiff1d(np.arange(size), columns)])
        else:
            possible = columns[scores.possible(probabilities[None], coverage, columns)[0]]
            size = len(possible)
        found.append(CreatorSet(coverage, size, tuple(creators[column] for column in possible[:count])))
    return tuple(found)


def _within_one(probabilities: FloatArray) -> DoubleArray:
    """Probabilities halved, so that creators' ranges do not touch."""
    return probabilities.astype(np.float64) / 2
