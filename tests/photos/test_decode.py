"""Photos: what is read, how it comes out, and what is refused in one line."""

import io
import os
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sakka.errors import PhotoError
from sakka.photos import decode, large_png
from sakka.photos.decode import check_photo, read_photo
from sakka.photos.headers import exif_orientation, jpeg_scans, png_layout, webp_size
from sakka.photos.rgb import rgb_of, rgb_of_bands


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(width: int = 60, height: int = 40) -> Image.Image:
    rows, columns = np.mgrid[0:height, 0:width]
    return Image.fromarray(
        np.stack([columns * 255 // width, rows * 255 // height, (rows + columns) % 256], axis=2).astype(np.uint8)
    )


def png_of(width: int, height: int, depth: int, colour: int, data: bytes, interlace: int = 0) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def refusal(source: Path | bytes) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        read_photo(source)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG", "WEBP"])
def test_each_kind_comes_out_as_rgb_of_its_own_size(kind: str) -> None:
    image = read_photo(encoded(gradient(), kind))
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert np.abs(np.asarray(image).astype(int) - np.asarray(gradient()).astype(int)).mean() < 12


def test_the_kind_is_judged_by_content_and_not_by_the_name(folder: Path) -> None:
    path = folder / "photo.gif"
    path.write_bytes(encoded(gradient(), "PNG"))
    assert np.array_equal(np.asarray(read_photo(path)), np.asarray(gradient()))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "XML or SVG"),
        (b"\xef\xbb\xbf  <svg/>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (encoded(gradient(), "TIFF"), "TIFF"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "something else"),
        (b"hello", "something else"),
    ],
)
def test_another_kind_is_refused_by_name(folder: Path, content: bytes, found: str) -> None:
    path = folder / "photo.png"
    path.write_bytes(content)
    error = refusal(path)
    assert found in str(error)
    assert error.reason == decode.WRONG_KIND


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_exif_says(orientation: int) -> None:
    corner = Image.new("RGB", (32, 16), "white")
    corner.paste("black", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = read_photo(encoded(corner, "PNG", exif=exif))
    # Where EXIF 2.3 (tag 0x0112) puts the first row and the first column of the stored picture.
    right = orientation in (2, 3, 6, 7)
    bottom = orientation in (3, 4, 7, 8)
    assert image.size == ((32, 16) if orientation < 5 else (16, 32))
    place = (image.width - 1 if right else 0, image.height - 1 if bottom else 0)
    assert image.getpixel(place) == (0, 0, 0)
    assert sum(image.getpixel((x, y)) == (0, 0, 0) for x in (0, image.width - 1) for y in (0, image.height - 1)) == 1


def test_damaged_exif_leaves_a_photo_upright() -> None:
    good = encoded(gradient(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01")
    assert read_photo(good).size == (60, 40)
    assert exif_orientation(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0") == 1
    assert exif_orientation(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0") == 6


def test_exif_entries_that_share_bytes_do_not_fill_the_memory() -> None:
    entries = b"".join(struct.pack(">HHII", number, 7, 60_000, 8) for number in range(0x200, 0x200 + 5000))  # 300 MB
    exif = b"MM\0*" + struct.pack(">IH", 8, 5000) + entries
    tracemalloc.start()
    try:
        assert exif_orientation(exif) == 1
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=60), st.sampled_from([b"II*\0", b"MM\0*", b""]))
def test_any_exif_bytes_give_an_orientation(data: bytes, order: bytes) -> None:
    assert 1 <= exif_orientation(order + data) <= 8


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_come_out_white(mode: str) -> None:
    image = Image.new("RGBA", (4, 2), (200, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 2, 2))
    pixels = read_photo(encoded(image.convert(mode) if mode != "P" else image.quantize(4), "PNG"))
    assert pixels.getpixel((0, 0)) == (0, 0, 0)
    assert pixels.getpixel((3, 1)) == (255, 255, 255)


def test_a_half_transparent_pixel_is_half_white() -> None:
    assert read_photo(encoded(Image.new("RGBA", (1, 1), (0, 0, 0, 51)), "PNG")).getpixel((0, 0)) == (204, 204, 204)


def test_sixteen_bits_come_down_to_eight() -> None:
    grey = Image.fromarray(np.array([[0, 256, 0x8000, 0xFFFF]], dtype=np.uint16))
    assert [read_photo(encoded(grey, "PNG")).getpixel((x, 0))[0] for x in range(4)] == [0, 1, 128, 255]


def test_cmyk_comes_out_in_its_colours() -> None:
    red = read_photo(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")).getpixel((4, 4))
    assert red[0] > 200
    assert max(red[1:]) < 60


def test_of_an_animation_the_first_picture_is_read() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    animated = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_photo(animated).getpixel((0, 0)) == (255, 0, 0)


def test_a_jpeg_is_decoded_at_the_smallest_scale_that_is_large_enough() -> None:
    content = encoded(gradient(1600, 800), "JPEG")
    assert read_photo(content).size == (1600, 800)
    assert read_photo(content, at_least_px=200).size == (400, 200)
    assert read_photo(content, at_least_px=201).size == (800, 400)
    assert read_photo(content, at_least_px=5000).size == (1600, 800)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG", "WEBP"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    content = encoded(Image.effect_noise((64, 64), 90).convert("RGB"), kind)
    for length in (12, len(content) // 3, len(content) * 3 // 4):
        assert refusal(content[:length]).reason == decode.DAMAGED


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_file_with_few_changed_bytes_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "BMP", "GIF", "JPEG", "WEBP"]))
    content = bytearray(encoded(gradient(24, 16), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PhotoError):
        assert read_photo(bytes(content)).mode == "RGB"


def test_missing_empty_and_special_files_are_refused(folder: Path) -> None:
    empty, pipe = folder / "empty.png", folder / "pipe.png"
    empty.touch()
    os.mkfifo(pipe)
    assert refusal(folder / "absent.png").reason == decode.MISSING
    assert refusal(folder).reason == decode.MISSING
    assert refusal(pipe).reason == decode.MISSING
    assert refusal(folder / "a\0b.png").reason == decode.MISSING
    assert refusal(empty).reason == decode.DAMAGED


def test_a_file_beyond_the_byte_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(gradient(), "PNG")
    monkeypatch.setattr(decode, "MOST_BYTES", len(content))
    assert read_photo(content).size == (60, 40)
    monkeypatch.setattr(decode, "MOST_BYTES", len(content) - 1)
    assert refusal(content).reason == decode.TOO_LARGE


@pytest.mark.parametrize(
    ("width", "height", "depth", "colour", "interlace"),
    [(30_000, 30_000, 8, 2, 0), (70_000, 1, 8, 0, 0), (10_000, 10_000, 8, 2, 1), (10_000, 10_000, 16, 2, 0)],
)
def test_a_png_that_claims_too_much_is_refused_before_it_is_decoded(
    width: int, height: int, depth: int, colour: int, interlace: int
) -> None:
    assert refusal(png_of(width, height, depth, colour, zlib.compress(b"\0" * 9), interlace)).reason == decode.TOO_LARGE


def test_other_kinds_that_claim_too_much_are_refused() -> None:
    gif = bytearray(encoded(gradient(), "GIF"))
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    bmp = bytearray(encoded(gradient(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 30_000, 30_000)
    webp = b"RIFF\x26\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\0\xff\x3f\0VP8 \0\0\0\0"
    jpeg = bytearray(encoded(gradient(), "JPEG"))
    place = jpeg.index(b"\xff\xc0")
    jpeg[place + 5 : place + 9] = struct.pack(">HH", 40_000, 40_000)
    for content in (gif, bmp, webp, jpeg):
        assert refusal(bytes(content)).reason == decode.TOO_LARGE


def test_a_compressed_bomb_is_refused_by_what_it_claims_and_not_inflated() -> None:
    stream = zlib.compressobj(9)
    data = b"".join(stream.compress(b"\0" * (1 << 20)) for _ in range(64)) + stream.flush()
    image = read_photo(png_of(8, 8, 8, 0, data))  # 64 MiB of rows in a picture that has 8
    assert image.size == (8, 8)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("shrink", [1, 3])
def test_bands_give_what_decoding_the_whole_gives(mode: str, shrink: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_png, "BAND_BYTES", 2000)
    image = gradient(53, 67)
    if "A" in mode:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    content = encoded(image.convert(mode), "PNG", **({"transparency": 3} if mode == "P" else {}))
    whole = Image.open(io.BytesIO(content))
    whole.load()
    layout, _ = png_layout(content)
    assert large_png.row_wise_problem(layout) is None
    banded = rgb_of_bands(large_png.png_bands(layout, shrink), image.size, shrink)
    assert np.array_equal(np.asarray(banded), np.asarray(rgb_of(whole, shrink)))


def test_a_photo_beyond_what_is_decoded_whole_comes_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MOST_PIXELS_GIVEN", 1000)
    assert read_photo(encoded(gradient(60, 40), "PNG")).size == (30, 20)
    assert read_photo(encoded(gradient(60, 40), "PNG"), at_least_px=10).size == (15, 10)
    assert read_photo(encoded(gradient(60, 40), "JPEG")).size == (30, 20)
    assert {read_photo(encoded(gradient(60, 40), kind)).size for kind in ("GIF", "WEBP", "BMP")} == {(30, 20)}
    assert refusal(encoded(gradient(60, 40), "PNG")[:-60]).reason == decode.DAMAGED


def test_scans_are_counted_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, progressive = (encoded(gradient(), "JPEG", progressive=chosen) for chosen in (False, True))
    assert jpeg_scans(plain) == 1
    assert jpeg_scans(progressive) > 5
    assert jpeg_scans(plain + progressive) == 1
    monkeypatch.setattr(decode, "MOST_JPEG_SCANS", 5)
    assert read_photo(plain).size == (60, 40)
    assert refusal(progressive).reason == decode.TOO_LARGE


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("transparent", [True, False])
def test_a_webp_states_its_size(lossless: bool, transparent: bool) -> None:
    image = gradient(61, 40)
    if transparent:
        image.putalpha(100)
    assert webp_size(encoded(image, "WEBP", lossless=lossless)) == (61, 40)


def test_a_check_gives_the_hash_or_the_problem(folder: Path) -> None:
    path = folder / "a.png"
    path.write_bytes(b"")
    with pytest.raises(PhotoError, match="is empty"):
        check_photo(path)
    path.write_bytes(encoded(gradient(), "PNG"))
    assert len(check_photo(path).sha256) == 64


def test_an_orientation_that_claims_millions_of_values_costs_nothing() -> None:
    count = 2_000_000
    entry = struct.pack(">HHLL", 0x0112, 5, count, 26)  # RATIONAL values behind the directory
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0" + bytes(8 * count)
    tracemalloc.start()
    assert exif_orientation(exif) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20
