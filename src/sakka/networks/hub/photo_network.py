"""A network of a hub for photos, run by transformers: from pixels to the blocks of a vector.

Photos pass the network one by one, each on one core: a photo's bytes don't depend on which photos come with it.
"""

import inspect
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sakka.arrays import Features, Pixels
from sakka.errors import ModelError
from sakka.files import write_json
from sakka.networks.hub.architecture import network, one_line
from sakka.networks.hub.files import HubFiles
from sakka.networks.hub.layers import VERSION, layer_blocks
from sakka.networks.hub.preparation import Preparation, preparation


class PhotoNetwork:
    """A network with the preparation of its photos.

    Attributes:
        files: Its files.
        number: The number format of its vectors.
    """

    number = np.float32

    def __init__(self, files: HubFiles) -> None:
        """Name the files; they are read when something is wanted of them."""
        self.files = files

    @property
    def key(self) -> str:
        """Weights, preprocessing and the layers that are read."""
        return f"{self.files.sha256[:16]}-squash{self.input_px}-{VERSION}-float32"

    @property
    def input_px(self) -> int:
        """The side of the squares that it reads."""
        return self._preparation.input_px

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """How many values each layer gives; found out once by a black photo, and kept beside the files."""
        try:
            return tuple(int(width) for width in json.loads(self._kept.read_text(encoding="utf-8"))["widths"])
        except (OSError, ValueError, LookupError, TypeError):
            pass  # not found out yet, or not readable
        found = [len(block) for block in self._blocks(np.zeros((self.input_px, self.input_px, 3), dtype=np.uint8))]
        write_json(self._kept, {"widths": found})
        return tuple(found)

    def load(self) -> None:
        """Load the weights."""
        self._network  # noqa: B018

    def vectors(self, pixels: Pixels) -> Features:
        """The photos' vectors, float32, shape (n, sum of `widths`).

        Args:
            pixels: RGB, shape (n, input_px, input_px, 3).

        Raises:
            ModelError: The network fails.
        """
        vectors: Features = np.empty((len(pixels), sum(self.widths)), dtype=np.float32)
        for vector, photo in zip(vectors, pixels, strict=True):
            found = torch.cat(self._blocks(photo)).numpy()
            if len(found) != len(vector):
                raise ModelError(
                    f"{self.files.revision} gave {len(found):,} values, expected {len(vector):,} as {self._kept} says; "
                    "remove that file"
                )
            vector[:] = found
        return vectors

    @property
    def _kept(self) -> Path:
        return self.files.folder / f"{VERSION}.json"

    @cached_property
    def _preparation(self) -> Preparation:
        return preparation(self.files)

    @cached_property
    def _network(self) -> nn.Module:
        return network(self.files, "photo")

    def _blocks(self, photo: Pixels) -> list[torch.Tensor]:
        reading, given = self._network, self._preparation.prepared(photo)
        try:
            with torch.inference_mode():
                return layer_blocks(reading(pixel_values=given, **self._options), self._n_patches)
        except Exception as error:
            raise ModelError(
                f"{self.files.revision} can't read photos of {self.input_px} x {self.input_px} pixels "
                f"({one_line(error)}); choose another network"
            ) from error

    @cached_property
    def _options(self) -> dict[str, Any]:
        """What is asked of the network beside its layers: positions for another size than it was trained on."""
        options = {"output_hidden_states": True, "return_dict": True}
        trained_on = getattr(self._network.config, "image_size", None)
        if (
            trained_on != self.input_px
            and "interpolate_pos_encoding" in inspect.signature(self._network.forward).parameters
        ):
            options["interpolate_pos_encoding"] = True
        return options

    @cached_property
    def _n_patches(self) -> int | None:
        side = getattr(self._network.config, "patch_size", None)
        return (self.input_px // side) ** 2 if isinstance(side, int) and side > 0 else None
