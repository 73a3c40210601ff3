"""Sakka's own reading of photos, with its checks, in one thread."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.peers.works import read_works
from sakka.photos.decode import read_photo

IMAGE_PX = 224


class ReadPhotos:
    """Reading photo files to RGB pixels of 224 x 224."""

    def __init__(self, works: str) -> None:
        self.photos = [Path(photo) for photo in read_works(works)["photos"]]

    def run(self) -> dict[str, Any]:
        """Decode every photo."""
        for photo in self.photos:
            image = read_photo(photo, at_least_px=IMAGE_PX)
            np.asarray(image.resize((IMAGE_PX, IMAGE_PX), Image.Resampling.BILINEAR))
        return {"units": len(self.photos)}
