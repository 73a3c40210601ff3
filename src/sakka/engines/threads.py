"""Workers that share the cores by jobs, not by pieces of one job.

PyTorch can spread one operation over all cores, but small operations then wait for the slowest core, and sums depend
on how many cores there are. Here each worker computes whole jobs with one thread of its own: no core waits for
another, and a job's bytes are the same on any number of cores.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def work_off(jobs: Iterable[Job], do: Callable[[Job], Answer], name: str) -> Generator[Answer, None, None]:
    """The answers to jobs in order; as many are worked on at a time as PyTorch may use cores.

    At most one answer a worker waits to be taken, so memory stays bounded however many jobs there are.

    Args:
        jobs: What to do; taken as workers get free.
        do: Does one job; what it raises is raised here.
        name: What the threads are called.
    """
    threads = torch.get_num_threads()
    running: deque[Future[Answer]] = deque()
    with single_threaded(threads, name) as pool:
        for job in jobs:
            running.append(pool.submit(do, job))
            if len(running) > 2 * threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let NumPy multiply matrices with one thread: how it adds, and so the last bits, would depend on their number."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


@contextmanager
def single_threaded(workers: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """A pool whose workers have PyTorch compute with one thread each; what waits at the end is not begun.

    Args:
        workers: How many there are.
        name: What their threads are called.
    """
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(workers, thread_name_prefix=name, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(threads)  # a worker's setting would hold for threads that start later
