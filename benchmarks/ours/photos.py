"""Photo files to feature vectors with sakka on an empty cache, and the limit: the network on tensors in memory."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.ours.works import read_catalog
from sakka.cache import CACHE_VARIABLE
from sakka.networks.backbones import INPUT_PX
from sakka.networks.encoders import BATCH_PHOTOS
from sakka.networks.extractor import DTYPES, PhotoExtractor
from sakka.networks.features import photo_features, photo_pixels


class PhotoFeatures:
    """All photos of some works to vectors: reading, hashing, the network, the cache's file.

    Args:
        works: Path of the works.
        backbone: The network's name.
        output: Where `quality` writes the vectors.
        dtype: The network's number format; None lets sakka choose.
    """

    def __init__(self, works: str, backbone: str, output: str, dtype: str | None = None) -> None:
        self.catalog = read_catalog(works)
        self.output = output
        self.extractor = PhotoExtractor(backbone, dtype)
        self.extractor.network.eval()  # loaded before the clock runs, as the other side's is
        self.vectors = np.empty((0, 0), np.float32)
        self.cache = Path(tempfile.mkdtemp(prefix="cache-", dir=Path(output).parent))
        self.notes = f"{backbone}, {self.extractor.dtype}, every stage's mean and deviation"

    def before(self) -> None:
        """Empty the feature cache."""
        shutil.rmtree(self.cache)
        self.cache.mkdir()
        os.environ[CACHE_VARIABLE] = str(self.cache)

    def run(self) -> dict[str, Any]:
        """Compute the vectors of all photos."""
        self.vectors, _ = photo_features(self.catalog, self.extractor)
        return {"units": len(self.catalog)}

    def quality(self) -> dict[str, Any]:
        """Write the vectors for the judge: means and deviations, which the other side has too."""
        np.save(self.output, self.vectors[:, self.extractor.column_indices(None)].astype(np.float32))
        return {"features": self.output}


class BareNetwork:
    """The same network over the same photos, which are in memory as its input: nothing else is done.

    Args:
        works: Path of the works.
        backbone: The network's name.
        dtype: The network's number format; None lets sakka choose.
    """

    def __init__(self, works: str, backbone: str, dtype: str | None = None) -> None:
        extractor = PhotoExtractor(backbone, dtype)
        self.network = extractor.network
        paths = [path for path in read_catalog(works).photo_paths if path is not None]
        self.batches = [
            _network_input(paths[at : at + BATCH_PHOTOS], extractor) for at in range(0, len(paths), BATCH_PHOTOS)
        ]
        self.photos = len(paths)
        self.notes = f"{backbone}, {extractor.dtype}, batch {BATCH_PHOTOS}, tensors in memory"

    def run(self) -> dict[str, Any]:
        """Run the network over all batches and drop what it gives."""
        with torch.inference_mode():
            for batch in self.batches:
                self.network(batch)
        return {"units": self.photos}


def _network_input(paths: list[Path], extractor: PhotoExtractor) -> torch.Tensor:
    pixels = np.stack([photo_pixels(path, INPUT_PX) for path in paths])
    photos = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return extractor.backbone.normalise(photos).to(DTYPES[extractor.dtype])
