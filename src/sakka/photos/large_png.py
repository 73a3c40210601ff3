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

from PIL import Image, PngImagePlugin

from sakka.photos.headers import PNG_SIGNATURE, PngLayout, png_chunk

PIECE_BYTES = 1 << 16  # what is left of a piece is copied with each band
BAND_BYTES = 2 << 20  # larger bands take longer: they leave the processor's cache
# Colour type -> bytes a pixel at 8 bits a sample, and Pillow's mode, whose bytes are the PNG's own.
_PIXELS = {0: (1, "L"), 2: (3, "RGB"), 3: (1, "P"), 4: (2, "LA"), 6: (4, "RGBA")}


def row_bytes(layout: PngLayout) -> int:
    """How many bytes a row has when it is inflated: the number of its filter, then its pixels."""
    return 1 + layout.width * _PIXELS[layout.colour][0]


def row_wise_problem(layout: PngLayout) -> str | None:
    """Say why a PNG can't be read in bands; None where it can be."""
    if layout.interlaced:
        return "is interlaced, so that it can't be read in bands of rows"
    if layout.depth != 8 or layout.colour not in _PIXELS:
        return f"has {layout.depth} bits a sample, where only 8 can be read in bands of rows"
    return None


def png_bands(layout: PngLayout, shrink: int) -> Iterator[Image.Image]:
    """The picture from top to bottom in bands; each height but the last one's is a multiple of `shrink`.

    Args:
        layout: The file's parts; `row_wise_problem` has nothing against them.
        shrink: How many pixels, across and down, will become one.

    Raises:
        ValueError, OSError, zlib.error: The file is damaged or ends early.
    """
    row, mode = row_bytes(layout), _PIXELS[layout.colour][1]
    rows_at_once = max(1, BAND_BYTES // row // shrink) * shrink
    inflated = _inflate(layout.data)
    above = b""
    for top in range(0, layout.height, rows_at_once):
        rows = min(rows_at_once, layout.height - top)
        raw = above + inflated(rows * row)
        band = _decoded_band(layout, raw, len(raw) // row)
        if band.mode != mode:
            raise ValueError(f"the picture decodes as {band.mode}, expected {mode}")
        above = b"\0" + band.crop((0, band.height - 1, band.width, band.height)).tobytes()
        yield band.crop((0, band.height - rows, band.width, band.height))


def _inflate(parts: list[memoryview]) -> Callable[[int], bytes]:
    """A function that inflates the next `wanted` bytes of the stream, never more."""
    stream = zlib.decompressobj()
    waiting = (part[start : start + PIECE_BYTES] for part in parts for start in range(0, len(part), PIECE_BYTES))
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


def _decoded_band(layout: PngLayout, raw: bytes, rows: int) -> Image.Image:
    header = struct.pack(">IIBBBBB", layout.width, rows, layout.depth, layout.colour, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(raw, 0))
    chunks = (png_chunk(b"IHDR", header), layout.palette, data, png_chunk(b"IEND", b""))
    band = PngImagePlugin.PngImageFile(io.BytesIO(b"".join((PNG_SIGNATURE, *chunks))))
    band.load()
    return band
