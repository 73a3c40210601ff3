"""EfficientNet-Lite: small networks whose maps after several stages describe a photo's style.

Lite variants drop the squeeze-and-excite parts and use ReLU6. A larger one is Lite0 with wider and more blocks: of a
group of n blocks with c channels it has

    ceil(depth n) blocks of round8(width c) channels

where round8 gives the nearest multiple of 8 (the one above where that loses more than a tenth). The first and the last
group keep their numbers of blocks; the stem and the head keep their channels. Parameter names and the padding
(TensorFlow's "same", which adds more on the right and below where it is uneven) are those of the published weights.

Sources: M. Tan, Q. V. Le, EfficientNet, ICML 2019, https://arxiv.org/abs/1905.11946;
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

NORM_EPSILON = 1e-3
NORM_MOMENTUM = 0.01  # PyTorch's momentum is one minus TensorFlow's 0.99
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
CHANNELS_STEP = 8
GROUPS = (  # of Lite0: blocks, kernel, stride of the first, expansion, channels out
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
UNSCALED_BLOCKS = (16, 320)  # channels of the groups that have one block, whatever the depth


@dataclass(frozen=True)
class BlockPlan:
    """One inverted residual block.

    Attributes:
        inputs: Channels that come in.
        outputs: Channels that go out.
        expansion: How many times wider it is inside.
        kernel: Side of the depthwise kernel.
        stride: Step of the depthwise convolution.
    """

    inputs: int
    outputs: int
    expansion: int
    kernel: int
    stride: int


@dataclass(frozen=True)
class LiteVariant:
    """One of the EfficientNet-Lite networks.

    Attributes:
        width: How many times as many channels as Lite0 its blocks have.
        depth: How many times as many blocks as Lite0 it has.
        stage_blocks: The numbers of the blocks that end the stages whose maps are given.
    """

    width: float
    depth: float
    stage_blocks: tuple[int, ...]

    def block_plans(self) -> list[BlockPlan]:
        """Its blocks in order."""
        plans: list[BlockPlan] = []
        inputs = STEM_CHANNELS
        for blocks, kernel, stride, expansion, channels in GROUPS:
            outputs = _round_channels(channels * self.width)
            repeats = blocks if channels in UNSCALED_BLOCKS else math.ceil(self.depth * blocks)
            for number in range(repeats):
                plans.append(BlockPlan(inputs, outputs, expansion, kernel, stride if number == 0 else 1))
                inputs = outputs
        return plans

    def stage_channels(self) -> dict[str, int]:
        """The channels after each stage, by the stage's name; `last`, the head, stands at the end."""
        plans = self.block_plans()
        return {**{f"block{number}": plans[number].outputs for number in self.stage_blocks}, "last": HEAD_CHANNELS}


LITE0 = LiteVariant(width=1.0, depth=1.0, stage_blocks=(2, 4, 7, 10, 13, 15))
LITE2 = LiteVariant(width=1.1, depth=1.2, stage_blocks=(3, 6, 10, 14, 19, 20))


def _round_channels(channels: float) -> int:
    """The multiple of 8 that is nearest, or the one above it where it is less than nine tenths."""
    nearest = max(CHANNELS_STEP, int(channels + CHANNELS_STEP / 2) // CHANNELS_STEP * CHANNELS_STEP)
    return nearest if nearest >= 0.9 * channels else nearest + CHANNELS_STEP


class SameConv2d(nn.Conv2d):
    """A convolution without bias and with TensorFlow's "same" padding: output side = ceil(input side / stride)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Convolve maps of shape (n, inputs, height, width)."""
        if self.stride[0] == 1:
            return super().forward(maps)
        low_y, high_y = self._padding(maps.shape[2])
        low_x, high_x = self._padding(maps.shape[3])
        padded = F.pad(maps, (low_x, high_x, low_y, high_y))
        return F.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)

    def _padding(self, side: int) -> tuple[int, int]:
        step, kernel = self.stride[0], self.kernel_size[0]
        total = max(0, (-(-side // step) - 1) * step + kernel - side)
        return total // 2, total - total // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON, momentum=NORM_MOMENTUM)


class InvertedResidual(nn.Module):
    """Widen by a 1 x 1 convolution, convolve each channel by itself, narrow again; add the input where shapes agree."""

    def __init__(self, plan: BlockPlan) -> None:
        super().__init__()
        inside = plan.inputs * plan.expansion
        self.widens = plan.expansion != 1
        self.adds = plan.stride == 1 and plan.inputs == plan.outputs
        if self.widens:
            self._expand_conv = SameConv2d(plan.inputs, inside, 1)
            self._bn0: nn.Module = _norm(inside)
        self._depthwise_conv = SameConv2d(inside, inside, plan.kernel, plan.stride, groups=inside)
        self._bn1: nn.Module = _norm(inside)
        self._project_conv = SameConv2d(inside, plan.outputs, 1)
        self._bn2: nn.Module = _norm(plan.outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps of shape (n, inputs, h, w) to (n, outputs, ceil(h / stride), ceil(w / stride))."""
        inside = maps
        if self.widens:
            inside = F.relu6(self._bn0(self._expand_conv(inside)), inplace=True)
        inside = F.relu6(self._bn1(self._depthwise_conv(inside)), inplace=True)
        inside = self._bn2(self._project_conv(inside))
        return torch.add(inside, maps) if self.adds else inside


class EfficientNetLite(nn.Module):
    """An EfficientNet-Lite without its classifier."""

    def __init__(self, variant: LiteVariant = LITE0) -> None:
        super().__init__()
        self.stage_blocks = variant.stage_blocks
        self._conv_stem = SameConv2d(3, STEM_CHANNELS, 3, stride=2)
        self._bn0: nn.Module = _norm(STEM_CHANNELS)
        plans = variant.block_plans()
        self._blocks = nn.ModuleList(InvertedResidual(plan) for plan in plans)
        self._conv_head = SameConv2d(plans[-1].outputs, HEAD_CHANNELS, 1)
        self._bn1: nn.Module = _norm(HEAD_CHANNELS)

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        """The maps after each stage.

        Args:
            photos: RGB, (x - 127) / 128, shape (n, 3, height, width).

        Returns:
            Maps by stage, `block2` ... `block15` and `last` for Lite0, each of shape (n, channels, h, w).
        """
        stages = {}
        maps = F.relu6(self._bn0(self._conv_stem(photos)), inplace=True)
        for number, block in enumerate(self._blocks):
            maps = block(maps)
            if number in self.stage_blocks:
                stages[f"block{number}"] = maps
        stages["last"] = F.relu6(self._bn1(self._conv_head(maps)), inplace=True)
        return stages

    def norm_pairs(self) -> list[tuple[nn.Module, str, str]]:
        """Each convolution with the norm that follows it, as (owner, convolution's name, norm's name)."""
        pairs: list[tuple[nn.Module, str, str]] = [(self, "_conv_stem", "_bn0"), (self, "_conv_head", "_bn1")]
        for block in self._blocks:
            if block.widens:
                pairs.append((block, "_expand_conv", "_bn0"))
            pairs += [(block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
        return pairs
