"""A real server in a thread, asked over a real socket."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sakka.web.app import create_app
from sakka.web.process import server_of
from sakka.web.serving import address_of, listening
from sakka.web.settings import Settings

START_S = 30.0


@dataclass(frozen=True)
class Folders:
    """What a server is started with."""

    model: Path
    index: Path
    catalog: Path
    photos: Path


@contextmanager
def running(settings: Settings) -> Iterator[httpx.Client]:
    """Run a server for as long as the block lasts; give a client of it."""
    with listening(settings) as sock:
        server = server_of(create_app(settings), settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        until_s = time.monotonic() + START_S
        while not server.started and time.monotonic() < until_s and thread.is_alive():
            time.sleep(0.01)
        assert server.started
        try:
            with httpx.Client(base_url=address_of(sock), timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(START_S)


def problem_of(answer: httpx.Response) -> dict[str, object]:
    """The problem that an answer holds."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["status"] == answer.status_code
    return problem
