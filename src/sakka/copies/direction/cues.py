"""What two near-identical files say about which of them was made from the other.

Each cue is a number: above 0 where it speaks for the first file, below 0 for the second, 0 where it says nothing.
With the files exchanged each has the other sign: they are always computed with the file of the smaller SHA-256 first.

    beyond     what only one shows of the scene: who has less may have cut it
    frame      a frame or bars put around
    scale      pixels of what both show
    detail     structure of what both show, at middle frequencies, whatever the pixels
    fine       the same at high frequencies
    coarse     steps in which the frequencies are stored, also by an earlier saving of the same blocks
    blocks     blocks of the one's compression found in the other (`traces.py`)
    lattice    multiples of the one's quantisation table found in the other
    tones      tones and colours of the one that follow from the other's, but not the other way round
    grey       colour that one has lost
    clipped    tones at black and white
    marks      text or a sticker on one of the two
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from sakka.arrays import FloatArray
from sakka.copies.direction.photo_file import PhotoFile
from sakka.copies.direction.registration import register, seam
from sakka.copies.direction.traces import BLOCK, LaidPhoto, block_traces, lattice_traces, missing_traces, stored_steps
from sakka.copies.fingerprints import EVEN, Box

CUES = (
    "beyond", "frame", "scale", "detail", "fine", "coarse", "blocks", "lattice", "missing", "tones", "grey", "clipped",
    "marks",
)  # fmt: skip
MOST_PX, SMALL_PX = 512, 128
LEAST_BEYOND = 0.006  # of a side; less is within the registration's error
NEARLY_GREY, COLOURED = 2.0, 5.0  # standard deviation of Cb and Cr
BOTH_BEYOND = 0.02
HAIRLINE_PX = 2.0
EVEN_STRIP = 0.95
MOST = 3.0
BANDS = ((0.02, 0.1), (0.1, 0.25), (0.25, 0.5))
"""Low, middle and high frequencies, in cycles a pixel of what both show, at most `MOST_PX` wide."""
LEAST_FINE = 0.6
LEAST_DIFFERENCE = 0.25
Pair = tuple[float, float]


@dataclass(frozen=True)
class FileCues:
    """What two files say.

    Attributes:
        values: The cues by name; above 0 they speak for the first file.
        both_beyond: Whether each shows some of the scene that the other lacks, as two cuts from a third do.
        mirrored: Whether one is the other's mirror image.
    """

    values: dict[str, float]
    both_beyond: bool
    mirrored: bool


def file_cues(first: PhotoFile, second: PhotoFile) -> FileCues | None:
    """The cues of two photos; None where they can't be laid on each other, or are one file."""
    if first.sha256 == second.sha256:
        return None
    if second.sha256 < first.sha256:
        found = file_cues(second, first)
        return found and replace(found, values={name: -value for name, value in found.values.items()})
    laid = register(first.image, second.image)
    if laid is None:
        return None
    flipped = second.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if laid.mirrored else second.image
    steps = [stored_steps(each.image, each.table) for each in (first, second)]
    photos = (
        LaidPhoto(first.image, laid.first, first.table, steps[0]),
        LaidPhoto(flipped, laid.second, second.table, steps[1], flipped.width % BLOCK if laid.mirrored else 0),
    )
    around = [_around(photo, inner) for photo, inner in zip(photos, laid.inner, strict=True)]
    beyond, framed = zip(*around, strict=True)
    values = {
        "beyond": _log_ratio(beyond[0], beyond[1], 0.01),
        "frame": -_log_ratio(framed[0], framed[1], 0.01),
        "scale": _log_ratio(_area(laid.first), _area(laid.second), 0) / 2,
        "coarse": _coarse(photos[1]) - _coarse(photos[0]),
        "blocks": 10 * (block_traces(*photos) - block_traces(*photos[::-1])),
        "lattice": 5 * (lattice_traces(*photos) - lattice_traces(*photos[::-1])),
        "missing": 5 * (missing_traces(*photos[::-1]) - missing_traces(*photos)),
        **_seen(photos),
    }
    clipped = {name: float(np.clip(values[name], -MOST, MOST)) for name in CUES}
    return FileCues(clipped, min(beyond) > BOTH_BEYOND, laid.mirrored)


def _around(photo: LaidPhoto, inner: Box) -> Pair:
    """The share of a photo that shows more of the scene than the other, and the share that was put around.

    What is of one grey and doesn't begin at once is counted as neither: it may be a backdrop or a frame.
    """
    grey = np.asarray(photo.grey, dtype=np.float32)
    whole = (0, 0, photo.image.width, photo.image.height)
    scene, edges = list(photo.box), [float(edge) for edge in whole]
    for side in range(4):
        common = photo.box[side]
        if abs(whole[side] - common) <= HAIRLINE_PX:
            edges[side] = common
        elif abs(inner[side] - common) <= max(1.5, LEAST_BEYOND * (inner[2 + side % 2] - inner[side % 2])):
            continue  # a frame that was taken off, or nothing
        elif not seam(grey, side, common, photo.box):
            scene[side] = edges[side] = common if _is_even(grey, side, common) else inner[side]
    seen_px = _area(scene)
    return 1 - _area(photo.box) / seen_px, 1 - min(1.0, seen_px / _area(edges))


def _is_even(grey: FloatArray, side: int, edge: float) -> bool:
    """Whether what lies beyond a line is of one grey."""
    at, axis = round(edge), 1 - side % 2
    strip = np.split(grey, [at], axis=axis)[0 if side < 2 else 1]
    return strip.size == 0 or bool((np.abs(strip - np.median(strip)) <= EVEN).mean() >= EVEN_STRIP)


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _log_ratio(above: float, below: float, floor: float) -> float:
    return float(np.log((above + floor) / (below + floor)))


def _coarse(photo: LaidPhoto) -> float:
    """The mean logarithm of the steps of a photo's lower frequencies."""
    return float(np.log(photo.steps[:4, :4]).mean())


def _seen(photos: tuple[LaidPhoto, LaidPhoto]) -> dict[str, float]:
    """The cues from what both show, brought to one size."""
    size = [max(each.box[2 + axis] - each.box[axis] for each in photos) for axis in (0, 1)]
    shrink = min(1.0, MOST_PX / max(size))
    wide, high = (max(BLOCK, round(side * shrink)) for side in size)
    detail, fine = _detail(*(_shown(each, (wide, high))[..., 0] for each in photos))
    shrink = SMALL_PX / max(size)
    small = [_shown(each, (max(16, round(size[0] * shrink)), max(16, round(size[1] * shrink)))) for each in photos]
    fine = float(np.sign(fine)) * max(0.0, abs(fine) - LEAST_FINE)
    return {"detail": detail, "fine": fine, **_tones(*small), "marks": _marks(*(each[..., 0] for each in small))}


def _shown(photo: LaidPhoto, size: tuple[int, int]) -> FloatArray:
    """What both show of a photo in luminance, Cb and Cr, shape (height, width, 3)."""
    cut = photo.image.resize(size, Image.Resampling.BICUBIC, box=photo.box)
    values: FloatArray = np.asarray(cut.convert("YCbCr"), dtype=np.float32)
    return values


def _detail(first: FloatArray, second: FloatArray) -> Pair:
    """The logarithm of the ratio of power at middle and at high frequencies, less that at low ones."""
    window = np.outer(np.hanning(first.shape[0]), np.hanning(first.shape[1]))
    power = [np.abs(np.fft.rfft2((each - each.mean()) * window)) ** 2 for each in (first, second)]
    frequency = np.hypot(np.fft.fftfreq(first.shape[0])[:, None], np.fft.rfftfreq(first.shape[1])[None])
    ratios = []
    for low, high in BANDS:
        band = (frequency >= low) & (frequency < high)
        ratios.append(float(np.log((power[0][band].sum() + 1) / (power[1][band].sum() + 1))))
    return ratios[1] - ratios[0], ratios[2] - ratios[0]


def _tones(first: FloatArray, second: FloatArray) -> dict[str, float]:
    """Tones that are lost: what can't be told from the other's, colour, and what is clipped."""
    unexplained = [_unexplained(*pair) for pair in ((first, second), (second, first))]
    chroma = [float(each[..., 1:].std(axis=(0, 1)).mean()) for each in (first, second)]
    grey = [value < NEARLY_GREY and other > COLOURED for value, other in (chroma, chroma[::-1])]
    ends = [float(((each[..., 0] <= 2) | (each[..., 0] >= 253)).mean()) for each in (first, second)]
    return {
        "tones": _log_ratio(unexplained[0], unexplained[1], 0.01),
        "grey": float(grey[1]) - float(grey[0]),
        "clipped": -_log_ratio(ends[0], ends[1], 0.01),
    }


def _unexplained(values: FloatArray, others: FloatArray) -> float:
    """The share of the variance of one photo's luminance that the other's luminance leaves unexplained."""
    level = (others[..., 0] / 4).astype(np.int64).clip(0, 63).ravel()
    luminance = values[..., 0].ravel().astype(np.float64)
    count = np.bincount(level, minlength=64)
    mean = np.bincount(level, luminance, minlength=64) / np.maximum(count, 1)
    return float(((luminance - mean[level]) ** 2).mean() / (luminance.var() + 1))


def _marks(first: FloatArray, second: FloatArray) -> float:
    """Around the places where the two differ, the logarithm of how much steeper the second's edges are there."""
    level = [(each - each.mean()) / (each.std() + 1) for each in (first, second)]
    apart = Image.fromarray((64 * np.abs(level[0] - level[1])).clip(0, 255).astype(np.uint8))
    difference = np.asarray(apart.filter(ImageFilter.BoxBlur(1)), dtype=np.float32) / 64
    differing = difference > max(LEAST_DIFFERENCE, 4 * float(np.median(difference)))
    if not 0.003 <= differing.mean() <= 0.4:
        return 0.0
    places = Image.fromarray(differing)
    around = np.asarray(places.convert("L").filter(ImageFilter.MaxFilter(5))) > 0
    inside = np.asarray(places.convert("L").filter(ImageFilter.MinFilter(5))) > 0
    steps = [float(np.hypot(*np.gradient(each))[around & ~inside].mean()) for each in level]
    return _log_ratio(steps[1], steps[0], 0.02)
