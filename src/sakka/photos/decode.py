"""A photo file -> pixels, within limits of bytes and pixels that hold for hostile files too.

JPEG, PNG, WebP, GIF and BMP are read, recognised by their first bytes and never by the file's name. What comes out is
RGB, turned as EXIF says, transparent parts on white; of an animation the first picture. A JPEG is decoded at 1/2, 1/4
or 1/8 of its size where the caller needs no more. A photo of more than `MOST_PIXELS_GIVEN` comes at a reduced scale: a
JPEG and a PNG are decoded at it (`large_png.py`), the others are shrunk afterwards. A decoder sees only the parts of a
file that its pixels depend on (`headers.py`), and whatever it raises becomes a `PhotoError`. All threads share
`DECODING_BYTES`, so that large photos are decoded one at a time (`memory.py`).
"""

import hashlib
import math
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from traceback import clear_frames
from typing import Protocol

from PIL import Image

from sakka.errors import PhotoError, SakkaError
from sakka.files import remote_address
from sakka.photos.by_sha256 import is_stored
from sakka.photos.decoders import DecoderError, shared_decoders
from sakka.photos.headers import PartsError, PhotoHeader, jpeg_scans, read_header
from sakka.photos.large_png import row_bytes, row_wise_problem
from sakka.photos.limits import (
    DECODER_SECONDS,
    DECODERS,
    DECODING_BYTES,
    MOST_BYTES,
    MOST_COEFFICIENT_BYTES,
    MOST_JPEG_SCANS,
    MOST_PIXELS_GIVEN,
    MOST_PIXELS_JPEG,
    MOST_PIXELS_WEBP,
    MOST_PIXELS_WHOLE,
    MOST_PNG_ROW_BYTES,
    MOST_SCANNED_PIXELS,
    MOST_SHRINK,
    MOST_SIDE_PX,
)
from sakka.photos.memory import DecodingMemory
from sakka.photos.pixels import pixels_of

CHECK_PX = 64
MOST_DETAIL = 200  # characters of what a decoder says
JPEG_STEPS = (1, 2, 4, 8)

READABLE = "JPEG, PNG, WebP, GIF or BMP"
DAMAGED = "photo damaged"
TOO_LARGE = "photo too large"
WRONG_KIND = "photo of another kind"
MISSING = "photo missing"

_KINDS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"RIFF", "WebP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"<?xml", "an XML or SVG file"),
    (b"<svg", "an SVG file"),
    (b"<", "an HTML or XML file"),
    (b"%PDF", "a PDF file"),
    (b"II*\0", "a TIFF file"),
    (b"MM\0*", "a TIFF file"),
    (b"PK\3\4", "a ZIP archive"),
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHOLE_BYTES = {"WebP": 16}  # a pixel, that a decoder holds at the most; others 4
_memory = DecodingMemory(DECODING_BYTES)


@dataclass(frozen=True)
class CheckedPhoto:
    """A photo that can be read.

    Attributes:
        sha256: Of the file's bytes, hexadecimal.
        n_bytes: How many there are.
        image: RGB, perhaps at a reduced scale, the shorter side `CHECK_PX` or more where the photo has that much.
    """

    sha256: str
    n_bytes: int
    image: Image.Image


class PhotoInMemory(Protocol):
    """A photo that is read already (`held.py`)."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, hexadecimal."""

    def at_least(self, px: int) -> Image.Image:
        """The photo as RGB, the shorter side `px` or more where it has that much."""


Photo = Path | PhotoInMemory
"""A photo in a file or in memory."""
Decode = Callable[[PhotoHeader, int], Image.Image]
"""Makes pixels of what a photo's file says of itself and of how many pixels, across and down, become one."""


def read_photo(
    source: Photo | bytes, *, at_least_px: int | None = None, name: str | None = None, decode: Decode | None = None
) -> Image.Image:
    """Read a photo as RGB.

    Args:
        source: The file's path, its bytes, or a photo in memory.
        at_least_px: What the shorter side must have at the least; a larger photo may then come at a reduced scale.
            None: the photo's own size, reduced only where it has more than `MOST_PIXELS_WHOLE`.
        name: What messages call bytes.
        decode: What decodes a file or bytes; None: `decode_of`.

    Raises:
        PhotoError: The file is missing, damaged, of another kind or beyond a limit; its `reason` says which.
    """
    if not isinstance(source, Path | bytes):
        return source.at_least(MOST_SIDE_PX if at_least_px is None else at_least_px)
    found, content = _content_of(source)
    return _decoded(name or found, content, at_least_px, decode or decode_of(source))


def decode_of(source: Path | bytes) -> Decode:
    """What decodes a photo: processes of their own where it is a file that was fetched or came in a table."""
    if isinstance(source, Path) and is_stored(source):
        return shared_decoders(DECODERS, DECODER_SECONDS).pixels
    return pixels_of


def photo_content(path: Path) -> bytes:
    """A photo file's bytes.

    Raises:
        PhotoError: It can't be opened, is empty or has too many bytes.
    """
    return _content_of(path)[1]


def check_photo(path: Path, name: str | None = None) -> CheckedPhoto:
    """Read a photo to be sure that it can be read.

    Args:
        path: The file.
        name: What messages call it; None: its path.

    Raises:
        PhotoError: As `read_photo`.
    """
    name, content = _content_of(path, name)
    image = _decoded(name, content, CHECK_PX, decode_of(path))
    return CheckedPhoto(hashlib.sha256(content).hexdigest(), len(content), image)


def photo_header(content: bytes, name: str = "the photo") -> PhotoHeader:
    """What a photo's file says of itself; nothing is decoded.

    Raises:
        PhotoError: The bytes are damaged, of another kind, or have more parts than are read.
    """
    kind = _kind_of(name, content)
    try:
        return read_header(kind, content)
    except PartsError as error:
        raise PhotoError(f"{name} {error}; save it anew", TOO_LARGE) from error
    except (ArithmeticError, LookupError, ValueError, struct.error) as error:
        raise _damaged(name, kind, error) from error


def jpeg_step(content: bytes, at_least_px: int) -> int:
    """1, 2, 4 or 8: the part of its size at which a JPEG is decoded for `at_least_px`; 1 for other photos."""
    if not content.startswith(b"\xff\xd8"):
        return 1
    wanted = min(photo_header(content).size) // max(1, at_least_px)
    return max((step for step in JPEG_STEPS if step <= wanted), default=1)


def _content_of(source: Path | bytes, name: str | None = None) -> tuple[str, bytes]:
    """A name for messages and the bytes, reading never more than `MOST_BYTES` and one of them."""
    if isinstance(source, bytes):
        name, content = name or "the photo", source
    else:
        name = name or str(source)
        try:
            if not stat.S_ISREG(Path(source).stat().st_mode):
                raise PhotoError(f"{name} is not a file; expected a photo ({READABLE})", MISSING)
            with Path(source).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            if address := remote_address(name):
                raise PhotoError(f"{address} is an address, and no photo is fetched; download it first") from error
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise PhotoError(f"{name} can't be opened ({why}); check the path", MISSING) from error
    if len(content) > MOST_BYTES:
        raise PhotoError(f"{name} has more than the {MOST_BYTES >> 20} MiB that are read; save it smaller", TOO_LARGE)
    if not content:
        raise PhotoError(f"{name} is empty; expected a photo ({READABLE})", DAMAGED)
    return name, content


def _kind_of(name: str, content: bytes) -> str:
    for start, kind in _KINDS:
        if content.startswith(start) and (kind != "WebP" or content[8:12] == b"WEBP"):
            return kind
    if content[4:8] == b"ftyp":
        found = "an HEIC, AVIF or video file"
    else:
        start_text = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
        found = next((kind for start, kind in _OTHER_KINDS if start_text.startswith(start)), "something else")
    raise PhotoError(f"{name} is {found}; expected a photo ({READABLE}); save it as one of those", WRONG_KIND)


def _damaged(name: str, kind: str, error: Exception) -> PhotoError:
    detail = " ".join(str(error).split())[:MOST_DETAIL] or type(error).__name__
    return PhotoError(f"{name} is damaged ({kind}: {detail}); save it anew or leave it out", DAMAGED)


def _decoded(name: str, content: bytes, at_least_px: int | None, decode: Decode) -> Image.Image:
    header = photo_header(content, name)
    _refuse_limits(name, content, header)
    shrink = _shrink(header, at_least_px)
    with _memory.take(_needed_bytes(header, shrink, elsewhere=decode is not pixels_of)):
        try:
            return _turned(decode(header, shrink), header.orientation)
        except SakkaError:  # nothing can decode it
            raise
        except DecoderError as error:
            raise PhotoError(f"{name} {error}; save it anew", TOO_LARGE) from error
        except Exception as error:  # a decoder may raise anything, an assertion too
            clear_frames(error.__traceback__)  # which hold the pictures that were begun
            raise _damaged(name, header.kind, error) from error


def _refuse_limits(name: str, content: bytes, header: PhotoHeader) -> None:
    """Refuse a photo that can't be decoded in bounded memory and time."""
    kind, most_pixels = header.kind, MOST_PIXELS_WHOLE
    if header.kind == "JPEG":
        most_pixels = MOST_PIXELS_JPEG
    elif header.kind == "WebP":
        most_pixels = MOST_PIXELS_WEBP
    elif header.png is not None and header.pixels > MOST_PIXELS_GIVEN:
        if (problem := row_wise_problem(header.png)) is not None:
            kind = f"PNG that {problem}"
        else:
            most_pixels = MOST_PNG_ROW_BYTES * header.png.width // row_bytes(header.png)
    if header.pixels > most_pixels or max(header.size) > MOST_SIDE_PX:
        raise PhotoError(
            f"{name} has {header.size[0]:,} x {header.size[1]:,} pixels; a {kind} may have {most_pixels:,} in all "
            f"and {MOST_SIDE_PX:,} a side; save it smaller",
            TOO_LARGE,
        )
    if header.coefficient_bytes:
        _refuse_scans(name, content, header)


def _refuse_scans(name: str, content: bytes, header: PhotoHeader) -> None:
    """Refuse a JPEG whose decoder would hold too much between its scans, or go over its pixels too often."""
    if header.coefficient_bytes > MOST_COEFFICIENT_BYTES:
        raise PhotoError(
            f"{name} has {header.size[0]:,} x {header.size[1]:,} pixels in several scans, for which its decoder would "
            f"hold {header.coefficient_bytes >> 20:,} MiB, at most {MOST_COEFFICIENT_BYTES >> 20} are held; save it "
            "smaller, or in one scan (not progressive)",
            TOO_LARGE,
        )
    try:
        scans = jpeg_scans(content)
    except PartsError as error:
        raise PhotoError(f"{name} {error}; save it anew", TOO_LARGE) from error
    most = min(MOST_JPEG_SCANS, MOST_SCANNED_PIXELS // max(1, header.pixels))
    if scans > most:
        raise PhotoError(f"{name} has {scans} scans, at most {most} of its size are read; save it anew", TOO_LARGE)


def _shrink(header: PhotoHeader, at_least_px: int | None) -> int:
    """How many pixels, across and down, become one: as many as the caller allows, where that saves anything."""
    needed = math.ceil(math.sqrt(header.pixels / MOST_PIXELS_GIVEN))
    wanted = max(1, min(header.size) // at_least_px) if at_least_px else 1
    if header.kind == "JPEG":
        return max(
            min(step for step in JPEG_STEPS if step >= needed), max(step for step in JPEG_STEPS if step <= wanted)
        )
    return max(needed, min(MOST_SHRINK, wanted)) if needed > 1 else 1


def _needed_bytes(header: PhotoHeader, shrink: int, *, elsewhere: bool) -> int:
    """What decoding a photo takes at the most, in bytes: what the decoder holds, a copy of the file, and the result.

    Where another process decodes it, both processes have the last two.
    """
    held, result = _WHOLE_BYTES.get(header.kind, 4) * header.pixels, 4 * header.pixels // shrink**2
    if header.kind == "JPEG":
        held = header.coefficient_bytes + result
    elif shrink > 1 and header.png is not None and row_wise_problem(header.png) is None:
        held = 0
    return held + (2 if elsewhere else 1) * (result + sum(map(len, header.parts)))


def _turned(pixels: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return pixels if turn is None else pixels.transpose(turn)
