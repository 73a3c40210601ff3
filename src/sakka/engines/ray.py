"""Ray as the engine: workers that are processes, on this machine or on all machines of a cluster.

    with ray_engine(workers=3) as engine, working_on(engine):
        run_experiment(catalog, "run", plan)

Without an address Ray runs on this machine alone for as long as the block lasts: it listens on the loopback interface,
expects a random token, reports nothing to anybody, and its files lie in a temporary folder.

Source: P. Moritz et al., Ray, OSDI 2018, https://arxiv.org/abs/1712.05889
"""

import os
import re
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from sakka.engines.ray_jobs import RayEngine, last_line
from sakka.errors import EngineError, MissingPartError

ADDRESS_VARIABLE = "RAY_ADDRESS"
ADDRESS = re.compile(r"([^\s:/@]+):([1-9]\d{0,4})")
LOOPBACK = ("127.0.0.1", "localhost")
MEMORY_BYTES = 512 * 2**20  # of answers on their way, where Ray runs on this machine alone; more goes through its files
CONNECT_S = 5
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
