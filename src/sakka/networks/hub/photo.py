"""A photo encoder from a hub: `hf:REPOSITORY@COMMIT`, run by transformers, or by onnxruntime where it is ONNX alone."""

from functools import cached_property

import numpy as np

from sakka.arrays import Features, Pixels
from sakka.networks.encoders import PhotoEncoder
from sakka.networks.hub.files import HubFiles, hub_files
from sakka.networks.hub.onnx_file import onnx_encoder
from sakka.networks.hub.photo_network import PhotoNetwork
from sakka.networks.hub.revision import named_revision
from sakka.networks.onnx.photo import OnnxEncoder


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
        """Repository, weights, preprocessing and what is read of the network."""
        return f"hf-{self.revision.file_name}{'-mirrored' if self.mirrored else ''}-{self._reader.key}"

    @property
    def input_px(self) -> int:
        """The side of the squares that it reads, as its repository says."""
        return self._reader.input_px

    @property
    def sha256(self) -> str:
        """Of the list of its files, settings and weights."""
        return self._files.sha256

    @property
    def licence(self) -> str:
        """As its repository says."""
        return self._files.licence

    @property
    def number(self) -> type[np.float16] | type[np.float32]:
        """The number format of the vectors."""
        return self._reader.number

    @property
    def widths(self) -> tuple[int, ...]:
        """How many values each block of a vector has."""
        return self._reader.widths

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return sum(self.widths)

    def load(self) -> None:
        """Load the weights.

        Raises:
            WeightsError: They can't be fetched, or their bytes were changed.
            ModelError: The network can't be made of them, or reads no photos.
            MissingPartError: A package that it needs is not installed.
        """
        self._reader.load()

    def vectors(self, pixels: Pixels) -> Features:
        """The photos' vectors, shape (n, size), in the format `number`.

        Args:
            pixels: RGB, shape (n, input_px, input_px, 3).

        Raises:
            ModelError: The network fails.
        """
        return self._reader.vectors(pixels[:, :, ::-1] if self.mirrored else pixels)

    def of_mirror_images(self) -> "HubPhotoEncoder":
        """The same encoder for photos' mirror images; the two share one network."""
        other = HubPhotoEncoder(f"{self.revision.repository}@{self.revision.commit}", mirrored=True)
        other._reader = self._reader
        return other

    @cached_property
    def _files(self) -> HubFiles:
        return hub_files(self.revision, "photo")

    @cached_property
    def _reader(self) -> PhotoNetwork | OnnxEncoder:
        return PhotoNetwork(self._files) if self._files.onnx is None else onnx_encoder(self._files, self._files.onnx)
