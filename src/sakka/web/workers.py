"""Threads that do the slow work: few, with a bounded queue and a time limit for each job.

Jobs that wait are taken together, a few at a time, so that what several of them need can be computed side by side.
"""

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from sakka.errors import SakkaError
from sakka.photos.held import HeldPhoto
from sakka.web.problems import Problem

Result = TypeVar("Result")
JOBS_AT_ONCE = 8
LOG = logging.getLogger("sakka.web")


@dataclass(frozen=True)
class Together:
    """What is done for several jobs at once, before each is done by itself.

    Attributes:
        wait_s: How long the first job waits for others.
        prepare: Is given the photos of the jobs; where it fails the jobs are done without it.
        count: Is told how many jobs came together.
    """

    wait_s: float
    prepare: Callable[[Sequence[HeldPhoto]], None]
    count: Callable[[int], None]


@dataclass(frozen=True, eq=False)
class _QueuedJob:
    do: Callable[[], Any]
    photos: Sequence[HeldPhoto]
    result: "Future[Any]" = field(default_factory=Future)


class Workers:
    """A few threads; a job beyond the queue's end is refused, one that takes too long is answered without it."""

    def __init__(self, name: str, threads: int, waiting: int, seconds: float, together: Together | None = None) -> None:
        """Start no thread yet.

        Each thread, whenever it starts, has PyTorch compute with as many threads as the one that calls this: what a
        thread that starts while others compute with one thread each would begin with is one.

        Args:
            name: What the threads are called.
            threads: How many jobs run at one time.
            waiting: How many more may wait.
            seconds: How long a job may take from when it is handed in.
            together: What is done for several jobs at once; None: each is taken alone.
        """
        self.most, self.seconds, self.together = threads + waiting, seconds, together
        self._pool = ThreadPoolExecutor(threads, name, torch.set_num_threads, (torch.get_num_threads(),))
        self._waiting: deque[_QueuedJob] = deque()
        self._jobs, self._lock = 0, threading.Lock()
        self._begun_s: dict[int, float] = {}  # when a thread began the job that it is at

    async def run(self, do: Callable[[], Result], photos: Sequence[HeldPhoto] = ()) -> Result:
        """The result of a job, run in a thread.

        Args:
            do: The job.
            photos: The photos that it looks at, for what is done for several jobs at once.

        Raises:
            Problem: Too many jobs wait (429), or the job did not end in time (503). A thread can't be stopped: it
                keeps its place until the job ends.
        """
        with self._lock:
            if self._jobs >= self.most:
                raise Problem(429, "the server is busy; try again in a few seconds", {"Retry-After": "5"})
            self._jobs += 1
        job = _QueuedJob(do, photos)
        job.result.add_done_callback(self._ended)
        self._waiting.append(job)
        self._pool.submit(self._do_those_that_wait)
        try:
            found: Result = await asyncio.wait_for(asyncio.wrap_future(job.result), self.seconds)
        except TimeoutError:
            detail = f"the answer took more than {self.seconds} s; try again later"
            raise Problem(503, detail, {"Retry-After": "10"}) from None
        finally:
            with suppress(ValueError):  # as a rule a thread took it
                self._waiting.remove(job)
        return found

    def why_not_ready(self) -> str:
        """Why a job that comes now would not be done; empty where it would."""
        if self._jobs >= self.most:
            return f"{self._jobs} questions wait, as many as may"
        begun_s = min(self._begun_s.copy().values(), default=math.inf)
        return f"a question has taken more than {self.seconds} s" if time.monotonic() - begun_s > self.seconds else ""

    def close(self) -> None:
        """Wait for the running jobs and accept no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        while self._waiting:
            self._waiting.popleft().result.cancel()

    def _do_those_that_wait(self) -> None:
        """Do the jobs that wait, a few at most; none where an earlier turn took them."""
        self._begun_s[threading.get_ident()] = time.monotonic()
        try:
            self._do_in_turn()
        finally:
            del self._begun_s[threading.get_ident()]

    def _do_in_turn(self) -> None:
        if self.together is None:
            jobs = self._taken(1)
        else:
            jobs = self._taken(JOBS_AT_ONCE)
            if jobs and len(jobs) < JOBS_AT_ONCE:
                time.sleep(self.together.wait_s)
                jobs += self._taken(JOBS_AT_ONCE - len(jobs))
            self._prepare(jobs, self.together)
        for job in jobs:
            self._begun_s[threading.get_ident()] = time.monotonic()
            try:
                job.result.set_result(job.do())
            except BaseException as error:  # noqa: BLE001  whoever waits for the result is told
                job.result.set_exception(error)

    def _taken(self, most: int) -> list[_QueuedJob]:
        """Jobs that wait, without those that nobody waits for any more."""
        jobs: list[_QueuedJob] = []
        while len(jobs) < most:
            try:
                job = self._waiting.popleft()
            except IndexError:
                break
            if job.result.set_running_or_notify_cancel():
                jobs.append(job)
        return jobs

    @staticmethod
    def _prepare(jobs: Sequence[_QueuedJob], together: Together) -> None:
        photos = [photo for job in jobs for photo in job.photos]
        if not photos:
            return
        try:
            together.count(sum(1 for job in jobs if job.photos))
            together.prepare(photos)
        except SakkaError:
            pass  # the job that it belongs to comes to the same and says so
        except Exception:
            LOG.exception("%d questions could not be prepared together; each is answered by itself", len(jobs))

    def _ended(self, _result: "Future[Any]") -> None:
        with self._lock:  # the callback runs in the job's thread
            self._jobs -= 1
