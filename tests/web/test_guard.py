"""Who is let in: host, key, origin, rate, sizes and times."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from sakka.errors import ServeError
from sakka.web.guard import HEADERS, cookie_of
from sakka.web.rate import MOST_CLIENTS, RateLimiter, client_key
from sakka.web.settings import Limits, Settings

KEY = "a-key-that-nobody-guesses"
Serve = Callable[[Settings], httpx.Client]


def detail_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_a_server_that_others_can_reach_needs_a_key(settings: Settings) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(ServeError, match="needs a key; set SAKKA_KEY"):
            replace(settings, host=host).check()
        replace(settings, host=host, key=KEY).check()
    for host in ("127.0.0.1", "localhost", "::1", "127.8.8.8"):
        replace(settings, host=host).check()


@pytest.mark.parametrize("key", ["", "short", "with blanks in the key", "schlüssel-schlüssel", "x" * 15])
def test_a_key_that_is_weak_or_can_not_stand_in_a_header_is_refused(settings: Settings, key: str) -> None:
    with pytest.raises(ServeError, match="16 or more"):
        replace(settings, key=key).check()


def test_a_key_is_asked_for_everywhere_but_for_health_and_the_sign_in(serve: Serve, settings: Settings) -> None:
    client = serve(replace(settings, key=KEY))
    assert client.get("/health").status_code == client.get("/key").status_code == 200
    for path in ("/", "/metrics", "/openapi.json", "/photos/0/work-01-003", "/v1/works/work-01-003", "/nothing"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "X-API-Key" in detail_of(answer)
    right = ({"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}, {"Cookie": f"sakka-key={cookie_of(KEY)}"})
    assert [client.get("/metrics", headers=headers).status_code for headers in right] == [200, 200, 200]
    wrong = (
        {"X-API-Key": KEY + "x"}, {"X-API-Key": ""}, {"Authorization": f"Basic {KEY}"}, {"Authorization": "Bearer"},
        {"Cookie": f"sakka-key={KEY}"}, {"Cookie": "sakka-key=\"; ="}, {"X-API-Key": "é".encode()},
    )  # fmt: skip
    assert {client.get("/metrics", headers=dict(headers)).status_code for headers in wrong} == {401}


def test_a_browser_signs_in_once_and_comes_back_to_where_it_was(serve: Serve, settings: Settings) -> None:
    client = serve(replace(settings, key=KEY))
    page = {"Accept": "text/html"}
    sent = client.get("/creators?start=0", headers=page)
    assert sent.headers["location"] == "/key?next=%2Fcreators"
    assert client.post("/key", data={"key": "wrong", "next": "/creators"}, headers=page).status_code == 401
    answer = client.post("/key", data={"key": KEY, "next": "/creators"}, headers=page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/creators")
    assert {"HttpOnly", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert client.get("/creators", headers=page).status_code == 200
    for elsewhere in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "/\n/x"):
        answer = client.post("/key", data={"key": KEY, "next": elsewhere}, headers=page)
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "", "localhost.", "10.0.0.1:80"])
def test_without_a_key_only_names_of_this_machine_are_answered(client: httpx.Client, host: str) -> None:
    answer = client.get("/health", headers={"Host": host})
    assert answer.status_code == 400
    assert client.get("/health", headers={"Host": "localhost:99"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}, {"Origin": "http://["},
    ],
)  # fmt: skip
def test_a_form_of_another_site_is_refused(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post("/v1/identify", data={"title": "x"}, headers=headers).status_code == 403
    own = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/identify", data={"title": "x"}, headers=own).status_code == 200


def test_every_answer_has_the_headers_that_keep_a_browser_safe(client: httpx.Client, photo: bytes) -> None:
    answers = [
        client.get("/"), client.get("/nothing"), client.get("/health", headers={"Host": "x"}),
        client.get("/photos/0/work-01-003"), client.post("/v1/identify", files={"photo": ("x", b"<svg/>")}),
        client.put("/v1/identify"), client.get("/openapi.json"),
    ]  # fmt: skip
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "server" not in answer.headers
    assert "'unsafe-inline'" not in HEADERS["Content-Security-Policy"]
    assert "http" not in HEADERS["Content-Security-Policy"]


def test_too_many_requests_are_refused_until_time_has_passed(serve: Serve, settings: Settings) -> None:
    client = serve(replace(settings, limits=Limits(requests_a_minute=6)))
    statuses = [client.post("/v1/identify", data={"title": "x"}).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = client.post("/v1/identify", data={"title": "x"})
    assert 1 <= int(refused.headers["retry-after"]) <= 11
    assert "6 requests a minute" in detail_of(refused)


def test_a_clients_bucket_fills_up_again_and_clients_are_forgotten_in_bounded_memory() -> None:
    now = [0.0]
    limiter = RateLimiter(per_second=2.0, burst=4.0, clock=lambda: now[0])
    assert [limiter.wait_s("192.0.2.1") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert limiter.wait_s("192.0.2.2") == 0
    now[0] = 0.5
    assert [limiter.wait_s("192.0.2.1") for _ in range(2)] == [0, 0.5]
    now[0] = 1e6
    assert [limiter.wait_s("192.0.2.1") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    for number in range(2 * MOST_CLIENTS):
        limiter.wait_s(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        now[0] += 1e-6
    assert MOST_CLIENTS * 0.99 < len(limiter) <= MOST_CLIENTS
    last = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    assert [limiter.wait_s(last) for _ in range(4)] == [0, 0, 0, pytest.approx(0.5, abs=0.01)]


def test_addresses_of_one_network_count_as_one_client() -> None:
    assert client_key("2001:db8::1") == client_key("2001:db8::ffff:1") != client_key("2001:db8:0:1::1")
    assert client_key("::ffff:192.0.2.1") == "192.0.2.1" != client_key("192.0.2.2")


def test_a_body_that_is_too_large_is_refused_whether_its_length_is_told_or_not(
    serve: Serve, settings: Settings
) -> None:
    limits = replace(settings.limits, upload_bytes=100_000)
    client = serve(replace(settings, limits=limits))
    told = client.post("/v1/identify", files={"photo": ("x", b"\xff\xd8\xff" + bytes(200_000))})
    assert told.status_code == 413
    assert detail_of(told)

    def pieces() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        for _ in range(20):
            yield bytes(10_000)
        yield b"\r\n--x--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/v1/identify", content=pieces(), headers=kind).status_code == 413
    assert client.post("/", content=pieces(), headers=kind).status_code == 413
    assert client.post("/v1/identify/batch", content=b"[" * 200_000).status_code in (413, 422)


def test_who_sends_a_body_that_is_too_large_to_its_end_still_reads_the_answer(client: httpx.Client) -> None:
    megabytes = 44
    head = f"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {megabytes << 20}\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=10) as sock:
        sock.sendall(head.encode())
        for _ in range(megabytes):
            sock.sendall(bytes(1 << 20))
        answer = b"".join(iter(lambda: sock.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"send less" in answer


def test_who_never_ends_a_body_that_is_too_large_is_cut_off(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sakka.web.guard.LINGER_S", 0.1)
    head = f"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {1 << 40}\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=10) as sock:
        sock.sendall(head.encode())
        assert b"send less" in b"".join(iter(lambda: sock.recv(4096), b""))


def test_a_body_that_comes_too_slowly_is_given_up(serve: Serve, settings: Settings) -> None:
    client = serve(replace(settings, limits=replace(settings.limits, seconds=1)))
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=10) as sock:
        head = "POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
        sock.sendall(head.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_more_requests_at_one_time_than_allowed_are_refused(serve: Serve, settings: Settings) -> None:
    client = serve(replace(settings, limits=replace(settings.limits, connections=1, seconds=5)))
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=10) as sock:
        sock.sendall(b"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n")
        sock.sendall(b"Content-Type: multipart/form-data; boundary=x\r\n\r\n")
        busy = [client.get("/health").status_code for _ in range(20)]
        assert 429 in busy
    assert client.get("/health").status_code in (200, 429)
