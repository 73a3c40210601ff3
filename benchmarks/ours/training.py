"""Training steps of the paper's image model by sakka's own loop (`models/photo/training.py`)."""

import time
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch

from sakka.models.photo.finetuned_network import FineTunedNetwork
from sakka.models.photo.training import Examples, Training, TrainingSettings, fitting_part
from sakka.networks.backbones import backbone
from sakka.networks.memory import kept_memory
from sakka.networks.pixels import Photos
from sakka.progress import task

LEARNING_RATE = 0.005
MOMENTUM = 0.97
HIDDEN = 4096
IMAGE_PX = 224


class TrainingSteps:
    """Steps on one batch that is in memory as bytes.

    Args:
        batch: Photos a step.
        steps: Steps a run.
        n_creators: Outputs of the network.
        weights: VGG16's convolutions as .npz; None leaves random values.
        device: Where to train.
    """

    def __init__(self, batch: int, steps: int, n_creators: int, weights: str | None, device: str = "cpu") -> None:
        torch.manual_seed(0)
        self.memory = ExitStack()
        self.memory.enter_context(kept_memory())  # as a training keeps it from its first step to its last
        self.steps, self.epoch, self.loss = steps, 0, float("nan")
        described = backbone("vgg16")
        body = described.make()
        if weights is not None:
            with np.load(weights) as stored:
                body.load_state_dict({name: torch.from_numpy(stored[name]) for name in stored.files})
        sizes: dict[str, Any] = {"n_creators": n_creators, "hidden": HIDDEN, "side_px": IMAGE_PX, "pools": False}
        network = FineTunedNetwork(described, body, **sizes)
        network.draw(0, [f"{place:05d}" for place in range(n_creators)])
        part = fitting_part(torch.device(device), IMAGE_PX, batch)
        settings = TrainingSettings(LEARNING_RATE, MOMENTUM, batch, epochs=1, part=part, dtype="bfloat16", seed=0)
        self.training = Training(network, settings, torch.device(device))
        generator = np.random.default_rng(0)
        table = generator.integers(0, 256, (batch, IMAGE_PX, IMAGE_PX, 3), dtype=np.uint8)
        rows = np.arange(batch)
        photos = Photos([str(row) for row in rows], rows, table)
        self.examples = Examples(photos, rows, generator.integers(0, n_creators, batch))
        self.notes = f"{device}, bfloat16, channels_last, batch {batch} in parts of {part}"

    def run(self) -> dict[str, Any]:
        """Train on the batch `steps` times."""
        start = time.perf_counter()
        total = self.steps * len(self.examples.works)
        with task("steps", total) as running:
            for _ in range(self.steps):
                self.epoch += 1
                self.loss = self.training.learn(self.epoch, self.examples, running)
        if self.training.device.type == "cuda":
            torch.cuda.synchronize()
        return {"units": total, "seconds": time.perf_counter() - start}

    def quality(self) -> dict[str, float]:
        """The loss of the last step; both sides have made the same number of steps on the same batch."""
        return {"loss": self.loss}
