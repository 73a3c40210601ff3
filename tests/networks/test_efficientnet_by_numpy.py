"""EfficientNet-Lite2 with its published weights against a second implementation in NumPy, in float64.

The second one reads its plan off the weights' shapes alone: a block adds its input where nothing changed shape, and a
depthwise kernel strides where the published network does. It knows norms only as they are published, unfolded.
"""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from sakka.networks.backbones import backbone, inference_network, pretrained_network
from sakka.networks.efficientnet_lite import EfficientNetLite

Weights = dict[str, np.ndarray]
STRIDED = {1, 4, 7, 15}  # the blocks that halve the maps


def normed(maps: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    """The batch norm called `name` on maps (channels, height, width)."""
    mean, variance, factor, bias = (
        weights[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (maps - mean) / np.sqrt(variance + 1e-3) * factor + bias


def windows(maps: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """The windows that TensorFlow's "same" padding gives, shape (channels, height, width, kernel, kernel)."""
    borders = []
    for side in maps.shape[1:]:
        total = max(0, (-(-side // stride) - 1) * stride + kernel - side)
        borders.append((total // 2, total - total // 2))
    padded = np.pad(maps, ((0, 0), *borders))
    return sliding_window_view(padded, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]


def relu6(maps: np.ndarray) -> np.ndarray:
    return np.clip(maps, 0, 6)


def pointwise(maps: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.tensordot(weight[:, :, 0, 0], maps, axes=1)


def block(maps: np.ndarray, weights: Weights, number: int) -> np.ndarray:
    """One inverted residual block on maps (channels, height, width)."""
    name = f"_blocks.{number}"
    inside = maps
    if f"{name}._expand_conv.weight" in weights:
        inside = relu6(normed(pointwise(inside, weights[f"{name}._expand_conv.weight"]), weights, f"{name}._bn0"))
    kernel = weights[f"{name}._depthwise_conv.weight"][:, 0]
    places = windows(inside, kernel.shape[-1], 2 if number in STRIDED else 1)
    inside = relu6(normed(np.einsum("chwyx,cyx->chw", places, kernel), weights, f"{name}._bn1"))
    inside = normed(pointwise(inside, weights[f"{name}._project_conv.weight"]), weights, f"{name}._bn2")
    return inside + maps if inside.shape == maps.shape else inside


def efficientnet_by_numpy(pixels: np.ndarray, weights: Weights) -> list[np.ndarray]:
    """The maps after each block, and after the head, of a photo (height, width, 3) of bytes."""
    places = windows((pixels.transpose(2, 0, 1) - 127.0) / 128.0, 3, 2)
    maps = relu6(normed(np.einsum("chwyx,ocyx->ohw", places, weights["_conv_stem.weight"]), weights, "_bn0"))
    every = []
    while f"_blocks.{len(every)}._project_conv.weight" in weights:
        maps = block(maps, weights, len(every))
        every.append(maps)
    return [*every, relu6(normed(pointwise(maps, weights["_conv_head.weight"]), weights, "_bn1"))]


def test_lite2_with_the_published_weights_agrees_with_numpy() -> None:
    network = pretrained_network("efficientnet_lite2")
    assert isinstance(network, EfficientNetLite)
    weights = {name: tensor.numpy().astype(np.float64) for name, tensor in network.state_dict().items()}
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (6, 6, 3)).repeat(8, axis=0).repeat(8, axis=1)
    pixels = (coarse + generator.normal(0, 10, coarse.shape)).clip(0, 255).astype(np.uint8)
    theirs = efficientnet_by_numpy(pixels, weights)
    photo = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        ours = inference_network(network, torch.float32)(backbone("efficientnet_lite2").normalise(photo))
    assert len(ours) == len(network.stage_blocks) + 1
    for stage, maps in ours.items():
        expected = theirs[-1] if stage == "last" else theirs[int(stage.removeprefix("block"))]
        assert expected.std() > 1e-2, "maps that are all alike would prove nothing"
        np.testing.assert_allclose(maps[0].numpy(), expected, rtol=1e-3, atol=1e-3 * expected.std())
