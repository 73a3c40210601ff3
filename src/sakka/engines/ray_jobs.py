"""Jobs that workers of Ray do, each in its seat.

A worker is an actor of one core that holds what does the jobs, a network for example. It has one large job at a time,
or one small job and one more that waits. A worker that dies costs the jobs that it had: another takes its seat, and
they are done again, `ATTEMPTS` times at most. A seat whose next worker does not come within `START_S` is left empty
until the next jobs, and with no worker left the work ends. Answers go through Ray's memory to the process that asked.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sakka.cache import CACHE_VARIABLE, cache_folder
from sakka.engines.ray_worker import MOST_KEPT, RayWorker
from sakka.engines.threads import Answer, Job
from sakka.errors import EngineError
from sakka.version import __version__

ATTEMPTS = 3  # at a job whose worker died
START_S = 120


class RayEngine:
    """Workers of Ray; see `ray_engine`.

    Attributes:
        elsewhere: Whether other processes do the jobs: always.
        workers: How many there are.
    """

    elsewhere = True

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._seats: list[_Seat] = []
        self._references: dict[str, Any] = {}

    def each(
        self,
        do: Callable[[Job], Answer],
        jobs: Iterable[Job],
        name: str,  # noqa: ARG002
    ) -> Generator[tuple[Job, Answer], None, None]:
        """Do small jobs; while a worker does one, the next is on its way to it."""
        return self._done("do_job", do, jobs, ahead=2)

    def units(
        self, do: Callable[[Job], Iterable[Answer]], jobs: Iterable[Job]
    ) -> Generator[tuple[Job, Answer], None, None]:
        """Do large jobs; the answers of one come together."""
        for job, answers in self._done("do_unit", do, jobs, ahead=1):
            for answer in answers:
                yield job, answer

    def start(self) -> None:
        """Start the workers, unless they have been.

        Raises:
            EngineError: They can't be started.
        """
        import ray

        if self._seats:
            return
        seats = [_Seat() for _ in range(self.workers)]
        try:
            check_versions(ray.get([seat.version for seat in seats], timeout=START_S))
        except ray.exceptions.RayError as error:
            raise EngineError(
                f"the workers of Ray can't be started ({last_line(error)}); see to its machines"
            ) from error
        for seat in seats:
            seat.is_up = True
        self._seats = seats

    def _reference(self, do: Callable[[Any], Any]) -> Any:
        """Where workers find what does the jobs: for the same as before the same, which they have."""
        import ray

        digest = hashlib.sha256(ray.cloudpickle.dumps(do)).hexdigest()
        if digest not in self._references:
            for old in list(self._references)[: 1 - MOST_KEPT]:
                del self._references[old]
            self._references[digest] = ray.put(do)
        return self._references[digest]

    def _done(
        self, method: str, do: Callable[[Any], Any], jobs: Iterable[Any], *, ahead: int
    ) -> Generator[tuple[Any, Any], None, None]:
        """Jobs and answers as they come; a worker has `ahead` jobs at a time."""
        import ray

        self.start()
        reference = [self._reference(do)]  # in a list, it is not fetched for each job
        fresh, again = ((job, 1) for job in jobs), deque[tuple[Any, int]]()
        seats = _Seats(self._seats * ahead)
        running: dict[Any, _Running] = {}
        done: list[tuple[Any, Any]] = []
        try:
            while True:
                while seats.free and (taken := again.popleft() if again else next(fresh, None)):
                    seat = seats.free.popleft()
                    answer = getattr(seat.worker, method).remote(reference, taken[0])
                    running[answer] = _Running(*taken, seat, seat.worker)
                yield from done
                done = []
                if not running and seats.free:
                    return
                ready, _ = ray.wait([*running, *seats.versions()], timeout=seats.left_s())
                seats.fill(ready, others=bool(running))
                if not ready or ready[0] not in running:
                    continue
                ended = running.pop(ready[0])
                done = list(_answered(ready[0], ended))
                if not done:
                    ended.seat.replace(ended.worker)
                    again.append((ended.job, ended.attempt + 1))
                seats.add(ended.seat)
        finally:
            for each in running.values():  # at work on what nobody waits for any more
                each.seat.replace(each.worker)


class _Seat:
    """Where a worker sits.

    Attributes:
        worker: The actor.
        version: What its version will be, which it answers when it is up.
        is_up: Whether it has answered.
    """

    def __init__(self) -> None:
        self._sit()

    def _sit(self) -> None:
        self.worker = _new_worker()
        self.version = self.worker.version.remote()
        self.is_up = False

    def replace(self, worker: Any) -> None:
        """Put another in the stead of a worker, unless that was done already."""
        import ray

        if worker is self.worker:
            ray.kill(worker)
            self._sit()


class _Seats:
    """The seats that take jobs, each as often as it takes them at a time, and those whose worker is not up yet.

    Args:
        seats: All of them.

    Attributes:
        free: Those that take a job now.
    """

    def __init__(self, seats: Iterable[_Seat]) -> None:
        self.free: deque[_Seat] = deque()
        self._waiting: list[tuple[_Seat, float]] = []
        for seat in seats:
            self.add(seat)

    def add(self, seat: _Seat) -> None:
        """Add one that has no job."""
        if seat.is_up:
            self.free.append(seat)
        else:
            self._waiting.append((seat, time.monotonic() + START_S))

    def versions(self) -> list[Any]:
        """What the workers that are not up will answer, each once."""
        return list({seat.version: None for seat, _ in self._waiting})

    def left_s(self) -> float | None:
        """How long the first of these may still take, in seconds; None where there is none."""
        return min((max(0.0, until - time.monotonic()) for _, until in self._waiting), default=None)

    def fill(self, ready: list[Any], *, others: bool) -> None:
        """Take those whose worker has answered, and leave out those that have taken too long.

        Args:
            ready: What has been answered.
            others: Whether other seats are at work.

        Raises:
            EngineError: A worker has another version, or nobody is left.
        """
        import ray

        said = ""
        for seat, until in self._waiting.copy():
            try:
                if seat.version in ready:
                    check_versions([ray.get(seat.version)])
                    seat.is_up = True
                elif time.monotonic() < until:
                    continue
                else:
                    said = f"none came within {START_S} s"
            except ray.exceptions.RayError as error:
                said = last_line(error)
                seat.replace(seat.worker)  # for the next jobs
            self._waiting.remove((seat, until))
            if seat.is_up:
                self.free.append(seat)
        if said and not (others or self.free or self._waiting):
            raise EngineError(
                f"no worker of Ray is left, and no other could be started ({said}); see to its machines and to what "
                "else uses their cores, and start again to go on"
            )


@dataclass(frozen=True)
class _Running:
    """A job that is being done."""

    job: Any
    attempt: int
    seat: _Seat
    worker: Any


def _answered(ready: Any, ended: _Running) -> Iterator[tuple[Any, Any]]:
    """A job with its answer; nothing where its worker died and it is to be done again."""
    import ray

    try:
        yield ended.job, ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        if ended.attempt == ATTEMPTS:
            raise EngineError(
                f"{ATTEMPTS} workers died at one piece of work ({last_line(error)}); see whether they run out of "
                "memory, take fewer `workers`, and start again to go on"
            ) from error


def check_versions(versions: Iterable[str]) -> None:
    """Check that workers have this version of sakka.

    Raises:
        EngineError: One has not.
    """
    if others := {*versions} - {__version__}:
        raise EngineError(
            f"workers of Ray have sakka {', '.join(sorted(others))}, this is {__version__}; install the same version "
            "on all machines"
        )


def _new_worker() -> Any:
    import ray

    environment = {CACHE_VARIABLE: str(cache_folder().resolve())}
    return ray.remote(num_cpus=1, max_restarts=0)(RayWorker).remote(environment, str(Path.cwd()))


def last_line(error: Exception) -> str:
    """What an error of Ray's says, without its tables and traceback."""
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
