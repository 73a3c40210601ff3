"""JPEG files to feature vectors with Keras 3: the first step of the paper's pipeline with frozen features."""

import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.peers.keras_networks import (
    IMAGE_PX,
    UNTUNED,
    Way,
    fastest_way,
    features_network,
    pixels_for,
    seconds_of,
)
from benchmarks.peers.works import read_works

UNTUNED_BATCH = 32  # what Keras takes where nothing is said
TUNED_BATCH = 64


class PhotoBatches(keras.utils.PyDataset):
    """Photos read with Pillow, ahead of the network, by several threads."""

    def __init__(self, photos: list[str], batch: int, **options: Any) -> None:
        super().__init__(**options)
        self.photos, self.batch = photos, batch

    def __len__(self) -> int:
        return math.ceil(len(self.photos) / self.batch)

    def __getitem__(self, index: int) -> np.ndarray:
        """One batch of pixels."""
        part = self.photos[index * self.batch : (index + 1) * self.batch]
        return pixels_for(np.stack([read_pixels(photo) for photo in part]))


def read_pixels(photo: str) -> np.ndarray:
    """Read a photo the way Keras does: (224, 224, 3), float32, 0 to 255."""
    image = keras.utils.load_img(photo, target_size=(IMAGE_PX, IMAGE_PX), interpolation="bilinear")
    return keras.utils.img_to_array(image, data_format="channels_last")


class FrozenFeatures:
    """A Keras network over a folder of photos.

    Args:
        works: Path of the works.
        network: `vgg16` or `efficientnet_b0`.
        tuned: As Keras' guides say, or as first written: float32 and `image_dataset_from_directory`.
        weights: VGG16's convolutions; None leaves random values.
        output: Where `quality` writes the features.
    """

    def __init__(self, works: str, network: str, tuned: bool, weights: str | None, output: str) -> None:
        self.photos = read_works(works)["photos"]
        self.network_name, self.weights = network, weights
        self.tuned, self.output = tuned, output
        self.batch = min(TUNED_BATCH if tuned else UNTUNED_BATCH, len(self.photos))
        self.features = np.empty((0, 0), np.float32)
        self.way = fastest_way(self._seconds_of_way) if tuned else UNTUNED
        self.network = self._network(self.way)
        self.folder = Path(tempfile.mkdtemp(prefix="photos-", dir=Path(output).parent))
        for number, photo in enumerate(self.photos):
            (self.folder / f"{number:06d}{Path(photo).suffix}").symlink_to(photo)
        self.notes = f"Keras on {keras.backend.backend()}, {self.way}, batch {self.batch}"
        if weights is None:
            self.notes += ", random weights (timing only)"

    def run(self) -> dict[str, Any]:
        """Read all photos and compute their features."""
        self.features = self.network.predict(self._batches(), verbose=0)
        return {"units": len(self.photos)}

    def quality(self) -> dict[str, Any]:
        """Write the features for the judge; random weights have no quality."""
        shutil.rmtree(self.folder)
        if self.weights is None:
            return {}
        np.save(self.output, np.asarray(self.features, dtype=np.float32))
        return {"features": self.output}

    def _batches(self) -> Any:
        if self.tuned:
            return PhotoBatches(self.photos, self.batch, workers=2, max_queue_size=4)
        return keras.utils.image_dataset_from_directory(
            self.folder,
            labels=None,
            batch_size=self.batch,
            image_size=(IMAGE_PX, IMAGE_PX),
            shuffle=False,
            format="grain",  # the other format needs TensorFlow
            verbose=False,
        )

    def _network(self, way: Way) -> Any:
        way.apply()
        network = features_network(self.network_name, self.weights)
        network.compile(jit_compile=way.compiled)
        return network

    def _seconds_of_way(self, way: Way) -> float:
        network = self._network(way)
        batch = pixels_for(np.zeros((self.batch, IMAGE_PX, IMAGE_PX, 3), np.float32))
        return seconds_of(lambda: network.predict_on_batch(batch))
