"""How a hub's network wants its photos: their size, and by what each colour is shifted and divided.

    x = (p factor - mean) / std        p: a colour, 0 to 255

from `preprocessor_config.json`, or from the `image_processor` in `processor_config.json`. A photo is squashed to the
square outside of here, like for every encoder: nothing is cut off, and the filter is sakka's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from sakka.arrays import Pixels
from sakka.errors import ModelError
from sakka.networks.hub.files import HubFiles

LEAST_PX, MOST_PX = 8, 2048


@dataclass(frozen=True)
class Preparation:
    """What is done to the pixels of a photo.

    Attributes:
        input_px: The side of the square.
        factor: What a colour is multiplied by.
        mean: What is subtracted then from each colour.
        std: What each is divided by then.
        blue_first: Whether the colours are blue, green, red.
    """

    input_px: int
    factor: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    blue_first: bool = False

    def prepared(self, photo: Pixels) -> torch.Tensor:
        """The network's input, float32, shape (1, 3, side, side).

        Args:
            photo: RGB, shape (side, side, 3).
        """
        turned = photo[:, :, ::-1] if self.blue_first else photo
        values = np.ascontiguousarray(turned.transpose(2, 0, 1), dtype=np.float32)
        mean, std = (torch.tensor(each).view(3, 1, 1) for each in (self.mean, self.std))
        return torch.from_numpy(values).mul_(self.factor).sub_(mean).div_(std)[None]


def preparation(files: HubFiles) -> Preparation:
    """The preparation that belongs to a network.

    Raises:
        ModelError: The repository doesn't say it, or says what can't be.
    """
    said = files.settings("preprocessor_config.json") or files.settings("processor_config.json").get("image_processor")
    if not isinstance(said, dict) or not said:
        raise ModelError(
            f"{files.revision} has no preprocessor_config.json, which says size and colours of its photos; choose "
            "another repository, or export the network and use `onnx:`"
        )
    try:
        return _read(said)
    except (TypeError, ValueError, LookupError) as error:
        raise ModelError(
            f"{files.revision}: preprocessor_config.json can't be used ({error}); choose another repository"
        ) from error


def _read(said: Mapping[str, Any]) -> Preparation:
    scaled, normalised = said.get("do_rescale", True), said.get("do_normalize", True)
    std = _colours(said["image_std"]) if normalised else (1.0, 1.0, 1.0)
    if min(std) <= 0:
        raise ValueError(f"image_std is {list(std)}, expected numbers above 0")
    return Preparation(
        input_px=_side(said),
        factor=_number(said.get("rescale_factor", 1 / 255)) if scaled else 1.0,
        mean=_colours(said["image_mean"]) if normalised else (0.0, 0.0, 0.0),
        std=std,
        blue_first=bool(said.get("do_flip_channel_order", False)),
    )


def _side(said: Mapping[str, Any]) -> int:
    size = (said.get("crop_size") if said.get("do_center_crop") else None) or said.get("size")
    sides = set(size.values()) if isinstance(size, Mapping) else {size}
    side = sides.pop() if len(sides) == 1 else None
    if type(side) is not int or not LEAST_PX <= side <= MOST_PX:
        raise ValueError(f"its size is {size}, expected a square of {LEAST_PX} to {MOST_PX} pixels")
    return side


def _colours(said: Any) -> tuple[float, float, float]:
    red, green, blue = (_number(each) for each in said)
    return red, green, blue


def _number(said: Any) -> float:
    value = float(said)
    if not math.isfinite(value):
        raise ValueError(f"got {said}, expected a finite number")
    return value
