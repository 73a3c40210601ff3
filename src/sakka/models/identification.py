"""Who made a work: the one answer that Python, the command line, the API and the page all give."""

from dataclasses import dataclass
from typing import Literal

Basis = Literal["threshold", "no threshold", "nothing read"]


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
        known: Whether the work may be by a creator that the model knows.
        basis: Why: the probabilities lie above or below the model's threshold, which 95 % of the works by known
            creators pass (`threshold`); the model has no threshold, so that every work that it can read may be
            (`no threshold`); it reads nothing of this work, and the candidates are the creators with the most works
            (`nothing read`).
        candidates: The most probable creators, the most probable first.
    """

    known: bool
    basis: Basis
    candidates: tuple[Candidate, ...]
