"""Photos as small JPEG pictures inside the page, so that it is one file."""

import base64
import io
from pathlib import Path

from PIL import Image

from sakka.errors import PhotoError
from sakka.photos.decode import read_photo

SIDE_PX = 176
QUALITY = 74


class Thumbnails:
    """Thumbnails of a run's photos, each made once."""

    def __init__(self) -> None:
        self._made: dict[str, str | None] = {}

    def of(self, path: str | None) -> str | None:
        """A photo as a `data:` URI; None where there is no photo or it can't be read."""
        if path is None:
            return None
        if path not in self._made:
            self._made[path] = thumbnail(Path(path))
        return self._made[path]


def thumbnail(path: Path) -> str | None:
    """A photo as a `data:` URI of a JPEG within `SIDE_PX` pixels; None where it can't be read."""
    try:
        image = read_photo(path, at_least_px=SIDE_PX)
    except PhotoError:
        return None
    return picture_data(image, SIDE_PX)


def picture_data(image: Image.Image, side_px: int) -> str:
    """An RGB image as a `data:` URI of a JPEG within `side_px` pixels."""
    image = image.copy()
    image.thumbnail((side_px, side_px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
