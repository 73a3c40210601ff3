"""Callers of a server on loopback: so many at one time, and each asks again as soon as it is answered.

They share the server's cores, so they are one thread with bare sockets: a body is put together from parts that are
there, and nothing of an answer is looked at but its status and its end. What they cost is told with the answers.
"""

import asyncio
import itertools
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.pool import AsyncResult
from urllib.parse import urlsplit

import numpy as np

BOUNDARY = "serving-load"
ANSWERED, REFUSED, FAILED = (200,), (429, 503), 0
PAUSE_S = 1.0  # a caller that is refused does not come back at once
PIECE = 1 << 16


@dataclass(frozen=True)
class Load:
    """What is asked.

    Attributes:
        base: The server's address.
        photos: JPEGs; each is sent with a mark of its own, so that no cache knows it.
        title: Is sent with each; may be empty.
        callers: How many ask at one time.
        seconds: How long they ask.
        requests: How many requests there are at most.
    """

    base: str
    photos: Sequence[bytes]
    title: str
    callers: int
    seconds: float = 3600.0
    requests: int = 1 << 40


@dataclass(frozen=True)
class Answered:
    """One request.

    Attributes:
        status: Of HTTP; 0: there was no answer, or a part of one.
        ended_s: When it ended, by the machine's monotonic clock.
        seconds: How long it took, from the first byte sent to the last one received.
        content: The answer's body.
    """

    status: int
    ended_s: float
    seconds: float
    content: bytes


@dataclass(frozen=True)
class Answers:
    """What the callers were answered.

    Attributes:
        every: Each answer, in the order of their ends.
        seconds: From the first request to the last answer.
        core_seconds: Processor time of the callers themselves.
    """

    every: list[Answered]
    seconds: float
    core_seconds: float

    @property
    def times_ms(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """How long each answer took that is one."""
        return np.array([1000 * each.seconds for each in self.every if each.status in ANSWERED])

    @property
    def refused_ms(self) -> list[float]:
        """How long each refusal took."""
        return [1000 * each.seconds for each in self.every if each.status in REFUSED]

    @property
    def failed(self) -> list[Answered]:
        """What is neither an answer nor a refusal."""
        return [each for each in self.every if each.status not in {*ANSWERED, *REFUSED}]


def ask(load: Load) -> Answers:
    """Ask from a process of its own, and wait for the last answer."""
    with asking(load) as answers:
        return answers.get()


@contextmanager
def asking(load: Load) -> Iterator["AsyncResult[Answers]"]:
    """Ask from a process of its own while a block runs; gives what the answers can be got from."""
    with get_context("spawn").Pool(1) as pool:
        yield pool.apply_async(asked_here, (load,))


def asked_here(load: Load) -> Answers:
    """Ask from this process."""
    return asyncio.run(_Callers(load).ask())


class _Callers:
    def __init__(self, load: Load) -> None:
        self.load = load
        self.numbers = itertools.count()
        self.every: list[Answered] = []

    async def ask(self) -> Answers:
        started_s, used_s = time.monotonic(), time.process_time()
        until_s = started_s + self.load.seconds
        async with asyncio.TaskGroup() as group:
            for _ in range(self.load.callers):
                group.create_task(self._call(until_s))
        return Answers(self.every, time.monotonic() - started_s, time.process_time() - used_s)

    async def _call(self, until_s: float) -> None:
        connection: socket.socket | None = None
        while time.monotonic() < until_s and (number := next(self.numbers)) < self.load.requests:
            request = self._request(number)
            started_s = time.monotonic()
            try:
                if connection is None:
                    connection = self._connected()
                    started_s = time.monotonic()
                status, content = await _answer(connection, request)
            except OSError:
                status, content = FAILED, b""
            ended_s = time.monotonic()
            self.every.append(Answered(status, ended_s, ended_s - started_s, content))
            if status not in ANSWERED:
                if connection is not None:
                    connection.close()
                connection = None
                await asyncio.sleep(PAUSE_S)
        if connection is not None:
            connection.close()

    def _connected(self) -> socket.socket:
        connection = socket.create_connection((self._address[0], self._address[1]))
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @cached_property
    def _address(self) -> tuple[str, int]:
        address = urlsplit(self.load.base)
        return address.hostname or "", address.port or 80

    def _request(self, number: int) -> bytes:
        photo = self.load.photos[number % len(self.load.photos)]
        body = b"".join(form(photo, f"{number} {time.monotonic_ns()}", self.load.title))
        head = f"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode() + body


async def _answer(connection: socket.socket, request: bytes) -> tuple[int, bytes]:
    """Send a request; gives the answer's status and body.

    Raises:
        OSError: The connection ended before the answer did.
    """
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, request)
    received = b""
    while True:
        head, ends, content = received.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
        if ends and length and len(content) >= int(length[1]):
            return int(head[9:12]), content
        piece = await loop.sock_recv(connection, PIECE)
        if not piece:
            raise ConnectionResetError(f"{len(received)} bytes of an answer")
        received += piece


def form(photo: bytes, mark: str, title: str) -> Iterator[bytes]:
    """The body of a form with a title and a photo, in pieces; the mark is a comment in the JPEG, whose pixels stay."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\n{title}\r\n--{BOUNDARY}\r\n'
    yield (head + 'Content-Disposition: form-data; name="photo"; filename="photo.jpg"\r\n\r\n').encode()
    comment = mark.encode()
    yield photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    yield photo[2:]
    yield f"\r\n--{BOUNDARY}--\r\n".encode()
