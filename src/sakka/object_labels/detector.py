"""SSD MobileNet v2 trained on COCO, through onnxruntime: which objects a photo shows (the paper's section 3.6).

The network reads 300 x 300 RGB values from 0 to 255. A photo is squeezed to a square, its proportions lost, by plain
bilinear interpolation: so the network was trained. A photo of twice the size or more is first halved (or shrunk by a
larger whole factor) with means of pixels, so that fine patterns do not alias.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sakka.arrays import IntArray, Pixels
from sakka.errors import MissingPartError, WeightsError
from sakka.networks.onnx.runtime import make_session
from sakka.networks.onnx.wire import WireError
from sakka.object_labels.boxes import Boxes, photo_boxes
from sakka.object_labels.frozen_graph import constants
from sakka.object_labels.network import BOXES, LABELS, PHOTOS, SIDE_PX, onnx_graph

WEIGHTS_NAME = "ssd_mobilenet_v2_coco"
FRACTION_BITS = 11  # of the weights of two neighbouring pixels, as whole numbers

Weights = npt.NDArray[np.int32]


def squeeze(photo: Image.Image) -> Pixels:
    """The photo as the network reads it: RGB, shape (300, 300, 3).

    >>> squeeze(Image.new("RGB", (1200, 640), "red")).shape
    (300, 300, 3)
    """
    photo = photo.convert("RGB")
    factors = (max(1, photo.width // SIDE_PX), max(1, photo.height // SIDE_PX))
    if factors != (1, 1):
        photo = photo.reduce(factors)
    return _bilinear(np.asarray(photo))


def _bilinear(pixels: Pixels) -> Pixels:
    """Pixels of any size at 300 x 300, each from the four around it, in whole numbers as OpenCV's `resize` has it."""
    height, width, colours = pixels.shape
    (above, below), (of_above, of_below) = _neighbours(height)
    (left, right), (of_left, of_right) = _neighbours(width, colours)
    rows = pixels.reshape(height, width * colours)
    across = rows.take(left, axis=1) * of_left
    across += rows.take(right, axis=1) * of_right
    across >>= 4
    down = across[above] * of_above[:, None] >> 16
    down += across[below] * of_below[:, None] >> 16
    down += 2
    down >>= 2
    return down.astype(np.uint8).reshape(SIDE_PX, SIDE_PX, colours)


@lru_cache(maxsize=64)
def _neighbours(side: int, values: int = 1) -> tuple[tuple[IntArray, IntArray], tuple[Weights, Weights]]:
    """For each of 300 positions the two pixels of a side beside it, and their weights, which add up to 2^11.

    Args:
        side: How many pixels there are.
        values: How many values a pixel has, each of which has a place of its own.
    """
    places = ((np.arange(SIDE_PX) + 0.5) * (1 / (SIDE_PX / side)) - 0.5).astype(np.float32)
    first = np.floor(places)
    shares = (places - first).repeat(values)
    weights = [np.rint(each * np.float32(1 << FRACTION_BITS)).astype(np.int32) for each in (1 - shares, shares)]
    pixels = [(first + step).clip(0, side - 1).astype(np.int64) for step in (0, 1)]
    before, after = ((each[:, None] * values + np.arange(values)).ravel() for each in pixels)
    return (before, after), (weights[0], weights[1])


class Detector:
    """The network, read from its file; any number of threads may use it.

    Args:
        graph: `frozen_inference_graph.pb`.

    Raises:
        WeightsError: The file can't be read or is not this network.
        MissingPartError: onnx or onnxruntime is not installed.
    """

    def __init__(self, graph: Path) -> None:
        try:
            content = graph.read_bytes()
        except OSError as error:
            raise WeightsError(f"the detector's file {graph} can't be read ({error.strerror})") from error
        try:
            network = onnx_graph(constants(content))
        except (WireError, KeyError, ValueError) as error:
            raise WeightsError(
                f"{graph} is not the file of the detector {WEIGHTS_NAME}; fetch it anew with "
                f"`sakka.networks.weights.registry.weight_files({WEIGHTS_NAME!r})`"
            ) from error
        self._session = _session(network)

    def detect(self, photos: Sequence[Pixels]) -> list[Boxes]:
        """The boxes of each photo, the most confident first, down to `LOWEST_CONFIDENCE`.

        A photo's boxes do not depend on the photos that it is given with.

        Args:
            photos: What `squeeze` gave.
        """
        if not photos:
            return []
        offsets, scores = self._session.run([BOXES, LABELS], {PHOTOS: np.stack(photos)})
        return [photo_boxes(*each) for each in zip(offsets, scores, strict=True)]


def _session(network: bytes) -> Any:
    try:
        return make_session(network, "", within_limits=False)
    except ImportError as error:
        raise MissingPartError("onnxruntime, which runs ONNX files,", "onnx", error) from error
