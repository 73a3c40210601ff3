"""A photo in memory that is asked about: read once, decoded once a scale, and what is computed of it kept.

A JPEG is decoded at the scale that is wanted, 1, 1/2, 1/4 or 1/8 of its size, exactly as `read_photo` does it: what is
answered of a JPEG does not depend on what else was looked at, and is what a catalog of the same photo gets. A JPEG that
a network looks at is many times cheaper to decode at its scale than at the one that a page shows. A photo of another
format is decoded once for all sizes up to `DECODED_PX`, so that a large one may reach a network in more pixels than a
catalog's does.
"""

import hashlib
import math
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from PIL import Image

from sakka.errors import PhotoError
from sakka.photos.decode import Decode, decode_of, jpeg_step, photo_content, read_photo

DECODED_PX = 960  # of the shorter side, where it has that much: the largest picture that is shown
MOST_PIXELS = 5_000_000  # that stay in memory for as long as the question does

Value = TypeVar("Value")


class HeldPhoto:
    """A photo in memory; its file is read, and decoded, when it is first looked at.

    Attributes:
        name: What messages call it.
    """

    def __init__(self, source: Path | bytes, *, sha256: str | None = None, decode: Decode | None = None) -> None:
        """Hold a photo.

        Args:
            source: The file's path, or its bytes.
            sha256: Of the bytes, where that is known; a file with another one is refused.
            decode: What decodes it; None: `decode_of`.
        """
        self.name = "the photo" if isinstance(source, bytes) else str(source)
        self._source, self._known_sha256, self._decode = source, sha256, decode or decode_of(source)
        self._kept: dict[Hashable, Any] = {}
        self._lock = RLock()

    @property
    def content(self) -> bytes:
        """The file's bytes.

        Raises:
            PhotoError: The file can't be read, or is not the one whose SHA-256 is known.
        """
        return self.once("content", self._read)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, hexadecimal."""
        return self._known_sha256 or self.once("sha256", lambda: hashlib.sha256(self.content).hexdigest())

    def _read(self) -> bytes:
        if isinstance(self._source, bytes):
            return self._source
        content = photo_content(self._source)
        if self._known_sha256 not in (None, hashlib.sha256(content).hexdigest()):
            raise PhotoError(f"{self.name} is not the photo that the catalog was built with; build the catalog again")
        return content

    def at_least(self, px: int) -> Image.Image:
        """The photo as RGB, the shorter side `px` or more where it has that much; not to be changed in place.

        A long photo of more than `MOST_PIXELS` comes smaller.

        Raises:
            PhotoError: As `read_photo`.
        """
        scale = self._scale(px)
        wanted_px = px if scale > 1 else max(px, DECODED_PX)  # what is not reduced is decoded once for all
        key = ("decoded", scale if scale > 1 else wanted_px)
        return self.once(key, lambda: _bounded(self.read(wanted_px)))

    def read(self, at_least_px: int) -> Image.Image:
        """The photo as `read_photo` gives it, decoded anew and not kept."""
        return read_photo(self.content, at_least_px=at_least_px, name=self.name, decode=self._decode)

    def _scale(self, px: int) -> int:
        try:
            return self.once(("scale", px), lambda: jpeg_step(self.content, px))
        except PhotoError:
            return 1  # `read_photo` says what is wrong with it

    def once(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What is computed of the photo under a key; made when it is first asked for."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            value: Value = self._kept[key]
            return value

    def keep(self, values: Mapping[Hashable, Any]) -> None:
        """Keep what was computed of the photo elsewhere, by key; what is there already stays."""
        with self._lock:
            self._kept = {**values, **self._kept}


def _bounded(photo: Image.Image) -> Image.Image:
    """A photo whose shorter side is not twice `DECODED_PX`, of no more than `MOST_PIXELS`."""
    over = math.ceil(math.sqrt(photo.width * photo.height / MOST_PIXELS))
    step = max(over, min(photo.size) // DECODED_PX)
    return photo.reduce(step) if step > 1 else photo
