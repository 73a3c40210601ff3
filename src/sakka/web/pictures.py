"""Photos of works as they are shown: JPEGs made anew within a few sizes, the latest kept in bounded memory."""

import threading
from collections import OrderedDict
from typing import Literal

from sakka.catalog.works import Work
from sakka.errors import PhotoError
from sakka.photos.decode import read_photo
from sakka.web.collection import Collection
from sakka.web.problems import Problem
from sakka.web.uploads import as_jpeg

Size = Literal["tiny", "small", "large"]
SIDE_PX: dict[str, int] = {"tiny": 120, "small": 360, "large": 1200}
MOST_BYTES = 48 << 20


class Pictures:
    """Makes pictures of a collection's photos."""

    def __init__(self, collection: Collection, most_bytes: int = MOST_BYTES) -> None:
        self.collection, self.most_bytes = collection, most_bytes
        self._made: OrderedDict[tuple[str, int, str], bytes] = OrderedDict()
        self.kept_bytes, self._lock = 0, threading.Lock()

    def picture(self, work: Work, number: int, size: Size) -> bytes:
        """A photo of a work as a JPEG.

        Raises:
            Problem: The work has no photo of that number, or it can't be read any more.
        """
        key = work.id, number, size
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        try:
            path = self.collection.photo_path(work, number)
            if path is None:
                raise Problem(404, "the work has no photo of this number")
            image = read_photo(path, at_least_px=SIDE_PX[size])
        except PhotoError as error:
            raise Problem(404, "the work's photo can't be read any more") from error
        image.thumbnail((SIDE_PX[size], SIDE_PX[size]))
        made = as_jpeg(image)
        self._keep(key, made)
        return made

    def _keep(self, key: tuple[str, int, str], made: bytes) -> None:
        with self._lock:
            if key not in self._made:
                self._made[key] = made
                self.kept_bytes += len(made)
            while self.kept_bytes > self.most_bytes and len(self._made) > 1:
                self.kept_bytes -= len(self._made.popitem(last=False)[1])
