"""Encoders: what turns a photo or a text into a vector, chosen by name.

    lite0, lite2, vgg16      built in, of photos (`backbones.py`)
    e5                       built in, of texts (`e5.py`)
    KIND:WHAT                a kind of encoder and what it reads: a file, a repository
    NAME                     what an installed package offers as an entry point
    lite0+lite2              a sum: the vectors side by side

An encoder is frozen: what it gives for a photo is kept in the feature cache (`features.py`), and a model that is fitted
on it remembers its SHA-256. Cutting photos to size, and the cache, stand outside of it.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

import numpy as np

from sakka.arrays import Features, IntArray, Pixels
from sakka.errors import ModelError

BATCH_PHOTOS = 8  # that an encoder is given at a time; more, of 224 pixels, fall out of the processor's caches
PHOTO_GROUP, TEXT_GROUP = "sakka.photo_encoders", "sakka.text_encoders"
"""The groups of entry points; each names a function without arguments that gives a `PhotoEncoder` or `TextEncoder`."""

BUILT_IN: Mapping[str, str] = MappingProxyType(
    {"lite0": "efficientnet_lite0", "lite2": "efficientnet_lite2", "vgg16": "vgg16"}
)
"""The networks in the box: the encoder's name -> its backbone's."""

KINDS: Mapping[str, str] = MappingProxyType(
    {"onnx": "sakka.networks.onnx.photo:OnnxEncoder", "hf": "sakka.networks.hub.photo:HubPhotoEncoder"}
)
"""The kinds of photo encoders that read something: the kind -> `module:function`, which takes what is read."""

BUILT_IN_TEXT: Mapping[str, str] = MappingProxyType({"e5": "sakka.networks.e5:E5Encoder"})
"""The text encoders in the box: the name -> `module:function`, which takes nothing."""

TEXT_KINDS: Mapping[str, str] = MappingProxyType(
    {"onnx": "sakka.networks.onnx.text:OnnxTextEncoder", "hf": "sakka.networks.hub.text:HubTextEncoder"}
)
"""The kinds of text encoders that read something: the kind -> `module:function`, which takes what is read."""

NEXT = re.compile(r"\+(?=[a-z0-9_-]+(?:[:+]|$))")


class PhotoEncoder(ABC):
    """Turns pixels into vectors.

    Attributes:
        name: As it is chosen.
    """

    name: str

    @property
    @abstractmethod
    def key(self) -> str:
        """What its vectors depend on besides the photo, as a file name: weights, preprocessing and number format."""

    @property
    @abstractmethod
    def input_px(self) -> int:
        """The side of the squares that it reads."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many values a vector has."""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Of its weights; a saved model has it."""

    @property
    def number(self) -> type[np.float16] | type[np.float32]:
        """The number format of the vectors."""
        return np.float32

    @property
    def widths(self) -> tuple[int, ...]:
        """How many values each block of a vector has; the blocks count alike in a linear head."""
        return (self.size,)

    @property
    def dtype(self) -> str | None:
        """The number format of its network; None where none can be chosen."""
        return None

    @property
    def licence(self) -> str:
        """Of its weights; empty where it is not known."""
        return ""

    @abstractmethod
    def load(self) -> None:
        """Load the weights, before threads share them; does nothing where they are loaded."""

    @abstractmethod
    def vectors(self, pixels: Pixels) -> Features:
        """The photos' vectors, shape (n, size), in the format `number`; called by several threads.

        Args:
            pixels: RGB, shape (n, input_px, input_px, 3).
        """

    @abstractmethod
    def of_mirror_images(self) -> "PhotoEncoder":
        """The same encoder for photos' mirror images."""

    def blocks(self, stages: Sequence[str] | None, covariances: Sequence[str] | None) -> list[IntArray]:
        """The columns of each block of a vector that is wanted.

        Args:
            stages: The stages of the network that are wanted; None: all that are read by default.
            covariances: The stages whose covariances are wanted; None: those that belong to `stages`.

        Raises:
            ModelError: Stages are named, and the encoder has none.
        """
        if stages is not None or covariances is not None:
            raise ModelError(
                f"the encoder {self.name} has no stages to choose; leave the settings stages and covariances out"
            )
        stops = np.cumsum(self.widths)
        return [np.arange(stop - width, stop) for stop, width in zip(stops, self.widths, strict=True)]


class TextEncoder(ABC):
    """Turns texts into vectors.

    Attributes:
        name: As it is chosen.
    """

    name: str

    @property
    @abstractmethod
    def key(self) -> str:
        """What its vectors depend on besides the text, as a file name."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many values a vector has."""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Of its weights; a saved model has it."""

    @property
    def licence(self) -> str:
        """Of its weights; empty where it is not known."""
        return ""

    @abstractmethod
    def load(self) -> None:
        """Load the weights, before threads share them; does nothing where they are loaded."""

    @abstractmethod
    def vectors(self, texts: Sequence[str]) -> Features:
        """The texts' vectors, float32, shape (n, size); called by several threads."""

    def of_queries(self) -> "TextEncoder":
        """The encoder for queries, whose vectors are near those of the texts that are looked for; this one for both."""
        return self


def parts_of_sum(name: str) -> list[str]:
    """The names that a sum of encoders consists of.

    >>> parts_of_sum("lite0+lite2"), parts_of_sum("lite0+onnx:a+b.onnx")
    (['lite0', 'lite2'], ['lite0', 'onnx:a+b.onnx'])
    """
    return NEXT.split(name)


def photo_encoders(name: str, dtype: str | None = None) -> tuple[PhotoEncoder, ...]:
    """The encoders that a name stands for: several for a sum, in its order.

    Args:
        name: An encoder's name, or a sum of names.
        dtype: The number format of built-in networks; None: the faster one on this machine.

    Raises:
        ModelError: No encoder has such a name, or one is named twice.
        MissingPartError: One needs a package that is not installed.
    """
    names = parts_of_sum(name)
    if any(each.startswith("column:") for each in names):
        raise ModelError(f"got {name}, and the vectors of a column can't be summed with others; name the column alone")
    if len(set(names)) < len(names):
        raise ModelError(f"got the encoders {name}, where one is named twice; name each once")
    return tuple(_photo_encoder(each, dtype) for each in names)


def text_encoder(name: str) -> TextEncoder:
    """The text encoder of a name.

    Raises:
        ModelError: No text encoder has that name.
        MissingPartError: It needs a package that is not installed.
    """
    kind, colon, what = name.partition(":")
    if name in BUILT_IN_TEXT:
        built_in: TextEncoder = _imported(BUILT_IN_TEXT[name])()
        return built_in
    if colon and kind in TEXT_KINDS:
        of_kind: TextEncoder = _imported(TEXT_KINDS[kind])(what)
        return of_kind
    for offered in _offered(TEXT_GROUP):
        if offered.name == name:
            theirs: TextEncoder = _made(offered, TextEncoder)
            return theirs
    known = [*BUILT_IN_TEXT, *(f"{each}:..." for each in TEXT_KINDS), *(each.name for each in _offered(TEXT_GROUP))]
    raise ModelError(f"no text encoder is called {name!r}; known are {', '.join(known)}")


def known_photo_encoders() -> list[str]:
    """What can be named: built-in encoders, kinds and entry points."""
    return [*BUILT_IN, *(f"{kind}:..." for kind in KINDS), *(each.name for each in _offered(PHOTO_GROUP))]


def _photo_encoder(name: str, dtype: str | None) -> PhotoEncoder:
    kind, colon, what = name.partition(":")
    if name in BUILT_IN:
        built_in: PhotoEncoder = _imported("sakka.networks.extractor:PhotoExtractor")(BUILT_IN[name], dtype)
        return built_in
    if colon and kind in KINDS:
        of_kind: PhotoEncoder = _imported(KINDS[kind])(what)
        return of_kind
    for offered in _offered(PHOTO_GROUP):
        if offered.name == name:
            theirs: PhotoEncoder = _made(offered, PhotoEncoder)
            return theirs
    raise ModelError(f"no photo encoder is called {name!r}; known are {', '.join(known_photo_encoders())}")


def _offered(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda offered: offered.name)


def _made(offered: EntryPoint, kind: type) -> Any:
    try:
        made = offered.load()()
    except Exception as error:
        raise ModelError(
            f"the encoder {offered.name} ({offered.value}) can't be made ({error!r}); ask its makers, or choose another"
        ) from error
    if not isinstance(made, kind):
        raise ModelError(f"the entry point {offered.name} gave {type(made).__name__}, expected a {kind.__name__}")
    return made


def _imported(where: str) -> Callable[..., Any]:
    module, _, attribute = where.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), attribute)
    return found
