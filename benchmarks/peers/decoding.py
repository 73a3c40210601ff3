"""Decoding alone: JPEG files to RGB pixels of 224 x 224 with Pillow and with OpenCV, one thread."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.works import read_works

IMAGE_PX = 224


class Pillow:
    """Pillow, the way a person writes it."""

    def __init__(self, works: str) -> None:
        self.photos = read_works(works)["photos"]

    def run(self) -> dict[str, Any]:
        """Decode every photo."""
        from PIL import Image

        for photo in self.photos:
            with Image.open(photo) as image:
                np.asarray(image.convert("RGB").resize((IMAGE_PX, IMAGE_PX), Image.Resampling.BILINEAR))
        return {"units": len(self.photos)}


class OpenCV:
    """OpenCV, the way a person writes it."""

    def __init__(self, works: str) -> None:
        self.photos = read_works(works)["photos"]

    def run(self) -> dict[str, Any]:
        """Decode every photo."""
        import cv2

        cv2.setNumThreads(1)
        for photo in self.photos:
            image = cv2.imdecode(np.frombuffer(Path(photo).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
            cv2.cvtColor(cv2.resize(image, (IMAGE_PX, IMAGE_PX)), cv2.COLOR_BGR2RGB)
        return {"units": len(self.photos)}
