"""Addresses of files, and which of them may be fetched: what a table's author writes is not to be trusted.

Two things are checked. The host, or the bucket, has to be one that the caller named, in the table as after a redirect.
And the IP address that a connection is made to has to be a public one, or has to be named itself with its port: a name
in the table could lead into the caller's own network, to a database or to a cloud's credentials at 169.254.169.254.
Source of the ranges: the registries that `ipaddress` follows, https://www.iana.org/assignments/iana-ipv4-special-registry
and https://www.iana.org/assignments/iana-ipv6-special-registry.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, unquote, urlsplit

from sakka.errors import CatalogError, PhotoError

NOT_FETCHED = "photo can't be fetched"
PORTS = {"https": 443, "http": 80}
ENDPOINTS = {"s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"), "gs": ("GOOGLE_BASE_URL",)}
BUCKETS = tuple(ENDPOINTS)
MOST_CHARACTERS = 4096
NAT64 = IPv6Network("64:ff9b::/96")  # IPv4 as seen from an IPv6 network
SPECIAL = (  # that `ipaddress` has as global ones in some versions of Python
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("fec0::/10"),
    IPv6Network("3fff::/20"),
)
_FETCHED = re.compile(r"(https?|s3|gs)://", re.IGNORECASE)
_SAFE = "/%:@!$&'()*+,;=~"  # of a path, as RFC 3986 has it; what is escaped stays so


def is_fetched(written: str) -> bool:
    """Tell whether a text is an address of a kind that can be fetched.

    >>> is_fetched("https://shop.example/1.jpg"), is_fetched("ftp://shop.example/1.jpg"), is_fetched("photos/1.jpg")
    (True, False, False)
    """
    return _FETCHED.match(written) is not None


def endpoint(scheme: str) -> str:
    """The service that the environment names for a scheme's buckets; empty for the usual one, and for web servers."""
    return next((os.environ[name] for name in ENDPOINTS.get(scheme, ()) if os.environ.get(name)), "")


@dataclass(frozen=True)
class FileAddress:
    """An address, taken apart once, so that what is checked is what is connected to.

    Attributes:
        scheme: `https`, `http`, `s3` or `gs`.
        host: A host's name or IP address in lower case, or a bucket.
        port: 0 of a bucket.
        target: The path and what follows, escaped, as a server is asked for it; of a bucket the object's key.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, written: str) -> "FileAddress":
        """Take an address apart.

        Raises:
            PhotoError: It is no address of a kind that can be fetched.

        >>> FileAddress.parse("https://Shop.example/花 1.jpg?size=2")
        FileAddress(scheme='https', host='shop.example', port=443, target='/%E8%8A%B1%201.jpg?size=2')
        >>> FileAddress.parse("s3://shop/photos/花 1.jpg").target
        'photos/花 1.jpg'
        """
        try:
            return cls._parsed(written)
        except (ValueError, UnicodeError) as error:
            raise PhotoError(f"the address can't be understood ({error}); check it", NOT_FETCHED) from error

    @classmethod
    def _parsed(cls, written: str) -> "FileAddress":
        if not is_fetched(written) or len(written) > MOST_CHARACTERS or re.search(r"[\x00-\x1f\x7f\\]", written):
            raise ValueError("expected https://HOST/PATH, s3://BUCKET/KEY or gs://BUCKET/KEY")
        scheme, rest = written.split("://", 1)
        scheme = scheme.lower()
        if scheme in BUCKETS:
            bucket, _, key = rest.partition("/")
            if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", bucket, re.ASCII) or not key:
                raise ValueError(f"expected {scheme}://BUCKET/KEY")
            return cls(scheme, bucket, 0, key)
        parts = urlsplit(written)
        if parts.username is not None or not parts.hostname:
            raise ValueError("no host" if not parts.hostname else "a password in an address is not sent")
        query = f"?{quote(parts.query, _SAFE + '?')}" if parts.query else ""
        target = quote(parts.path or "/", _SAFE) + query
        return cls(scheme, _ascii_host(parts.hostname), parts.port or PORTS[scheme], target)

    @property
    def authority(self) -> str:
        """The host, with its port where that is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS.get(self.scheme, 0) else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, int]:
        """What is allowed or not: a host and a port; of a bucket the scheme with it, and 0."""
        return f"{self.scheme}://{self.host}" if self.scheme in BUCKETS else self.host, self.port

    @property
    def named(self) -> str:
        """What a caller names to allow it: HOST, HOST:PORT or s3://BUCKET."""
        return f"{self.scheme}://{self.host}" if self.scheme in BUCKETS else self.authority


def _ascii_host(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


@dataclass(frozen=True)
class AllowedHosts:
    """The hosts and buckets that files may be fetched from.

    Attributes:
        origins: Pairs of a host and a port; of a bucket the scheme with it, and 0.
        named_ips: IP addresses that were named with a port, and so may be private ones.
        own: Of addresses that the caller wrote out: their hosts and ports, which may be at private IP addresses, and
            the folders below which they may be asked.
    """

    origins: frozenset[tuple[str, int]]
    named_ips: frozenset[tuple[str, int]]
    own: frozenset[tuple[str, int, str]] = frozenset()

    @classmethod
    def of_own(cls, addresses: Sequence["FileAddress"]) -> "AllowedHosts":
        """What is in the folders of addresses that the caller wrote out, as one types a command."""
        return cls(frozenset(), frozenset()).with_own(addresses)

    def with_own(self, addresses: Sequence["FileAddress"]) -> "AllowedHosts":
        """These, and what is in the folders of addresses that the caller wrote out."""
        own = ((*each.origin, each.target[: each.target.rfind("/") + 1]) for each in addresses)
        return replace(self, own=self.own | frozenset(own))

    @classmethod
    def of(cls, hosts: Sequence[str]) -> "AllowedHosts":
        """Read hosts as a caller names them: `HOST` (ports 443 and 80), `HOST:PORT`, `s3://BUCKET` or `gs://BUCKET`.

        Raises:
            CatalogError: One is none of these, or none is named.

        >>> sorted(AllowedHosts.of(["img.shop.example", "127.0.0.1:9000"]).origins)
        [('127.0.0.1', 9000), ('img.shop.example', 80), ('img.shop.example', 443)]
        """
        origins: set[tuple[str, int]] = set()
        named_ips: set[tuple[str, int]] = set()
        if isinstance(hosts, str) or not hosts:
            raise CatalogError(f"the hosts to fetch from are {hosts!r}; expected a list of hosts, `fetch=['HOST']`")
        for written in hosts:
            host, port = _host_and_port(written.strip())
            if "://" in host:
                origins.add((host, 0))
            else:
                origins |= {(host, each) for each in ([port] if port else PORTS.values())}
                if port and (number := _ip(host)) is not None:
                    named_ips.add((str(number), port))
        return cls(frozenset(origins), frozenset(named_ips))

    def check(self, address: FileAddress, *, led_to: bool = False) -> None:
        """Check that an address may be asked for.

        Args:
            address: The address.
            led_to: Whether a host that may be asked has led there: it may lead to all of its own.

        Raises:
            PhotoError: Its host is not among these.
        """
        if address.origin in self.origins:
            return
        below = [folder for *origin, folder in self.own if tuple(origin) == address.origin]
        if not any(led_to or _is_below(address.target, folder) for folder in below):
            raise PhotoError(
                f"{address.named} is not among the hosts to fetch from; name it too where you trust it", NOT_FETCHED
            )

    def check_ip(self, host: str, ip: str, port: int) -> None:
        """Check that a connection may be made to an IP address.

        Args:
            host: The name that it was found by.
            ip: The address.
            port: The port.

        Raises:
            PhotoError: It is not a public one, and was not named with this port.
        """
        number = ip_address(ip)
        kind = _not_public(number)
        if kind and (str(number), port) not in self.named_ips and (host, port) not in {each[:2] for each in self.own}:
            named = f"[{number}]:{port}" if number.version == 6 else f"{number}:{port}"
            found = f"{host} is" if host == ip else f"{host} is at {number},"
            raise PhotoError(f"{found} {kind}; name {named} too where you trust it", NOT_FETCHED)


def _is_below(target: str, folder: str) -> bool:
    return target.startswith(folder) and ".." not in unquote(target.partition("?")[0]).replace("\\", "/").split("/")


def _host_and_port(written: str) -> tuple[str, int | None]:
    try:
        scheme, separator, bucket = written.partition("://")
        if separator and scheme in BUCKETS and re.fullmatch(r"[A-Za-z0-9][\w.-]*/?", bucket, re.ASCII):
            return written.rstrip("/"), None
        parts = urlsplit(f"//{written}")
        if parts.hostname and re.fullmatch(r"[^/?#@\s*\\]+", written):
            return _ascii_host(parts.hostname), parts.port
    except (ValueError, UnicodeError):
        pass
    raise CatalogError(f"{written!r} is no host to fetch from; expected HOST, HOST:PORT, s3://BUCKET or gs://BUCKET")


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _not_public(number: IPv4Address | IPv6Address) -> str:
    """What an IP address is that no table may lead to; empty where it is a public one."""
    if isinstance(number, IPv6Address):
        within = number.ipv4_mapped or number.sixtofour or (number.teredo or (None, None))[1]
        if number in NAT64:
            within = IPv4Address(int(number) & 0xFFFFFFFF)
        if within is not None:
            return _not_public(within)
    kinds = {
        "an unspecified address": number.is_unspecified,
        "a loopback address": number.is_loopback,
        "a link-local address": number.is_link_local,
        "a multicast address": number.is_multicast,
        "a private address": not number.is_global or number.is_reserved or any(number in each for each in SPECIAL),
    }
    return next((kind for kind, true in kinds.items() if true), "")
