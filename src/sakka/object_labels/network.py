"""SSD MobileNet v2 as an ONNX graph, made of the weights in TensorFlow's frozen graph.

MobileNet v2 shrinks the photo by 32; the widened maps of its 14th block (19 x 19), its last maps (10 x 10) and four
more, each half as large, go to a box predictor each: a convolution of 3 x 3 that gives, for each anchor of a
position, where its box lies and how sure each label is. Norms are folded into the convolutions before them. Two
thirds of all products are those of the first two predictors; these are made Winograd's way
(`networks/onnx/winograd.py`).

Sources: Liu et al., "SSD: Single Shot MultiBox Detector", 2016; Sandler et al., "MobileNetV2", 2018; the graph is
TensorFlow's `ssd_mobilenet_v2_coco_2018_03_29`, whose names stand here.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray
from sakka.networks.onnx.winograd import write_winograd
from sakka.networks.onnx.writing import GraphWriter
from sakka.object_labels.boxes import ANCHORS, SIDES

SIDE_PX = 300
KNOWN_LABELS = 90  # all of COCO's original map but its last
NORM_EPSILON = 1e-3
BODY = "FeatureExtractor/MobilenetV2"
BLOCKS = 17
STRIDES = {1: 2, 3: 2, 6: 2, 13: 2}  # of the blocks that halve the side
FIRST_READ = 13  # the block whose widened maps the first predictor reads
MORE_LAYERS = ((256, 512), (128, 256), (128, 256), (64, 128))  # channels between and after
TILES = {0: 4, 1: 2}  # of the predictors that are made Winograd's way
PHOTOS, BOXES, LABELS = "photos", "boxes", "labels"

AnyFloats = npt.NDArray[np.floating]


def onnx_graph(weights: Mapping[str, FloatArray]) -> bytes:
    """The network as an ONNX file.

    It reads `photos`, RGB bytes of shape (n, 300, 300, 3). Of each anchor it gives `boxes`, shape (n, 1917, 4): how far
    up and left the box is from it, how much taller and wider; and `labels`, shape (n, 1917, 90): each label's score
    before the sigmoid.

    Args:
        weights: The constants of the frozen graph by name.

    Raises:
        KeyError: A weight is missing.
        ValueError: One has another shape.
        MissingPartError: The package onnx is not installed.
    """
    network = _Network(weights)
    predictions = [network.prediction(number, maps) for number, maps in enumerate(network.maps())]
    for name, parts, size in zip((BOXES, LABELS), zip(*predictions, strict=True), (4, KNOWN_LABELS), strict=True):
        network.writer.output(name, network.writer.node("Concat", *parts, axis=1), len(ANCHORS), size)
    return network.writer.content({})


class _Network:
    """Writes the network's parts; maps are names of values of shape (n, channels, side, side)."""

    def __init__(self, weights: Mapping[str, FloatArray]) -> None:
        self.weights = weights
        self.writer = GraphWriter()

    def maps(self) -> list[str]:
        """What the predictors read, the largest maps first."""
        maps = self._convolution("Conv", self._normalised(), SIDE_PX, stride=2)
        side = SIDE_PX // 2
        read = []
        for number in range(BLOCKS):
            widened, maps = self._block(number, maps, side)
            side = -(-side // STRIDES.get(number, 1))
            if number == FIRST_READ:
                read.append(widened)
        read.append(self._convolution("Conv_1", maps, side))
        for number, (between, after) in enumerate(MORE_LAYERS, start=2):
            narrow = self._convolution(f"layer_19_1_Conv2d_{number}_1x1_{between}", read[-1], side)
            name = f"layer_19_2_Conv2d_{number}_3x3_s2_{after}"
            halved = self._convolution(f"{name}_depthwise", narrow, side, stride=2)
            side = SIDES[number]
            read.append(self._convolution(name, halved, side))
        return read

    def prediction(self, number: int, maps: str) -> tuple[str, str]:
        """The names of a predictor's boxes and labels, shapes (n, anchors, 4) and (n, anchors, 90)."""
        parts = [f"BoxPredictor_{number}/{part}" for part in ("BoxEncodingPredictor", "ClassPredictor")]
        kernels, offsets = ([self.weights[f"{part}/{name}"] for part in parts] for name in ("weights", "biases"))
        known = np.arange(len(offsets[1])) % (KNOWN_LABELS + 1) > 0  # the first of each anchor is none of the labels
        kernel = np.concatenate([kernels[0], kernels[1][..., known]], axis=3).transpose(3, 2, 0, 1)
        offset = np.concatenate([offsets[0], offsets[1][known]])
        if number in TILES:
            found = write_winograd(self.writer, maps, kernel, offset, side=SIDES[number], tile=TILES[number])
        else:
            found = self._written(maps, kernel, offset, SIDES[number])
            found = self.writer.node("Transpose", found, perm=[0, 2, 3, 1])
        names = self.writer.split(found, (len(offsets[0]), int(known.sum())), axis=3)
        boxes, labels = (
            self.writer.node("Reshape", name, self.writer.constant(np.array([0, -1, size])))
            for name, size in zip(names, (4, KNOWN_LABELS), strict=True)
        )
        return boxes, labels

    def _normalised(self) -> str:
        pixels = self.writer.input(PHOTOS, ("n", SIDE_PX, SIDE_PX, 3))
        maps = self.writer.node("Transpose", self.writer.cast(pixels, np.float32), perm=[0, 3, 1, 2])
        scale, shift = (self.writer.constant(self.weights[f"Preprocessor/{name}"]) for name in ("mul/x", "sub/y"))
        return self.writer.node("Sub", self.writer.node("Mul", maps, scale), shift)

    def _block(self, number: int, maps: str, side: int) -> tuple[str, str]:
        """Widen, convolve each channel by itself, narrow, and add where the shape stays; gives the widened maps too."""
        name = f"expanded_conv_{number}" if number else "expanded_conv"
        widened = self._convolution(f"{name}/expand", maps, side) if number else maps
        stride = STRIDES.get(number, 1)
        inside = self._convolution(f"{name}/depthwise", widened, side, stride=stride)
        narrow = self._convolution(f"{name}/project", inside, -(-side // stride), bends=False)
        if number and stride == 1 and self._of(f"{name}/expand").shape[2] == self._of(f"{name}/project").shape[3]:
            narrow = self.writer.node("Add", narrow, maps)
        return widened, narrow

    def _convolution(self, name: str, maps: str, side: int, *, stride: int = 1, bends: bool = True) -> str:
        """A convolution with the norm that follows it, and with the ReLU6 unless it does not bend."""
        kernels = self._of(name).astype(np.float64)
        scale, shift, mean, variance = (
            self.weights[f"{BODY}/{name}/BatchNorm/{part}"].astype(np.float64)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale /= np.sqrt(variance + NORM_EPSILON)
        order = (2, 3, 0, 1) if name.endswith("depthwise") else (3, 2, 0, 1)
        kernels = kernels.transpose(order) * scale[:, None, None, None]
        found = self._written(maps, kernels, shift - mean * scale, side, stride)
        return self.writer.node("Clip", found, self.writer.number(0), self.writer.number(6)) if bends else found

    def _of(self, name: str) -> FloatArray:
        """A convolution's kernels, shape (height, width, inputs, outputs), or (height, width, channels, 1)."""
        kind = "depthwise_weights" if name.endswith("depthwise") else "weights"
        return self.weights[f"{BODY}/{name}/{kind}"]

    def _written(self, maps: str, kernels: AnyFloats, offsets: AnyFloats, side: int, stride: int = 1) -> str:
        """A convolution with TensorFlow's "same" padding, more of it on the right and below where it is uneven."""
        outputs, inputs, width = kernels.shape[:3]
        padding = max(0, (-(-side // stride) - 1) * stride + width - side)
        before, after = padding // 2, padding - padding // 2
        return self.writer.node(
            "Conv",
            maps,
            *(self.writer.constant(each.astype(np.float32)) for each in (kernels, offsets)),
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=outputs if inputs == 1 else 1,
        )
