"""A training step of the paper's image model in PyTorch with sakka's VGG16: bfloat16, channels_last."""

import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from sakka.models.photo.vgg16 import VGG16

LEARNING_RATE = 0.005
MOMENTUM = 0.97
IMAGE_PX = 224
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
LAST_MAPS = 512 * 7 * 7
HIDDEN = 4096


class PaperNetwork(nn.Module):
    """VGG16's convolutions, one fully connected layer of 4,096 and the scores of the creators."""

    def __init__(self, n_creators: int) -> None:
        super().__init__()
        self.backbone = VGG16()
        self.hidden = nn.Linear(LAST_MAPS, HIDDEN)
        self.scores = nn.Linear(HIDDEN, n_creators)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Give scores (n, n_creators) of normalised photos (n, 3, 224, 224)."""
        maps = self.backbone(photos)["last"]
        scores: torch.Tensor = self.scores(F.relu(self.hidden(maps.flatten(1))))
        return scores


class TrainingSteps:
    """Steps on one batch that is in memory.

    Args:
        batch: Photos a step.
        steps: Steps a run.
        n_creators: Outputs of the network.
        weights: VGG16's convolutions as .npz; None leaves random values.
        device: Where to train.
    """

    def __init__(self, batch: int, steps: int, n_creators: int, weights: str | None, device: str = "cpu") -> None:
        torch.manual_seed(0)
        self.steps, self.device = steps, device
        network = PaperNetwork(n_creators)
        if weights is not None:
            with np.load(weights) as stored:
                network.backbone.load_state_dict({name: torch.from_numpy(stored[name]) for name in stored.files})
        self.network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.SGD(self.network.parameters(), LEARNING_RATE, MOMENTUM)
        generator = np.random.default_rng(0)
        photos = generator.integers(0, 256, (batch, IMAGE_PX, IMAGE_PX, 3), dtype=np.uint8)
        self.photos = torch.from_numpy(photos).permute(0, 3, 1, 2).to(device)  # channels_last as it lies
        self.creators = torch.from_numpy(generator.integers(0, n_creators, batch)).to(device)
        self.mean = (255 * torch.tensor(MEAN, device=device)).view(1, 3, 1, 1)
        self.deviation = (255 * torch.tensor(DEVIATION, device=device)).view(1, 3, 1, 1)
        self.loss = float("nan")
        self.notes = f"{device}, bfloat16 autocast, channels_last, batch {batch}"

    def run(self) -> dict[str, Any]:
        """Train on the batch `steps` times."""
        start = time.perf_counter()
        for _ in range(self.steps):
            self.loss = self._step()
        return {"units": self.steps * len(self.photos), "seconds": time.perf_counter() - start}

    def quality(self) -> dict[str, float]:
        """Give the loss of the last step; both sides have made the same number of steps on the same batch."""
        return {"loss": self.loss}

    def _step(self) -> float:
        self.optimiser.zero_grad(set_to_none=True)
        photos = (self.photos.float() - self.mean) / self.deviation
        with torch.autocast(self.device, dtype=torch.bfloat16):
            scores = self.network(photos)
        loss = F.cross_entropy(scores.float(), self.creators)
        loss.backward()
        self.optimiser.step()
        return loss.item()  # waits for the device
