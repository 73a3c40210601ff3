"""EfficientNet-Lite0: a small network whose maps after several stages describe a photo's style.

Lite variants drop the squeeze-and-excite parts and use ReLU6. Parameter names and the padding (TensorFlow's "same",
which adds more on the right and below where it is uneven) are those of the published weights.

Sources: M. Tan, Q. V. Le, EfficientNet, ICML 2019, https://arxiv.org/abs/1905.11946;
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

NORM_EPSILON = 1e-3
NORM_MOMENTUM = 0.01  # PyTorch's momentum is one minus TensorFlow's 0.99
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
# The stages whose maps are given: the number of the block that ends each, and its channels.
STAGE_BLOCKS = {2: 24, 4: 40, 7: 80, 10: 112, 13: 192, 15: 320}


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


def block_plans() -> list[BlockPlan]:
    """The 16 blocks of EfficientNet-Lite0."""
    groups = (  # blocks, kernel, stride of the first, expansion, channels out
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    )
    plans: list[BlockPlan] = []
    inputs = STEM_CHANNELS
    for blocks, kernel, stride, expansion, outputs in groups:
        for number in range(blocks):
            plans.append(BlockPlan(inputs, outputs, expansion, kernel, stride if number == 0 else 1))
            inputs = outputs
    return plans


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


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, STEM_CHANNELS, 3, stride=2)
        self._bn0: nn.Module = _norm(STEM_CHANNELS)
        plans = block_plans()
        self._blocks = nn.ModuleList(InvertedResidual(plan) for plan in plans)
        self._conv_head = SameConv2d(plans[-1].outputs, HEAD_CHANNELS, 1)
        self._bn1: nn.Module = _norm(HEAD_CHANNELS)

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        """The maps after each stage.

        Args:
            photos: RGB, (x - 127) / 128, shape (n, 3, height, width).

        Returns:
            Maps by stage, `block2` ... `block15` and `last`, each of shape (n, channels, h, w).
        """
        stages = {}
        maps = F.relu6(self._bn0(self._conv_stem(photos)), inplace=True)
        for number, block in enumerate(self._blocks):
            maps = block(maps)
            if number in STAGE_BLOCKS:
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
