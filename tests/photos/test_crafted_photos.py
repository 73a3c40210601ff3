"""Photos that are made to cost much: refused before a decoder walks them, or read in bounded memory."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from studies.inputs import crafted_photos as crafted
from studies.inputs.crafted_photos import MAKERS, encoded, segment

from sakka.errors import PhotoError
from sakka.photos import decode, headers
from sakka.photos.decode import photo_header, read_photo
from sakka.photos.memory import TRIMMED_BYTES, DecodingMemory
from sakka.photos.rgb import rgb_of

KINDS = ("PNG", "BMP", "GIF", "JPEG", "WEBP")


def picture(width: int = 24, height: int = 16) -> Image.Image:
    rows, columns = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([columns * 9 % 256, rows * 9 % 256, (rows + columns) % 256], 2).astype(np.uint8))


def refusal(content: bytes) -> str:
    with pytest.raises(PhotoError) as caught:
        read_photo(content)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_palette_picture_without_a_palette_is_refused() -> None:
    content = MAKERS["PNG with a palette that is missing"]()
    assert len(content) < 70
    assert refusal(content).startswith("the photo is damaged (PNG: ")


@pytest.mark.parametrize("error", [AssertionError("never"), AttributeError(), RecursionError("deep\nas the sea")])
def test_whatever_a_decoder_raises_is_a_refusal(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object) -> None:
        raise error

    monkeypatch.setattr(Image.Image, "convert", fails)
    assert "is damaged (PNG: " in refusal(encoded(picture(), "PNG"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: crafted.png_of_chunks(b"tEXt", 60),
        lambda: crafted.png_of_chunks(b"IDAT", 60),
        lambda: encoded(picture(), "WEBP") + crafted.webp_chunk(b"ABCD", b"") * 60,
        lambda: crafted.webp_of_frames(16, 60),
        lambda: crafted.jpeg(8, 8, before=segment(0xFE, b"") * 60),
        lambda: crafted.jpeg(8, 8, progressive=60),
        lambda: crafted.gif(before=b"!\xfe\0" * 60),
        lambda: crafted.gif(before=b"!\xfe" + b"\1c" * 60 + b"\0"),
        lambda: crafted.gif(before=bytes(60)),
    ],
)
def test_more_parts_than_are_read_are_refused_in_a_line(
    make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make()
    read_photo(content)
    monkeypatch.setattr(headers, "MOST_PARTS", 50)
    assert " has more than the 50 " in refusal(content)


def test_what_real_files_have_is_read() -> None:
    """Tens of APP segments, a chunk of 8 KiB a piece of the pixels, hundreds of frames."""
    app = b"".join(segment(0xE0 + number % 16, b"ICC_PROFILE\0" + bytes(50_000)) for number in range(1, 15)) * 6
    jpeg = encoded(picture(), "JPEG")
    assert np.array_equal(np.asarray(read_photo(jpeg[:2] + app + jpeg[2:])), np.asarray(read_photo(jpeg)))
    frames = [picture(), *(Image.new("RGB", (24, 16), (number, 0, 0)) for number in range(200))]
    for kind in ("GIF", "WEBP", "PNG"):
        animated = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
        assert np.abs(np.asarray(read_photo(animated)).astype(int) - np.asarray(picture())).mean() < 4


def test_a_decoder_sees_only_what_pixels_depend_on() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG", "WEBP"):
        content = encoded(picture(), kind, exif=exif, icc_profile=b"profile" * 99)
        header = photo_header(content)
        assert (header.size, header.orientation) == ((24, 16), 6)
        assert (b"profile" in b"".join(header.parts)) == (kind == "WEBP")  # its decoder skips it
        assert read_photo(content).size == (16, 24)


def test_a_jpeg_whose_components_have_no_samples_is_refused() -> None:
    content = crafted.jpeg(8, 8, progressive=3).replace(b"\x11\0", b"\0\0")
    assert "is damaged (JPEG: " in refusal(content)


def test_tables_of_a_jpeg_are_limited() -> None:
    assert "bytes of tables" in refusal(crafted.jpeg(8, 8, before=segment(0xDB, (b"\0" + bytes(64)) * 1_000) * 5))


def test_a_jpeg_in_several_scans_is_limited_by_what_its_decoder_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert photo_header(crafted.jpeg(800, 800)).coefficient_bytes == 0
    for content in (crafted.jpeg(800, 800, progressive=3), crafted.jpeg(800, 800, apart=True)):
        assert read_photo(content).size == (800, 800)
        assert photo_header(content).coefficient_bytes == 800 * 800 * 3 * 2
    monkeypatch.setattr(decode, "MOST_COEFFICIENT_BYTES", 3_000_000)
    assert "hold 3 MiB" in refusal(crafted.jpeg(800, 800, progressive=3))
    monkeypatch.undo()
    monkeypatch.setattr(decode, "MOST_SCANNED_PIXELS", 800 * 800 * 3)
    assert "has 4 scans, at most 3 " in refusal(crafted.jpeg(800, 800, progressive=3))


def test_a_run_length_encoded_bmp_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    content = crafted.bmp(40, 40, 8, compression=1, data=b"\x28\1\0\0" * 40)
    assert read_photo(content).size == (40, 40)
    monkeypatch.setattr(headers, "MOST_PIXELS_RLE", 1_000)
    assert "is run-length encoded" in refusal(content)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_shrinking_in_bands_gives_what_shrinking_the_whole_gives(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if mode == "I;16":
        image = Image.fromarray((np.arange(53 * 67) * 18).astype(np.uint16).reshape(67, 53))
    else:
        image = picture(53, 67).convert(mode)
    whole, unshrunk = rgb_of(image, 3), rgb_of(image)
    monkeypatch.setattr("sakka.photos.rgb.BAND_PIXELS", 53 * 7)
    assert np.array_equal(np.asarray(rgb_of(image, 3)), np.asarray(whole))
    assert np.array_equal(np.asarray(rgb_of(image)), np.asarray(unshrunk))
    assert whole.size == (18, 23)


def test_large_photos_are_decoded_one_at_a_time_and_in_their_order() -> None:
    memory, order = DecodingMemory(100), []
    started = threading.Event()

    def decode_one(number: int, n_bytes: int) -> None:
        with memory.take(n_bytes):
            order.append((number, memory.taken_bytes))
            started.set()
            time.sleep(0.05)

    threads = [threading.Thread(target=decode_one, args=each) for each in ((0, 60), (1, TRIMMED_BYTES), (2, 30))]
    for thread in threads:
        thread.start()
        assert started.wait(5)
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert order == [(0, 60), (1, TRIMMED_BYTES), (2, 30)]  # none beside the one that needs more than there is
    assert memory.taken_bytes == 0
