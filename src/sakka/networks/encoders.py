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
from dataclasses import dataclass
from functools import cached_property
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

BACKBONE_OF: Mapping[str, str] = MappingProxyType(
    {"lite0": "efficientnet_lite0", "lite2": "efficientnet_lite2", "vgg16": "vgg16"}
)
"""The networks in the box: the photo encoder's name -> its backbone's."""

NEXT = re.compile(r"\+(?=[a-z0-9_-]+(?:[:+]|$))")


class Encoder(ABC):
    """What all encoders have in common.

    Attributes:
        name: As it is chosen.
    """

    name: str

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to make it again: not what it has loaded."""
        return without_cached(self)

    @property
    @abstractmethod
    def key(self) -> str:
        """What its vectors depend on besides what is encoded, as a file name: weights, preprocessing, number format."""

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


class PhotoEncoder(Encoder):
    """Turns pixels into vectors."""

    @property
    @abstractmethod
    def input_px(self) -> int:
        """The side of the squares that it reads."""

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


class TextEncoder(Encoder):
    """Turns texts into vectors."""

    @abstractmethod
    def vectors(self, texts: Sequence[str]) -> Features:
        """The texts' vectors, float32, shape (n, size); called by several threads."""

    def of_queries(self) -> "TextEncoder":
        """The encoder for queries, whose vectors are near those of the texts that are looked for; this one for both."""
        return self


@dataclass(frozen=True)
class Names:
    """What can be named as an encoder of photos, or of texts.

    Attributes:
        what: What it is called in messages.
        base: The class that an encoder derives from.
        built_in: Those in the box: the name -> `module:class`, and what the class is given.
        kinds: What reads something: the kind -> `module:class`, which takes what stands behind the colon.
        group: The entry points of other packages.
    """

    what: str
    base: type
    built_in: Mapping[str, tuple[str, tuple[str, ...]]]
    kinds: Mapping[str, str]
    group: str

    def known(self) -> list[str]:
        """What can be named, in words."""
        return [*self.built_in, *(f"{kind}:..." for kind in self.kinds), *(each.name for each in _offered(self.group))]

    def make(self, name: str, **settings: Any) -> Any:
        """The encoder of a name.

        Args:
            name: The name.
            settings: Further arguments of one in the box.

        Raises:
            ModelError: There is none of that name, or it can't be made.
            MissingPartError: It needs a package that is not installed.
        """
        kind, colon, what = name.partition(":")
        if name in self.built_in:
            where, given = self.built_in[name]
            return _imported(where)(*given, **settings)
        if colon and kind in self.kinds:
            return _imported(self.kinds[kind])(what)
        for offered in _offered(self.group):
            if offered.name == name:
                return _made(offered, self.base)
        raise ModelError(f"no {self.what} is called {name!r}; known are {', '.join(self.known())}")


PHOTO_NAMES = Names(
    "photo encoder",
    PhotoEncoder,
    {name: ("sakka.networks.extractor:PhotoExtractor", (backbone,)) for name, backbone in BACKBONE_OF.items()},
    {"onnx": "sakka.networks.onnx.photo:OnnxEncoder", "hf": "sakka.networks.hub.photo:HubPhotoEncoder"},
    PHOTO_GROUP,
)
TEXT_NAMES = Names(
    "text encoder",
    TextEncoder,
    {"e5": ("sakka.networks.e5:E5Encoder", ())},
    {"onnx": "sakka.networks.onnx.text:OnnxTextEncoder", "hf": "sakka.networks.hub.text:HubTextEncoder"},
    TEXT_GROUP,
)


def without_cached(of: object) -> dict[str, Any]:
    """The attributes of something but for its cached properties."""
    return {
        name: value
        for name, value in vars(of).items()
        if not isinstance(getattr(type(of), name, None), cached_property)
    }


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
    return tuple(PHOTO_NAMES.make(each, dtype=dtype) for each in names)


def number_format(encoders: Sequence[PhotoEncoder]) -> str | None:
    """The number format of the first network of which one can be chosen; None without such."""
    return next((each.dtype for each in encoders if each.dtype), None)


def text_encoder(name: str) -> TextEncoder:
    """The text encoder of a name.

    Raises:
        ModelError: No text encoder has that name.
        MissingPartError: It needs a package that is not installed.
    """
    found: TextEncoder = TEXT_NAMES.make(name)
    return found


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
