"""The pretrained networks that photos are seen through, by name, each with its input and its stages.

`pretrained_network` gives a network to train further; `inference_network` gives one to read from: batch norms folded
into the convolutions before them, channels last, in the number format asked for.

Folding: a norm y = g (x - m) / sqrt(v + e) + b after a convolution x = W * z is the convolution with weights
W g / sqrt(v + e) and bias b - m g / sqrt(v + e).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from sakka.errors import ModelError
from sakka.networks.efficientnet_lite import LITE0, LITE2, EfficientNetLite
from sakka.networks.vgg16 import BLOCKS, VGG16
from sakka.networks.weights.registry import weight_files

LAST = "last"
INPUT_PX = 224


@dataclass(frozen=True)
class Backbone:
    """A network with its input and its outputs.

    Attributes:
        name: Also the name of its weights.
        network: Makes it, without weights.
        stages: The channels after each stage, in order; `last` stands at the end.
        mean: What is subtracted from red, green and blue (0 to 255).
        scale: What they are divided by then.
        covariances: The stages that are described by the covariances between their channels too.
        input_px: The side of the squares that it reads.
    """

    name: str
    network: Callable[[], nn.Module]
    stages: Mapping[str, int]
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    covariances: tuple[str, ...] = ()
    input_px: int = INPUT_PX

    @property
    def block_stages(self) -> tuple[str, ...]:
        """The stages without `last`."""
        return tuple(stage for stage in self.stages if stage != LAST)

    def make(self) -> nn.Module:
        """Make the network with random weights."""
        return self.network()

    def normalise(self, photos: torch.Tensor) -> torch.Tensor:
        """Turn RGB from 0 to 255, float, shape (n, 3, height, width), into the network's input, channels last."""
        n, colours, height, width = photos.shape
        # A row of pixels as one run of numbers: five times faster than three channels beside each other.
        runs = photos.permute(0, 2, 3, 1).reshape(n, height, width * colours)
        mean = torch.tensor(self.mean, dtype=photos.dtype, device=photos.device).repeat(width)
        scale = torch.tensor(self.scale, dtype=photos.dtype, device=photos.device).repeat(width)
        return (runs - mean).div_(scale).view(n, height, width, colours).permute(0, 3, 1, 2)


_VGG16_STAGES = {**{f"block{number}": block[-1] for number, block in enumerate(BLOCKS, start=1)}, LAST: BLOCKS[-1][-1]}

BACKBONES: Mapping[str, Backbone] = MappingProxyType(
    {
        "efficientnet_lite0": Backbone(
            name="efficientnet_lite0",
            network=EfficientNetLite,
            stages=LITE0.stage_channels(),
            mean=(127.0, 127.0, 127.0),
            scale=(128.0, 128.0, 128.0),
            covariances=("block2", "block4", "block7", "block10"),
        ),
        "efficientnet_lite2": Backbone(
            name="efficientnet_lite2",
            network=partial(EfficientNetLite, LITE2),
            stages=LITE2.stage_channels(),
            mean=(127.0, 127.0, 127.0),
            scale=(128.0, 128.0, 128.0),
            covariances=("block3", "block6", "block10", "block14"),
        ),
        "vgg16": Backbone(
            name="vgg16",
            network=VGG16,
            stages=_VGG16_STAGES,
            mean=(0.485 * 255, 0.456 * 255, 0.406 * 255),
            scale=(0.229 * 255, 0.224 * 255, 0.225 * 255),
        ),
    }
)


def backbone(name: str) -> Backbone:
    """The backbone called `name`.

    Raises:
        ModelError: No backbone has that name.
    """
    if name not in BACKBONES:
        raise ModelError(f"no photo network is called {name!r}; known are {', '.join(sorted(BACKBONES))}")
    return BACKBONES[name]


def pretrained_network(name: str) -> nn.Module:
    """A backbone with its pretrained weights in float32, ready to be trained further.

    Raises:
        ModelError: No backbone has that name.
        WeightsError: Its weights can't be found or downloaded.
    """
    network = backbone(name).make()
    (path,) = weight_files(name).values()
    if path.suffix == ".safetensors":
        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("_fc.")})
    return network


def inference_network(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Make a network ready to read from, in place: no gradients, norms folded, channels last, numbers of `dtype`."""
    network.eval().requires_grad_(False)
    if isinstance(network, EfficientNetLite):
        fold_norms(network)
    # `Module.to` is typed for one format or the other, not for both at once.
    return network.to(dtype=dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def fold_norms(network: EfficientNetLite) -> None:
    """Fold each batch norm into the convolution before it, in place; its outputs stay the same."""
    for owner, convolution, norm in network.norm_pairs():
        fused = fuse_conv_bn_eval(getattr(owner, convolution), getattr(owner, norm))
        setattr(owner, convolution, fused)
        setattr(owner, norm, nn.Identity())
