"""Where two near-identical photos show the same, to a fraction of a pixel.

`alignment.py` says on which window of the one the other lies, from pictures of 48 pixels. From there the map

    x2 = a x1 + b,   y2 = c y1 + d          (the second photo mirrored where that fits better)

is refined on larger and larger pictures by least squares on their local contrast (B. Lucas and T. Kanade, 1981), with
places that differ, such as text on one of the two, counting little. Even frames are taken off before.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from sakka.arrays import DoubleArray, FloatArray
from sakka.copies.alignment import placement
from sakka.copies.fingerprints import EVEN, GREY_PX, Box, fingerprint_of, fingerprints_from, trimmed_box

LEVELS_PX = (96, 192, 384)
"""Of the longer side of what both show."""
STEPS = 8
INSIDE = 0.05  # left away at each side while the map is refined
FRAME_STEP = 12.0  # grey values by which a frame differs from the picture beside it
FRAME_SHARE = 0.35  # of the frame's edge that does, beyond what is usual a few pixels further in
EVEN_SHARE = 0.75  # of the line beyond it that is of one grey
LEAST_AGREEMENT = 0.5
SNAP_PX = 0.35


@dataclass(frozen=True)
class Registration:
    """Where two photos show the same.

    Attributes:
        mirrored: Whether the second one is mirrored; `second` and `inner[1]` are boxes of its mirror image then.
        first: Left, top, right, bottom of what both show, in pixels of the first.
        second: The same in pixels of the second.
        inner: Each photo without its even frame.
    """

    mirrored: bool
    first: Box
    second: Box
    inner: tuple[Box, Box]


def register(first: Image.Image, second: Image.Image) -> Registration | None:
    """Find where two photos show the same; None where they don't agree."""
    inner = [frameless(each) for each in (first, second)]
    cut = [image.crop(box) for image, box in zip((first, second), inner, strict=True)]
    prints = [fingerprint_of(each) for each in cut]
    if not all(each[0] for each in prints):
        return None
    found = placement(fingerprints_from(prints))
    boxes = _start(cut, found.part, found.mirrored, found.window)
    second_cut = cut[1].transpose(Image.Transpose.FLIP_LEFT_RIGHT) if found.mirrored else cut[1]
    refined, agreement = _refined(cut[0].convert("L"), second_cut.convert("L"), *boxes)
    if agreement < LEAST_AGREEMENT:
        return None
    common = _common(refined, cut[0].size, second_cut.size)
    if common is None:
        return None
    left, top, right, bottom = inner[1]
    inside = (second.width - right, top, second.width - left, bottom) if found.mirrored else inner[1]
    shifted = (_shifted(common[0], inner[0]), _shifted(common[1], inside))
    return Registration(found.mirrored, *shifted, (inner[0], inside))


def frameless(image: Image.Image) -> Box:
    """The box of a photo without an even frame around it, each side by itself.

    An even backdrop that the photo itself has is no frame: nothing begins there all along a line.
    """
    grey = np.asarray(image.convert("L"))
    found = trimmed_box(grey)
    whole = (0.0, 0.0, float(image.width), float(image.height))
    values = grey.astype(np.float32)
    edges = [
        edge if edge != outer and seam(values, side, edge, found) else outer
        for side, (edge, outer) in enumerate(zip(found, whole, strict=True))
    ]
    left, top, right, bottom = edges
    return left, top, right, bottom


def seam(grey: FloatArray, side: int, edge: float, box: Box) -> bool:
    """Say whether something was put around a picture: what lies beyond a line is even, and begins there at once.

    Args:
        grey: Shape (height, width).
        side: Where the line is: 0 left, 1 top, 2 right, 3 bottom.
        edge: The column or row at which what is inside begins or ends.
        box: What is inside; the line runs along it.
    """
    turned = grey.T if side % 2 == 0 else grey
    outward = turned if side < 2 else turned[::-1]
    at = round(edge) if side < 2 else len(turned) - round(edge)
    start, stop = (round(box[1]), round(box[3])) if side % 2 == 0 else (round(box[0]), round(box[2]))
    if at < 2 or at > len(outward) - 8 or stop - start < 8:
        return False
    steps = np.abs(np.diff(outward[at - 2 : at + 7, start:stop], axis=0)) >= FRAME_STEP
    share = steps[:3].any(axis=0).mean() - steps[4:7].any(axis=0).mean()
    beyond = outward[at - 2, start:stop]
    even = (np.abs(beyond - np.median(beyond)) <= EVEN).mean()
    return bool(share >= FRAME_SHARE and even >= EVEN_SHARE)


def _start(cut: list[Image.Image], part: int, mirrored: bool, window: Box) -> tuple[Box, Box]:
    """The boxes of both photos from which the map is refined, the second one mirrored where it is."""
    trimmed: list[Box] = []
    for image in cut:
        small = image.resize((GREY_PX, GREY_PX), Image.Resampling.BOX).convert("L")
        left, top, right, bottom = trimmed_box(np.asarray(small))
        wide, high = image.width / GREY_PX, image.height / GREY_PX
        trimmed.append((left * wide, top * high, right * wide, bottom * high))
    top, bottom, left, right = window
    outer = trimmed[1 - part]
    width, height = outer[2] - outer[0], outer[3] - outer[1]
    trimmed[1 - part] = (
        outer[0] + left * width,
        outer[1] + top * height,
        outer[0] + right * width,
        outer[1] + bottom * height,
    )
    if mirrored:
        left, top, right, bottom = trimmed[1]
        trimmed[1] = (cut[1].width - right, top, cut[1].width - left, bottom)
    return trimmed[0], trimmed[1]


def _refined(first: Image.Image, second: Image.Image, box: Box, other: Box) -> tuple[DoubleArray, float]:
    """The map (a, b, c, d) from the first to the second, and the agreement of what they show."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    kept = (left + INSIDE * width, top + INSIDE * height, right - INSIDE * width, bottom - INSIDE * height)
    scale_x, scale_y = (other[2] - other[0]) / width, (other[3] - other[1]) / height
    wanted = np.array([other[0] + scale_x * (kept[0] - left), other[1] + scale_y * (kept[1] - top),
                       other[0] + scale_x * (kept[2] - left), other[1] + scale_y * (kept[3] - top)])  # fmt: skip
    agreement = 0.0
    for level_px in LEVELS_PX:
        shrink = min(1.0, level_px / max(kept[2] - kept[0], kept[3] - kept[1]))
        size = max(16, round((kept[2] - kept[0]) * shrink)), max(16, round((kept[3] - kept[1]) * shrink))
        target = _contrast(first.resize(size, Image.Resampling.BICUBIC, box=kept))
        for _ in range(STEPS):
            wanted, agreement, moved_px = _stepped(target, second, wanted, size)
            if moved_px < 0.01:
                break
    a, c = (wanted[2] - wanted[0]) / (kept[2] - kept[0]), (wanted[3] - wanted[1]) / (kept[3] - kept[1])
    return np.array([a, wanted[0] - a * kept[0], c, wanted[1] - c * kept[1]]), agreement


def _stepped(
    target: FloatArray, second: Image.Image, box: DoubleArray, size: tuple[int, int]
) -> tuple[DoubleArray, float, float]:
    """One step of least squares: the moved box of the second, the agreement before it, and how far it moved."""
    limits = np.array([second.width, second.height] * 2, dtype=np.float64)
    box = box.clip(0, limits)
    if (box[2:] - box[:2] < 8).any():
        return box, 0.0, 0.0
    shown = _contrast(second.resize(size, Image.Resampling.BICUBIC, box=tuple(box.tolist())))
    agreement = float((target * shown).mean())
    vertical, horizontal = np.gradient(shown)
    along_x, along_y = np.linspace(0, 1, size[0])[None], np.linspace(0, 1, size[1])[:, None]
    slopes = np.stack([horizontal * (1 - along_x), vertical * (1 - along_y), horizontal * along_x, vertical * along_y])
    difference = target - shown
    weight = 1 / (1 + (difference / (2 * np.median(np.abs(difference)) + 1e-3)) ** 2)
    flat = slopes.reshape(4, -1)
    normal = (flat * weight.ravel()) @ flat.T + 1e-3 * np.eye(4)
    step = np.linalg.solve(normal, flat @ (weight * difference).ravel())
    step = step.clip(-4, 4)
    per_px = (box[2:] - box[:2]) / np.array(size)
    return box + step * np.tile(per_px, 2), agreement, float(np.abs(step).max())


def _contrast(image: Image.Image) -> FloatArray:
    """Local contrast of a grey picture, of mean 0 and mean square 1."""
    around = image.filter(ImageFilter.BoxBlur(max(3, max(image.size) // 24)))
    local = np.asarray(image, dtype=np.float32) - np.asarray(around, dtype=np.float32)
    local -= local.mean()
    contrast: FloatArray = (local / (local.std() + 1e-3)).clip(-4, 4)
    return contrast


def _common(found: DoubleArray, size: tuple[int, int], other: tuple[int, int]) -> tuple[Box, Box] | None:
    """What both photos show, in pixels of each; None where that is nothing."""
    first, second = [], []
    for scale, shift, length, length_2 in zip(found[::2], found[1::2], size, other, strict=True):
        scale, shift = _snapped(float(scale), float(shift), length, length_2)
        start, stop = max(0.0, -shift / scale), min(float(length), (length_2 - shift) / scale)
        if not stop - start >= 16:
            return None
        first.append((start, stop))
        second.append((max(0.0, scale * start + shift), min(float(length_2), scale * stop + shift)))
    return _box(first), _box(second)


def _box(sides: list[tuple[float, float]]) -> Box:
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


def _snapped(scale: float, shift: float, length: int, length_2: int) -> tuple[float, float]:
    """The map of one axis, exact where it is nearly that of a cut by whole pixels, or of a whole that was scaled."""
    middle = scale * length / 2 + shift
    if abs(scale - 1) * length < 2 * SNAP_PX and abs(middle - length / 2 - round(middle - length / 2)) < SNAP_PX:
        return 1.0, float(round(middle - length / 2))
    near_px = 2 * SNAP_PX * max(1.0, scale)
    if abs(shift) < near_px and abs(scale * length + shift - length_2) < near_px:
        return length_2 / length, 0.0
    return scale, shift


def _shifted(box: Box, inner: Box) -> Box:
    return box[0] + inner[0], box[1] + inner[1], box[2] + inner[0], box[3] + inner[1]
