"""Files at https:// and http://, through httpcore2.

obstore and fsspec follow redirects and look names up by themselves, so that what was checked and what is connected to
may differ. httpcore2 has a seam below TLS: `connect_tcp` gets a name and a port. Here it looks the name up once, checks
every address found, and connects to one of these; the certificate is still checked against the name. Redirects are
followed here, each through the same checks. No proxy is used (it would do the looking up), no cookie kept, nothing sent
but the request itself.
"""

import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urljoin

import anyio
import httpcore2

from sakka.errors import PhotoError
from sakka.remote.addresses import NOT_FETCHED, AllowedHosts, FileAddress
from sakka.remote.answer import AbsentFile, FileAnswer, TryAgain, Unchanged
from sakka.version import __version__

OK, NOT_MODIFIED = 200, 304
ABSENT = (404, 410)
PACKED = ("gzip", "x-gzip", "deflate", "compress", "br", "zstd")
REDIRECTS = (301, 302, 303, 307, 308)
BUSY = (408, 425, 429)  # and all from 500 on
SERVER_ERROR = 500
MOST_REDIRECTS = 5


class CheckedConnections(httpcore2.AnyIOBackend):
    """Connections to addresses that were checked after the host's name was looked up."""

    def __init__(self, hosts: AllowedHosts) -> None:
        self.hosts = hosts

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to a host by one of its addresses, all of which have to be allowed."""
        found = await _looked_up(host, port)
        for ip in found:
            self.hosts.check_ip(host, ip, port)
        for ip in found[:-1]:
            try:
                return await super().connect_tcp(ip, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await super().connect_tcp(found[-1], port, timeout, local_address, socket_options)


async def _looked_up(host: str, port: int) -> list[str]:
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError("host not found") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class WebFiles:
    """Asks web servers for files; connections are kept and shared.

    Args:
        hosts: Which may be asked.
        at_once: The most connections.
        silent_s: How long a server may send nothing, in seconds.
    """

    def __init__(self, hosts: AllowedHosts, at_once: int, silent_s: float) -> None:
        self.hosts = hosts
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=at_once,
            keepalive_expiry=silent_s,
            network_backend=CheckedConnections(hosts),
        )
        self._limits = {"timeout": dict.fromkeys(("connect", "read", "write"), silent_s)}

    @asynccontextmanager
    async def open(self, address: FileAddress, etag: str | None = None) -> AsyncIterator[FileAnswer]:
        """Ask for a file, as `FileSource` says."""
        for led in range(MOST_REDIRECTS + 1):
            self.hosts.check(address, led_to=led > 0)
            async with self._asked(address, etag) as response:
                headers = _headers(response)
                if response.status in REDIRECTS and "location" in headers:
                    address = _next(address, headers["location"])
                    continue
                _check_status(response.status, headers)
                length = headers.get("content-length", "")
                pieces = response.aiter_stream()
                yield FileAnswer(int(length) if _is_whole(length) else None, headers.get("etag"), pieces)
                return
        raise PhotoError(f"more than {MOST_REDIRECTS} redirects", NOT_FETCHED)

    @asynccontextmanager
    async def _asked(self, address: FileAddress, etag: str | None) -> AsyncIterator[httpcore2.Response]:
        url = httpcore2.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
        headers: dict[bytes | str, bytes | str] = {
            "Host": address.authority,
            "Accept": "image/*,*/*;q=0.5",
            "Accept-Encoding": "identity",
            "User-Agent": f"sakka/{__version__}",
            **({} if etag is None else {"If-None-Match": etag}),
        }
        try:
            async with self._pool.stream("GET", url, headers=headers, extensions=self._limits) as response:
                yield response
        except httpcore2.TimeoutException as error:
            raise TryAgain("no answer in time") from error
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE" in str(error):
                raise PhotoError("its certificate is not one that this machine trusts", NOT_FETCHED) from error
            raise TryAgain(f"no connection ({_said(error)}{_proxy_not_used(address)})") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise TryAgain(f"the connection was cut, or is not HTTP ({_said(error)})") from error
        except ssl.SSLError as error:  # after the handshake, such as an alert
            raise TryAgain(f"TLS failed ({_said(error)})") from error

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


def _headers(response: httpcore2.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}


def _next(address: FileAddress, location: str) -> FileAddress:
    with suppress(UnicodeError):  # a header is bytes: most servers that don't escape write UTF-8
        location = location.encode("latin-1").decode("utf-8")
    try:
        found = FileAddress.parse(urljoin(f"{address.scheme}://{address.authority}{address.target}", location))
    except (PhotoError, ValueError) as error:
        raise PhotoError("it redirects to what is no address of a photo", NOT_FETCHED) from error
    if found.scheme != "https" and found.scheme != address.scheme:
        raise PhotoError(f"it redirects from {address.scheme} to {found.scheme}", NOT_FETCHED)
    return found


def _check_status(status: int, headers: dict[str, str]) -> None:
    if status == OK:
        if (packed := headers.get("content-encoding", "").lower()) in PACKED:  # a few bytes of it may be many
            raise PhotoError(f"it is sent packed ({packed}), which was not asked for", NOT_FETCHED)
        return
    if status == NOT_MODIFIED:
        raise Unchanged
    if status in ABSENT:
        raise AbsentFile(f"the server answers {status}", NOT_FETCHED)
    if status in BUSY or status >= SERVER_ERROR:
        wait = headers.get("retry-after", "")
        raise TryAgain(f"the server answers {status}", float(wait) if _is_whole(wait) else 0.0)
    raise PhotoError(f"the server answers {status}", NOT_FETCHED)


def _is_whole(written: str) -> bool:
    return written.isascii() and written.isdigit()  # "²" is a digit too, and no number


def _proxy_not_used(address: FileAddress) -> str:
    """What to say where the environment names a proxy: a proxy would look up the host's name, and nobody check it."""
    name = f"{address.scheme}_proxy"
    there = next((each for each in (name, name.upper(), "all_proxy", "ALL_PROXY") if os.environ.get(each)), None)
    return f"; the proxy in {there} is not used" if there else ""


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
