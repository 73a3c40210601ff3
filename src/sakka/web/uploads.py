"""A photo from outside: checked before a decoder sees it, decoded by another process, shown only as pixels made anew.

What a browser gets back is never the file that was sent but a JPEG made of its pixels: nothing that hides in a file
(a script, a place where the photo was taken) comes out again. The file's name is thrown away unread.
"""

import io
from collections.abc import Sequence

from PIL import Image

from sakka.errors import PhotoError
from sakka.networks.backbones import INPUT_PX
from sakka.photos.decode import DAMAGED, READABLE, TOO_LARGE, photo_header
from sakka.photos.decoders import shared_decoders
from sakka.photos.held import DECODED_PX, HeldPhoto
from sakka.web.settings import Limits

QUALITY = 86
ONE_SCAN = 2  # times as many pixels may a JPEG have that is decoded at a part of its size


class UploadError(PhotoError):
    """A photo that was sent can't be used; its message is for the one who sent it."""


def check_upload(content: bytes, limits: Limits, decoded_px: int = INPUT_PX) -> HeldPhoto:
    """A photo from outside, checked and decoded; it stays in memory.

    Args:
        content: The bytes that were sent.
        limits: What is accepted.
        decoded_px: Of the shorter side, what it is decoded at; by default what the networks look at.

    Raises:
        UploadError: It is no photo, damaged, or beyond a limit.
    """
    if not content:
        raise UploadError(f"the photo is empty; expected {READABLE}", DAMAGED)
    photo = held_upload(content, limits)
    try:
        _refuse_too_large(content, limits)
        photo.at_least(decoded_px)
    except PhotoError as error:
        raise UploadError(str(error), error.reason) from error
    return photo


def held_upload(content: bytes, limits: Limits) -> HeldPhoto:
    """A photo from outside, which processes of their own decode (`photos/decoders.py`)."""
    return HeldPhoto(content, decode=shared_decoders(limits.decoders, limits.decoding_seconds).pixels)


def check_uploads(contents: Sequence[bytes], limits: Limits, decoded_px: int = INPUT_PX) -> list[HeldPhoto]:
    """The photos of one work from outside, each checked and decoded; see `check_upload`.

    Raises:
        UploadError: One is no photo, damaged, or beyond a limit; where there are several, it is told which.
    """
    photos = []
    for number, content in enumerate(contents, start=1):
        try:
            photos.append(check_upload(content, limits, decoded_px))
        except UploadError as error:
            if len(contents) == 1:
                raise
            raise UploadError(f"photo {number}: {error}", error.reason) from error
    return photos


def shown_picture(photo: HeldPhoto) -> Image.Image:
    """A photo as it is shown, RGB within `DECODED_PX`.

    Raises:
        PhotoError: It can't be read.
    """
    shown = photo.at_least(DECODED_PX).copy()
    shown.thumbnail((DECODED_PX, DECODED_PX), Image.Resampling.BILINEAR)
    return shown


def _refuse_too_large(content: bytes, limits: Limits) -> None:
    if len(content) > limits.photo_bytes:
        raise PhotoError(
            f"the photo has more than the {limits.photo_bytes:,} bytes that are read; save it smaller", TOO_LARGE
        )
    header = photo_header(content)
    in_one_scan = header.kind == "JPEG" and not header.coefficient_bytes
    most = limits.photo_pixels * (ONE_SCAN if in_one_scan else 1)
    if header.pixels > most:
        raise PhotoError(
            f"the photo has {header.size[0]:,} x {header.size[1]:,} pixels, at most {most:,} in all are read; "
            "save it smaller",
            TOO_LARGE,
        )


def as_jpeg(image: Image.Image) -> bytes:
    """A picture as a JPEG's bytes, without anything but its pixels."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
