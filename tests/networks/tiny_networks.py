"""A network of a few hundred weights in place of a pretrained one, for tests that train."""

from types import MappingProxyType

import pytest
import torch
from torch import nn

from sakka.networks.backbones import Backbone


class TinyNetwork(nn.Module):
    """One convolution, a batch norm and a pooling to 4 x 4 places."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        maps = torch.relu(self.norm(self.convolution(photos)))
        return {"last": nn.functional.adaptive_avg_pool2d(maps, 4)}


def tiny_backbone(name: str) -> Backbone:
    return Backbone(name, TinyNetwork, MappingProxyType({"last": 8}), (127.0,) * 3, (64.0,) * 3)


def pretrained_tiny(name: str) -> TinyNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        return TinyNetwork()


def put_tiny_networks(patch: pytest.MonkeyPatch) -> None:
    """Let fine-tuning start from the tiny network instead of weights that must be fetched."""
    module = "sakka.models.photo.finetune"
    patch.setattr(f"{module}.backbone", tiny_backbone)
    patch.setattr(f"{module}.pretrained_network", pretrained_tiny)
    patch.setattr(f"{module}.weights_sha256", lambda name: name)
