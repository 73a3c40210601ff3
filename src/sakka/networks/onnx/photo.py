"""`onnx:FILE`: a photo's vector from a network that the user brings.

A photo passes the network alone, so its vector does not depend on the photos beside it; more at a time were not faster
on one core. A colour c becomes (c r / 255 - mean) / scale with r the description's `pixel_range`, looked up in a table.
"""

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np

from sakka.arrays import Features, FloatArray, Pixels
from sakka.networks.encoders import PhotoEncoder
from sakka.networks.onnx.checked_file import MOST_BYTES
from sakka.networks.onnx.description import Description
from sakka.networks.onnx.network import OnnxNetwork


class OnnxEncoder(PhotoEncoder):
    """Turns photos into vectors with an ONNX file and the description beside it.

    Attributes:
        name: `onnx:` and the file.
        network: The network.
        mirrored: Whether it looks at the photos' mirror images.
    """

    def __init__(self, file: Path | str, most_bytes: int = MOST_BYTES, description: Description | None = None) -> None:
        """Read the description of a network; the network itself is loaded when it is first used.

        Args:
            file: The ONNX file; its description stands beside it (`description.py`).
            most_bytes: How large the file may be; all its other files together may be as large.
            description: Used in the place of the one beside it.

        Raises:
            ModelError: The description is not there or can't be used.
            MissingPartError: onnxruntime is not installed.
        """
        self.name = f"onnx:{file}"
        self.network = OnnxNetwork(Path(file), "photo", most_bytes, description)
        self.mirrored = False

    @cached_property
    def key(self) -> str:
        """What the vectors depend on besides the photo: the files and how they are read."""
        described = hashlib.sha256(self.network.description.reading().encode()).hexdigest()
        view = f"squash{self.input_px}{'-mirrored' if self.mirrored else ''}"
        return f"onnx-{self.sha256[:16]}-{view}-{described[:12]}"

    @property
    def input_px(self) -> int:
        """The side of the squares that it reads."""
        return self.network.description.input_px

    @property
    def size(self) -> int:
        """How many values a vector has; the first time the network is tried for it."""
        return self.network.size

    @property
    def widths(self) -> tuple[int, ...]:
        """How many values each block of a vector has."""
        return self.network.description.widths or (self.size,)

    @property
    def number(self) -> type[np.float16] | type[np.float32]:
        """The number format of the vectors."""
        return self.network.number

    @property
    def sha256(self) -> str:
        """Of the network's files."""
        return self.network.sha256

    @property
    def licence(self) -> str:
        """Of its weights."""
        return self.network.description.licence

    def load(self) -> None:
        """Check and load the network; does nothing where it is loaded.

        Raises:
            ModelError: It is not the file that was described, or can't be run.
        """
        _ = self.network.loaded

    def vectors(self, pixels: Pixels) -> Features:
        """The photos' vectors, shape (n, size).

        Args:
            pixels: RGB, shape (n, input_px, input_px, 3).

        Raises:
            ModelError: The network can't be run, or gives what is no number.
        """
        loaded = self.network.loaded
        (name,) = loaded.inputs
        given = np.empty((1, 3, self.input_px, self.input_px), dtype=loaded.number)
        table = np.empty((len(pixels), self.size), dtype=self.number)
        for row, photo in enumerate(pixels[:, :, ::-1] if self.mirrored else pixels):
            for colour, values in enumerate(self._colours.astype(loaded.number)):
                given[0, colour] = values[photo[:, :, colour]]
            table[row] = self.network.vector({name: given})
        return table

    def of_mirror_images(self) -> "OnnxEncoder":
        """The same encoder for photos' mirror images; the two share one network."""
        other = object.__new__(OnnxEncoder)
        other.name, other.network, other.mirrored = self.name, self.network, True
        return other

    @cached_property
    def _colours(self) -> FloatArray:
        """What the network reads for each value of red, green and blue, shape (3, 256)."""
        described = self.network.description
        colours = np.arange(256) * (described.pixel_range / 255)
        mean, scale = np.array(described.mean)[:, None], np.array(described.scale)[:, None]
        table: FloatArray = ((colours - mean) / scale).astype(np.float32)
        return table
