"""A photo encoder from a hub: `hf:REPOSITORY@COMMIT`.

Photos pass the network one by one, each on one core: a photo's bytes don't depend on which photos come with it.
"""

import inspect
import json
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn

from sakka.arrays import Features, Pixels
from sakka.errors import ModelError
from sakka.files import write_json
from sakka.networks.encoders import PhotoEncoder
from sakka.networks.hub.architecture import network, one_line
from sakka.networks.hub.files import HubFiles, hub_files
from sakka.networks.hub.layers import VERSION, layer_blocks
from sakka.networks.hub.preparation import Preparation, preparation
from sakka.networks.hub.revision import named_revision


class HubPhotoEncoder(PhotoEncoder):
    """A network of a hub that reads photos; its files are fetched when something of it is wanted first.

    Attributes:
        revision: The repository and its commit.
        mirrored: Whether it looks at the photos' mirror images.
    """

    def __init__(self, what: str, *, mirrored: bool = False) -> None:
        """Name a network.

        Args:
            what: `REPOSITORY@COMMIT`.
            mirrored: Whether it looks at the photos' mirror images.

        Raises:
            ModelError: It names no repository, or no commit.
        """
        self.revision = named_revision(what)
        self.name = str(self.revision)
        self.mirrored = mirrored

    @property
    def key(self) -> str:
        """Repository, weights, preprocessing and the layers that are read."""
        view = f"squash{self.input_px}{'-mirrored' if self.mirrored else ''}"
        return f"hf-{self.revision.file_name}-{self.sha256[:16]}-{view}-{VERSION}-float32"

    @property
    def input_px(self) -> int:
        """The side of the squares that it reads, as its repository says."""
        return self._preparation.input_px

    @property
    def sha256(self) -> str:
        """Of the list of its files, settings and weights."""
        return self._files.sha256

    @property
    def licence(self) -> str:
        """As its repository says."""
        return self._files.licence

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return sum(self.widths)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """How many values each layer gives; found out once by a black photo, and kept beside the files."""
        kept = self._files.folder / f"{VERSION}.json"
        try:
            return tuple(int(width) for width in json.loads(kept.read_text(encoding="utf-8"))["widths"])
        except (OSError, ValueError, LookupError, TypeError):
            pass  # not found out yet, or not readable
        found = [len(block) for block in self._blocks(np.zeros((self.input_px, self.input_px, 3), dtype=np.uint8))]
        write_json(kept, {"widths": found})
        return tuple(found)

    def load(self) -> None:
        """Load the weights.

        Raises:
            WeightsError: They can't be fetched, or their bytes were changed.
            ModelError: The network can't be made of them, or reads no photos.
            MissingPartError: huggingface_hub or transformers is not installed.
        """
        self._network  # noqa: B018

    def vectors(self, pixels: Pixels) -> Features:
        """The photos' vectors, float32, shape (n, size).

        Args:
            pixels: RGB, shape (n, input_px, input_px, 3).

        Raises:
            ModelError: The network fails.
        """
        vectors: Features = np.empty((len(pixels), self.size), dtype=np.float32)
        for vector, photo in zip(vectors, pixels, strict=True):
            torch.cat(self._blocks(photo[:, ::-1] if self.mirrored else photo), out=torch.from_numpy(vector))
        return vectors

    def of_mirror_images(self) -> "HubPhotoEncoder":
        """The same encoder for photos' mirror images."""
        return HubPhotoEncoder(f"{self.revision.repository}@{self.revision.commit}", mirrored=True)

    @cached_property
    def _files(self) -> HubFiles:
        return hub_files(self.revision, "photo")

    @cached_property
    def _preparation(self) -> Preparation:
        return preparation(self._files)

    @cached_property
    def _network(self) -> nn.Module:
        return network(self._files, "photo")

    def _blocks(self, photo: Pixels) -> list[torch.Tensor]:
        reading, given = self._network, self._preparation.prepared(photo)
        try:
            with torch.inference_mode():
                return layer_blocks(reading(pixel_values=given, **self._options), self._n_patches)
        except Exception as error:
            raise ModelError(
                f"{self.name} can't read photos of {self.input_px} x {self.input_px} pixels ({one_line(error)}); "
                "choose another network"
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
