"""The dossier of a photo that two creators use: which came first, and what speaks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sakka.copies.direction.cues import FileCues
from sakka.copies.direction.verdict import Verdict


@dataclass(frozen=True)
class Dossier:
    """What is known of two near-identical photos under two creators.

    Attributes:
        creators: The two.
        rows: The work of each.
        photos: Which photo of each work it is, 0 for the featured one.
        verdict: Which came first.
        files: What the files say; None where they can't be laid on each other.
        manner: Whose other works the photo looks like; empty where no network has looked at it.
        listed: The day of listing of each work; None where it isn't known.
        notes: What the metadata of each file claim.
    """

    creators: tuple[str, str]
    rows: tuple[int, int]
    photos: tuple[int, int]
    verdict: Verdict
    files: FileCues | None
    manner: dict[str, float]
    listed: tuple[datetime | None, datetime | None]
    notes: tuple[tuple[str, ...], tuple[str, ...]]

    def as_json(self, ids: Sequence[str]) -> dict[str, Any]:
        """The dossier as `findings.json` holds it."""
        first, values = self.verdict.came_first, {**(self.files.values if self.files else {}), **self.manner}
        return {
            "creators": list(self.creators),
            "works": [ids[row] for row in self.rows],
            "photos": list(self.photos),
            "came_first": None if first is None else self.creators[first],
            "reason": self.verdict.reason,
            "log_odds": round(self.verdict.log_odds, 4) + 0.0,
            "error_rate": self.verdict.error_rate,
            "cues": {
                name: [round(number, 4) + 0.0 for number in (value, self.verdict.weighed[name])]  # no -0.0
                for name, value in values.items()
            },
            "mirrored": self.files is not None and self.files.mirrored,
            "listed": [None if each is None else each.isoformat() for each in self.listed],
            "metadata": [list(each) for each in self.notes],
        }
