"""Threads that take the photos of all questions that wait, a few at a time, and have the networks look at them.

There is one a core that PyTorch may use, and each computes on one core: none waits for another, and while some photos
pass the networks others are decoded and questions answered. A few photos together take less time than each alone.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from sakka.errors import SakkaError
from sakka.photos.held import HeldPhoto

MOST_PHOTOS = 4  # at once: of more, the maps fall out of the processor's caches (`encoders.BATCH_PHOTOS`)
LOG = logging.getLogger("sakka.web")


@dataclass(frozen=True)
class Together:
    """What is done with the photos of several questions at once, before each is answered by itself.

    Attributes:
        wait_s: How long the first photo waits for others.
        prepare: Is given some photos, on one core; where it fails the questions are answered without it.
        count: Is told how long each of the photos that were prepared together has waited.
    """

    wait_s: float
    prepare: Callable[[Sequence[HeldPhoto]], None]
    count: Callable[[Sequence[float]], None]


@dataclass(eq=False)
class _Asked:
    """A question's photos.

    Attributes:
        since_s: When they were handed in.
        left: How many of them wait, or are with the networks.
        then: Is called when none is.
        wanted: Whether the answer is still waited for.
    """

    since_s: float
    left: int
    then: Callable[[], None]
    wanted: Callable[[], bool]


class PhotoBatches:
    """The threads.

    Attributes:
        begun_s: When each thread began what it is at.
    """

    def __init__(self, together: Together) -> None:
        """Start no thread yet; there will be as many as PyTorch may use for this one."""
        self.together, self.threads = together, torch.get_num_threads()
        self.begun_s: dict[int, float] = {}
        self._pool = ThreadPoolExecutor(self.threads, "sakka-networks", torch.set_num_threads, (1,))
        self._waiting: deque[tuple[HeldPhoto, _Asked]] = deque()
        self._lock = threading.Lock()

    def add(self, photos: Sequence[HeldPhoto], then: Callable[[], None], wanted: Callable[[], bool]) -> None:
        """Have the networks look at photos.

        Args:
            photos: Of one question, at least one.
            then: Is called once, when that is done, has failed, or will not be done.
            wanted: Says whether the answer is still waited for; what is not is left out.
        """
        asked = _Asked(time.monotonic(), len(photos), then, wanted)
        with self._lock:
            self._waiting.extend((photo, asked) for photo in photos)
        try:
            for _ in photos:
                self._pool.submit(self._take_some)
        except RuntimeError:  # it is closed, or no thread can start
            self._drop(lambda each: each is asked)

    def drop_unwanted(self) -> None:
        """Take out the photos of questions whose answers nobody waits for any longer."""
        self._drop(lambda asked: not asked.wanted())

    def close(self) -> None:
        """Wait for what is being computed, and begin no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._drop(lambda _asked: True)

    def _take_some(self) -> None:
        """Compute the photos that wait, a few at most; none where an earlier turn took them."""
        taken = self._taken(MOST_PHOTOS)
        if not taken:
            return
        self.begun_s[threading.get_ident()] = time.monotonic()
        try:
            if len(taken) < MOST_PHOTOS:
                time.sleep(self.together.wait_s)
                taken += self._taken(MOST_PHOTOS - len(taken))
            self._prepare(taken)
        finally:
            del self.begun_s[threading.get_ident()]
            for _, asked in taken:
                self._ended(asked)

    def _taken(self, most: int) -> list[tuple[HeldPhoto, _Asked]]:
        """Some of the photos that wait, without those that nobody waits for; what is left is for the other threads."""
        self.drop_unwanted()
        with self._lock:
            share = min(most, -(-len(self._waiting) // self.threads))
            return [self._waiting.popleft() for _ in range(share)]

    def _drop(self, chosen: Callable[[_Asked], bool]) -> None:
        """Take photos of chosen questions out of those that wait."""
        dropped = []
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
            for photo, asked in waiting:
                if chosen(asked):
                    dropped.append(asked)
                else:
                    self._waiting.append((photo, asked))
        for asked in dropped:
            self._ended(asked)

    def _prepare(self, taken: Sequence[tuple[HeldPhoto, _Asked]]) -> None:
        now_s = time.monotonic()
        try:
            self.together.prepare([photo for photo, _ in taken])
            self.together.count([now_s - asked.since_s for _, asked in taken])
        except SakkaError:
            pass  # the question that it belongs to comes to the same and says so
        except Exception:
            LOG.exception("%d photos could not be looked at together; each question does it by itself", len(taken))

    def _ended(self, asked: _Asked) -> None:
        with self._lock:
            asked.left -= 1
            last = not asked.left
        if last:
            asked.then()
