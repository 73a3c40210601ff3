"""A web server on loopback that has photos, and ways to go wrong: by the first part of the path."""

import hashlib
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import trustme

CUT_OFF = 10  # bytes before the end
ALWAYS = {"ETag": '"one"', "Last-Modified": "Thu, 01 Jan 2015 00:00:00 GMT"}  # as object stores do
ENDLESS = b"x" * 65536


@dataclass
class PhotoServer:
    """What a server has and was asked for.

    Attributes:
        photos: Bytes by name; `/ok/NAME` and every other behaviour of the handler finds them there.
        asked: How often each path was asked for.
        sent: Bytes of bodies that were sent, by path.
        hosts: The `Host` of each request.
        troubles: How many requests `_hundredth` has not answered well.
        most_open: The most requests that were answered at a time.
        ending: Set where the server is to end.
    """

    photos: dict[str, bytes]
    address: str = ""
    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    hosts: list[str] = field(default_factory=list)
    most_open: int = 0
    open: int = 0
    troubles: int = 0
    ending: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, more: int) -> None:
        with self.lock:
            self.open += more
            self.most_open = max(self.most_open, self.open)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ClassVar[PhotoServer]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        _, behaviour, *rest = self.path.split("/")
        with self.state.lock:
            self.state.asked[self.path] += 1
        self.state.hosts.append(self.headers["Host"])
        content = self.state.photos.get(unquote("/".join(rest)), b"")
        self.state.count(1)
        with suppress(OSError):
            getattr(self, f"_{behaviour}", self._missing)(content)
        self.state.count(-1)

    def _head(self, status: int = 200, **headers: object) -> None:
        self.send_response(status)
        for name, value in {**ALWAYS, **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def _send(self, content: bytes) -> None:
        self.wfile.write(content)
        self.state.sent[self.path] += len(content)

    def _first(self, times: int) -> bool:
        return self.state.asked[self.path] <= times

    def _ok(self, content: bytes) -> None:
        self._head(Content_Length=len(content))
        self._send(content)

    def _folder(self, content: bytes) -> None:
        """As web servers have folders: what is not there is absent, and what is unchanged is not sent."""
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        if not content:
            self._missing(content)
        elif self.headers["If-None-Match"] == etag:
            self._head(304, ETag=etag)
        else:
            self._head(ETag=etag, Content_Length=len(content))
            self._send(content)

    def _hundredth(self, content: bytes) -> None:
        """Of the requests each hundredth, from the fiftieth on, is answered busy, cut off or silent, in turn."""
        number, rest = divmod(self.state.asked.total() - 50, 100)
        if rest:
            self._ok(content)
            return
        self.state.troubles += 1
        (self._failing, self._cut, self._silent)[number % 3](content)

    def _silent(self, content: bytes) -> None:
        self.state.ending.wait(60)

    def _packed(self, content: bytes) -> None:
        """As gzip, of which few bytes may be many."""
        self._head(Content_Encoding="gzip", Content_Length=len(content))
        self._send(content)

    def _missing(self, content: bytes) -> None:
        self._head(404, Content_Length=0)

    def _failing(self, content: bytes) -> None:
        self._head(503, Content_Length=0)

    def _flaky(self, content: bytes) -> None:
        """Busy, then cut off, then well."""
        if self._first(1):
            self._head(429, Content_Length=0, Retry_After=0)
        elif self._first(2):
            self._cut(content)
        else:
            self._ok(content)

    def _slow(self, content: bytes) -> None:
        """Silent at first, then well."""
        if self._first(1):
            self.state.ending.wait(5)
        self._ok(content)

    def _rough(self, content: bytes) -> None:
        """Of five photos one is busy, one cut off and one silent when it is first asked for."""
        troubles = (self._failing, self._cut, self._slow, self._ok, self._ok)
        trouble = troubles[sum(self.path.encode()) % len(troubles)] if self._first(1) else self._ok
        trouble(content)

    def _cut(self, content: bytes) -> None:
        self._head(Content_Length=len(content))
        self._send(content[:-CUT_OFF])
        self.close_connection = True

    def _longer(self, content: bytes) -> None:
        """More than announced: the rest is no part of the photo."""
        self._head(Content_Length=len(content) - CUT_OFF)
        self._send(content)

    def _huge(self, content: bytes) -> None:
        self._head(Content_Length=10**12)
        self._send(content)

    def _endless(self, content: bytes) -> None:
        self._head(Connection="close")
        self.close_connection = True
        while not self.state.ending.is_set():
            self._send(ENDLESS)

    def _drip(self, content: bytes) -> None:
        self._head(Content_Length=len(content))
        for at in range(len(content)):
            self._send(content[at : at + 1])
            time.sleep(0.05)

    def _headers(self, content: bytes) -> None:
        """A header that never ends."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.state.ending.is_set():
            self.wfile.write(b"X-More: 1\r\n")
            time.sleep(0.05)

    def _odd(self, content: bytes) -> None:
        """Busy for a time that is no number, though a digit to Python."""
        self._head(503, Content_Length=0, Retry_After="\xb2")

    def _unescaped(self, content: bytes) -> None:
        """To a path in UTF-8, as it is."""
        self._head(302, Location=content.decode("latin-1"), Content_Length=0)

    def _to(self, content: bytes) -> None:
        self._head(302, Location=content.decode(), Content_Length=0)

    def _loop(self, content: bytes) -> None:
        self._head(302, Location=f"{self.path}x", Content_Length=0)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # connections that wait; more are dropped, and tried again a second later


@contextmanager
def photo_server(photos: dict[str, bytes], certificate: trustme.LeafCert | None = None) -> Iterator[PhotoServer]:
    """A server that runs within the block, with https where it has a certificate."""
    state = PhotoServer(photos)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.port = server.server_address[1]
    state.address = f"{'http' if certificate is None else 'https'}://127.0.0.1:{state.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


def certificate_for(host: str, folder: Path) -> tuple[trustme.LeafCert, Path]:
    """A certificate for a host, and the file with the authority that signed it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return authority.issue_cert(host), folder / "authority.pem"
