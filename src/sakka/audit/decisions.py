"""What people decided about an audit's findings, kept beside them in `decisions.json`.

A decision is filed under what a finding says, not under its place in the list: an audit that is made again into the
same folder and finds the same thing keeps what was decided about it. Several processes may decide at one time: each
change is made to what the file holds then, one after the other.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from sakka.errors import SakkaError
from sakka.files import alone_in, canonical_json, write_json

Decision = Literal["confirmed", "dismissed", "later"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
FORMER_WORDS: Mapping[str, Decision] = MappingProxyType({"right": "confirmed", "wrong": "dismissed"})
"""What decisions were called in files of before."""
DECISIONS_FILE = "decisions.json"
LOCK_FILE = ".decisions.lock"

Entries = dict[str, dict[str, Any]]


def key_of(finding: Mapping[str, Any]) -> str:
    """What a decision about a finding is filed under: 16 hexadecimal digits.

    It depends on the kind, the creators in any order, and the works in any order; two accounts that look like one
    person stay the same finding whichever works show it.

    Args:
        finding: As `findings.json` holds it.
    """
    works = [] if finding["kind"] == "one person" else sorted(finding["works"])
    said = {"kind": finding["kind"], "creators": sorted(finding["creators"]), "works": works}
    return hashlib.sha256(canonical_json(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Decisions:
    """The decisions about the findings of one audit.

    Attributes:
        path: The file; made with the first decision.
        can_be_written: Whether the folder lets decisions be kept.
    """

    def __init__(self, folder: Path) -> None:
        """Read what was decided before.

        Raises:
            SakkaError: The file is there and can't be used.
        """
        self.path = folder / DECISIONS_FILE
        self.can_be_written = os.access(folder, os.W_OK)
        self._read: tuple[tuple[int, int] | None, Entries] = None, {}
        self._entries()

    def _entries(self) -> Entries:
        """What the file holds; it is read where it is another than the one that was read last.

        Raises:
            SakkaError: The file is there and can't be used.
        """
        mark, entries = self._read
        try:
            found = self.path.stat()
            if mark == (found.st_mtime_ns, found.st_ino):
                return entries
            read: Entries = json.loads(self.path.read_bytes())
            read = {
                key: {**entry, "decision": FORMER_WORDS.get(entry["decision"], entry["decision"])}
                for key, entry in read.items()
            }
            if any(entry["decision"] not in DECISIONS for entry in read.values()):
                raise ValueError("unknown decision")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SakkaError(
                f"{self.path} can't be read as decisions ({type(error).__name__}); put it right, or move it away to "
                "start with every finding open"
            ) from error
        self._read = (found.st_mtime_ns, found.st_ino), read
        return read

    def of(self, finding: Mapping[str, Any]) -> Decision | None:
        """What was decided about a finding; None while it is open.

        Raises:
            SakkaError: The file was changed since, and can't be used.
        """
        entry = self.entry(finding)
        decision: Decision | None = entry["decision"] if entry else None
        return decision

    def entry(self, finding: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What the file holds of a finding (`decision`, `decided_at` and what it is about); None while it is open.

        Raises:
            SakkaError: The file was changed since, and can't be used.
        """
        return self._entries().get(key_of(finding))

    def decide(self, findings: Sequence[Mapping[str, Any]], decision: Decision | None) -> None:
        """Keep a decision on findings, or open them again with None; the file is written whole, then renamed.

        Raises:
            OSError: It can't be written; what was decided before holds.
            SakkaError: The file was changed since, and can't be used.
        """
        with alone_in(self.path.parent, self.path.with_name(LOCK_FILE), OSError, waits=True):
            entries = dict(self._entries())
            when = datetime.now(UTC).isoformat(timespec="seconds")
            for finding in findings:
                entries.pop(key_of(finding), None)
                if decision is not None:
                    said = {"kind": finding["kind"], "creators": finding["creators"], "works": finding["works"]}
                    entries[key_of(finding)] = {"decision": decision, "decided_at": when, **said}
            write_json(self.path, entries)
