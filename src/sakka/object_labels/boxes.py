"""From what the network says of its anchors to a photo's boxes.

An anchor is a box at a position of the maps, of one of six sizes and shapes. The network says how far the box that it
sees is from it: of an anchor at (x, y) with width w and height h the numbers up, left, tall, wide mean

    centre (x + 0.1 left w, y + 0.1 up h),    width w exp(0.2 wide),    height h exp(0.2 tall)

A label's confidence is the sigmoid of its score. Of the boxes of one label that overlap by more than 0.6,
intersection over union, the most confident stays; of a label at most 100 are looked at, and of a photo at most 100
kept. Boxes below `LOWEST_CONFIDENCE` are dropped before that: they would not take the place of others.

Source: Liu et al., "SSD: Single Shot MultiBox Detector", 2016; sizes and limits are those of TensorFlow's
`ssd_mobilenet_v2_coco.config`.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray, top

LOWEST_CONFIDENCE = 0.1
"""Boxes below this are dropped at once; a threshold can be chosen above it without running the network again."""

SIDES = (19, 10, 5, 3, 2, 1)
SCALES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
SHAPES = (1.0, 2.0, 0.5, 3.0, 0.333)  # width to height
SMALL = 0.1  # the scale of the first maps' square, which have three anchors only
STEP, GROWTH = np.float32(0.1), np.float32(0.2)
MOST_OVERLAP = 0.6
MOST_BOXES = 100

Boxes = npt.NDArray[np.float32]
"""Shape (n, 6): label id, confidence, then left, top, right, bottom as shares of the photo's width and height."""


def _anchors() -> Iterator[tuple[float, float, float, float]]:
    """Centre, width and height of each anchor, as shares of the photo, in the order of the network's answers."""
    for number, side in enumerate(SIDES):
        sizes = [(SCALES[number], shape) for shape in SHAPES]
        sizes.append(((SCALES[number] * SCALES[number + 1]) ** 0.5, 1.0))
        if number == 0:
            sizes = [(SMALL, 1.0), *sizes[1:3]]
        for row, column in np.ndindex(side, side):
            for scale, shape in sizes:
                yield (column + 0.5) / side, (row + 0.5) / side, scale * shape**0.5, scale / shape**0.5


ANCHORS: FloatArray = np.array(list(_anchors()), dtype=np.float32)


def photo_boxes(offsets: FloatArray, scores: FloatArray) -> Boxes:
    """The boxes of a photo, the most confident first, down to `LOWEST_CONFIDENCE`.

    Args:
        offsets: Up, left, tall and wide of each anchor's box, shape (n_anchors, 4).
        scores: Of each label before the sigmoid, shape (n_anchors, n_labels); the first has the id 1.
    """
    lowest = np.log(LOWEST_CONFIDENCE / (1 - LOWEST_CONFIDENCE)) - 1e-3
    anchors, labels = np.nonzero(scores > lowest)
    confidences = (1 / (1 + np.exp(-scores[anchors, labels]))).astype(np.float32)
    sure = confidences >= np.float32(LOWEST_CONFIDENCE)
    anchors, labels, confidences = anchors[sure], labels[sure], confidences[sure]
    corners = _corners(offsets[anchors], ANCHORS[anchors])
    kept = [row for label in np.unique(labels) for row in _apart(corners, confidences, np.flatnonzero(labels == label))]
    chosen = np.array(kept, dtype=np.int64)
    chosen = chosen[top(confidences[chosen], MOST_BOXES)]
    table = np.column_stack([labels[chosen] + 1, confidences[chosen], corners[chosen].clip(0, 1)])
    return np.ascontiguousarray(table, dtype=np.float32)


def _corners(offsets: FloatArray, anchors: FloatArray) -> FloatArray:
    """Left, top, right and bottom of boxes, shape (n, 4)."""
    centres, sizes = anchors[:, :2], anchors[:, 2:]
    centres = centres + offsets[:, 1::-1] * STEP * sizes
    halves: FloatArray = np.exp(offsets[:, :1:-1] * GROWTH) * sizes / 2
    return np.hstack([centres - halves, centres + halves])


def _apart(corners: FloatArray, confidences: FloatArray, rows: npt.NDArray[np.int64]) -> Iterator[int]:
    """Those of some boxes that overlap no more confident one by too much."""
    left = rows[top(confidences[rows], MOST_BOXES)]
    while len(left):
        first, left = left[0], left[1:]
        yield int(first)
        left = left[_overlaps(corners[first], corners[left]) <= MOST_OVERLAP]


def _overlaps(box: FloatArray, others: FloatArray) -> FloatArray:
    """Intersection over union of a box and each of some others."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    common = sides.clip(0).prod(axis=1)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (box, others)]
    overlaps: FloatArray = common / (areas[0] + areas[1] - common)
    return overlaps
