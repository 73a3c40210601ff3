"""Threads that do slow jobs: whatever fails, each job is answered and no place is lost."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

import pytest
import torch

from sakka.engines.threads import single_threaded
from sakka.errors import SakkaError
from sakka.photos.held import HeldPhoto
from sakka.web.photo_batches import MOST_PHOTOS, PhotoBatches, _Asked
from sakka.web.problems import Problem
from sakka.web.workers import Together, Workers


def fails(error: BaseException) -> Callable[[Any], None]:
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


@pytest.mark.parametrize("error", [StopIteration(), KeyboardInterrupt(), CancelledError()])
def test_a_job_that_ends_with_what_asyncio_does_not_pass_on_is_answered(error: BaseException) -> None:
    workers = Workers("test", 1, 0, 1)
    for _ in range(2):  # its place is free again
        with pytest.raises(RuntimeError, match=f"the job ended with {type(error).__name__}"):
            asyncio.run(workers.run(lambda: fails(error)(None)))
    workers.close()


class Stuck:
    """Networks that look at photos for as long as they are not let free."""

    def __init__(self) -> None:
        self.begun, self.free = threading.Event(), threading.Event()
        self.waits: list[float] = []
        self.together = Together(0, self.prepare, self.waits.extend)

    def prepare(self, _photos: Sequence[HeldPhoto]) -> None:
        self.begun.set()
        self.free.wait(10)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    """Networks on one thread."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    networks = Stuck()
    yield networks
    networks.free.set()


def test_a_question_keeps_its_place_while_the_networks_look_at_its_photos(stuck: Stuck) -> None:
    workers = Workers("test", 1, 1, 0.2, stuck.together)
    try:
        with pytest.raises(Problem, match="more than"):
            asyncio.run(workers.run(int, [HeldPhoto(b"")] * MOST_PHOTOS))
        for _ in range(2):  # the photos of this one have not begun, so that it leaves the second place
            with pytest.raises(Problem, match="more than"):
                asyncio.run(workers.run(int, [HeldPhoto(b"")] * 2))
        assert not workers.is_full
        assert sorted(asyncio.run(statuses(workers, 2))) == [429, 503]
        stuck.free.set()
        workers.close()
        assert workers._jobs == 0
        assert len(stuck.waits) == MOST_PHOTOS
    finally:
        stuck.free.set()
        workers.close()


async def statuses(workers: Workers, count: int) -> list[int]:
    jobs = (workers.run(int, [HeldPhoto(b"")]) for _ in range(count))
    return [each.status_code for each in await asyncio.gather(*jobs, return_exceptions=True)]  # type: ignore[union-attr]


def test_workers_that_close_answer_what_waits_and_what_comes_later(stuck: Stuck) -> None:
    workers = Workers("test", 1, 1, 5, stuck.together)

    async def ask() -> list[Any]:
        jobs = [asyncio.create_task(workers.run(int, [HeldPhoto(b"")] * MOST_PHOTOS))]
        await asyncio.to_thread(stuck.begun.wait)
        jobs.append(asyncio.create_task(workers.run(int, [HeldPhoto(b"")])))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.1, stuck.free.set)
        await asyncio.to_thread(workers.close)
        jobs += [asyncio.create_task(workers.run(int, photos)) for photos in ([HeldPhoto(b"")], [])]
        return list(await asyncio.gather(*jobs, return_exceptions=True))

    answers = asyncio.run(ask())
    assert [(each.status_code, each.detail) for each in answers] == [(503, "the server is closing; try again")] * 4
    assert workers._jobs == 0


class Meeting:
    """A lock after which each thread waits for the other."""

    def __init__(self) -> None:
        self.lock, self.barrier = threading.Lock(), threading.Barrier(2)

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()
        self.barrier.wait(5)


def test_a_question_whose_last_photos_end_at_one_time_goes_on_once() -> None:
    batches, went_on = PhotoBatches(Together(0, ignore, ignore)), []
    batches._lock = Meeting()  # type: ignore[assignment]
    asked = _Asked(0, 2, lambda: went_on.append(1), lambda: True)
    threads = [threading.Thread(target=batches._ended, args=(asked,)) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert went_on == [1]


def test_photos_that_could_not_be_prepared_are_not_counted() -> None:
    waits: list[float] = []
    workers = Workers("test", 1, 0, 5, Together(0, fails(SakkaError("not a photo")), waits.extend))
    asyncio.run(workers.run(int, [HeldPhoto(b"")]))
    workers.close()
    assert waits == []


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
