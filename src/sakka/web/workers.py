"""Threads that do the slow work: few, with a bounded queue and a time limit for each job."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sakka.web.problems import Problem

Result = TypeVar("Result")


class Workers:
    """A few threads; a job beyond the queue's end is refused, one that takes too long is answered without it."""

    def __init__(self, name: str, threads: int, waiting: int, seconds: float) -> None:
        """Start no thread yet.

        Args:
            name: What the threads are called.
            threads: How many jobs run at one time.
            waiting: How many more may wait.
            seconds: How long a job may take from when it is handed in.
        """
        self.most, self.seconds = threads + waiting, seconds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._jobs, self._lock = 0, threading.Lock()

    async def run(self, job: Callable[[], Result]) -> Result:
        """The result of a job, run in a thread.

        Raises:
            Problem: Too many jobs wait (429), or the job did not end in time (503). A thread can't be stopped: it
                keeps its place until the job ends.
        """
        with self._lock:
            if self._jobs >= self.most:
                raise Problem(429, "the server is busy; try again in a few seconds", {"Retry-After": "5"})
            self._jobs += 1
        future = self._pool.submit(job)
        future.add_done_callback(self._ended)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError:
            detail = f"the answer took more than {self.seconds} s; try again later"
            raise Problem(503, detail, {"Retry-After": "10"}) from None

    def close(self) -> None:
        """Wait for the running jobs and accept no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ended(self, _future: "Future[Result]") -> None:
        with self._lock:  # the callback runs in the job's thread
            self._jobs -= 1
