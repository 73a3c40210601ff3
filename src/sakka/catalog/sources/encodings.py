"""In which encoding a text file is, and how it is decoded so that a bad byte costs its field alone.

A byte order mark decides; else text that is UTF-8 is taken for it, since other encodings are UTF-8 by chance only when
there is next to nothing of them. Between what else tables come in, charset-normalizer chooses by how the text reads.
It is shown the lines that are not plain ASCII, from anywhere in the first `MOST_SCANNED_BYTES`: in a long table the
first Japanese name may stand far below. A few bytes that can't be read don't rule an encoding out.

Sources: https://charset-normalizer.readthedocs.io/; for cp932 in the place of Shift_JIS, which lacks ①, ㈱ and 髙:
https://encoding.spec.whatwg.org/#names-and-labels.
"""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from sakka.catalog.sources.files import opened_binary
from sakka.catalog.sources.opened import ReadOptions
from sakka.errors import CatalogError

MOST_SCANNED_BYTES = 64 << 20
MOST_LINE_BYTES = 1 << 20
SAMPLE_BYTES = 64 << 10
START_BYTES = 4096
UTF_8 = "utf-8"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_EUC = "euc_jp"
_JAPANESE = ("cp932", _EUC)
_SEVEN_BITS = "iso2022_jp"
_WESTERN = "cp1252"
_AS_WINDOWS = {"shift_jis": "cp932"}
_NEARLY_ALL, _EQUAL = 0.9, 0.02
MARK = "\udcff"  # half a surrogate pair, which no text has


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file.

    Attributes:
        name: As Python names it.
        found: `given`, `byte order mark` or `detected`.
    """

    name: str
    found: str


def encoding_of(path: Path, options: ReadOptions) -> Encoding:
    """The encoding of a text file: the one that was given, else the one found out.

    Raises:
        CatalogError: The one given is unknown, or the file can't be read.
    """
    if options.encoding is not None:
        return Encoding(_known(options.encoding), "given")
    with opened_binary(path) as file:
        start = file.read(START_BYTES)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return Encoding(name, "byte order mark")
        if _is_of_two_bytes(start):
            return Encoding(_chosen(start[: len(start) // 2 * 2], ["utf_16_le", "utf_16_be"]), "detected")
        file.seek(0)
        return Encoding(_encoding_of_lines(_telling_lines(file)), "detected")


def _is_of_two_bytes(start: bytes) -> bool:
    """Tell UTF-16 without a mark, which has a NUL beside every letter of ASCII, from a text with a stray NUL."""
    nuls = start.count(b"\0")
    return nuls > 0 and (nuls * 4 >= len(start) or _share_read(start, UTF_8) < _NEARLY_ALL)


def _known(name: str) -> str:
    try:
        TextIOWrapper(BytesIO(), encoding=name)
    except (LookupError, ValueError) as error:
        raise CatalogError(
            f"{name[:40]!r} is no encoding of text; expected one such as utf-8, cp932, euc_jp, iso2022_jp, utf-16 or "
            "cp1252; without `encoding` it is found out"
        ) from error
    known = codecs.lookup(name).name
    return "utf-8-sig" if known == UTF_8 else _AS_WINDOWS.get(known, known)


def _telling_lines(file: BinaryIO) -> list[bytes]:
    """Lines that are not plain ASCII, up to `SAMPLE_BYTES` of them."""
    lines: list[bytes] = []
    found = scanned = 0
    while found < SAMPLE_BYTES and scanned < MOST_SCANNED_BYTES and (line := file.readline(MOST_LINE_BYTES)):
        scanned += len(line)
        if not line.isascii() or b"\x1b" in line:
            lines.append(line[:SAMPLE_BYTES])
            found += len(line)
    return lines


def _encoding_of_lines(lines: list[bytes]) -> str:
    sample = b"".join(lines)
    if b"\x1b$" in sample and _share_read(sample, _SEVEN_BITS) >= _NEARLY_ALL:
        return _SEVEN_BITS
    shares = {name: _share_read(sample, name) for name in (UTF_8, *_JAPANESE)}
    if not sample or shares[UTF_8] >= max(_NEARLY_ALL, *shares.values()):
        return UTF_8
    least = max(_NEARLY_ALL, max(shares.values()) - _EQUAL)
    possible = sorted((name for name in _JAPANESE if shares[name] >= least), key=shares.__getitem__, reverse=True)
    whole = [line for line in lines if all(_marks(line, name) == 0 for name in possible)]
    return _chosen(b"".join(whole), [*possible, _WESTERN]) if possible else _WESTERN


def _share_read(sample: bytes, name: str) -> float:
    """The share of what is not plain ASCII that can be read in an encoding."""
    text = sample.decode(name, _marking())
    bad = text.count(MARK)
    return 1 - bad / max(1, sum(not character.isascii() for character in text))


def _marks(line: bytes, name: str) -> int:
    return line.decode(name, _marking()).count(MARK)


def _chosen(sample: bytes, names: list[str]) -> str:
    """The encoding in which text reads best; the first where none reads well."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=names).best()
    return best.encoding if best is not None else names[0]


@cache
def _marking() -> str:
    """The name of the error handler that puts `MARK` in the place of bytes that are no text."""

    def marked(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        extended = _windows_character(error.object[error.start : error.start + 2]) if error.encoding == _EUC else ""
        return (extended, error.start + 2) if extended else (MARK, error.end)

    codecs.register_error("sakka.marking", marked)
    return "sakka.marking"


def _windows_character(pair: bytes) -> str:
    """What two bytes of EUC-JP are where Windows wrote them, such as ① or 髙; "" where they are nothing.

    The same row and cell as in cp932, of which Python's euc_jp lacks those that NEC and IBM added.
    Source: https://encoding.spec.whatwg.org/#euc-jp-decoder.

    >>> _windows_character(bytes([0xAD, 0xA1])), _windows_character(bytes(2))
    ('①', '')
    """
    if len(pair) < 2 or not all(0xA1 <= byte <= 0xFE for byte in pair):
        return ""
    row, cell = pair[0] - 0xA0, pair[1] - 0xA0
    lead = (row - 1) // 2 + (0x81 if row <= 62 else 0xC1)
    trail = cell + 0x9E if row % 2 == 0 else cell + (0x3F if cell <= 63 else 0x40)
    try:
        return bytes([lead, trail]).decode("cp932")
    except UnicodeDecodeError:
        return ""


def decoded(text: bytes) -> str:
    """UTF-8 as `opened_text` decodes it."""
    return text.decode(UTF_8, _marking())


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """A file's text for as long as the block runs, line ends as they are.

    Bytes that are no text come as `MARK`, of which `listings.ListingReader` makes U+FFFD and a problem.

    Raises:
        CatalogError: The file can't be read.
    """
    try:
        with path.open(encoding=encoding, errors=_marking(), newline="") as text:
            yield text
    except OSError as error:
        raise CatalogError(f"{path} can't be read: {error.strerror or error}; check the path") from error
