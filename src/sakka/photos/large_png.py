"""A very large PNG -> pixels at a reduced scale, in bounded memory.

Open Clip Art has drawings of 168 to 623 million pixels in files of 1 to 4 MB; decoded whole as RGBA they would take
0.7 to 2.5 GB. A PNG's rows stand in one zlib stream, from top to bottom, so this module inflates a band of rows at a
time, hands the band to Pillow as a small PNG of its own, shrinks it (mean of `shrink` x `shrink` pixels) and
goes on. A row is filtered against the row above it; the band therefore starts with the last row of the band
before, unfiltered, which is dropped again after decoding. Source: PNG, third edition (W3C, 2025), sections 7 and 9.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, PngImagePlugin

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BAND_BYTES = 2 << 20  # larger bands take longer: they leave the processor's cache
# Colour type -> bytes a pixel at 8 bits a sample, and Pillow's mode, whose bytes are the PNG's own.
_PIXELS = {0: (1, "L"), 2: (3, "RGB"), 3: (1, "P"), 4: (2, "LA"), 6: (4, "RGBA")}


@dataclass(frozen=True)
class _Layout:
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


def row_wise_problem(content: bytes) -> str | None:
    """Say why a PNG can't be read in bands; None where it can be.

    Raises:
        ValueError: The file ends within a chunk or has no header.
    """
    layout = _layout_of(content)
    if layout.interlaced:
        return "is interlaced, so that it can't be read in bands of rows"
    if layout.depth != 8 or layout.colour not in _PIXELS:
        return f"has {layout.depth} bits a sample, where only 8 can be read in bands of rows"
    return None


def read_png_in_bands(content: bytes, shrink: int, to_rgb: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Decode a PNG at 1 / `shrink` of its size (rounded up), in RGB.

    Args:
        content: The file's bytes; `row_wise_problem` has nothing against them.
        shrink: How many pixels, across and down, become one.
        to_rgb: Turns a band, in the file's own mode, into RGB.

    Raises:
        ValueError, OSError, zlib.error: The file is damaged or ends early.
    """
    layout = _layout_of(content)
    result = Image.new("RGB", (-(-layout.width // shrink), -(-layout.height // shrink)), "white")
    top = 0
    for band in _bands(layout, shrink):
        small = to_rgb(_shrunk(band, shrink))
        result.paste(small, (0, top))
        top += small.height
    return result


def _shrunk(band: Image.Image, shrink: int) -> Image.Image:
    if band.mode == "P" or "transparency" in band.info:
        band = band.convert("RGBA")
    return band.reduce(shrink) if shrink > 1 else band


def _layout_of(content: bytes) -> _Layout:
    view, position = memoryview(content), len(SIGNATURE)
    header, palette, data = b"", b"", []
    while position + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if kind == b"IEND":
            break
        if end > len(content):
            raise ValueError("the file ends within a chunk")
        if kind == b"IHDR":
            header = content[position + 8 : end - 4]
        elif kind in (b"PLTE", b"tRNS"):
            palette += content[position:end]
        elif kind == b"IDAT":
            data.append(view[position + 8 : end - 4])
        position = end
    if len(header) != 13:
        raise ValueError("the file has no header")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    return _Layout(width, height, depth, colour, bool(interlace), palette, data)


def _bands(layout: _Layout, shrink: int) -> Iterator[Image.Image]:
    """The picture from top to bottom in bands; each height but the last one's is a multiple of `shrink`."""
    pixel_bytes, mode = _PIXELS[layout.colour]
    row_bytes = 1 + layout.width * pixel_bytes  # a row starts with the number of its filter
    rows_at_once = max(1, BAND_BYTES // row_bytes // shrink) * shrink
    inflated = _inflate(layout.data)
    above = b""
    for top in range(0, layout.height, rows_at_once):
        rows = min(rows_at_once, layout.height - top)
        raw = above + inflated(rows * row_bytes)
        band = _decoded_band(layout, raw, len(raw) // row_bytes)
        if band.mode != mode:
            raise ValueError(f"the picture decodes as {band.mode}, expected {mode}")
        above = b"\0" + band.crop((0, band.height - 1, band.width, band.height)).tobytes()
        yield band.crop((0, band.height - rows, band.width, band.height))


def _inflate(parts: list[memoryview]) -> Callable[[int], bytes]:
    """A function that inflates the next `wanted` bytes of the stream, never more."""
    stream, waiting = zlib.decompressobj(), iter(parts)
    left: bytes | memoryview = b""

    def take(wanted: int) -> bytes:
        nonlocal left
        taken: list[bytes] = []
        while wanted:
            if not left:
                left = next(waiting, b"")
            source_ended = not left
            piece = stream.decompress(left, wanted)
            left = stream.unconsumed_tail
            if not piece and (source_ended or stream.eof):
                raise ValueError("the picture ends early")
            taken.append(piece)
            wanted -= len(piece)
        return b"".join(taken)

    return take


def _decoded_band(layout: _Layout, raw: bytes, rows: int) -> Image.Image:
    header = struct.pack(">IIBBBBB", layout.width, rows, layout.depth, layout.colour, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), layout.palette, _chunk(b"IDAT", zlib.compress(raw, 0)), _chunk(b"IEND", b""))
    band = PngImagePlugin.PngImageFile(io.BytesIO(b"".join((SIGNATURE, *chunks))))
    band.load()
    return band


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(data, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", check)))
