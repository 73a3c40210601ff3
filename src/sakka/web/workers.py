"""Threads that do the slow work: few, with a bounded queue and a time limit for each job.

A job with photos first waits for the networks to look at them, which others' photos share (`photo_batches.py`).
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import torch

from sakka.photos.held import HeldPhoto
from sakka.web.photo_batches import PhotoBatches, Together
from sakka.web.problems import Problem, busy

Result = TypeVar("Result")


@dataclass(eq=False)
class _QueuedJob:
    do: Callable[[], Any]
    result: "Future[Any]" = field(default_factory=Future)
    since_s: float = 0.0  # when nothing was left to wait for but a thread


@dataclass(eq=False)
class _Slot:
    """A job's slot among those that may wait.

    Attributes:
        holders: How many have not let go of it: the job's result and, where it has photos, the networks.
    """

    holders: int


class Workers:
    """A few threads; a job beyond the queue's end is refused, one that takes too long is answered without it."""

    def __init__(
        self,
        name: str,
        threads: int,
        waiting: int,
        seconds: float,
        together: Together | None = None,
        *,
        waited: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """Start no thread yet.

        Each thread, whenever it starts, has PyTorch compute with as many threads as the one that calls this: what a
        thread that starts while others compute with one thread each would begin with is one.

        Args:
            name: What the threads are called.
            threads: How many jobs run at one time.
            waiting: How many more may wait.
            seconds: How long a job may take from when it is handed in.
            together: What is done with the photos of jobs; None: nothing.
            waited: Is told how long each job waited for a thread, after its photos.
        """
        self.most, self.seconds, self.waited = threads + waiting, seconds, waited
        self._batches = None if together is None else PhotoBatches(together)
        self._pool = ThreadPoolExecutor(threads, name, torch.set_num_threads, (torch.get_num_threads(),))
        self._waiting: deque[_QueuedJob] = deque()
        self._jobs, self._lock = 0, threading.Lock()
        self._begun_s: dict[int, float] = {}  # when a thread began the job that it is at

    async def run(self, do: Callable[[], Result], photos: Sequence[HeldPhoto] = ()) -> Result:
        """The result of a job, run in a thread.

        Args:
            do: The job.
            photos: The photos that it looks at.

        Raises:
            Problem: Too many jobs wait (429), the job did not end in time, or these threads are closed (503). A thread
                can't be stopped: the job keeps its place until it and what the networks do for it have ended.
        """
        with self._lock:
            if self.is_full:
                raise busy()
            self._jobs += 1
        job, batches = _QueuedJob(do), self._batches if photos else None
        slot = _Slot(1 if batches is None else 2)
        job.result.add_done_callback(lambda _: self._let_go(slot))  # it runs in the job's thread
        if batches is None:
            self._queue(job)
        else:
            batches.add(photos, partial(self._queue, job, slot), lambda: not job.result.done())
        try:
            found: Result = await asyncio.wait_for(asyncio.wrap_future(job.result), self.seconds)
        except TimeoutError:
            detail = f"the answer took more than {self.seconds} s; try again later"
            raise Problem(503, detail, {"Retry-After": "10"}) from None
        finally:
            if job.result.cancel():  # nobody waits for it any longer, and no thread took it
                with suppress(ValueError):
                    self._waiting.remove(job)
                if batches is not None:
                    batches.drop_unwanted()
        return found

    @property
    def is_full(self) -> bool:
        """Whether as many jobs wait as may."""
        return self._jobs >= self.most

    def why_not_ready(self) -> str:
        """Why a job that comes now would not be done; empty where it would."""
        if self.is_full:
            return f"{self._jobs} questions wait, as many as may"
        begun = [*self._begun_s.copy().values(), *(self._batches.begun_s.copy().values() if self._batches else ())]
        late = time.monotonic() - min(begun, default=math.inf) > self.seconds
        return f"a question has taken more than {self.seconds} s" if late else ""

    def close(self) -> None:
        """Wait for the running jobs, refuse those that wait and accept no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._batches is not None:
            self._batches.close()
        self._pool.shutdown(wait=True)
        for job in list(self._waiting):
            self._refuse(job)

    def _queue(self, job: _QueuedJob, slot: _Slot | None = None) -> None:
        """Have a thread do a job, for which the networks no longer hold a slot."""
        if not job.result.done():
            job.since_s = time.monotonic()
            self._waiting.append(job)
            try:
                self._pool.submit(self._do_one)
            except RuntimeError:  # nothing is begun any more
                self._refuse(job)
        if slot is not None:
            self._let_go(slot)

    def _refuse(self, job: _QueuedJob) -> None:
        """Answer a job that waits, unless somebody else took it, that it will not be done."""
        with suppress(ValueError):
            self._waiting.remove(job)
            if job.result.set_running_or_notify_cancel():
                job.result.set_exception(Problem(503, "the server is closing; try again", {"Retry-After": "10"}))

    def _do_one(self) -> None:
        """Do the job that has waited longest; none where nobody waits for it any more."""
        try:
            job = self._waiting.popleft()
        except IndexError:
            return
        if not job.result.set_running_or_notify_cancel():
            return
        self._begun_s[threading.get_ident()] = begun_s = time.monotonic()
        try:
            self.waited(begun_s - job.since_s)
            job.result.set_result(job.do())
        except BaseException as error:  # noqa: BLE001  whoever waits for the result is told
            job.result.set_exception(_passed_on(error))
        finally:
            del self._begun_s[threading.get_ident()]

    def _let_go(self, slot: _Slot) -> None:
        with self._lock:
            slot.holders -= 1
            self._jobs -= not slot.holders


def _passed_on(error: BaseException) -> Exception:
    """An error as asyncio passes it on to who waits: what means something else to it becomes the cause of another."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration | CancelledError):
        return error
    wrapped = RuntimeError(f"the job ended with {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped
