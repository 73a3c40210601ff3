"""What a model said of works whose creator has become known, counted beside what it states.

Each share has an exact interval (`metrics.py`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from sakka.evaluation.exchangeability import ERROR, UNKNOWN
from sakka.evaluation.metrics import exact_interval
from sakka.evaluation.tables.calibration import reliability
from sakka.models.identification import COVERAGE, COVERAGES, FALSE_REFUSALS, Answer, Basis
from sakka.models.learning_limits import CORRECT
from sakka.models.limits import View

Measure = Literal["90 % sets", "95 % sets", "99 % sets", "named correctly", "named", "refused", "first correct"]
SETS: Mapping[float, Measure] = {0.9: "90 % sets", 0.95: "95 % sets", 0.99: "99 % sets"}

BY_KNOWN, BY_UNKNOWN = "known creators", "unknown creators"
BINS = 10  # of probabilities
MOST_PERIODS, LEAST_IN_PERIOD = 8, 20
STANDS_OUT = 1.5
MOST_CREATORS = 3


@dataclass(frozen=True)
class AnsweredWork:
    """A work whose creator has become known, and what the model said of it.

    Attributes:
        id: What it is called.
        creator: Who made it.
        label: That creator's column; `UNKNOWN` where the model doesn't know the creator.
        created_at: When it was listed or made; None where that is unknown.
        view: What it offers of what the model reads.
        answer: As `Identification` has it.
        basis: What the answer rests on.
        probability: Of the first candidate.
        is_first: Whether that is the creator.
        own: The probability of the creator; 0 of one who is unknown or no candidate.
        holds: Coverage -> whether that set holds the creator, where there is one.
    """

    id: str
    creator: str
    label: int
    created_at: datetime | None
    view: View
    answer: Answer
    basis: Basis
    probability: float
    is_first: bool
    own: float
    holds: Mapping[float, bool]

    @property
    def is_known(self) -> bool:
        """Whether the model knows its creator."""
        return self.label != UNKNOWN


@dataclass(frozen=True)
class ObservedShare:
    """A share of works that a model states, as it was observed.

    Attributes:
        measure: What is counted: sets of a coverage that hold the creator, named works that are named correctly, works
            that are said to be by none of the known creators, first candidates that are the creator.
        part: Of which works: those by known creators, of a view, of a time or of a probability; those by unknown ones.
        works: How many works.
        count: How many of them.
        share: The same as a share, 0 to 1.
        low: The least share that fits, with an error of `ERROR`.
        high: The greatest.
        stated: What the model states: the least share, of `refused` the greatest, of `first correct` the mean
            probability; None where it states nothing.
    """

    measure: Measure
    part: str
    works: int
    count: int
    share: float
    low: float
    high: float
    stated: float | None = None

    @classmethod
    def of(cls, measure: Measure, part: str, counted: Sequence[bool], stated: float | None = None) -> "ObservedShare":
        """Count some works, one at least."""
        works, count = len(counted), sum(counted)
        return cls(measure, part, works, count, count / works, *exact_interval(count, works, ERROR), stated)


@dataclass(frozen=True)
class MissedPart:
    """A part of the works whose sets missed more creators than is stated.

    Attributes:
        kind: What the works have in common.
        name: The view, the creator, or the unknown creators with the most works.
        works: How many there are.
        missed: Of how many the creator was not in the set.
    """

    kind: Literal["unknown creators", "view", "creator"]
    name: str
    works: int
    missed: int


def observed_shares(works: Sequence[AnsweredWork]) -> Iterator[ObservedShare]:
    """What is stated and what was observed: of all works by known creators, by view, and of the others.

    Args:
        works: The works.
    """
    known = [each for each in works if each.is_known]
    yield from _shares(BY_KNOWN, known)
    for view, _ in Counter(each.view for each in known).most_common():
        yield from _shares(view, [each for each in known if each.view == view])
    others = [each for each in works if not each.is_known]
    if others:
        yield ObservedShare.of("refused", BY_UNKNOWN, [_is_refused(each) for each in others])
        yield ObservedShare.of("named", BY_UNKNOWN, [each.answer == "named" for each in others])


def _shares(part: str, works: Sequence[AnsweredWork]) -> Iterator[ObservedShare]:
    for coverage in COVERAGES:
        if holds := [each.holds[coverage] for each in works if coverage in each.holds]:
            yield ObservedShare.of(SETS[coverage], part, holds, coverage)
    stated = [each for each in works if each.basis == "threshold"]
    if correct := [each.is_first for each in stated if each.answer == "named"]:
        yield ObservedShare.of("named correctly", part, correct, CORRECT)
    if stated:
        yield ObservedShare.of("refused", part, [_is_refused(each) for each in stated], FALSE_REFUSALS)
    if works:
        mean = sum(each.probability for each in works) / len(works)
        yield ObservedShare.of("first correct", part, [each.is_first for each in works], mean)


def _is_refused(work: AnsweredWork) -> bool:
    return work.answer == "none of the known creators"


def calibration_shares(works: Sequence[AnsweredWork]) -> Iterator[ObservedShare]:
    """How many first candidates are correct, beside their mean probability, by that probability.

    Args:
        works: Works by known creators.
    """
    rows = pl.DataFrame(
        {"probability": [each.probability for each in works], "correct": [each.is_first for each in works]}
    )
    for row in reliability(rows, BINS).iter_rows(named=True):
        of_bin = f"{100 * row['bin'] / BINS:.0f} to {100 * (row['bin'] + 1) / BINS:.0f} %"
        count = round(row["works"] * row["accuracy"])
        correct = [True] * count + [False] * (row["works"] - count)
        yield ObservedShare.of("first correct", of_bin, correct, row["probability"])


def shares_over_time(works: Sequence[AnsweredWork], names: Sequence[str]) -> Iterator[ObservedShare]:
    """How often the sets at `COVERAGE` held, in parts of about as many works each.

    Args:
        works: Works that have such a set, in the order in which they came.
        names: When each came: its date or its number.
    """
    parts = max(1, min(MOST_PERIODS, len(works) // LEAST_IN_PERIOD)) if works else 0
    for part in range(parts):
        rows = range(len(works) * part // parts, len(works) * (part + 1) // parts)
        holds = [works[row].holds[COVERAGE] for row in rows]
        yield ObservedShare.of(SETS[COVERAGE], f"{names[rows[0]]} to {names[rows[-1]]}", holds, COVERAGE)


def missed_parts(works: Sequence[AnsweredWork], coverage: float) -> tuple[MissedPart, ...]:
    """The parts that stand out: at least half of the misses too many are theirs.

    These are the unknown creators; a view, or up to three creators together, where that is also 1.5 times their share
    of the works.

    Args:
        works: Works that have a set at this coverage.
        coverage: How often it is to hold the creator.
    """

    def part(kind: Literal["unknown creators", "view", "creator"], name: str, own: list[AnsweredWork]) -> MissedPart:
        return MissedPart(kind, name, len(own), sum(not each.holds[coverage] for each in own))

    def excess(parts: Iterable[MissedPart]) -> float:
        return sum(each.missed - each.works * (1 - coverage) for each in parts)

    def stands_out(*parts: MissedPart, times: float = STANDS_OUT) -> bool:
        share, size = excess(parts) / total, sum(each.works for each in parts) / len(works)
        return share >= max(0.5, times * size)

    total = excess([part("view", "", list(works))])
    if total <= 0:
        return ()
    others = [each for each in works if not each.is_known]
    creators = Counter(each.creator for each in others).most_common(MOST_CREATORS)
    unknown = part("unknown creators", ", ".join(name for name, _ in creators), others)
    views = [
        part("view", view, [each for each in works if each.view == view]) for view in {each.view for each in works}
    ]
    found = [unknown] if stands_out(unknown, times=0) else []
    found += [each for each in sorted(views, key=lambda each: (-each.missed, each.name)) if stands_out(each)]
    by_creator = [
        part("creator", name, [each for each in works if each.is_known and each.creator == name])
        for name in {each.creator for each in works if each.is_known}
    ]
    by_creator.sort(key=lambda each: (-excess([each]), each.name))
    for count in range(1, MOST_CREATORS + 1):
        if stands_out(*by_creator[:count]):
            return (*found, *by_creator[:count])
    return tuple(found)
