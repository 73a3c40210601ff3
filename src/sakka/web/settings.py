"""What a server is started with: its folders, where it listens, its key, and the limits of what it accepts."""

import ipaddress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from sakka.errors import ServeError
from sakka.files import as_written, remote_address
from sakka.photos.limits import DECODER_SECONDS, DECODERS

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")
FEWEST_KEY_CHARACTERS = 16
MOST_PROCESSES = 64
BATCH_PATH = "/v1/identify/batch"
PROGRAM_UPLOADS = ("/v1/identify", "/v1/explain", "/v1/similar/upload", "/v1/search/upload")
UPLOAD_PATHS = ("/", "/search", *PROGRAM_UPLOADS)
FORM_WITH_FILES = "multipart/form-data"
QUESTION_PATHS = (*PROGRAM_UPLOADS, BATCH_PATH)  # where programs send photos to, for the model


@dataclass(frozen=True)
class Limits:
    """What one request, one client and the server as a whole may use.

    Attributes:
        text_bytes: The most bytes of a body without photos: JSON, or a plain form.
        photo_bytes: The most bytes of one photo.
        upload_bytes: The most bytes of a form about one work: its photos and everything around them.
        batch_bytes: The most bytes of a form of a batch of works, with its photos.
        batch_text_bytes: The most bytes of the JSON of a batch of works.
        photo_pixels: The most pixels of a photo as its header gives them; a JPEG in one scan may have twice as many.
        decoders: How many processes decode the photos that are sent; a process that answers has its own.
        decoding_seconds: How many seconds of processor time one photo may take to be decoded.
        title_characters: The longest title, query or name.
        description_characters: The longest description.
        batch_works: The most works of one batch, and the most photos.
        found_works: The most works that one search gives.
        requests_a_minute: How many requests a client may make on average; half of them at once.
        seconds: How long a body may take to arrive, and how long its answer may take.
        head_seconds: How long the head of a request may take to arrive.
        idle_seconds: How long a connection may wait for its next request.
        client_connections: How many connections a client may have open; a process has its own.
        client_requests: How many requests of a client are served at one time; a process has its own.
        connections: How many requests are served at one time.
        waiting: How many of them may wait for the model; a process has its own, as of connections.
        kept_minutes: How long an answer of the page keeps its address.
        kept_answers: How many answers of the page are kept; the oldest go first.
        kept_bytes: How much memory the pictures of kept answers may take.
        gather_ms: How many milliseconds a photo waits for others to pass the networks with.
    """

    text_bytes: int = 64 << 10
    photo_bytes: int = 16 << 20
    upload_bytes: int = 40 << 20
    batch_bytes: int = 64 << 20
    batch_text_bytes: int = 1 << 20
    photo_pixels: int = 25_000_000
    decoders: int = DECODERS
    decoding_seconds: float = DECODER_SECONDS
    title_characters: int = 500
    description_characters: int = 20_000
    batch_works: int = 64
    found_works: int = 100
    requests_a_minute: int = 120
    seconds: int = 30
    head_seconds: float = 10
    idle_seconds: float = 5
    client_connections: int = 128
    client_requests: int = 24
    connections: int = 64
    waiting: int = 32
    kept_minutes: int = 60
    kept_answers: int = 300
    kept_bytes: int = 96 << 20
    gather_ms: int = 2

    @property
    def burst(self) -> float:
        """How many requests a client may make at once."""
        return max(1.0, self.requests_a_minute / 2)

    def body_bytes(self, path: str, content_type: str) -> int:
        """The most bytes of the body of a request to a path, by what it says that the body is."""
        if content_type.partition(";")[0].strip().lower() == FORM_WITH_FILES:
            if path == BATCH_PATH:
                return max(self.batch_bytes, self.upload_bytes)
            if path in UPLOAD_PATHS:
                return self.upload_bytes
        return self.batch_text_bytes if path == BATCH_PATH else self.text_bytes

    def changed(self, said: list[str]) -> "Limits":
        """These limits with some of them changed.

        Args:
            said: Each `NAME=NUMBER`.

        Raises:
            ServeError: There is no limit of that name, or its value is no whole number of 1 or more.
        """
        names = [each.name for each in fields(self)]
        changes: dict[str, int] = {}
        for each in said:
            name, _, number = each.partition("=")
            if name not in names or not (number.isascii() and number.isdecimal()) or int(number) < 1:
                raise ServeError(
                    f"{each!r} is no limit; expected NAME=NUMBER with a number of 1 or more and one of the "
                    f"names {', '.join(names)}"
                )
            changes[name] = int(number)
        return replace(self, **changes)


@dataclass(frozen=True)
class Settings:
    """What a server is started with.

    Attributes:
        model: The model's folder, or its address.
        index: The index's folder, or its address in an object store; None: nothing can be found or compared.
        catalog: A catalog's folder, or its address; needed where there is no index to show works from.
        audit: The folder of an audit; None: there is no page of findings.
        host: The address to listen on.
        port: The port; 0 takes a free one.
        key: What a caller must know; None where nobody beyond this machine can call.
        limits: What a request, a client and the server may use.
        processes: How many processes answer.
        proxies: Addresses and networks of reverse proxies, whose word on who calls is taken (`X-Forwarded-For`).
    """

    model: Path
    index: Path | str | None = None
    catalog: Path | None = None
    audit: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    key: str | None = None
    limits: Limits = field(default_factory=Limits)
    processes: int = 1
    proxies: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse what would not be safe or can't work.

        Raises:
            ServeError: The server would be open to others without a key, the key is too short, or the port, the
                number of processes or the address of a proxy is not valid.
        """
        if self.key is None and not is_loopback(self.host):
            raise ServeError(
                f"serving on {self.host} lets others than this machine in, and that needs a key; "
                "set SAKKA_KEY or give `key`, or leave `host` at 127.0.0.1"
            )
        if self.key is not None and (len(self.key) < FEWEST_KEY_CHARACTERS or not is_plain(self.key)):
            raise ServeError(
                f"the key has {len(self.key)} characters; expected {FEWEST_KEY_CHARACTERS} or more, "
                "printable ASCII without spaces; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe())'"
            )
        if self.audit is not None and remote_address(self.audit):
            raise ServeError(
                f"{as_written(self.audit)} is an address, and decisions on an audit are kept in its folder; "
                "copy it here"
            )
        if not 0 <= self.port <= 65_535:
            raise ServeError(f"{self.port} is no port; expected 0 to 65535")
        if not 1 <= self.processes <= MOST_PROCESSES:
            raise ServeError(f"got {self.processes} `processes`; expected 1 to {MOST_PROCESSES}")
        for each in self.proxies:
            try:
                ipaddress.ip_network(each)
            except ValueError as error:
                raise ServeError(
                    f"{each!r} is no address of a proxy; expected 127.0.0.1 or the like, or a network (10.0.0.0/8)"
                ) from error


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only; a name other than localhost counts as open.

    >>> is_loopback("127.0.0.2"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_plain(key: str) -> bool:
    """Tell whether a key can stand in a header as it is."""
    return key.isascii() and key.isprintable() and " " not in key
