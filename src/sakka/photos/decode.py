"""A photo file -> pixels, within limits of bytes and pixels that hold for hostile files too.

JPEG, PNG, WebP, GIF and BMP are read, recognised by their first bytes and never by the file's name. What comes out is
RGB, turned as EXIF says, transparent parts on white; of an animation the first picture. A JPEG is decoded at 1/2, 1/4
or 1/8 of its size where the caller needs no more. A photo of more than `MOST_PIXELS_WHOLE` is decoded at reduced
scale (JPEG, and PNG by way of `large_png.py`) or refused (the others). A JPEG of that size may need its decoder to
hold up to 6 bytes a pixel, so those are decoded one at a time, whatever the number of threads.
"""

import hashlib
import io
import math
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from sakka.errors import PhotoError
from sakka.files import remote_address
from sakka.photos.headers import jpeg_scans, webp_size
from sakka.photos.large_png import read_png_in_bands, row_wise_problem
from sakka.photos.limits import (
    MOST_BYTES,
    MOST_EXIF_BYTES,
    MOST_JPEG_SCANS,
    MOST_PIXELS_JPEG,
    MOST_PIXELS_PNG,
    MOST_PIXELS_PROGRESSIVE,
    MOST_PIXELS_WHOLE,
    MOST_SHRINK,
    MOST_SIDE_PX,
)

CHECK_PX = 64
JPEG_STEPS = (1, 2, 4, 8)

READABLE = "JPEG, PNG, WebP, GIF or BMP"
DAMAGED = "photo damaged"
TOO_LARGE = "photo too large"
WRONG_KIND = "photo of another kind"
MISSING = "photo missing"
FAILURES = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow's decoders raise on bytes that are not what they claim to be."""

_Opener = Callable[[io.BytesIO], ImageFile.ImageFile]
# The classes themselves, not `Image.open`: that one would try every kind and has a limit of its own.
_KINDS: tuple[tuple[bytes, str, _Opener], ...] = (
    (b"\xff\xd8\xff", "JPEG", JpegImagePlugin.JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", "PNG", PngImagePlugin.PngImageFile),
    (b"RIFF", "WebP", WebPImagePlugin.WebPImageFile),
    (b"GIF87a", "GIF", GifImagePlugin.GifImageFile),
    (b"GIF89a", "GIF", GifImagePlugin.GifImageFile),
    (b"BM", "BMP", BmpImagePlugin.BmpImageFile),
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
_one_large_jpeg = threading.Lock()
_no_warnings = threading.Lock()


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


def read_photo(source: Photo | bytes, *, at_least_px: int | None = None, name: str | None = None) -> Image.Image:
    """Read a photo as RGB.

    Args:
        source: The file's path, its bytes, or a photo in memory.
        at_least_px: What the shorter side must have at the least; a larger photo may then come at a reduced scale.
            None: the photo's own size, reduced only where it has more than `MOST_PIXELS_WHOLE`.
        name: What messages call bytes.

    Raises:
        PhotoError: The file is missing, damaged, of another kind or beyond a limit; its `reason` says which.
    """
    if not isinstance(source, Path | bytes):
        return source.at_least(MOST_SIDE_PX if at_least_px is None else at_least_px)
    found, content = _content_of(source)
    return _decoded(name or found, content, at_least_px)


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
    image = _decoded(name, content, CHECK_PX)
    return CheckedPhoto(hashlib.sha256(content).hexdigest(), len(content), image)


def photo_size(content: bytes) -> tuple[int, int]:
    """A photo's width and height in pixels as its header has them; nothing is decoded.

    Raises:
        PhotoError: The bytes are damaged or of another kind.
    """
    kind, opener = _kind_of("the photo", content)
    try:
        if kind == "WebP":
            return webp_size(content)
        with _no_warnings, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return opener(io.BytesIO(content)).size
    except FAILURES as error:
        raise PhotoError(f"the photo is damaged ({kind}); save it anew", DAMAGED) from error


def jpeg_step(content: bytes, at_least_px: int) -> int:
    """1, 2, 4 or 8: the part of its size at which a JPEG is decoded for `at_least_px`; 1 for other photos."""
    if not content.startswith(b"\xff\xd8"):
        return 1
    wanted = min(photo_size(content)) // max(1, at_least_px)
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


def _kind_of(name: str, content: bytes) -> tuple[str, _Opener]:
    for start, kind, opener in _KINDS:
        if content.startswith(start) and (kind != "WebP" or content[8:12] == b"WEBP"):
            return kind, opener
    if content[4:8] == b"ftyp":
        found = "an HEIC, AVIF or video file"
    else:
        start_text = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
        found = next((kind for start, kind in _OTHER_KINDS if start_text.startswith(start)), "something else")
    raise PhotoError(f"{name} is {found}; expected a photo ({READABLE}); save it as one of those", WRONG_KIND)


def _decoded(name: str, content: bytes, at_least_px: int | None) -> Image.Image:
    kind, opener = _kind_of(name, content)
    try:
        if kind == "WebP":  # its opener makes two canvases before the size can be asked for
            _refuse_size(name, kind, webp_size(content), MOST_PIXELS_WHOLE)
        with _no_warnings, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = opener(io.BytesIO(content))
        _refuse_limits(name, content, kind, image)
        if image.width * image.height <= MOST_PIXELS_WHOLE:
            return _turned(_pixels(image, at_least_px), image)
        return _turned(_large_pixels(content, image, at_least_px), image)
    except FAILURES as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise PhotoError(f"{name} is damaged ({kind}: {detail}); save it anew or leave it out", DAMAGED) from error


def _refuse_limits(name: str, content: bytes, kind: str, image: ImageFile.ImageFile) -> None:
    """Refuse a photo that can't be decoded in bounded memory and time."""
    most_pixels = MOST_PIXELS_WHOLE
    if kind == "JPEG":
        scans = jpeg_scans(content)
        if scans > MOST_JPEG_SCANS:
            raise PhotoError(f"{name} has {scans} scans, at most {MOST_JPEG_SCANS} are read; save it anew", TOO_LARGE)
        most_pixels = MOST_PIXELS_JPEG if scans <= 1 else MOST_PIXELS_PROGRESSIVE
    elif kind == "PNG" and image.width * image.height > MOST_PIXELS_WHOLE:
        if (problem := row_wise_problem(content)) is not None:
            kind = f"PNG that {problem}"
        else:
            most_pixels = MOST_PIXELS_PNG
    _refuse_size(name, kind, image.size, most_pixels)


def _refuse_size(name: str, kind: str, size: tuple[int, int], most_pixels: int) -> None:
    if size[0] * size[1] > most_pixels or max(size) > MOST_SIDE_PX:
        raise PhotoError(
            f"{name} has {size[0]:,} x {size[1]:,} pixels; a {kind} may have {most_pixels:,} in all "
            f"and {MOST_SIDE_PX:,} a side; save it smaller",
            TOO_LARGE,
        )


def _pixels(image: ImageFile.ImageFile, at_least_px: int | None) -> Image.Image:
    """Decode a photo of no more than `MOST_PIXELS_WHOLE`."""
    if at_least_px is not None:
        image.draft(None, (at_least_px, at_least_px))  # does something for a JPEG only
    image.load()
    return _on_white(image)


def _large_pixels(content: bytes, image: ImageFile.ImageFile, at_least_px: int | None) -> Image.Image:
    """Decode a JPEG or PNG of more than `MOST_PIXELS_WHOLE` at a scale that is within it."""
    needed = math.ceil(math.sqrt(image.width * image.height / MOST_PIXELS_WHOLE))
    wanted = min(MOST_SHRINK, max(1, min(image.size) // at_least_px)) if at_least_px else 1
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        least = next(step for step in JPEG_STEPS if step >= needed)
        shrink = max(least, max(step for step in JPEG_STEPS if step <= wanted))
        image.draft(None, (image.width // shrink, image.height // shrink))
        with _one_large_jpeg:
            image.load()
        return _on_white(image)
    return read_png_in_bands(content, max(needed, wanted), _on_white)


def _on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB, transparent parts on white, 16 bits a sample brought down to 8."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def _turned(pixels: Image.Image, image: Image.Image) -> Image.Image:
    turn = _TURNS.get(exif_orientation(image.info.get("exif") or b""))
    return pixels if turn is None else pixels.transpose(turn)


def exif_orientation(exif: bytes) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) where it is absent or the EXIF data are damaged.

    Pillow converts a tag with all the values that it claims to have, so it gets the first `MOST_EXIF_BYTES` only.
    """
    tags = Image.Exif()
    try:
        with _no_warnings, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tags.load(exif[:MOST_EXIF_BYTES])
            value = tags.get(ExifTags.Base.Orientation)
    except FAILURES:
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1
