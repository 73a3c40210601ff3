"""Pictures as `data:` URIs, so that a page, or a notebook's cell, is one piece."""

import base64
import io

from PIL import Image

from sakka.errors import PhotoError
from sakka.photos.decode import Photo, read_photo

SIDE_PX = 176
QUALITY = 74


def thumbnail(photo: Photo, side_px: int = SIDE_PX) -> str | None:
    """A photo as a `data:` URI of a JPEG within `side_px` pixels; None where it can't be read."""
    try:
        image = read_photo(photo, at_least_px=side_px)
    except PhotoError:
        return None
    return picture_data(image, side_px)


def picture_data(image: Image.Image, side_px: int) -> str:
    """An RGB image as a `data:` URI of a JPEG within `side_px` pixels."""
    image = image.copy()
    image.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return data_uri(buffer.getvalue(), "image/jpeg")


def data_uri(content: bytes, kind: str) -> str:
    """A file's bytes as a `data:` URI of a media type.

    >>> data_uri(b"sakka", "image/png")
    'data:image/png;base64,c2Fra2E='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
