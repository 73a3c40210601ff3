"""Who made a work: the one answer that Python, the command line, the API and the page all give."""

from dataclasses import dataclass
from typing import Literal

from sakka.errors import ModelError

Answer = Literal["named", "not sure enough", "none of the known creators"]
Basis = Literal["threshold", "no threshold", "nothing read"]

COVERAGES = (0.9, 0.95, 0.99)  # how often, at least, a set of creators holds the right one
COVERAGE = 0.95  # where one is shown

FALSE_REFUSALS = 0.05  # the share of the known creators' works that may be said to be by none of them
NAMED_WITHOUT_LIMITS = 0.9  # the least probability that names a creator where a model has learned no limits


def check_coverage(coverage: float) -> None:
    """Refuse a coverage that no sets are made at.

    Raises:
        ModelError: It is none of `COVERAGES`.
    """
    if coverage not in COVERAGES:
        raise ModelError(f"got `coverage={coverage:g}`, expected {' or '.join(map(str, COVERAGES))}")


def check_false_refusals(rate: float) -> None:
    """Refuse a false-refusal rate that can't be kept.

    Raises:
        ModelError: It is not from 0 to below 0.5.
    """
    if not 0 <= rate < 0.5:
        raise ModelError(f"got `false_refusals={rate:g}`, expected 0 or more and less than 0.5")


@dataclass(frozen=True)
class Candidate:
    """A creator who may have made a work.

    Attributes:
        creator: The name.
        probability: The model's probability, 0 to 1.
    """

    creator: str
    probability: float


@dataclass(frozen=True)
class CreatorSet:
    """The smallest set of creators that holds the right one with a stated probability (`models/conformal.py`).

    Attributes:
        coverage: Of so many works, as a share, the right creator is in their sets: 0.9, 0.95 or 0.99.
        size: How many creators are in it. 0: the work is like none of the known creators' works.
        creators: The most probable of them, the most probable first, as many as were asked for.
    """

    coverage: float
    size: int
    creators: tuple[str, ...]


@dataclass(frozen=True)
class Identification:
    """Who may have made a work.

    Attributes:
        answer: `named`: the first candidate made it, of which the model is sure enough: 95 in 100 of the held-out works
            that it named were correct. `not sure enough`: there is no more to say than the candidates' probabilities.
            `none of the known creators`: the p-value is at most the false-refusal rate, 0.05 where no other is chosen,
            and the work rules out some of them.
        basis: What the answer rests on: limits learned on works that were held out (`threshold`, `models/limits.py`);
            0.9 as the least probability to name a creator, as the model has learned no limits for what this work
            offers (`no threshold`); nothing, as the model reads nothing of this work, and the candidates are the
            creators with the most works (`nothing read`).
        candidates: The most probable creators, the most probable first.
        sets: The creators who are possible, at each coverage, ascending; none where fewer than 50 works were held out
            that offer as much, and 99 % only where 99 were. They take for granted that it is by one of the known
            creators.
        p_value: The share of the known creators' works that look no more like theirs than this one, 0 to 1
            (`models/conformal.py`): where it is small, the work is hardly by any of them. The probabilities take for
            granted that it is. None where `sets` has none.
    """

    answer: Answer
    basis: Basis
    candidates: tuple[Candidate, ...]
    sets: tuple[CreatorSet, ...] = ()
    p_value: float | None = None
