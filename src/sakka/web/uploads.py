"""A photo from outside: checked before a decoder sees it, decoded once within limits, shown only as pixels made anew.

What a browser gets back is never the file that was sent but a JPEG made of its pixels: nothing that hides in a file
(a script, a place where the photo was taken) comes out again. The file's name is thrown away unread.
"""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sakka.catalog.works import Work
from sakka.errors import PhotoError
from sakka.photos.decode import DAMAGED, READABLE, TOO_LARGE, photo_size, read_photo
from sakka.photos.headers import jpeg_scans
from sakka.web.settings import Limits

SHOWN_PX = 960
QUALITY = 86
MOST_FULL_SCANS = 12  # a progressive photo's decoder goes over all pixels once a scan


class UploadError(PhotoError):
    """A photo that was sent can't be used; its message is for the one who sent it."""


@dataclass(frozen=True)
class Upload:
    """A photo that was sent and can be read.

    Attributes:
        content: The file's bytes.
        sha256: Of the bytes, hexadecimal.
        shown: The photo as it is shown, RGB within `SHOWN_PX`.
    """

    content: bytes
    sha256: str
    shown: Image.Image


def check_upload(content: bytes, limits: Limits) -> Upload:
    """Read a photo from outside.

    Raises:
        UploadError: It is no photo, damaged, or beyond a limit.
    """
    if not content:
        raise UploadError(f"the photo is empty; expected {READABLE}", DAMAGED)
    try:
        _refuse_too_large(content, limits)
        shown = read_photo(content, at_least_px=SHOWN_PX)
    except PhotoError as error:
        raise UploadError(str(error), error.reason) from error
    shown.thumbnail((SHOWN_PX, SHOWN_PX))
    return Upload(content, hashlib.sha256(content).hexdigest(), shown)


def _refuse_too_large(content: bytes, limits: Limits) -> None:
    width, height = photo_size(content)
    pixels, most = width * height, limits.photo_pixels
    if pixels > most:
        raise PhotoError(
            f"the photo has {width:,} x {height:,} pixels, at most {most:,} in all are read; save it smaller", TOO_LARGE
        )
    if content.startswith(b"\xff\xd8") and pixels * jpeg_scans(content) > most * MOST_FULL_SCANS:
        raise PhotoError("the photo has too many scans for its size; save it anew", TOO_LARGE)


@contextmanager
def work_of(upload: Upload | None, title: str, description: str) -> Iterator[Work]:
    """What was sent as a work; its photo stands in a file of its own for as long as the block runs."""
    if upload is None:
        yield Work("upload", title=title, description=description)
        return
    with tempfile.TemporaryDirectory(prefix="sakka-") as folder:
        path = Path(folder) / "photo"
        path.write_bytes(upload.content)
        try:
            yield Work("upload", title=title, description=description, photos=(str(path),), photo_sha256=upload.sha256)
        except PhotoError as error:  # names the file's place on the server
            raise UploadError("the photo is damaged; save it anew", error.reason) from error


def as_jpeg(image: Image.Image) -> bytes:
    """A picture as a JPEG's bytes, without anything but its pixels."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
