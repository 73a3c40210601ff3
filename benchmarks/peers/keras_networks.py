"""The paper's networks in Keras 3 (https://keras.io), as a person writes them first and tuned as Keras' guides say.

Tuned: mixed bfloat16 (keras.io/guides/mixed_precision) where the processor multiplies in it, compiled (`jit_compile`),
the axis order that suits the backend, a larger batch, photos read ahead by several threads. Of the ways that apply to a
backend the fastest is chosen by measuring each once, because some of them cost time on a CPU.
"""

import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

IMAGE_PX = 224
NO_COMPILE = "SAKKA_BENCHMARK_NO_COMPILE"
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
PROCESSOR = Path("/proc/cpuinfo")  # Linux; elsewhere bfloat16 is tried
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})  # of x86 and of ARM


@dataclass(frozen=True)
class Way:
    """One way of running a Keras model.

    Attributes:
        precision: A Keras dtype policy.
        axes: `channels_last` or `channels_first`.
        compiled: Whether the step goes through the backend's compiler.
    """

    precision: str = "float32"
    axes: str = "channels_last"
    compiled: bool | str = "auto"

    def apply(self) -> None:
        """Make it the rule for models that are built from now on."""
        keras.backend.clear_session()
        keras.config.set_dtype_policy(self.precision)
        keras.config.set_image_data_format(self.axes)

    def __str__(self) -> str:
        return f"{self.precision}, {self.axes}, jit_compile={self.compiled}"


UNTUNED = Way()


def tuned_ways() -> list[Way]:
    """The ways worth trying on the backend in use.

    JAX compiles by default and its CPU convolutions want channels_last; PyTorch's compiler needs a C++ compiler.
    """
    precisions = ["mixed_bfloat16"] if multiplies_in_bfloat16() else []
    if keras.backend.backend() == "jax":
        return [Way(precision) for precision in [*precisions, "float32"]]
    compiled = (False, True) if shutil.which("g++") and NO_COMPILE not in os.environ else (False,)
    mixes = itertools.product(("channels_first", "channels_last"), compiled)
    return [Way(precisions[0] if precisions else "float32", axes, jit) for axes, jit in mixes]


def multiplies_in_bfloat16() -> bool:
    """Tell whether the processor does; one that does not emulates it, which takes minutes a batch."""
    return not PROCESSOR.is_file() or not BFLOAT16_FLAGS.isdisjoint(PROCESSOR.read_text().split())


def fastest_way(seconds_of: Callable[[Way], float]) -> Way:
    """The way in which `seconds_of` comes out smallest."""
    return min(tuned_ways(), key=seconds_of)


def seconds_of(work: Callable[[], Any]) -> float:
    """Time one call after one call of warm-up."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def features_network(network: str, weights: str | None) -> Any:
    """Make a frozen network from RGB pixels 0 to 255 to the mean of its last layer.

    Args:
        network: `vgg16` or `efficientnet_b0`.
        weights: VGG16's convolutions as .npz with torchvision's names; None leaves random values.
    """
    if network == "efficientnet_b0":  # its own scaling of pixels is inside
        return keras.applications.EfficientNetB0(include_top=False, weights=None, pooling="avg")
    base = _vgg16(weights, pooling="avg")
    return keras.Sequential([keras.Input(_shape()), _normalisation(), base])


def creator_network(n_creators: int, weights: str | None) -> Any:
    """Make the paper's image model: VGG16's convolutions, all trained, one layer of 4,096, softmax."""
    return keras.Sequential(
        [
            keras.Input(_shape()),
            _normalisation(),
            _vgg16(weights, pooling=None),
            keras.layers.Flatten(),
            keras.layers.Dense(4096, activation="relu"),
            keras.layers.Dense(n_creators),
            keras.layers.Activation("softmax", dtype="float32"),
        ]
    )


def pixels_for(photos: np.ndarray) -> np.ndarray:
    """Photos (n, height, width, 3) in the axis order in use."""
    first = keras.config.image_data_format() == "channels_first"
    return np.ascontiguousarray(photos.transpose(0, 3, 1, 2)) if first else photos


def _shape() -> tuple[int, int, int]:
    first = keras.config.image_data_format() == "channels_first"
    return (3, IMAGE_PX, IMAGE_PX) if first else (IMAGE_PX, IMAGE_PX, 3)


def _normalisation() -> Any:
    axis = 1 if keras.config.image_data_format() == "channels_first" else -1
    mean = [255 * value for value in MEAN]
    variance = [(255 * value) ** 2 for value in DEVIATION]
    return keras.layers.Normalization(axis=axis, mean=mean, variance=variance)


def _vgg16(weights: str | None, pooling: str | None) -> Any:
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=_shape(), pooling=pooling)
    if weights is not None:
        for layer, (kernel, bias) in zip(_convolutions(base), _stored_convolutions(weights), strict=True):
            layer.set_weights([kernel.transpose(2, 3, 1, 0), bias])
    return base


def _convolutions(network: Any) -> list[Any]:
    return [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]


def _stored_convolutions(weights: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    with np.load(weights) as stored:
        names = [name for name in stored.files if name.startswith("features.") and name.endswith(".weight")]
        for name in sorted(names, key=lambda name: int(name.split(".")[1])):
            yield stored[name], stored[name.replace(".weight", ".bias")]
