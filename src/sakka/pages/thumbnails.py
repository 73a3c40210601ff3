"""Pictures inside the page, as `data:` URIs, so that it is one file; and works as cards with their photo."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sakka.catalog.works import Work
from sakka.errors import PhotoError
from sakka.photos.decode import read_photo

SIDE_PX = 176
QUALITY = 74


@dataclass(frozen=True)
class Card:
    """A work as a page shows it.

    Attributes:
        title: Its title, may be empty.
        text: Its description, may be empty.
        note: What stands below: its creator, a probability, a similarity.
        picture: A `data:` URI; None where it has no photo that can be read.
    """

    title: str
    text: str
    note: str
    picture: str | None


def card(work: Work, note: str, photo: Path | None) -> Card:
    """The card of a work; `photo` is where its photo is."""
    return Card(work.title, work.description, note, None if photo is None else thumbnail(photo))


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
    return data_uri(buffer.getvalue(), "image/jpeg")


def data_uri(content: bytes, kind: str) -> str:
    """A file's bytes as a `data:` URI of a media type.

    >>> data_uri(b"sakka", "image/png")
    'data:image/png;base64,c2Fra2E='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
