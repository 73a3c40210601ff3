"""Photos made to cost a reader more than they cost their maker: bombs of pixels and floods of parts in every format.

Each is a function without arguments, so that it is made when its turn comes. All are built by hand where an encoder
would need as long as a decoder: of a JPEG with Huffman codes of one bit, zeros are pixels.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from PIL import Image

from sakka.photos.headers import PNG_SIGNATURE, png_chunk

PIXEL_BYTES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PALETTE = png_chunk(b"PLTE", bytes(range(48)))


def png(
    width: int, height: int, *, colour: int = 6, depth: int = 8, interlaced: bool = False, before: bytes = b"",
    data: bytes | None = None,
) -> bytes:  # fmt: skip
    """A PNG of zeros, with chunks before its pixels."""
    row = 1 + (width * PIXEL_BYTES[colour] * depth + 7) // 8
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    if data is None:
        data = png_chunk(b"IDAT", zeros_deflated(row * height + (height * 2 if interlaced else 0)))
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + before + data + png_chunk(b"IEND", b"")


def zeros_deflated(count: int) -> bytes:
    """Zeros, compressed a piece at a time."""
    stream, piece = zlib.compressobj(1), bytes(1 << 20)
    parts = [stream.compress(piece) for _ in range(count >> 20)]
    return b"".join((*parts, stream.compress(bytes(count & 0xFFFFF)), stream.flush()))


def png_of_chunks(kind: bytes, count: int, data: bytes = b"", side: int = 64) -> bytes:
    """A PNG with many chunks of a kind before its pixels."""
    return png(side, side, before=png_chunk(kind, data) * count)


def jpeg(
    width: int, height: int, components: int = 3, *, progressive: int = 0, before: bytes = b"", apart: bool = False
) -> bytes:
    """A grey JPEG whose pixels are zeros: every Huffman code has one bit.

    Args:
        width: In pixels.
        height: In pixels.
        components: 1, 3 or 4.
        progressive: How many scans of AC coefficients follow that of DC; 0: it is baseline.
        before: Segments in front of its tables.
        apart: Whether a baseline file has a scan for each component.
    """
    frame = struct.pack(">BHHB", 8, height, width, components)
    frame += b"".join(bytes((number, 0x11, 0)) for number in range(components))
    huffman = b"".join(segment(0xC4, bytes((kind, 1)) + bytes(15) + b"\0") for kind in (0x00, 0x10))
    start = b"\xff\xd8" + before + segment(0xDB, b"\0" + b"\1" * 64)
    start += segment(0xC2 if progressive else 0xC0, frame) + huffman
    blocks = -(-width // 8) * -(-height // 8)
    if not progressive and not apart:
        return start + scan(range(components), 0, 63, blocks * components * 2) + b"\xff\xd9"
    if apart:
        scans = b"".join(scan((number,), 0, 63, blocks * 2) for number in range(components))
    else:
        scans = scan(range(components), 0, 0, blocks * components)
        scans += b"".join(scan((number % components,), 1, 63, blocks) for number in range(progressive))
    return start + scans + b"\xff\xd9"


def scan(components: "range | tuple[int, ...]", first: int, last: int, bits: int) -> bytes:
    """A scan of zeros."""
    data = bytes((len(components),)) + b"".join(bytes((number, 0)) for number in components)
    return segment(0xDA, data + bytes((first, last, 0))) + bytes(bits // 8 + 1)


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def exif_of_shared_bytes(entries: int = 5_000) -> bytes:
    """EXIF data whose entries all claim the same 60,000 bytes."""
    claims = b"".join(struct.pack(">HHII", 0x200 + number, 7, 60_000, 8) for number in range(entries))
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, entries) + claims


def riff(*chunks: bytes) -> bytes:
    """A WebP of chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a WebP."""
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def canvas(side: int, flags: int = 0) -> bytes:
    """The chunk of a WebP that states its canvas."""
    return webp_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + (side - 1).to_bytes(3, "little") * 2)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """An image as a file of a kind."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def webp(side: int, mode: str = "RGB", **options: object) -> bytes:
    """A WebP of one colour."""
    return encoded(Image.new(mode, (side, side)), "WEBP", method=0, **options)


def webp_of_frames(side: int, frames: int) -> bytes:
    """An animation of many frames of 16 x 16 pixels on a canvas."""
    small = webp(16, lossless=True)[12:]
    frame = webp_chunk(b"ANMF", bytes(6) + (15).to_bytes(3, "little") * 2 + bytes(4) + small)
    return riff(canvas(side, 2), webp_chunk(b"ANIM", bytes(6)), *[frame] * frames)


def gif(side: int = 16, *, before: bytes = b"", canvas_side: int | None = None, data: bytes | None = None) -> bytes:
    """A GIF of one colour with blocks before its picture."""
    screen = struct.pack("<HHBBB", *(canvas_side or side,) * 2, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    if data is None:
        whole = encoded(Image.new("P", (side, side)), "GIF", optimize=False)
        data = whole[whole.rindex(struct.pack("<BHHHH", 0x2C, 0, 0, side, side)) :]
    return b"GIF89a" + screen + before + data


def gif_frame(side: int, data: bytes) -> bytes:
    """A picture of a GIF of whatever data."""
    return struct.pack("<BHHHHBB", 0x2C, 0, 0, side, side, 0, 2) + data + b"\0;"


def bmp(width: int, height: int, bits: int = 24, *, compression: int = 0, data: bytes = b"", colours: int = 0) -> bytes:
    """A BMP of zeros, or of whatever data."""
    rows = b"" if data else bytes((width * bits + 31) // 32 * 4 * height)
    palette = bytes(4 * (colours or 1 << bits)) if bits <= 8 else b""
    start = 54 + len(palette)
    head = struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, start, 40, width, height, 1, bits, compression, 0, 0, 0, colours, 0)
    return b"BM" + head + palette + data + rows


MAKERS: dict[str, Callable[[], bytes]] = {
    "PNG with a palette that is missing": partial(png, 2, 2, colour=3),
    "PNG of 7,000 x 7,000, RGBA": partial(png, 7_000, 7_000),
    "PNG of 7,000 x 7,000, RGB": partial(png, 7_000, 7_000, colour=2),
    "PNG of 7,000 x 7,000, grey with alpha": partial(png, 7_000, 7_000, colour=4),
    "PNG of 7,000 x 7,000, palette": partial(png, 7_000, 7_000, colour=3, before=PALETTE),
    "PNG of 7,000 x 7,000, 16 bits, RGB": partial(png, 7_000, 7_000, colour=2, depth=16),
    "PNG of 7,000 x 7,000, 16 bits, RGBA": partial(png, 7_000, 7_000, depth=16),
    "PNG of 7,000 x 7,000, 16 bits, grey": partial(png, 7_000, 7_000, colour=0, depth=16),
    "PNG of 7,000 x 7,000, 1 bit": partial(png, 7_000, 7_000, colour=0, depth=1),
    "PNG of 7,000 x 7,000, interlaced": partial(png, 7_000, 7_000, interlaced=True),
    "PNG of 5,000 x 5,000, RGBA": partial(png, 5_000, 5_000),
    "PNG of 4,999 x 4,999, turned by EXIF": partial(
        png, 4_999, 4_999, before=png_chunk(b"eXIf", bytes.fromhex("4d4d002a000000080001011200030000000100060000"))
    ),
    "PNG of 65,535 x 12,000, RGB": partial(png, 65_535, 12_000, colour=2),
    "PNG of 65,535 x 12,000, grey": partial(png, 65_535, 12_000, colour=0),
    "PNG of 65,535 x 5,000, RGB": partial(png, 65_535, 5_000, colour=2),
    "PNG of 15,800 x 15,800, RGBA": partial(png, 15_800, 15_800),
    "PNG of 65,535 x 1": partial(png, 65_535, 1),
    "PNG of 1 x 65,535": partial(png, 1, 65_535),
    "PNG of 0 x 0": partial(png, 0, 0),
    "PNG, 3 million empty texts": partial(png_of_chunks, b"tEXt", 3_000_000),
    "PNG, 99,000 texts": partial(png_of_chunks, b"tEXt", 99_000, b"a\0" + b"b" * 100),
    "PNG, 3 million empty pieces of pixels": partial(png_of_chunks, b"IDAT", 3_000_000),
    "PNG, 99,000 palettes": partial(png_of_chunks, b"PLTE", 99_000, bytes(48)),
    "PNG, a palette of 12 MB": partial(png_of_chunks, b"PLTE", 1, bytes(12_000_000)),
    "PNG, compressed text of 64 MiB": lambda: png_of_chunks(b"zTXt", 1, b"a\0\0" + zeros_deflated(64 << 20)),
    "PNG, a profile of 64 MiB": lambda: png_of_chunks(b"iCCP", 200, b"a\0\0" + zeros_deflated(64 << 20)),
    "PNG, an animation of a billion frames": partial(png_of_chunks, b"acTL", 1, b"\x40\0\0\0\0\0\0\0"),
    "PNG, EXIF of shared bytes": lambda: png_of_chunks(b"eXIf", 1, exif_of_shared_bytes()[6:]),
    "PNG, two headers": lambda: png(8, 8, before=png(9_000, 9_000, data=b"")[8:33]),
    "WebP of 34 bytes, 5,000 x 5,000": lambda: riff(canvas(5_000), b"VP8 "),
    "WebP, 5,000 x 5,000 without a picture": lambda: riff(canvas(5_000, 2), webp_chunk(b"ANIM", bytes(6))),
    "WebP, 16,383 x 16,383": lambda: riff(canvas(16_383), webp_chunk(b"VP8 ", bytes(10))),
    "WebP of 5,000 x 5,000, lossless": partial(webp, 5_000, lossless=True),
    "WebP of 5,000 x 5,000, lossless, alpha": partial(webp, 5_000, "RGBA", lossless=True),
    "WebP of 5,000 x 5,000": partial(webp, 5_000),
    "WebP of 7,000 x 7,000": partial(webp, 7_000),
    "WebP of 5,000 x 5,000, an animation of 50,000 frames": partial(webp_of_frames, 5_000, 50_000),
    "WebP, 1 million empty chunks": lambda: webp(16, lossless=True) + webp_chunk(b"ABCD", b"") * 1_000_000,
    "WebP, 90,000 frames": partial(webp_of_frames, 64, 90_000),
    "JPEG, 240 EXIF segments": lambda: jpeg(64, 64, before=segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 240),
    "JPEG, EXIF of shared bytes": lambda: jpeg(64, 64, before=segment(0xE1, exif_of_shared_bytes())),
    "JPEG, 3 million empty comments": lambda: jpeg(64, 64, before=segment(0xFE, b"") * 3_000_000),
    "JPEG, 99,000 empty comments": lambda: jpeg(64, 64, before=segment(0xFE, b"") * 99_000),
    "JPEG, 240 segments of tables": lambda: jpeg(64, 64, before=segment(0xDB, (b"\0" + bytes(64)) * 1_000) * 240),
    "JPEG, 60,000 empty tables": lambda: jpeg(64, 64, before=segment(0xDB, b"") * 60_000),
    "JPEG, 240 Photoshop segments": lambda: jpeg(
        64, 64, before=segment(0xED, b"Photoshop 3.0\0" + b"8BIM\0\1\0\0\0\0\0\0" * 5_000) * 240
    ),
    "JPEG of 65,500 x 6,100": partial(jpeg, 65_500, 6_100),
    "JPEG of 20,000 x 20,000, grey": partial(jpeg, 20_000, 20_000, 1),
    "JPEG of 7,000 x 7,000, CMYK": partial(jpeg, 7_000, 7_000, 4),
    "JPEG of 7,800 x 7,800, a scan a component": partial(jpeg, 7_800, 7_800, apart=True),
    "JPEG of 7,800 x 7,800, 14 scans": partial(jpeg, 7_800, 7_800, progressive=13),
    "JPEG of 7,000 x 7,000, 19 scans": partial(jpeg, 7_000, 7_000, progressive=18),
    "JPEG of 2,200 x 2,200, 199 scans": partial(jpeg, 2_200, 2_200, progressive=198),
    "JPEG of 10,000 x 10,000, 9 scans": partial(jpeg, 10_000, 10_000, progressive=8),
    "JPEG of 64 x 64, 1 million scans": partial(jpeg, 64, 64, progressive=1_000_000),
    "GIF, 4 million empty comments": lambda: gif(before=b"!\xfe\0" * 4_000_000),
    "GIF, 16 million bytes between blocks": lambda: gif(before=bytes(16_000_000)),
    "GIF, 99,000 comments": lambda: gif(before=b"!\xfe" + (b"\xff" + b"c" * 255) * 50_000 + b"\0"),
    "GIF, 60,000 controls": lambda: gif(before=b"!\xf9\4\0\0\0\0\0" * 45_000),
    "GIF of 7,000 x 7,000": partial(gif, 7_000),
    "GIF, a canvas of 7,000 x 7,000, disposed of": lambda: gif(16, canvas_side=7_000, before=b"!\xf9\4\x08\0\0\0\0"),
    "GIF, 8 million pieces of a byte": lambda: gif(data=gif_frame(1_000, b"\1\x24" * 8_000_000)),
    "GIF, 100,000 frames": lambda: gif() [:-1] + gif_frame(16, b"\2\x44\1")[:-1] * 100_000,
    "BMP of 7,000 x 2,300": partial(bmp, 7_000, 2_300, 8),
    "BMP of 11,000 x 11,000, 1 bit": partial(bmp, 11_000, 11_000, 1),
    "BMP of 7,000 x 7,000, 1 bit": partial(bmp, 7_000, 7_000, 1),
    "BMP, run-length encoded, 7,000 x 7,000": partial(bmp, 7_000, 7_000, 8, compression=1, data=b"\1\0" * 8_000_000),
    "BMP, run-length encoded, ends of lines": partial(bmp, 65_535, 61, 8, compression=1, data=b"\1\0\0\0" * 500_000),
    "BMP, run-length encoded, 1 million empty runs": partial(bmp, 2_000, 2_000, 4, compression=2, data=bytes(1 << 20)),
    "BMP, run-length encoded in 4 bits": partial(bmp, 2_000, 2_000, 4, compression=2, data=b"\xff\x12" * 15_700),
    "BMP, 65,536 colours": partial(bmp, 64, 64, 8, colours=65_536),
}  # fmt: skip


def crafted_photos() -> Iterator[tuple[str, bytes]]:
    """All of them, one after the other."""
    for name, make in MAKERS.items():
        yield name, make()
