"""Ray as the engine: workers that are processes, on this machine or on all machines of a cluster.

    with ray_engine(workers=3) as engine, working_on(engine):
        run_experiment(catalog, "run", plan)

A worker is an actor of one core that holds what does the jobs, a network for example. It has one large job at a time,
or one small job and one more that waits. A worker that dies costs the jobs that it had: another takes its seat, and
they are done again, `ATTEMPTS` times at most. A seat whose next worker does not come within `START_S` is left empty
until the next jobs, and with no worker left the work ends. Answers go through Ray's memory to the process that asked.

Without an address Ray runs on this machine alone for as long as the block lasts: it listens on the loopback interface,
expects a random token, reports nothing to anybody, and its files lie in a temporary folder.

Source: P. Moritz et al., Ray, OSDI 2018, https://arxiv.org/abs/1712.05889
"""

import hashlib
import os
import re
import secrets
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sakka.cache import CACHE_VARIABLE, cache_folder
from sakka.engines.ray_worker import MOST_KEPT, RayWorker
from sakka.engines.threads import Answer, Job
from sakka.errors import EngineError, MissingPartError
from sakka.version import __version__

ADDRESS_VARIABLE = "RAY_ADDRESS"
ADDRESS = re.compile(r"([^\s:/@]+):([1-9]\d{0,4})")
LOOPBACK = ("127.0.0.1", "localhost")
ATTEMPTS = 3  # at a job whose worker died
MEMORY_BYTES = 512 * 2**20  # of answers on their way, where Ray runs on this machine alone; more goes through its files
CONNECT_S, START_S = 5, 120
QUIET: Mapping[str, str] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_ALLOW_REGEX": "(?!)",  # Ray would print on standard output that a worker died
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
}
"""What Ray reads when it is imported."""
ALONE: Mapping[str, str] = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as on these systems: it listens on 127.0.0.1 alone
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",  # workers count like this process, which waits for them
}


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


@contextmanager
def ray_engine(address: str | None = None, workers: int | None = None) -> Iterator[RayEngine]:
    """Ray for as long as the block lasts; where `ray.init` has been called already, what that started.

    Args:
        address: HOST:PORT of a cluster that this machine belongs to; None: Ray runs on this machine alone.
        workers: How many workers, each with one core; None: as many as there are cores free.

    Raises:
        MissingPartError: Ray is not installed.
        EngineError: There is no cluster at the address, it has not that many cores free, or Ray can't be started.
    """
    with _running(address, workers) as ray:
        free = int(ray.available_resources().get("CPU", 0))
        if not 1 <= (workers or free) <= free:
            raise EngineError(f"got `workers={workers or 1}`, and Ray has {free} cores free; take fewer")
        yield RayEngine(workers or free)


@contextmanager
def _running(address: str | None, workers: int | None) -> Iterator[Any]:
    """Ray as it is used: the caller's own, a cluster's, or this machine's alone."""
    if address is not None:
        check_address(address)
    if "ray" in sys.modules and _library().is_initialized():
        yield _library()
    elif address is not None:
        host, _, port = address.rpartition(":")
        if host in LOOPBACK:  # in whose stead Ray takes this machine's address
            address = f"{_library().util.get_node_ip_address()}:{port}"
            check_address(address)
        with _connected(_library(), address=address) as ray:
            yield ray
    else:
        with (
            _variables({**ALONE, "RAY_AUTH_TOKEN": _token()}),
            tempfile.TemporaryDirectory(prefix="sakka-ray-", ignore_cleanup_errors=True) as folder,
            _connected(
                _library_for_this_machine(),
                num_cpus=workers or len(os.sched_getaffinity(0)),
                include_dashboard=False,
                object_store_memory=MEMORY_BYTES,
                _node_ip_address="127.0.0.1",
                _temp_dir=folder,
            ) as ray,
        ):
            yield ray


def check_address(address: str) -> None:
    """Refuse an address where nothing listens, at which Ray would wait for minutes.

    Raises:
        EngineError: It is none, or there is nothing.
    """
    written = ADDRESS.fullmatch(address)
    if not written or int(written[2]) > 65535:
        raise EngineError(
            f"got {address!r} as the address of a Ray cluster; expected HOST:PORT, such as 10.0.0.1:6379, on a machine "
            "that belongs to it"
        )
    try:
        socket.create_connection((written[1], int(written[2])), CONNECT_S).close()
    except OSError as error:
        raise EngineError(
            f"no Ray cluster can be reached at {address} ({error}); start one with ray start --head, or leave the "
            "address out to use this machine alone"
        ) from error


def last_line(error: Exception) -> str:
    """What an error of Ray's says, without its tables and traceback."""
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)


@contextmanager
def _connected(ray: Any, **arguments: Any) -> Iterator[Any]:
    try:
        ray.init(log_to_driver=False, logging_level="critical", **arguments)
    except Exception as error:
        raise EngineError(f"Ray can't be started ({last_line(error)})") from error
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Variables of the environment for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _library() -> Any:
    os.environ.setdefault("RAY_TQDM_PATCH_PRINT", "0")  # or Ray puts its own function in the place of `print`
    try:
        with _variables(QUIET):
            import ray
    except ImportError as error:
        raise MissingPartError("Ray", "cluster", error) from error
    return ray


@cache
def _library_for_this_machine() -> Any:
    """Ray, imported with the variables of `ALONE`, some of which it reads then."""
    if sys.modules.get("ray") is not None:
        raise EngineError(
            "ray was imported before, and would listen on every interface; start it with ray.init, or import it later"
        )
    return _library()


@cache
def _token() -> str:
    """What the processes of one machine know each other by; this one reads it once."""
    return secrets.token_hex(32)
