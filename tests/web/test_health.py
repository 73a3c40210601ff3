"""What watches over a server is told whether it is alive, and whether it would answer a question now."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.web.servers import problem_of

from sakka.web.engine import Engine
from sakka.web.settings import Settings

Serve = Callable[[Settings], httpx.Client]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Holds every answer back until it is set."""
    free, identify = threading.Event(), Engine.identify

    def wait(*arguments: Any) -> Any:
        free.wait(20)
        return identify(*arguments)

    monkeypatch.setattr(Engine, "identify", wait)
    return free


def waiting(client: httpx.Client, words: str) -> None:
    """Wait until the server says why it is not ready."""
    until_s = time.monotonic() + 20
    while words not in client.get("/health/ready").text:
        assert time.monotonic() < until_s
        time.sleep(0.01)


def ask(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/identify", data={"title": "linen button"})


def test_a_server_is_ready_until_as_many_questions_wait_as_may(
    serve: Serve, settings: Settings, held: threading.Event
) -> None:
    client = serve(replace(settings, index=None, limits=replace(settings.limits, waiting=1, requests_a_minute=6)))
    assert client.get("/health/ready").json() == {"status": "ready"}
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, client) for _ in range(2)]
        waiting(client, "2 questions wait, as many as may")
        assert problem_of(client.get("/health/ready"))["status"] == 503
        begun_s = time.monotonic()
        assert problem_of(ask(client))["status"] == 429
        assert time.monotonic() - begun_s < 1
        assert {client.get("/health/live").status_code for _ in range(40)} == {200}  # however few requests may be made
        held.set()
        assert [each.result().status_code for each in asked] == [200, 200]
    assert client.get("/health/ready").is_success


def test_a_server_whose_model_is_stuck_is_alive_and_not_ready(
    serve: Serve, settings: Settings, held: threading.Event
) -> None:
    client = serve(replace(settings, index=None, limits=replace(settings.limits, seconds=1)))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, client)
        waiting(client, "a question has taken more than 1 s")
        assert client.get("/health/live").is_success
        assert asked.result().status_code == 503
        held.set()


def test_probes_need_no_key(serve: Serve, settings: Settings) -> None:
    client = serve(replace(settings, index=None, key="k" * 16))
    assert [client.get(f"/health/{name}").status_code for name in ("live", "ready")] == [200, 200]
