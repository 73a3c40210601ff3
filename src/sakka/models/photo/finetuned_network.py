"""A pretrained network with a fully connected layer and a softmax layer on top, all of it to be trained.

    scores = W2 relu(W1 f + b1) + b2,    f = the last maps, flattened (VGG16) or averaged over places

New layers start as in Keras, which the paper used: uniform within sqrt(6 / (inputs + outputs)), biases 0 (X. Glorot,
Y. Bengio, AISTATS 2010). Batch norms keep the means and variances of the pretraining, so that a batch may be worked
off in parts of any size with the same gradient; their scales and offsets are trained.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from sakka.networks.backbones import Backbone


class FineTunedNetwork(nn.Module):
    """Pixels -> scores of the creators.

    Attributes:
        body: The pretrained network.
        hidden: The fully connected layer; passes what it gets where it has no width.
        scores: The layer before the softmax.
        n_creators: How many scores there are.
    """

    def __init__(
        self, described: Backbone, body: nn.Module, *, n_creators: int, hidden: int, side_px: int, pools: bool
    ) -> None:
        """Put layers on a network.

        Args:
            described: Says how the network's input is normalised.
            body: The network; its parts are used, not copied.
            n_creators: How many scores there are.
            hidden: Width of the fully connected layer; 0 leaves it out.
            side_px: Side of the photos.
            pools: Whether the last maps are averaged over their places instead of flattened.
        """
        super().__init__()
        self.body = body
        self.pools = pools
        self.n_creators = n_creators
        self.mean: torch.Tensor
        self.scale: torch.Tensor
        self.register_buffer("mean", torch.tensor(described.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(described.scale).view(1, 3, 1, 1), persistent=False)
        inputs = self._body_outputs(side_px)
        self.hidden: nn.Module = _linear(inputs, hidden) if hidden else nn.Identity()
        self.scores: nn.Module = _linear(hidden or inputs, n_creators)

    def draw(self, seed: int, creators: Sequence[str]) -> None:
        """Draw the start of the new layers; a creator's part does not depend on the order of the columns."""
        generator = torch.Generator().manual_seed(seed)
        for layer in (self.hidden, self.scores):
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)
        if isinstance(self.scores, nn.Linear):
            ranks = np.argsort(np.argsort(list(creators)))
            self.scores.weight.data = self.scores.weight.data[torch.from_numpy(ranks)].contiguous()

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Scores, shape (n, n_creators).

        Args:
            photos: RGB from 0 to 255, uint8, shape (n, 3, side, side).
        """
        scores: torch.Tensor = self.scores(self.vectors(photos))
        return scores.float()

    def vectors(self, photos: torch.Tensor) -> torch.Tensor:
        """What the scores are made of, shape (n, n_features).

        Args:
            photos: RGB from 0 to 255, uint8, shape (n, 3, side, side).
        """
        features = self._features((photos.float() - self.mean) / self.scale)
        return F.relu(self.hidden(features)) if isinstance(self.hidden, nn.Linear) else features

    def train(self, mode: bool = True) -> "FineTunedNetwork":
        """Switch to training or back; batch norms stay as they are when answering."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def _features(self, photos: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.body(photos)["last"]
        return maps.mean(dim=(2, 3)) if self.pools else maps.flatten(1)

    def _body_outputs(self, side_px: int) -> int:
        self.eval()
        with torch.inference_mode():
            return int(self._features(torch.zeros(1, 3, side_px, side_px)).shape[1])


class VectorAndScores(nn.Module):
    """A network with two outputs: its scores, and what they are made of."""

    def __init__(self, network: FineTunedNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        """The `vector`, shape (n, n_features), and the `scores`, shape (n, n_creators), of photos of 0 to 255."""
        vector = self.network.vectors(photos)
        return {"vector": vector, "scores": self.network.scores(vector)}


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Make a layer without drawing its weights."""
    layer: nn.Linear = skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
    return layer
