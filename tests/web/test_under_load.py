"""What the study of a server under load measures with: callers that are answered, and callers beyond what may wait."""

import io
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from studies.callers import Load, asked_here

from sakka.web.engine import Engine
from sakka.web.settings import Settings
from studies import callers


@pytest.fixture(scope="session")
def drawn() -> list[bytes]:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(3).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((500, 500)).save(buffer, "JPEG")
    return [buffer.getvalue()]


def test_callers_are_answered_and_tell_how_long_it_took(client: httpx.Client, drawn: list[bytes]) -> None:
    answers = asked_here(Load(str(client.base_url), drawn, "linen button", 2, requests=4))
    assert [each.status for each in answers.every] == [200] * 4
    assert all(b'"candidates"' in each.content for each in answers.every)
    assert 0 < answers.times_ms.max() <= 1000 * answers.seconds


def test_a_caller_that_is_not_connected_has_failed_and_asks_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "PAUSE_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answers = asked_here(Load(f"http://127.0.0.1:{port}", [b""], "", 1, requests=2))
    assert [each.status for each in answers.failed] == [0, 0]


def test_callers_beyond_what_may_wait_are_refused_within_a_second_and_no_answer_is_lost(
    serve: Callable[[Settings], httpx.Client], settings: Settings, drawn: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    identify = Engine.identify

    def slow(*arguments: Any) -> Any:
        time.sleep(0.05)
        return identify(*arguments)

    monkeypatch.setattr(Engine, "identify", slow)
    limits = replace(settings.limits, waiting=2, connections=8)
    client = serve(replace(settings, index=None, limits=limits))
    answers = asked_here(Load(str(client.base_url), drawn, "", 16, seconds=1.0))
    assert {each.status for each in answers.every} == {200, 429}
    assert max(answers.refused_ms) < 1000
    assert not answers.failed
    busy = 'sakka_requests_refused_total{reason="crowd"}'
    refused = next(line for line in client.get("/metrics").text.splitlines() if line.startswith(busy))
    assert float(refused.split()[-1]) > 0  # unread: no photo was decoded for nothing
