"""Threads that do the slow work: few, with a bounded queue and a time limit for each job.

A job with photos first waits for the networks to look at them, which others' photos share (`photo_batches.py`).
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
            Problem: Too many jobs wait (429), or the job did not end in time (503). A thread can't be stopped: it
                keeps its place until the job ends.
        """
        with self._lock:
            if self.is_full:
                raise busy()
            self._jobs += 1
        job = _QueuedJob(do)
        job.result.add_done_callback(self._ended)
        if photos and self._batches is not None:
            self._batches.add(photos, partial(self._queue, job), lambda: not job.result.done())
        else:
            self._queue(job)
        try:
            found: Result = await asyncio.wait_for(asyncio.wrap_future(job.result), self.seconds)
        except TimeoutError:
            detail = f"the answer took more than {self.seconds} s; try again later"
            raise Problem(503, detail, {"Retry-After": "10"}) from None
        finally:
            with suppress(ValueError):  # as a rule a thread took it
                self._waiting.remove(job)
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
        """Wait for the running jobs and accept no more."""
        if self._batches is not None:
            self._batches.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        while self._waiting:
            self._waiting.popleft().result.cancel()

    def _queue(self, job: _QueuedJob) -> None:
        if not job.result.done():
            job.since_s = time.monotonic()
            self._waiting.append(job)
            with suppress(RuntimeError):  # nothing is begun any more
                self._pool.submit(self._do_one)

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
            job.result.set_exception(error)
        finally:
            del self._begun_s[threading.get_ident()]

    def _ended(self, _result: "Future[Any]") -> None:
        with self._lock:  # the callback runs in the job's thread
            self._jobs -= 1
