"""Answers of the page, and photos to search by, kept for a while under an address that can't be guessed.

A form is answered by a redirect to its answer: it can then be read again, in the other language too, and a way back
from a work leads to it. What is kept is the shown picture, never the file that was sent. How long and how much is the
keeper's to say (`Limits`): the oldest answers are forgotten first.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from sakka.models.identification import Candidate, Identification
from sakka.web.evidence import Evidence
from sakka.web.finding import Near
from sakka.web.settings import Limits

ALWAYS_NAMED, LEAST_NAMED = 3, 0.01


@dataclass(frozen=True)
class SentPhotos:
    """Photos that were sent.

    Attributes:
        photos: The photos as they are shown, JPEGs, the featured one first.
    """

    photos: tuple[bytes, ...] = ()

    @property
    def pictures(self) -> dict[str, bytes]:
        """The pictures, JPEGs, by the last part of their addresses."""
        return {f"photo-{number}": photo for number, photo in enumerate(self.photos, start=1)}


@dataclass(frozen=True, kw_only=True)
class Answer(SentPhotos):
    """What was asked and what was answered.

    Attributes:
        title: The title that was given, may be empty.
        description: The description that was given, may be empty.
        identification: Who may have made the work.
        work_id: The id where a work of the catalog was asked about.
        evidence: Why; None where the model can't say.
        near: Works of the creator, and works by others, that are near.
    """

    title: str
    description: str
    identification: Identification
    work_id: str | None = None
    evidence: Evidence | None = None
    near: Near = field(default_factory=Near)

    @property
    def pictures(self) -> dict[str, bytes]:
        """The photos and the map over one of them."""
        heat_map = None if self.evidence is None else self.evidence.heat_map
        return super().pictures if heat_map is None else {**super().pictures, "map": heat_map}

    @property
    def marked(self) -> int | None:
        """Which of several photos said most, from 0; None where there is only one, or the model can't say."""
        return None if self.evidence is None else self.evidence.photo

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The creators worth a line: the first three, and others of a hundredth or more."""
        every = self.identification.candidates
        return every[:ALWAYS_NAMED] + tuple(each for each in every[ALWAYS_NAMED:] if each.probability >= LEAST_NAMED)


class AnswerStore:
    """The latest answers, and photos that were searched by, by token."""

    def __init__(self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self.clock = limits or Limits(), clock
        self._kept: OrderedDict[str, tuple[float, SentPhotos]] = OrderedDict()
        self.kept_bytes, self._lock = 0, threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, answer: SentPhotos) -> str:
        """Keep an answer and give its token."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[token] = (self.clock(), answer)
            self.kept_bytes += _bytes_of(answer)
            while self._is_over_a_limit():
                _, (_, oldest) = self._kept.popitem(last=False)
                self.kept_bytes -= _bytes_of(oldest)
        return token

    def get(self, token: str) -> SentPhotos | None:
        """An answer; None where it was never kept or is forgotten."""
        with self._lock:
            made_s, answer = self._kept.get(token, (0.0, None))
        return answer if answer is not None and self.clock() - made_s <= 60 * self.limits.kept_minutes else None

    def _is_over_a_limit(self) -> bool:
        oldest_s = self.clock() - next(iter(self._kept.values()))[0]
        too_large = self.kept_bytes > self.limits.kept_bytes and len(self._kept) > 1
        return len(self._kept) > self.limits.kept_answers or oldest_s > 60 * self.limits.kept_minutes or too_large


def _bytes_of(answer: SentPhotos) -> int:
    return sum(map(len, answer.pictures.values()))
