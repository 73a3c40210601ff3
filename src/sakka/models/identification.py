"""Who made a work: the one answer that Python, the command line, the API and the page all give."""

from dataclasses import dataclass
from typing import Literal

Answer = Literal["named", "not sure enough", "none of the known creators"]
Basis = Literal["threshold", "no threshold", "nothing read"]

NEVER_NONE = 0.9  # a work whose first candidate is more probable is never said to be by none of the known creators
NAMED_FROM = 0.9  # the least probability that names a creator where a model has learned no limit


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
class Identification:
    """Who may have made a work.

    Attributes:
        answer: `named`: the first candidate made it, of which the model is sure enough. `not sure enough`: nothing
            more can be said than the candidates' probabilities. `none of the known creators`: 95 % of their works get a
            surer answer; never where a probability is above 0.9.
        basis: What the answer rests on: limits learned on works that were held out (`threshold`); a stated
            probability, as the model has learned no limits (`no threshold`); nothing, as the model reads nothing of
            this work, and the candidates are the creators with the most works (`nothing read`).
        candidates: The most probable creators, the most probable first.
    """

    answer: Answer
    basis: Basis
    candidates: tuple[Candidate, ...]


def answer_of(probability: float, passes: bool, basis: Basis) -> Answer:
    """The answer to one work.

    Args:
        probability: Of the first candidate.
        passes: Whether the confidence reaches the threshold.
        basis: What the answer rests on.

    >>> answer_of(0.95, False, "threshold"), answer_of(0.5, False, "threshold"), answer_of(0.5, True, "no threshold")
    ('named', 'none of the known creators', 'not sure enough')
    """
    if basis == "nothing read":
        return "not sure enough"
    if not passes and probability <= NEVER_NONE:
        return "none of the known creators"
    return "named" if probability >= NAMED_FROM else "not sure enough"
