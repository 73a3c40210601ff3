"""Downloads to a file, with a time limit and the reason where one fails."""

import base64
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

from sakka.errors import WeightsError
from sakka.files import CHUNK_BYTES
from sakka.progress import task

TIMEOUT_S = 20.0


class HttpResponse(Protocol):
    """A server's answer, open for reading."""

    url: str
    headers: Mapping[str, str]

    def read(self, amount: int = -1) -> bytes:
        """At most `amount` more bytes of the body."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


def open_url(url: str, headers: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> HttpResponse:
    """Open an http, https or file address; a user name and password in it are sent as HTTP Basic.

    Args:
        url: The address.
        headers: Headers to send.
        timeout_s: How long the server may be silent, in seconds.

    Raises:
        WeightsError: No connection, or the server answers with an error.
    """
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    if parts.scheme not in ("http", "https", "file"):
        raise WeightsError(f"{parts.scheme or 'this'} is not a scheme to download by; expected http, https or file")
    request = urllib.request.Request(parts._replace(netloc=host, fragment="").geturl(), headers=dict(headers or {}))
    if at:
        code = base64.b64encode(unquote(login).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {code}")
    try:
        opened: HttpResponse = urllib.request.urlopen(request, timeout=timeout_s, context=ssl.create_default_context())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise WeightsError(f"{host or parts.path}: {_reason(error)}") from error
    return opened


def download(url: str, path: Path, timeout_s: float = TIMEOUT_S) -> None:
    """Download `url` to `path`, reporting progress in KiB.

    Raises:
        WeightsError: No connection, an error answer, silence for `timeout_s`, or a body that is cut short.
    """
    with open_url(url, timeout_s=timeout_s) as answer, path.open("wb") as file:
        length = int(answer.headers.get("Content-Length") or 0)
        name = urlsplit(url).path.rsplit("/", 1)[-1]
        written = 0
        with task(f"download {name}", total=length // 1024) as running:
            while chunk := _read(answer, name):
                file.write(chunk)
                written += len(chunk)
                running.advance(len(chunk) // 1024)
    if length and written != length:
        raise WeightsError(f"{name}: got {written:,} bytes, expected {length:,}; the download was cut short")


def _read(answer: HttpResponse, name: str) -> bytes:
    try:
        return answer.read(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise WeightsError(f"{name}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError):
        return "no answer in time"
    if isinstance(inner, socket.gaierror):
        return "host not found"
    return str(inner) or type(inner).__name__
