"""One answer of a fitted model in Python, and the least that it needs: the network on one photo.

`python -m benchmarks.ours.answers PHOTO` is the least that a command can do: start, read the weights, one answer of
the network.
"""

import itertools
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

TIMES = 21
BACKBONE = "efficientnet_lite0"


class Answers:
    """Answers to one photo with a text; a unit is one answer, timed as the median of several.

    Args:
        model: The folder of a fitted model.
        photo: A photo; one pixel of it is changed each time, so that no cache has the answer.
    """

    def __init__(self, model: str, photo: str) -> None:
        from PIL import Image

        from sakka.models.folder import load_model

        self.model = load_model(model)
        self.pixels = np.asarray(Image.open(photo).convert("RGB")).copy()
        self.folder = Path(model).parent
        self.numbers = itertools.count()
        self.notes = f"median of {TIMES} answers, model {self.model.name}, the feature cache's own time included"

    def run(self) -> dict[str, Any]:
        """Answer several times."""
        from sakka.catalog.works import Catalog, Work

        seconds = []
        for _ in range(TIMES):
            photo = self._new_photo()
            start = time.perf_counter()
            work = Work("asked", title="portrait of a lady", photos=(str(photo),))
            self.model.predict(Catalog.from_works([work]))
            seconds.append(time.perf_counter() - start)
            photo.unlink()
        return {"units": 1, "seconds": statistics.median(seconds)}

    def _new_photo(self) -> Path:
        from PIL import Image

        number = next(self.numbers)
        self.pixels[0, 0] = (number % 256, number // 256 % 256, 0)
        path = self.folder / f"asked-{number}.png"
        Image.fromarray(self.pixels).save(path)
        return path


class BareNetwork:
    """The network on one tensor in memory, timed as the median of several; a unit is one photo."""

    def __init__(self) -> None:
        import torch

        from sakka.networks.backbones import INPUT_PX
        from sakka.networks.extractor import DTYPES, PhotoExtractor

        extractor = PhotoExtractor(BACKBONE)
        self.network = extractor.network
        tensor = torch.zeros(1, 3, INPUT_PX, INPUT_PX, dtype=DTYPES[extractor.dtype])
        self.tensor = tensor.contiguous(memory_format=torch.channels_last)
        self.notes = f"{BACKBONE}, {extractor.dtype}, median of {TIMES}"

    def run(self) -> dict[str, Any]:
        """Run the network several times."""
        import torch

        seconds = []
        with torch.inference_mode():
            for _ in range(TIMES):
                start = time.perf_counter()
                self.network(self.tensor)
                seconds.append(time.perf_counter() - start)
        return {"units": 1, "seconds": statistics.median(seconds)}


def answer_once(photo: Path) -> None:
    """Read the weights, read a photo, run the network once."""
    from sakka.networks.backbones import INPUT_PX
    from sakka.networks.extractor import PhotoExtractor
    from sakka.networks.features import photo_pixels

    PhotoExtractor(BACKBONE).vectors(photo_pixels(photo, INPUT_PX)[None])


if __name__ == "__main__":
    answer_once(Path(sys.argv[1]))
