"""What every request passes before anything reads it: its host, its rate, its key, its origin, its size.

- Host: where there is no key, only names of this machine are answered, so that a page elsewhere can't reach the server
  under a name of its own (DNS rebinding). With a key any name will do: the key, or the cookie that a browser keeps for
  one name only, is what lets a caller in, and no address is ever made from the host.
- Key: `X-API-Key`, `Authorization: Bearer`, or the cookie that the sign-in page sets.
- Origin: a browser says from which page a form comes (`Sec-Fetch-Site`, `Origin`); one of another site is refused.
- Crowd: requests beyond those that are served at one time are refused, beyond a client's share of them that client's,
  and questions while as many wait as may: at once, so that no photo is decoded for nothing.
- Rate: a token bucket a client; a photo or a style sheet takes a small part of a token.
- Size and time: a body that is too large or too slow is given up, whether it states its length or not. What its sender
  has under way is read and forgotten for a moment: a socket closed on unread bytes is reset, and the answer lost.
- Presence: what is done for a caller who has gone is given up, so that nothing of it waits in a queue.

Every answer carries the headers that keep a browser from running, framing or guessing anything.
"""

import asyncio
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sakka.web.connection import is_among
from sakka.web.metrics import Metrics
from sakka.web.problems import Problem, busy
from sakka.web.rate import RateLimiter, client_key
from sakka.web.settings import LOOPBACK_NAMES, QUESTION_PATHS, Limits, Settings

OPEN_PATHS = ("/health", "/key", "/static/")
CHEAP_PATHS = ("/health", "/static/", "/photos/")
CHEAP = 0.02
PROBES = ("/health/live", "/health/ready")  # answered however many others ask: who asks may end the server
PHOTOS_A_REQUEST = 4  # so many photos of a batch take as much of the rate as a request
COOKIE = "sakka-key"
CALLER_GONE = 499  # as nginx counts it; nobody reads that answer
LINGER_S = 2  # how long what still arrives of a refused body is read, as in nginx's lingering_close
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

Refuse = Callable[[Scope, HTTPException], Awaitable[ASGIApp]]


class Guard:
    """The outermost layer: lets a request in or answers it with the reason."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        metrics: Metrics,
        limiter: RateLimiter,
        refuse: Refuse,
        is_full: Callable[[], bool],
    ) -> None:
        """Store the settings.

        Args:
            app: What answers the requests that are let in.
            settings: The key and the limits.
            metrics: Where requests are counted.
            limiter: Says how fast a client may ask.
            refuse: Makes the response to a request that is not let in.
            is_full: Whether as many questions wait for the model as may.
        """
        self.app, self.settings, self.metrics, self.refuse = app, settings, metrics, refuse
        self.limiter, self.is_full = limiter, is_full
        self._under_way: Counter[str] = Counter()  # requests by client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other messages pass through (start and end of the server)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_s = time.monotonic()
        method, body = scope["method"], _Body(receive, self.settings.limits, scope)
        answer = _Response(send, body)
        client = client_key(scope["client"][0]) if scope.get("client") else "unknown"
        scope = {**scope, "key_of_client": client, "method": "GET" if method == "HEAD" else method}
        scope["charge"] = partial(self._charge, scope)
        self.metrics.in_flight += 1
        self._under_way[client] += 1
        try:
            app = self.app
            if (problem := self._problem(scope)) is not None:
                app = await self.refuse(scope, problem)
            await _while_there(app(scope, body.receive, answer.send), body, answer)
        finally:
            self.metrics.in_flight -= 1
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]
            seconds = time.monotonic() - started_s
            self.metrics.record(method, route_of(scope), answer.status, seconds)

    def _problem(self, scope: Scope) -> HTTPException | None:
        headers, path = Headers(scope=scope), scope["path"]
        checks = (self._of_host, self._of_crowd, self._of_rate, self._of_key, self._of_origin, self._of_size)
        for check in checks:
            if (problem := check(scope, headers, path)) is not None:
                self.metrics.refuse(check.__name__.removeprefix("_of_"))
                return problem
        return None

    def _of_host(self, _scope: Scope, headers: Headers, _path: str) -> HTTPException | None:
        if self.settings.key is not None or host_name(headers.get("host", "")) in LOOPBACK_NAMES:
            return None
        return Problem(400, "the Host header is not a name of this machine; ask for 127.0.0.1 or localhost")

    def _of_crowd(self, scope: Scope, _headers: Headers, path: str) -> HTTPException | None:
        if path in PROBES:
            return None
        crowded = self.metrics.in_flight > self.settings.limits.connections
        most, client = self.settings.limits.client_requests, scope["key_of_client"]
        if self._under_way[client] > most and not is_among(client, self.settings.proxies):
            return Problem(429, f"{most} requests of yours are under way; wait for an answer", {"Retry-After": "1"})
        asks = scope["method"] == "POST" and path in QUESTION_PATHS
        return busy() if crowded or (asks and self.is_full()) else None

    def _of_rate(self, scope: Scope, _headers: Headers, path: str) -> HTTPException | None:
        if path in PROBES:
            return None
        return self._of_cost(scope, CHEAP if path.startswith(CHEAP_PATHS) else 1.0)

    def _of_cost(self, scope: Scope, cost: float) -> HTTPException | None:
        wait_s = self.limiter.wait_s(scope["key_of_client"], cost)
        if not wait_s:
            return None
        after = str(max(1, round(wait_s + 0.5)))
        minute = self.settings.limits.requests_a_minute
        return Problem(429, f"more than {minute} requests a minute; wait {after} s", {"Retry-After": after})

    def _charge(self, scope: Scope, photos: int) -> None:
        """Let a batch's photos beyond the first take their part of the rate.

        Raises:
            Problem: The client has asked too much.
        """
        cost = min(max(0, photos - 1) / PHOTOS_A_REQUEST, self.settings.limits.burst)
        if cost and (problem := self._of_cost(scope, cost)) is not None:
            self.metrics.refuse("rate")
            raise problem

    def _of_key(self, _scope: Scope, headers: Headers, path: str) -> HTTPException | None:
        key = self.settings.key
        if key is None or path.startswith(OPEN_PATHS) or knows_key(headers, key):
            return None
        return Problem(
            401,
            "no key, or a wrong one; give it as X-API-Key or as Authorization: Bearer",
            {"WWW-Authenticate": "Bearer"},
        )

    def _of_origin(self, scope: Scope, headers: Headers, _path: str) -> HTTPException | None:
        if scope["method"] in SAFE_METHODS or not is_cross_site(headers):
            return None
        return Problem(403, "the form comes from a page of another site; open this server's own page")

    def _of_size(self, _scope: Scope, headers: Headers, path: str) -> HTTPException | None:
        most = self.settings.limits.body_bytes(path, headers.get("content-type", ""))
        length = headers.get("content-length", "0")
        return _too_large(most) if not length.isdecimal() or int(length) > most else None


class _Body:
    """A request's body; it ends where it is too large or takes too long, whatever the request's header said.

    Attributes:
        arrived: Set when all of it has come.
        gone: Set when its sender has gone, or the answer is complete.
    """

    def __init__(self, receive: Receive, limits: Limits, scope: Scope) -> None:
        headers = Headers(scope=scope)
        self._receive, self._limits = receive, limits
        self._until_s = time.monotonic() + limits.seconds
        self._left = self._most = limits.body_bytes(scope["path"], headers.get("content-type", ""))
        self.arrived, self.gone = asyncio.Event(), asyncio.Event()
        self._is_none = "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"
        if self._is_none:
            self.arrived.set()

    async def receive(self) -> Message:
        """The next part.

        Raises:
            Problem: The body has more bytes than are read, or the time is up.
            CancelledError: The sender has gone before all of it had come.
        """
        if self._is_none:
            self._is_none = False
            return {"type": "http.request", "body": b"", "more_body": False}
        if self.arrived.is_set():
            await self.gone.wait()
            return {"type": "http.disconnect"}
        try:
            if (left_s := self._until_s - time.monotonic()) <= 0:
                raise TimeoutError
            async with asyncio.timeout(left_s):
                message = await self._next()
        except TimeoutError:
            detail = f"the body took more than {self._limits.seconds} s to arrive"
            raise Problem(408, detail, {"Connection": "close"}) from None
        if message["type"] == "http.disconnect":
            self.gone.set()
            raise asyncio.CancelledError
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _too_large(self._most)
        return message

    async def discard(self) -> None:
        """Read what still arrives, and forget it, until the end or until `LINGER_S` have gone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self.arrived.is_set():
                    await self._next()

    async def watch(self, left: Callable[[], object]) -> None:
        """Say so when the sender, of whom all has come, has gone, or has all of the answer."""
        await self.arrived.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone.set()
        left()

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self.arrived.set()
        return message


class _Response:
    """Passes an answer on with the headers that all have, and remembers its status, and whether it is complete."""

    def __init__(self, send: Send, body: _Body) -> None:
        self._send, self._body = send, body
        self.status, self.is_complete, self._closes = 500, False, False

    async def send(self, message: Message) -> None:
        """Send one part of the answer; before the last one that closes the connection, what still arrives is read."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
            self._closes = headers.get("connection") == "close"
        elif self._closes and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._body.discard()
            message = {"type": "http.response.body"}
        self.is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)


async def _while_there(answering: Awaitable[None], body: _Body, answer: _Response) -> None:
    """Wait for an answer, and give it up where its caller goes before it is complete."""
    task = asyncio.current_task()
    assert task is not None

    def give_up() -> None:
        if not answer.is_complete:
            task.cancel()

    watching = asyncio.create_task(body.watch(give_up))
    try:
        await answering
    except asyncio.CancelledError:
        if answer.is_complete or not body.gone.is_set():
            raise
        task.uncancel()
        answer.status = CALLER_GONE
    finally:
        watching.cancel()


def route_of(scope: Scope) -> str:
    """The route that answered a request as it was declared; `other` where none did."""
    unrouted = "/static" if scope["path"].startswith("/static/") else "other"
    return str(getattr(scope.get("route"), "path", unrouted))


def host_name(host: str) -> str:
    """A Host header's name without its port.

    >>> host_name("127.0.0.1:8000"), host_name("[::1]:80"), host_name("localhost")
    ('127.0.0.1', '[::1]', 'localhost')
    """
    name, _, port = host.rpartition(":")
    return (name if name and port.isdecimal() else host).lower()


def knows_key(headers: Headers, key: str) -> bool:
    """Tell whether a request carries the key, or the cookie that stands for it."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    given = headers.get("x-api-key") or (bearer.strip() if scheme.lower() == "bearer" else "")
    if given:
        return same(given, key)
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and same(cookie.value, cookie_of(key))


def same(given: str, key: str) -> bool:
    """Compare in a time that does not depend on where the two differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), key.encode())


def cookie_of(key: str) -> str:
    """What the sign-in page keeps in the browser: it can't be turned back into the key."""
    return hmac.new(key.encode(), b"sakka sign-in", hashlib.sha256).hexdigest()


def is_cross_site(headers: Headers) -> bool:
    """Tell whether a browser says that a request comes from a page of another site."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    except ValueError:
        return True


def _too_large(most: int) -> Problem:
    return Problem(
        413, f"the request has more than the {most:,} bytes that are read; send less", {"Connection": "close"}
    )
