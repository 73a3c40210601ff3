"""What a photo's file says of itself, and the parts of it that its pixels depend on, read before a decoder sees any.

A decoder goes through every part of a file, keeps most of them and looks into many: 900 EXIF segments or 3 million
empty texts keep it busy for half a minute. So parts are counted here, up to `MOST_PARTS`, and a decoder gets a file of
those that pixels depend on; profiles, texts, thumbnails and further frames never reach it.

Sources: JPEG (ITU T.81, annex B; EXIF 2.3, 4.6), PNG third edition (W3C, 2025, section 5), WebP (RFC 9649), GIF89a
(CompuServe, 1990), BMP (Microsoft, BITMAPINFOHEADER).
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sakka.photos.limits import (
    MOST_EXIF_ENTRIES,
    MOST_PARTS,
    MOST_PIXELS_RLE,
    MOST_RLE_BYTES,
    MOST_TABLE_BYTES,
)

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PALETTE_BYTES = 1 << 12
EXIF = b"Exif\0\0"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # not a stuffed byte, not a fill byte, not a restart
_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xFE
_APP0, _APP1, _APP15 = 0xE0, 0xE1, 0xEF
_NEEDED_STARTS = {_APP0: b"JFIF", 0xEE: b"Adobe"}  # they say in which colours the pixels are stored
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_ORIENTATION = 0x0112
_INTEGERS = {1: "B", 3: "H", 4: "I"}  # type of an EXIF value -> how it is stored
_RLE = (1, 2)


_Parts = tuple[bytes | memoryview, ...]


class PartsError(Exception):
    """A file has more parts, or more bytes in some of them, than are read; the message goes on from the file's name."""


@dataclass(frozen=True)
class PngLayout:
    """The parts of a PNG file that its pixels depend on.

    Attributes:
        width: In pixels.
        height: In pixels.
        depth: Bits a sample.
        colour: Colour type: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA.
        interlaced: Whether the rows come in Adam7 order.
        palette: The PLTE and tRNS chunks as they stand in the file.
        data: The parts of the zlib stream.
    """

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    palette: bytes
    data: list[memoryview]


@dataclass(frozen=True)
class PhotoHeader:
    """What a photo's file says of itself.

    Attributes:
        kind: JPEG, PNG, WebP, GIF or BMP.
        size: Width and height in pixels, as they are stored: not yet turned.
        parts: Joined, they are a file of what the pixels depend on.
        exif: The EXIF data from the byte order on; empty where there are none.
        coefficient_bytes: What the decoder of a JPEG in several scans keeps until the last one; 0 for other photos.
        png: The parts of a PNG; None for other photos.
    """

    kind: str
    size: tuple[int, int]
    parts: _Parts
    exif: bytes = b""
    coefficient_bytes: int = 0
    png: PngLayout | None = None

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.size[0] * self.size[1]

    @property
    def orientation(self) -> int:
        """The EXIF orientation, 1 to 8; 1 (upright) where it is absent or the EXIF data are damaged."""
        return exif_orientation(self.exif)


def read_header(kind: str, content: bytes) -> PhotoHeader:
    """What a photo of a kind says of itself.

    Raises:
        PartsError: It has more parts than are read.
        ArithmeticError, LookupError, ValueError, struct.error: It is damaged.
    """
    return _READERS[kind](content)


def exif_orientation(exif: bytes) -> int:
    """The EXIF orientation, 1 to 8, of EXIF data from the byte order on; 1 where it is absent or they are damaged.

    >>> exif_orientation(b"MM" + bytes.fromhex("002a 00000008 0001 0112 0003 00000001 0006 0000"))
    6
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        if order is None:
            return 1
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, start)
        for at in range(start + 2, start + 2 + 12 * min(entries, MOST_EXIF_ENTRIES), 12):
            tag, kind, count = struct.unpack_from(order + "HHI", exif, at)
            if tag == _ORIENTATION and kind in _INTEGERS and count == 1:
                (value,) = struct.unpack_from(order + _INTEGERS[kind], exif, at + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass  # it points behind its end
    return 1


def jpeg_scans(content: bytes) -> int:
    """Count the scans of a JPEG's first picture: 1 for a baseline photo, about 10 for a progressive one.

    Raises:
        PartsError: It has more segments than are read.
    """
    return sum(marker == _START_OF_SCAN for marker, _, _ in _segments(content))


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """The segments of a JPEG: the marker, where its data start (with their length), and where they end."""
    position = count = 0
    while (found := _MARKER.search(content, max(2, position))) is not None:
        marker, start = content[found.start() + 1], found.end()
        if marker == _END_OF_IMAGE or start + 2 > len(content):
            return
        count += 1
        _refuse_many(count, "segments")
        position = start + int.from_bytes(content[start : start + 2], "big")
        yield marker, start, position


def _refuse_many(count: int, parts: str) -> None:
    if count > MOST_PARTS:
        raise PartsError(f"has more than the {MOST_PARTS:,} {parts} that are read")


def _jpeg(content: bytes) -> PhotoHeader:
    frame = exif = tables = b""
    progressive = False
    for marker, start, end in _segments(content):
        if end > len(content) or end < start + 2:
            break
        data = content[start + 2 : min(end, start + 2 + len(EXIF))]
        if marker == _APP1 and data == EXIF and not exif:
            exif = content[start + 2 + len(EXIF) : end]
        if marker in _START_OF_FRAME and not frame:
            frame, progressive = content[start + 2 : end], marker in _PROGRESSIVE
        if marker == _START_OF_SCAN and frame:
            several = progressive or content[start + 2] < frame[5]
            parts: _Parts = (b"\xff\xd8" + tables, memoryview(content)[start - 2 :])
            return PhotoHeader("JPEG", _jpeg_size(frame), parts, exif, _coefficient_bytes(frame) if several else 0)
        if not _tells_only(marker, data):
            tables += content[start - 2 : end]
            if len(tables) > MOST_TABLE_BYTES:
                raise PartsError(f"has more than the {MOST_TABLE_BYTES:,} bytes of tables that are read")
    raise ValueError("no picture begins in it")


def _tells_only(marker: int, start: bytes) -> bool:
    """Whether a segment's data say something about a JPEG that its pixels don't depend on."""
    if marker in _NEEDED_STARTS:
        return not start.startswith(_NEEDED_STARTS[marker])
    return marker == _COMMENT or _APP0 <= marker <= _APP15


def _jpeg_size(frame: bytes) -> tuple[int, int]:
    height, width = struct.unpack_from(">HH", frame, 1)
    return width, height


def _coefficient_bytes(frame: bytes) -> int:
    """2 bytes for each coefficient of each component, in whole blocks of 8 x 8."""
    width, height = _jpeg_size(frame)
    sampling = [divmod(frame[7 + 3 * component], 16) for component in range(frame[5])]
    across, down = max(each for each, _ in sampling), max(each for _, each in sampling)
    return sum(
        128 * -(-width * own_across // (8 * across)) * -(-height * own_down // (8 * down))
        for own_across, own_down in sampling
    )


def _png(content: bytes) -> PhotoHeader:
    layout, exif = png_layout(content)
    header = struct.pack(">IIBBxxB", layout.width, layout.height, layout.depth, layout.colour, layout.interlaced)
    check = zlib.crc32(b"IDAT")
    for part in layout.data:
        check = zlib.crc32(part, check)
    data_bytes = sum(map(len, layout.data))
    start = PNG_SIGNATURE + png_chunk(b"IHDR", header) + layout.palette + struct.pack(">I", data_bytes) + b"IDAT"
    parts: _Parts = (start, *layout.data, struct.pack(">I", check), png_chunk(b"IEND", b""))
    return PhotoHeader("PNG", (layout.width, layout.height), parts, exif, png=layout)


def png_layout(content: bytes) -> tuple[PngLayout, bytes]:
    """The parts of a PNG that its pixels depend on, and its EXIF data.

    Raises:
        PartsError: It has more chunks than are read.
        ValueError, struct.error: The file has no header, or no pixels.
    """
    view, position = memoryview(content), len(PNG_SIGNATURE)
    first: dict[bytes, bytes] = {}
    data: list[memoryview] = []
    count = 0
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        count += 1
        _refuse_many(count, "chunks")
        if kind == b"IDAT":
            data.append(view[position + 8 : end - 4])
        elif kind == b"IEND" or not kind.isalpha() or end > len(content):
            break
        elif kind in (b"IHDR", b"PLTE", b"tRNS", b"eXIf") and kind not in first:
            first[kind] = content[position:end]
        position = end
    if not data or len(first.get(b"IHDR", b"")) != 25:
        raise ValueError("the file has no header, or no pixels")
    width, height, depth, colour, method, interlace, check = struct.unpack_from(">IIBBHBI", first[b"IHDR"], 8)
    palette = first.get(b"PLTE", b"") + first.get(b"tRNS", b"")
    if method or check != zlib.crc32(first[b"IHDR"][4:21]) or len(palette) > MOST_PALETTE_BYTES:
        raise ValueError("the header or the palette is damaged")
    layout = PngLayout(width, height, depth, colour, bool(interlace), palette, data)
    return layout, first.get(b"eXIf", b"")[8:-4].removeprefix(EXIF)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with its length and checksum."""
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))))


def _webp(content: bytes) -> PhotoHeader:
    exif, pictures, position = b"", 0, 12
    count = 0
    while position + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, position)
        count += 1
        _refuse_many(count, "chunks")
        if kind == b"EXIF" and not exif:
            exif = content[position + 8 : position + 8 + length].removeprefix(EXIF)
        pictures += kind in (b"VP8 ", b"VP8L", b"ANMF")
        position += 8 + length + length % 2
    if not pictures:
        raise ValueError("it holds no picture")
    tells_exif = content[12:16] == b"VP8X" and content[20] & 8
    return PhotoHeader("WebP", webp_size(content), (content,), exif if tells_exif else b"")


def webp_size(content: bytes) -> tuple[int, int]:
    """The width and height in pixels that a WebP file states.

    Raises:
        ValueError: The first chunk does not state a size.
    """
    kind, data = content[12:16], content[20:30]
    if len(data) == 10 and kind == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if len(data) == 10 and kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if len(data) >= 5 and kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise ValueError("the WebP header states no size")


def _gif(content: bytes) -> PhotoHeader:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    position = 13 + (3 << (flags & 7) + 1 if flags & 128 else 0)
    start, control = content[:position], b""
    count = 0
    while content[position] != ord(","):
        count += 1
        if content[position] == ord(";"):
            raise ValueError("it holds no picture")
        if content[position] == ord("!"):
            end = position + 2
            while content[end]:
                count += 1
                _refuse_many(count, "blocks")
                end += 1 + content[end]
            if content[position + 1] == 0xF9:
                control = content[position : end + 1]
            position = end
        _refuse_many(count, "blocks")
        position += 1
    left, top, own_width, own_height = struct.unpack_from("<HHHH", content, position + 1)
    size = max(width, left + own_width), max(height, top + own_height)
    return PhotoHeader("GIF", size, (start, control, memoryview(content)[position:]))


def _bmp(content: bytes) -> PhotoHeader:
    (header_bytes,) = struct.unpack_from("<I", content, 14)
    if header_bytes == 12:
        width, height = struct.unpack_from("<HH", content, 18)
        return PhotoHeader("BMP", (width, height), (content,))
    width, height, _, _, compression = struct.unpack_from("<IiHHI", content, 18)
    size = width, abs(height)
    if compression in _RLE and (size[0] * size[1] > MOST_PIXELS_RLE or len(content) > MOST_RLE_BYTES):
        raise PartsError(
            f"is run-length encoded and has {size[0]:,} x {size[1]:,} pixels in {len(content):,} bytes, at most "
            f"{MOST_PIXELS_RLE:,} in {MOST_RLE_BYTES:,} are read"
        )
    return PhotoHeader("BMP", size, (content,))


_READERS: dict[str, Callable[[bytes], PhotoHeader]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WebP": _webp,
    "GIF": _gif,
    "BMP": _bmp,
}
