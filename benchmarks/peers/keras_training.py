"""A training step of the paper's image model in Keras 3: VGG16, all layers trained, SGD 0.005 with momentum 0.97."""

from typing import Any

import keras
import numpy as np

from benchmarks.peers.keras_networks import (
    IMAGE_PX,
    UNTUNED,
    Way,
    creator_network,
    fastest_way,
    pixels_for,
    seconds_of,
)

LEARNING_RATE = 0.005
MOMENTUM = 0.97


class TrainingSteps:
    """Steps on one batch that is in memory.

    Args:
        batch: Photos a step.
        steps: Steps a run.
        n_creators: Outputs of the network.
        tuned: As Keras' guides say, or as first written.
        weights: VGG16's convolutions; None leaves random values.
    """

    def __init__(self, batch: int, steps: int, n_creators: int, tuned: bool, weights: str | None) -> None:
        self.steps, self.n_creators, self.weights = steps, n_creators, weights
        generator = np.random.default_rng(0)
        self.photos = generator.integers(0, 256, (batch, IMAGE_PX, IMAGE_PX, 3)).astype(np.float32)
        self.creators = generator.integers(0, n_creators, batch)
        self.loss = float("nan")
        self.way = fastest_way(self._seconds_of_way) if tuned else UNTUNED
        self.network = self._network(self.way)
        self.pixels = pixels_for(self.photos)
        self.notes = f"Keras on {keras.backend.backend()}, {self.way}, batch {batch}"

    def run(self) -> dict[str, Any]:
        """Train on the batch `steps` times."""
        for _ in range(self.steps):
            self.loss = float(self.network.train_on_batch(self.pixels, self.creators))
        return {"units": self.steps * len(self.photos)}

    def quality(self) -> dict[str, float]:
        """The loss of the last step; both sides have made the same number of steps on the same batch."""
        return {"loss": self.loss}

    def _network(self, way: Way) -> Any:
        way.apply()
        keras.utils.set_random_seed(0)
        network = creator_network(self.n_creators, self.weights)
        optimiser = keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM)
        network.compile(optimiser, loss="sparse_categorical_crossentropy", jit_compile=way.compiled)
        return network

    def _seconds_of_way(self, way: Way) -> float:
        network = self._network(way)
        pixels = pixels_for(self.photos)
        return seconds_of(lambda: network.train_on_batch(pixels, self.creators))
