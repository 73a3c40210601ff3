"""Callers who hold connections, bodies and places in the queue, over real sockets."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.web.servers import Folders, problem_of

from sakka.errors import ServeError
from sakka.web.engine import Engine
from sakka.web.settings import Settings

Serve = Callable[[Settings], httpx.Client]
BATCH, JSON, FORM = "/v1/identify/batch", "application/json", "application/x-www-form-urlencoded"
HEAD = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def quick(folders: Folders) -> Iterator[httpx.Client]:
    """A server of a model alone with short deadlines, which tests of this module share."""
    from tests.web.conftest import FREE
    from tests.web.servers import running

    limits = replace(FREE, head_seconds=0.3, idle_seconds=0.3, seconds=1, client_connections=20)
    with running(Settings(folders.model, port=0, limits=limits)) as client:
        yield client


@contextmanager
def connected(client: httpx.Client, sent: bytes = b"", source: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A connection on which some bytes were sent, from an address of this machine."""
    address = client.base_url.host, client.base_url.port or 80
    with socket.create_connection(address, timeout=10, source_address=(source, 0)) as sock:
        sock.sendall(sent)
        yield sock


def seconds_until_closed(sock: socket.socket, dripped: bytes = b"") -> float:
    """How long a connection stays open on which some bytes are sent again and again."""
    begun_s, _ = time.monotonic(), sock.settimeout(0.05)
    while time.monotonic() < begun_s + 10:
        try:
            sock.sendall(dripped)
            if not sock.recv(65_536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begun_s


@pytest.mark.parametrize(
    ("sent", "dripped"),
    [
        (b"", b""), (b"GET /hea", b""), (HEAD, b""), (HEAD, b"A: b\r\n"),
        (HEAD + b"\r\n" + HEAD, b"A: b\r\n"),
    ],
)  # fmt: skip
def test_a_head_that_does_not_become_whole_is_given_up_however_it_drips(
    quick: httpx.Client, sent: bytes, dripped: bytes
) -> None:
    with connected(quick, sent) as sock:
        assert 0.1 < seconds_until_closed(sock, dripped) < 3


def test_a_body_that_goes_on_after_its_answer_is_given_up(quick: httpx.Client) -> None:
    head = b"POST /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
    with connected(quick, head) as sock:
        assert sock.recv(4096).startswith(b"HTTP/1.1 404 ")
        assert seconds_until_closed(sock, b"1\r\na\r\n") < 3


def test_who_does_not_read_is_cut_off_and_keeps_no_place(quick: httpx.Client) -> None:
    with ExitStack() as held:
        readers = [held.enter_context(socket.socket()) for _ in range(3)]
        for each in readers:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            each.connect((quick.base_url.host, quick.base_url.port))
            each.setblocking(False)
            asked = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 150
            assert each.send(asked) == len(asked)
        until(lambda: in_flight(quick) > 1)
        until(lambda: in_flight(quick) == 1)


def in_flight(client: httpx.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("sakka_requests_in_flight "))


def until(true: Callable[[], object]) -> None:
    until_s = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_a_client_has_its_share_of_the_connections_and_leaves_others_theirs(quick: httpx.Client) -> None:
    with ExitStack() as held:
        sockets = [held.enter_context(connected(quick, b"GET", "127.0.0.2")) for _ in range(20)]
        beyond = held.enter_context(connected(quick, source="127.0.0.2"))
        assert seconds_until_closed(beyond) < 0.25  # at once
        assert quick.get("/health/live").is_success
        assert all(seconds_until_closed(each) < 3 for each in sockets)
    with connected(quick, HEAD + b"\r\n", "127.0.0.2") as sock:
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_where_there_are_too_many_connections_the_one_that_waits_longest_makes_room(
    serve: Serve, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sakka.web.process.MOST_CONNECTIONS", 3)
    client = serve(replace(settings, index=None, limits=replace(settings.limits, idle_seconds=60)))
    with ExitStack() as held:
        first, *others = [held.enter_context(connected(client, b"GET")) for _ in range(3)]
        assert client.get("/health/live").is_success
        assert seconds_until_closed(first) < 3
        for each in others:
            each.settimeout(0.05)
            with pytest.raises(TimeoutError):
                each.recv(1)


@pytest.mark.parametrize(
    ("path", "kind", "most"), [("/v1/search", JSON, 64 << 10), ("/v1/identify", FORM, 64 << 10), (BATCH, JSON, 1 << 20)]
)
def test_a_text_is_refused_by_its_size_before_it_is_parsed(
    client: httpx.Client, path: str, kind: str, most: int
) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(most // 4096 + 1):
            yield b"[" * 4096

    headers = {"Content-Type": kind}
    told = client.post(path, content=b"[" * (most + 1), headers=headers)
    untold = client.post(path, content=pieces(), headers=headers)
    assert [each.status_code for each in (told, untold)] == [413, 413]
    assert f"more than the {most:,} bytes" in str(problem_of(untold)["detail"])
    assert client.post(path, content=b"[" * most, headers=headers).status_code in (400, 422)


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [
        ('{"k":1', ',"{}":1', "}"), ('{"works":[{"photo":[0', ",0", "]}]}"), ('{"works":[{"photo":[-1', ",-1", "]}]}"),
        ('{"ids":[1', ",1", "]}"), ('{"ids":["a"', ',"a"', "]}"), ('{"works":[{}', ",{}", "]}"),
    ],
)  # fmt: skip
def test_what_a_batch_can_not_be_is_refused_without_a_walk_through_all_of_it(
    client: httpx.Client, start: str, unit: str, end: str
) -> None:
    units = "".join(unit.replace("{}", str(number)) if "k" in start else unit for number in range((1 << 20) // 12))
    begun_s = time.process_time()
    answer = client.post(BATCH, content=start + units + end, headers={"Content-Type": JSON})
    assert time.process_time() < begun_s + 0.6  # the server is in this process; unbounded it took 1 to 3 s
    assert answer.status_code == 422
    assert len(answer.content) < 2000


def test_a_head_request_is_answered_as_a_get_without_its_body(client: httpx.Client) -> None:
    for path in ("/", "/health", "/openapi.json", "/v1/creators", "/works/work-01-003", "/photos/0/work-01-003", "/no"):
        answer, got = client.head(path), client.get(path)
        assert (answer.status_code, answer.content) == (got.status_code, b"")
        assert answer.headers["content-length"] == got.headers["content-length"]
    assert client.head("/v1/identify").status_code == 405
    assert 'method="HEAD",route="/v1/creators",status="200"' in client.get("/metrics").text


def test_who_calls_is_believed_of_a_proxy_that_was_named_and_of_nobody_else(serve: Serve, settings: Settings) -> None:
    few = replace(settings, index=None, limits=replace(settings.limits, requests_a_minute=4, client_connections=2))
    forwarded = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(4)]
    for proxies, statuses in ((("192.0.2.0/24",), {200, 429}), (("127.0.0.0/8",), {200})):
        client = serve(replace(few, proxies=proxies))
        assert {client.get("/metrics", headers=headers).status_code for headers in forwarded} == statuses
    with ExitStack() as held:  # the share is of clients, whom the proxy limits by itself
        for _ in range(4):
            held.enter_context(connected(client))
        assert client.get("/health/live").is_success
    with pytest.raises(ServeError, match="no address of a proxy"):
        replace(settings, proxies=("nginx",)).check()


def test_questions_of_callers_who_have_gone_leave_the_queue(
    serve: Serve, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, asked, identify = threading.Event(), [], Engine.identify

    def wait(engine: Engine, question: object, count: int) -> object:
        asked.append(question)
        free.wait(20)
        return identify(engine, question, count)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "identify", wait)
    client = serve(replace(settings, index=None, limits=replace(settings.limits, waiting=2)))
    head = b"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 7\r\n"
    question = head + f"Content-Type: {FORM}\r\n\r\ntitle=x".encode()
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(connected(client, question))
        until(lambda: client.get("/health/ready").status_code == 503)
    until(lambda: client.get("/health/ready").status_code == 200)
    assert in_flight(client) == 1
    free.set()
    assert client.post("/v1/identify", data={"title": "linen button"}).status_code == 200
    assert len(asked) == 2  # the first was at work, and the others were not begun
    assert 'route="/v1/identify",status="499"} 3.0' in client.get("/metrics").text


def test_one_client_has_its_share_of_what_is_answered_at_one_time(serve: Serve, settings: Settings) -> None:
    few = replace(settings.limits, client_requests=2)
    client = serve(replace(settings, index=None, limits=few, proxies=("127.0.0.1",)))
    one, other = ({"X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 2))
    head = "POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 7\r\n"
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(connected(client, f"{head}Content-Type: {FORM}\r\n\r\ntit".encode()))
        until(lambda: in_flight(client) == 3)
        refused = client.get("/v1/creators", headers=one)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert "2 requests of yours are under way" in refused.json()["detail"]
        assert client.get("/health/live", headers=one).status_code == 200
        assert client.get("/health", headers=other).status_code == 200
    until(lambda: in_flight(client) == 1)
    assert client.get("/health", headers=one).status_code == 200


def test_who_goes_in_the_middle_of_a_body_leaves_no_error_behind(
    quick: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    head = "POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 7\r\n"
    with connected(quick, f"{head}Content-Type: {FORM}\r\n\r\ntit".encode()):
        until(lambda: in_flight(quick) == 2)
    until(lambda: in_flight(quick) == 1)
    assert not caplog.records


def test_an_index_that_is_damaged_while_it_is_served_is_told_and_no_failure(
    serve: Serve, settings: Settings, folder: Path, folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(folders.index, folder / "index")
    client = serve(replace(settings, index=folder / "index"))
    for each in (folder / "index").rglob("*.lance"):
        if each.is_file():
            os.truncate(each, each.stat().st_size // 2)  # in place, so that the links of the server are damaged too
    asks: list[tuple[str, dict[str, object]]] = [
        ("/v1/similar", {"like": ["work-01-003"]}), ("/v1/search", {"words": "linen button"}),
        ("/v1/recommend", {"liked": ["work-01-003", "work-02-003"]}), ("/v1/recommend", {"liked": ["work-01-003"]}),
    ]  # fmt: skip
    answers = [client.post(path, json=body) for path, body in asks]
    answers += [client.get("/v1/related-creators/creator 01"), client.get("/works/work-01-003")]
    for answer in answers:
        assert answer.status_code == 503
        assert "index is damaged or gone" in str(problem_of(answer)["detail"])
    assert client.get("/v1/works/work-01-003").is_success
    assert all(record.exc_info is None for record in caplog.records)


def test_health_says_which_model_and_which_version_of_the_index_answers(
    client: httpx.Client, quick: httpx.Client
) -> None:
    found, alone = (each.get("/health").json() for each in (client, quick))
    assert found["model"] == alone["model"]
    assert len(found["model"]) == 64
    assert found["index_version"] >= 1
    assert alone["index_version"] is None


def test_every_answer_on_a_connection_that_is_kept_comes_at_once(quick: httpx.Client) -> None:
    """Nagle's delay held each back for 40 ms until the listening socket said that it is TCP."""
    times_s = []
    for _ in range(11):
        begun_s = time.perf_counter()
        quick.get("/health/live")
        times_s.append(time.perf_counter() - begun_s)
    assert min(times_s) < 0.035
