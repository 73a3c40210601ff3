"""Threads that do slow jobs: whatever fails, each job is answered and no place is lost."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch

from sakka.engines.threads import single_threaded
from sakka.errors import SakkaError
from sakka.photos.held import HeldPhoto
from sakka.web.problems import Problem
from sakka.web.workers import Together, Workers


def fails(error: Exception) -> Callable[[Any], None]:
    def fail(_given: Any) -> None:
        raise error

    return fail


def ignore(_given: Any) -> None:
    pass


@pytest.fixture
def three_threads() -> Iterator[None]:
    """Has PyTorch compute with three threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("prepare", "count"),
    [
        (fails(RuntimeError("can't start new thread")), ignore),
        (fails(SakkaError("not a photo")), ignore),
        (ignore, fails(OSError("no space left"))),
    ],
)
def test_jobs_are_done_one_by_one_where_they_can_not_be_prepared_together(
    prepare: Callable[[Sequence[HeldPhoto]], None], count: Callable[[int], None]
) -> None:
    workers = Workers("test", 1, 2, 5, Together(0.01, prepare, count))

    async def ask() -> list[int]:
        return list(await asyncio.gather(*(workers.run(lambda i=i: i, [HeldPhoto(b"")]) for i in range(3))))  # type: ignore[misc]

    assert asyncio.run(ask()) == [0, 1, 2]
    assert asyncio.run(ask()) == [0, 1, 2]  # all places are free again
    workers.close()


@pytest.mark.usefixtures("three_threads")
def test_a_thread_that_starts_while_others_compute_alone_has_all_of_the_threads() -> None:
    workers = Workers("test", 1, 1, 5)
    with single_threaded(1, "alone") as pool:
        assert pool.submit(torch.get_num_threads).result() == 1
        assert asyncio.run(workers.run(torch.get_num_threads)) == 3
    workers.close()


def test_a_job_that_waited_too_long_waits_no_more() -> None:
    free = threading.Event()
    workers = Workers("test", 1, 1, 0.1)

    async def ask() -> list[Any]:
        return list(await asyncio.gather(*(workers.run(free.wait) for _ in range(2)), return_exceptions=True))

    try:
        assert [type(each) for each in asyncio.run(ask())] == [Problem, Problem]
        assert not workers._waiting
    finally:
        free.set()
        workers.close()


def test_workers_are_not_ready_while_what_prepares_jobs_is_stuck() -> None:
    free = threading.Event()
    workers = Workers("test", 1, 5, 0.1, Together(0, lambda _photos: (free.wait(10), None)[1], ignore))
    try:
        with pytest.raises(Problem, match="more than"):
            asyncio.run(workers.run(int, [HeldPhoto(b"")]))
        assert workers.why_not_ready() == "a question has taken more than 0.1 s"
    finally:
        free.set()
        workers.close()
