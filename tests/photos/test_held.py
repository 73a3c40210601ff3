import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sakka.errors import PhotoError
from sakka.photos import decode
from sakka.photos.decode import read_photo
from sakka.photos.held import MOST_PIXELS, HeldPhoto


def encoded(width: int, height: int, kind: str, **options: object) -> bytes:
    """A smooth picture with some fine texture."""
    rows, columns = np.mgrid[:height, :width]
    red = 255 * rows / height + 8 * (columns % 2)
    pixels = np.stack([red, 255 * columns / width, 128 + 40 * np.sin(rows / 9)], axis=2)
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The size that each decoding was asked for."""
    sizes: list[int | None] = []
    made = decode._decoded

    def counted(name: str, content: bytes, at_least_px: int | None, how: decode.Decode) -> Image.Image:
        sizes.append(at_least_px)
        return made(name, content, at_least_px, how)

    monkeypatch.setattr(decode, "_decoded", counted)
    return sizes


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP"])
def test_a_photo_that_is_no_jpeg_comes_as_it_is_read_from_its_file(kind: str, decoded: list[int | None]) -> None:
    content = encoded(400, 300, kind)
    held = HeldPhoto(content)
    for px in (224, 64):
        np.testing.assert_array_equal(np.asarray(held.at_least(px)), np.asarray(read_photo(content, at_least_px=px)))
    assert decoded == [960, 224, 64]  # the held one once, the other as often as it is read


@pytest.mark.parametrize("exif", [1, 6])
def test_a_jpeg_is_decoded_once_a_scale_and_comes_as_it_is_read_from_its_file(
    exif: int, decoded: list[int | None]
) -> None:
    turned = Image.Exif()
    turned[0x0112] = exif
    content = encoded(1600, 1200, "JPEG", quality=90, exif=turned)
    held = HeldPhoto(content)
    for px, side in ((960, 1200), (300, 300), (224, 300), (128, 150)):
        small = held.at_least(px)
        assert min(small.size) == side
        np.testing.assert_array_equal(np.asarray(small), np.asarray(read_photo(content, at_least_px=px)))
    assert decoded == [960, 960, 300, 300, 224, 128, 128]  # 224 is what was decoded for 300, but for `read_photo`


def test_what_was_decoded_at_a_scale_serves_everything_that_wants_it(decoded: list[int | None]) -> None:
    held = HeldPhoto(encoded(1600, 1200, "JPEG"))
    assert [min(held.at_least(px).size) for px in (128, 1100, 128, 150)] == [150, 1200, 150, 150]
    assert decoded == [128, 1100]


def test_a_photo_of_many_pixels_stays_within_the_bound() -> None:
    held = HeldPhoto(encoded(3000, 2000, "PNG"))
    assert held.at_least(224).size == (1500, 1000)
    assert MOST_PIXELS >= 1500 * 1000


def test_a_file_is_read_when_it_is_looked_at_and_must_be_the_one_that_is_known(folder: Path) -> None:
    path = folder / "photo.png"
    content = encoded(8, 8, "PNG")
    sha256 = hashlib.sha256(content).hexdigest()
    held, other = HeldPhoto(path, sha256=sha256), HeldPhoto(path, sha256="0" * 64)
    path.write_bytes(content)
    assert held.sha256 == sha256
    assert held.at_least(8).size == (8, 8)
    with pytest.raises(PhotoError, match="is not the photo that the catalog was built with"):
        other.at_least(8)


def test_what_is_computed_of_a_photo_is_computed_once() -> None:
    held, made = HeldPhoto(b""), []
    assert [held.once("sum", lambda: made.append(1) or 7) for _ in range(3)] == [7, 7, 7]
    assert made == [1]


def test_a_damaged_photo_is_called_by_its_name(folder: Path) -> None:
    (folder / "torn.png").write_bytes(encoded(8, 8, "PNG")[:60])
    with pytest.raises(PhotoError, match=r"torn\.png is damaged"):
        HeldPhoto(folder / "torn.png").at_least(8)


def test_a_large_photo_that_is_no_jpeg_is_kept_near_the_largest_size_that_is_shown() -> None:
    assert HeldPhoto(encoded(2200, 2000, "PNG")).at_least(960).size == (1100, 1000)
