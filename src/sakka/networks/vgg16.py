"""VGG16, the paper's network: 13 convolutions in five blocks, with torchvision's parameter names.

Source: K. Simonyan, A. Zisserman, Very deep convolutional networks, ICLR 2015, https://arxiv.org/abs/1409.1556
"""

import torch
from torch import nn

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VGG16(nn.Module):
    """VGG16 without its fully connected layers."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for block in BLOCKS:
            for outputs in block:
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        """The maps after each block (after its pooling).

        Args:
            photos: RGB / 255 with ImageNet's mean and standard deviation, shape (n, 3, height, width).

        Returns:
            Maps `block1` ... `block5`, and `last`, which is `block5` again; each of shape (n, channels, h, w).
        """
        stages: dict[str, torch.Tensor] = {}
        maps = photos
        for layer in self.features:
            maps = layer(maps)
            if isinstance(layer, nn.MaxPool2d):
                stages[f"block{len(stages) + 1}"] = maps
        stages["last"] = maps
        return stages
