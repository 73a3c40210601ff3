"""SSD MobileNet v2 trained on COCO, through OpenCV's DNN: which objects a photo shows (the paper's section 3.6).

The network reads 300 x 300 RGB values from 0 to 255 (its graph scales them itself) and gives up to 100 boxes, each with
a label of COCO's original map and a confidence; overlapping boxes of one label are merged in the graph. A photo is
squeezed to a square, its proportions lost, by plain bilinear interpolation: so the network was trained. A photo of
twice the size or more is first halved (or shrunk by a larger whole factor) with means of pixels, so that fine
patterns do not alias.

Source: Liu et al., "SSD: Single Shot MultiBox Detector", 2016; Sandler et al., "MobileNetV2", 2018; the graph is
TensorFlow's `ssd_mobilenet_v2_coco_2018_03_29`, the .pbtxt describes it to OpenCV.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sakka.arrays import Pixels, top
from sakka.errors import MissingPartError, WeightsError
from sakka.object_labels.coco import N_LABELS

WEIGHTS_NAME = "ssd_mobilenet_v2_coco"
SIDE_PX = 300
LOWEST_CONFIDENCE = 0.1
"""Boxes below this are dropped at once; a threshold can be chosen above it without running the network again."""

Boxes = npt.NDArray[np.float32]
"""Shape (n, 6): label id, confidence, then left, top, right, bottom as shares of the photo's width and height."""


@dataclass(frozen=True)
class _Marks:
    """Names of parts that the graph must hold; other files are refused before OpenCV looks at them."""

    graph: tuple[bytes, ...] = (b"Preprocessor/mul/x", b"FeatureExtractor/MobilenetV2/Conv/weights", b"BoxPredictor_0")
    text: tuple[bytes, ...] = (b"detection_out", b"FeatureExtractor/MobilenetV2/Conv/Conv2D")


def squeeze(photo: Image.Image) -> Pixels:
    """The photo as the network reads it: RGB, shape (300, 300, 3).

    >>> squeeze(Image.new("RGB", (1200, 640), "red")).shape
    (300, 300, 3)
    """
    photo = photo.convert("RGB")
    factors = (max(1, photo.width // SIDE_PX), max(1, photo.height // SIDE_PX))
    if factors != (1, 1):
        photo = photo.reduce(factors)
    resized: Pixels = _opencv().resize(np.asarray(photo), (SIDE_PX, SIDE_PX), interpolation=_opencv().INTER_LINEAR)
    return resized


class Detector:
    """The network, read from its two files.

    Args:
        graph: `frozen_inference_graph.pb`.
        text: `ssd_mobilenet_v2_coco_2018_03_29.pbtxt`.

    Raises:
        WeightsError: A file can't be read or is not this network.
        MissingPartError: OpenCV is not installed.
    """

    def __init__(self, graph: Path, text: Path) -> None:
        self._network = _read_network(graph, text)

    def detect(self, photos: Sequence[Pixels]) -> list[Boxes]:
        """The boxes of each photo, the most confident first, down to `LOWEST_CONFIDENCE`.

        A photo's boxes do not depend on the photos that it is given with.

        Args:
            photos: What `squeeze` gave.
        """
        if not photos:
            return []
        found = _run(self._network, photos)
        return [_sorted_boxes(found[found[:, 0] == index, 1:]) for index in range(len(photos))]


def _sorted_boxes(found: Boxes) -> Boxes:
    known = (found[:, 1] >= LOWEST_CONFIDENCE) & (found[:, 0] >= 1) & (found[:, 0] < N_LABELS)
    boxes = found[known]
    boxes = boxes[top(boxes[:, 1])]
    boxes[:, 2:] = boxes[:, 2:].clip(0.0, 1.0)
    return np.ascontiguousarray(boxes, dtype=np.float32)


def _read_network(graph: Path, text: Path) -> Any:
    cv2 = _opencv()
    parts = {}
    for path, marks in ((graph, _Marks().graph), (text, _Marks().text)):
        try:
            parts[path] = path.read_bytes()
        except OSError as error:
            raise WeightsError(f"the detector's file {path} can't be read ({error.strerror})") from error
        if not all(mark in parts[path] for mark in marks):
            raise _not_a_detector(path)
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # its errors are told by ours
    try:
        network = cv2.dnn.readNetFromTensorflow(
            np.frombuffer(parts[graph], dtype=np.uint8), np.frombuffer(parts[text], dtype=np.uint8)
        )
        _run(network, [np.zeros((SIDE_PX, SIDE_PX, 3), dtype=np.uint8)])
    except (cv2.error, ValueError) as error:
        raise _not_a_detector(graph) from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    return network


def _run(network: Any, photos: Sequence[Pixels]) -> Boxes:
    """The boxes of all photos, shape (n, 7): the photo's index, then as `Boxes`."""
    network.setInput(_opencv().dnn.blobFromImages(list(photos)))
    answer = network.forward()
    if answer.ndim != 4 or answer.shape[3] != 7:
        raise ValueError(f"the network gives shape {answer.shape}, expected (1, 1, n, 7)")
    found: Boxes = answer[0, 0]
    return found


def _not_a_detector(path: Path) -> WeightsError:
    return WeightsError(
        f"{path} is not a file of the detector {WEIGHTS_NAME}; fetch it anew with "
        f"`sakka.networks.weights.registry.weight_files({WEIGHTS_NAME!r})`"
    )


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise MissingPartError("OpenCV", "paper", error) from error
    return cv2
