"""Findings of an audit: what may be wrong, how strongly it is believed, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sakka.audit.dossier import Dossier

Kind = Literal["wrong creator", "shared photo", "one person", "handover"]
DEFAULT_FDR = 0.1
KINDS: tuple[Kind, ...] = ("wrong creator", "shared photo", "one person", "handover")


@dataclass(frozen=True)
class Timeline:
    """An account's works in time, where its maker seems to change.

    Attributes:
        rows: The works' rows in the order of their dates.
        positions: Each work along the axis that separates before and after, from -1 to 1, 0 in the middle.
        after: How many works stand before the change.
    """

    rows: tuple[int, ...]
    positions: tuple[float, ...]
    after: int

    def as_json(self, ids: list[str]) -> dict[str, Any]:
        """The timeline as `findings.json` holds it, with ids in the place of rows."""
        return {"works": [ids[row] for row in self.rows], "positions": list(self.positions), "after": self.after}


@dataclass(frozen=True)
class Finding:
    """One thing that may be wrong.

    Attributes:
        kind: What it is.
        score: How strongly it is believed, 0 to 1; comparable within a kind only.
        creators: The creators it is about: who the work stands under and whose it may be, or those who share.
        rows: The rows of the works that it is about, those to look at first.
        beside: Rows of works to compare them with.
        evidence: Sentences that say what was seen.
        error_rate: The chance that nothing is wrong here, 0 to 1, estimated from works that nothing was learned on; of
            a handover the share of those without a change among it and the surer ones (a tail rate). None where no such
            estimate is sound.
        timeline: The account's works in time, where that is what it is about.
        dossier: Of a shared photo, which of the two came first; None for what has none.
    """

    kind: Kind
    score: float
    creators: tuple[str, ...]
    rows: tuple[int, ...]
    beside: tuple[int, ...]
    evidence: tuple[str, ...]
    error_rate: float | None = None
    timeline: Timeline | None = None
    dossier: Dossier | None = None

    def as_json(self, ids: list[str]) -> dict[str, Any]:
        """The finding as `findings.json` holds it, with ids in the place of rows."""
        return {
            "kind": self.kind,
            "score": round(self.score, 4),
            "error_rate": None if self.error_rate is None else round(self.error_rate, 4),
            "creators": list(self.creators),
            "works": [ids[row] for row in self.rows],
            "beside": [ids[row] for row in self.beside],
            "evidence": list(self.evidence),
            **({} if self.timeline is None else {"timeline": self.timeline.as_json(ids)}),
            **({} if self.dossier is None else {"dossier": self.dossier.as_json(ids)}),
        }


def expected_right(kind: str, rates: Sequence[float | None]) -> float | None:
    """How many findings of one kind are expected to be right as they stand; None where one has no error rate.

    It is the sum of the chances. The rate of a handover is the share among it and the surer ones, so there the last one
    counts for all.

    >>> expected_right("wrong creator", [0.25, 0.5]), expected_right("handover", [0.25, 0.5])
    (0.75, 1.0)
    """
    known = [rate for rate in rates if rate is not None]
    if not known or len(known) < len(rates):
        return None
    return len(known) * max(known) if kind == "handover" else sum(known)
