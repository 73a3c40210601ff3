"""Files that no server should read as a photo: each kind a function of a random generator, all of them to be refused.

Damaged and truncated photos, headers that promise more pixels than there are or than are read, decompression bombs,
files of other kinds under the name of a photo, and beginnings of photos with something else behind.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
SCRIPT = b"<script>alert(document.cookie)</script>"


def valid_photo(chance: random.Random, kind: str, side_px: int = 120) -> bytes:
    """A photo of noise: it does not shrink much, so that a cut takes some of its pixels."""
    noise = Image.frombytes("RGB", (side_px, side_px), chance.randbytes(3 * side_px * side_px))
    buffer = io.BytesIO()
    noise.save(buffer, kind)
    return buffer.getvalue()


def truncated(chance: random.Random) -> bytes:
    """A photo that ends in its first two thirds."""
    content = valid_photo(chance, chance.choice(FORMATS))
    return content[: chance.randrange(3, 2 * len(content) // 3)]


def overwritten_header(chance: random.Random) -> bytes:
    """A photo whose header is noise behind its first bytes."""
    content = bytearray(valid_photo(chance, chance.choice(("PNG", "WEBP", "BMP"))))
    content[4 if content[:2] == b"BM" else 12 : 40] = chance.randbytes(28)
    return bytes(content[:60])


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(chance: random.Random) -> bytes:
    """A PNG of more pixels than are read, a few hundred bytes to some hundred KB long: a decompression bomb."""
    width, height = chance.randrange(9_000, 60_000), chance.randrange(9_000, 60_000)
    header = struct.pack(">IIBBBBB", width, height, 8, chance.choice((0, 2, 6)), 0, 0, 0)
    zeros = zlib.compress(bytes(chance.randrange(1, 40) << 20), 9)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zeros) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def hollow_png(chance: random.Random) -> bytes:
    """A PNG of a size that is read, whose pixels are missing or are more than it says."""
    side = chance.randrange(100, 6_000)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(b"") if chance.random() < 0.5 else chance.randbytes(500)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def text_bomb_png(chance: random.Random) -> bytes:
    """A PNG whose compressed text or colour profile grows to tens of megabytes, before no pixels."""
    grown = zlib.compress(bytes(chance.randrange(32, 64) << 20), 9)
    kind, data = chance.choice(
        ((b"zTXt", b"a\0\0" + grown), (b"iCCP", b"a\0\0" + grown), (b"iTXt", b"a\0\1\0\0\0" + grown))
    )
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 50, 50, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(kind, data) + png_chunk(b"IEND", b"")


def huge_header(chance: random.Random) -> bytes:
    """A JPEG, GIF, BMP or WebP whose header promises more pixels than are read, with few bytes behind."""
    width, height = chance.randrange(8_000, 16_000), chance.randrange(8_000, 16_000)
    kind = chance.choice(("JPEG", "GIF", "BMP", "WEBP"))
    if kind == "GIF":
        return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + valid_photo(chance, "GIF")[13:]
    if kind == "BMP":
        head = struct.pack("<IHHIIiiHHIIIIII", 4_000_000_000, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        return b"BM" + head[:52] + bytes(1000)
    if kind == "WEBP":
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunk = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6)
        return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
    content = bytearray(valid_photo(chance, "JPEG"))
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def many_scans(chance: random.Random) -> bytes:
    """A progressive JPEG with some hundred scans of all its pixels: hours of decoding in a few KB."""
    side = chance.randrange(500, 4_000)
    buffer = io.BytesIO()
    Image.new("L", (side, side)).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    start = content.rindex(b"\xff\xda")
    return content[:start] + content[start:-2] * chance.randrange(300, 900) + b"\xff\xd9"


def other_kind(chance: random.Random) -> bytes:
    """A file of another kind."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        entry = zipfile.ZipInfo("../../etc/passwd")  # of a day that is always the same
        file.writestr(entry, bytes(1 << 20), zipfile.ZIP_DEFLATED)
    return chance.choice(
        (
            b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', b"<?xml version='1.0'?><!DOCTYPE x>",
            b"<!DOCTYPE html>" + SCRIPT, b"%PDF-1.7\n", archive.getvalue(),
            b"II*\0" + bytes(100), b"MM\0*" + bytes(100),
            b"\0\0\0\x18ftypheic" + bytes(100), b"\0\0\0\x1cftypavif" + bytes(100), b"MZ" + chance.randbytes(200),
            b"\x7fELF" + chance.randbytes(200), b"#!/bin/sh\nls\n", b"\x1f\x8b\x08" + chance.randbytes(200),
            chance.randbytes(chance.randrange(1, 4000)), bytes(chance.randrange(1, 100_000)), b"8BPS" + bytes(200),
            b"\0\0\1\0" + bytes(200), b"P6 100000 100000 255\n", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file\n",
        )
    )  # fmt: skip


def start_only(chance: random.Random) -> bytes:
    """The first bytes of a photo with nothing, noise or another file behind."""
    starts = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP", b"GIF89a", b"GIF87a", b"BM", b"RIFF")
    behind = (b"", chance.randbytes(chance.randrange(1, 3000)), SCRIPT, b"/*" + SCRIPT + b"*/=1;", other_kind(chance))
    return chance.choice(starts) + chance.choice(behind)


def empty(_chance: random.Random) -> bytes:
    """Nothing."""
    return b""


KINDS: tuple[Callable[[random.Random], bytes], ...] = (
    truncated, overwritten_header, huge_png, hollow_png, text_bomb_png, huge_header, many_scans, other_kind, other_kind,
    start_only, start_only, empty,
)  # fmt: skip
