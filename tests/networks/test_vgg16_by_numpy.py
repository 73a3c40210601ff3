"""VGG16 against a second implementation: its own normalisation, convolutions and pooling in NumPy, in float64.

Both see the same photo; every stage must agree to 1e-4. With random weights always; with the ImageNet weights where
they have been fetched (`sakka weights fetch vgg16`).
"""

import numpy as np
import pytest
import torch
from torch import nn

from sakka.cache import cache_folder
from sakka.networks import backbones
from sakka.networks.backbones import pretrained_network
from sakka.networks.vgg16 import VGG16

FETCHED = cache_folder() / "weights" / "vgg16"  # as it is before the tests get a cache of their own
CONVOLUTIONS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def convolved(maps: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve maps (channels, height, width) with 3 x 3 kernels, zeros around the border."""
    height, width = maps.shape[1:]
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1)))
    total = np.broadcast_to(bias[:, None, None], (len(bias), height, width)).copy()
    for down in range(3):
        for across in range(3):
            total += np.einsum(
                "oi,ihw->ohw", weight[:, :, down, across], padded[:, down : down + height, across : across + width]
            )
    return total


def vgg16_by_numpy(pixels: np.ndarray, weights: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The maps after each block of a photo (height, width, 3) of bytes."""
    maps = ((pixels / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)
    stages = []
    for block in CONVOLUTIONS:
        for number in block:
            parts = (weights[f"features.{number}.{part}"].astype(np.float64) for part in ("weight", "bias"))
            maps = np.maximum(convolved(maps, *parts), 0)
        channels, height, width = maps.shape
        maps = maps.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))
        stages.append(maps)
    return stages


def check(network: nn.Module) -> None:
    side_px = 32
    ramp = np.linspace(0, 255, side_px)
    noise = np.random.default_rng(0).normal(0, 20, (side_px, side_px, 3))
    pixels = np.stack([ramp[:, None] + 0 * ramp, 0 * ramp[:, None] + ramp, (ramp[:, None] + ramp) / 2], axis=2)
    pixels = (pixels + noise).clip(0, 255).astype(np.uint8)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    photo = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        ours = network(backbones.backbone("vgg16").normalise(photo))
    for number, theirs in enumerate(vgg16_by_numpy(pixels, weights), start=1):
        assert theirs.std() > 1e-3, "maps that are all alike would prove nothing"
        np.testing.assert_allclose(ours[f"block{number}"][0].numpy(), theirs, rtol=1e-4, atol=1e-4)


def test_vgg16_with_random_weights_agrees_with_numpy() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = VGG16()
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    check(network)


@pytest.mark.skipif(not FETCHED.is_dir(), reason="the ImageNet weights are not there; sakka weights fetch vgg16")
def test_vgg16_with_the_fetched_weights_agrees_with_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(FETCHED.parents[1]))
    check(pretrained_network("vgg16"))
