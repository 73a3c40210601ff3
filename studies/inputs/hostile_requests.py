"""Whole requests that mean harm: hostile files in forms, and forms, bodies and headers that are not what they say."""

import gzip
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studies.inputs.hostile_files import KINDS, valid_photo

NAMES = (
    "photo.jpg", "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/shadow", "a\0b.png", "x" * 4000, "",
    '"; name="title', "%2e%2e%2f", "\u202egnp.exe", "CON", "photo.php", "C:\\photo.jpg", "a/b/c.svg",
)  # fmt: skip
TYPES = (
    "image/jpeg",
    "image/png",
    "text/html",
    "application/x-sh",
    "image/svg+xml",
    "",
    "multipart/mixed; boundary=b",
    "é",
)


@dataclass(frozen=True)
class HostileRequest:
    """A request that must be refused.

    Attributes:
        name: What is wrong with it.
        content_type: Its Content-Type header.
        body: Its body.
    """

    name: str
    content_type: str
    body: bytes


def hostile_requests(count: int, seed: int) -> Iterator[HostileRequest]:
    """Give `count` requests, the kinds in turn; the same seed gives the same requests."""
    chance = random.Random(seed)
    for number in range(count):
        if number % 4 == 3:
            yield BROKEN[number // 4 % len(BROKEN)](chance)
        else:
            make = KINDS[(number - number // 4) % len(KINDS)]
            yield with_file(make.__name__, make(chance), chance)


def with_file(name: str, content: bytes, chance: random.Random) -> HostileRequest:
    """Put a file into a form under a name and a type that may be hostile too; an empty one has a name."""
    file_name = chance.choice(NAMES) or "empty.png"
    return form(name, [part("photo", content, file_name, chance.choice(TYPES))])


def form(name: str, parts: list[bytes], boundary: bytes = b"b0undary") -> HostileRequest:
    """Put parts together as a form."""
    body = b"".join(b"--" + boundary + b"\r\n" + each + b"\r\n" for each in parts) + b"--" + boundary + b"--\r\n"
    return HostileRequest(name, f"multipart/form-data; boundary={boundary.decode()}", body)


def part(field: str, content: bytes, file_name: str | None = None, kind: str = "") -> bytes:
    """A part of a form."""
    head = f'Content-Disposition: form-data; name="{field}"'
    if file_name is not None:
        head += f'; filename="{file_name}"'
    if kind:
        head += f"\r\nContent-Type: {kind}"
    return head.encode("utf-8", "replace") + b"\r\n\r\n" + content


def _many_files(chance: random.Random) -> HostileRequest:
    photo = valid_photo(chance, "PNG", side_px=8)
    return form("many files", [part("photo", photo, f"{number}.png") for number in range(chance.randrange(6, 1000))])


def _many_fields(chance: random.Random) -> HostileRequest:
    return form("many fields", [part("title", b"x")] * chance.randrange(100, 20_000))


def _long_title(chance: random.Random) -> HostileRequest:
    return form("long title", [part("title", b"x" * chance.randrange(501, 400_000))])


def _deep(chance: random.Random) -> HostileRequest:
    inner = part("photo", valid_photo(chance, "JPEG"), "a.jpg", "image/jpeg")
    for depth in range(chance.randrange(5, 40)):
        mark = f"b{depth}".encode()
        inner = b"Content-Type: multipart/mixed; boundary=" + mark + b"\r\n\r\n--" + mark + b"\r\n" + inner
    return form("forms in forms", [inner])


def _no_end(chance: random.Random) -> HostileRequest:
    whole = form("no end", [part("photo", valid_photo(chance, "PNG"), "a.png")])
    return HostileRequest(whole.name, whole.content_type, whole.body[: len(whole.body) // 2])


def _no_boundary(chance: random.Random) -> HostileRequest:
    whole = form("no boundary", [part("photo", valid_photo(chance, "PNG"), "a.png")])
    kind = chance.choice(
        ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other")
    )
    return HostileRequest(whole.name, kind, whole.body)


def _long_header(chance: random.Random) -> HostileRequest:
    head = b"X: " + b"y" * chance.randrange(70_000, 900_000) + b"\r\n"
    return form("long header of a part", [head + part("photo", b"x", "a.png")])


def _many_headers(chance: random.Random) -> HostileRequest:
    head = b"".join(b"X-%d: y\r\n" % number for number in range(chance.randrange(1000, 30_000)))
    return form("many headers of a part", [head + part("photo", b"x", "a.png")])


def _no_name(chance: random.Random) -> HostileRequest:
    return form("no name", [b'Content-Disposition: form-data; filename="a.png"\r\n\r\n' + valid_photo(chance, "PNG")])


def _photo_as_text(chance: random.Random) -> HostileRequest:
    return form("photo as text", [part("photo", valid_photo(chance, "PNG")[:2000])])


def _too_large(chance: random.Random) -> HostileRequest:
    padding = bytes((17 << 20) + chance.randrange(1 << 20))
    return form("too large", [part("photo", valid_photo(chance, "JPEG") + padding, "a.jpg")])


def _json(chance: random.Random) -> HostileRequest:
    depth = chance.randrange(100, 100_000)
    return HostileRequest("JSON in the place of a form", "application/json", b"[" * depth + b"]" * depth)


def _squeezed(chance: random.Random) -> HostileRequest:
    body = gzip.compress(bytes(chance.randrange(1, 9) << 20))
    return HostileRequest("gzip in the place of a form", "multipart/form-data; boundary=b", body)


def _bad_number(chance: random.Random) -> HostileRequest:
    number = chance.choice((b"0", b"-1", b"51", b"1e9", b"NaN", b"", b"9" * 5000, "５".encode() * 3, b"\xff"))
    return form("number out of range", [part("title", b"x"), part("top", number)])


def _blank(chance: random.Random) -> HostileRequest:
    return form("blank", [part("title", chance.choice((b"", b" \t", "　".encode()))), part("description", b"\r\n")])


BROKEN: tuple[Callable[[random.Random], HostileRequest], ...] = (
    _many_files, _many_fields, _long_title, _deep, _no_end, _no_boundary, _long_header, _many_headers, _no_name,
    _photo_as_text, _json, _squeezed, _bad_number, _blank, _too_large,
)  # fmt: skip
