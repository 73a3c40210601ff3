"""Several processes that answer at one address.

One process listens, starts the others, watches over them and starts one anew that has died; each of the others takes
requests from the same socket and loads the model by itself, but for the arrays and weights, which are mapped from their
files and in memory once (`networks/mapped.py`). The first is started alone: what can't be served is said once. Where
that stands on disk later, when one has died, the others go on with what they have, and it is tried again.
"""

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

from prometheus_client.multiprocess import mark_process_dead
from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process as SupervisedProcess

from sakka.errors import SakkaError
from sakka.web.app import create_app
from sakka.web.common import Common, Shared
from sakka.web.metrics import FOLDER_VARIABLE
from sakka.web.process import config_of, prepare_process
from sakka.web.settings import Settings

LOADING_S, ANSWERING_S, AGAIN_S = 600, 30, 5
WAITING_CONNECTIONS = 2048
PAUSE_S, LONGEST_PAUSE_S = 0.0001, 0.001  # of a process before it takes a connection, for each that it has open


def run_processes(settings: Settings, sock: socket.socket, say: Callable[[], None]) -> None:
    """Serve until a signal says to end.

    Args:
        settings: What to serve.
        sock: The socket that is listened on.
        say: Is called when the first process answers.

    Raises:
        SystemExit: What should be served can't be; a process has said why.
    """
    with tempfile.TemporaryDirectory(prefix="sakka-serve-") as folder:  # of metrics and clients' rates
        os.environ[FOLDER_VARIABLE] = folder  # read by prometheus_client when a process imports it
        make = partial(_app_of_process, settings, Shared.make(Path(folder), settings.limits))
        config = config_of(
            make, settings, factory=True, workers=settings.processes, timeout_worker_healthcheck=ANSWERING_S, backlog=1
        )
        processes = _Processes(config, [sock], say)
        processes.run()
    if processes.failed:
        raise SystemExit(2)


def _app_of_process(settings: Settings, shared: Shared) -> ASGIApp:
    """The application of one process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until what is loaded can be loaded anew (`takeover.py`)
    prepare_process(settings)
    try:
        return create_app(settings, Common.of_parent(shared, settings.limits))
    except SakkaError as error:
        sys.stderr.write(f"sakka: {error}\n")
        sys.exit(STARTUP_FAILURE)


class SharedSocket(socket.socket):
    """A socket that processes share: the more connections one has open, the later it takes another.

    Callers keep their connections, so a process that takes all that come at once answers alone, and the others rest.
    asyncio takes as many in a row as it lets wait (`backlog`); here only the first of the two is 1.
    """

    def accept(self) -> tuple[socket.socket, Any]:
        """Take a connection, unless another process does first.

        Raises:
            BlockingIOError: There is none any more.
        """
        time.sleep(min(LONGEST_PAUSE_S, PAUSE_S * len(self._open)))
        connection, address = super().accept()
        self._open.add(connection)
        return connection, address

    @cached_property
    def _open(self) -> "WeakSet[socket.socket]":
        return WeakSet()

    def listen(self, _backlog: int = 0, /) -> None:
        """Listen, as before this process did."""
        super().listen(WAITING_CONNECTIONS)


class Process(SupervisedProcess):
    """A process that answers beside others."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """What it runs."""
        shared: list[socket.socket] = [
            SharedSocket(each.family, each.type, each.proto, each.detach()) for each in sockets or []
        ]
        super().target(shared)


class _Processes(Multiprocess):
    """Uvicorn's supervisor, which waits for the first process, and passes SIGHUP on."""

    def __init__(self, config: Config, sockets: list[socket.socket], say: Callable[[], None]) -> None:
        super().__init__(config, sockets)
        self.say, self.failed = say, False
        self._started_s: dict[int | None, float] = {}  # by its id, when a process was started anew

    def init_processes(self) -> None:
        for number in range(self.processes_num):
            process = Process(self.config, self.sockets)
            process.start()
            self.processes.append(process)
            if number == 0:
                if not process.wait_until_ready(LOADING_S, self.should_exit):
                    self.failed = not self.should_exit.is_set()
                    self.should_exit.set()
                    return
                self.say()

    def keep_subprocess_alive(self) -> None:
        """Start each process anew that has died, or hangs; one that can't load what stands on disk, a while later."""
        alive = [process.is_alive(ANSWERING_S) for process in self.processes]
        for place, process in enumerate(self.processes):
            if alive[place] or self.should_exit.is_set():
                continue
            process.kill()
            process.join()
            mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
            if process.exitcode == STARTUP_FAILURE and not any(alive):
                self.failed = True
                self.should_exit.set()
                return
            if time.monotonic() < self._started_s.get(process.pid, 0.0) + AGAIN_S:
                continue
            self.processes[place] = anew = Process(self.config, self.sockets)
            anew.start()
            self._started_s.pop(process.pid, None)
            self._started_s[anew.pid] = time.monotonic()

    def handle_hup(self) -> None:
        """Have every process load anew what it serves (`takeover.py`)."""
        for process in self.processes:
            if process.pid is not None and process.process.is_alive():
                os.kill(process.pid, signal.SIGHUP)
