"""The colours of works: k-means in CIELAB over pixels of a sample of their photos, backdrops left out.

CIELAB's distances are near to what people see, so a group of pixels is a colour to the eye. Lightness counts half:
the shades of one thing are one colour. Pixels are taken as they are and never averaged, which would grey small spots
of colour. Each photo counts alike, however large it or the work on it is. The sample and the start of k-means depend on
the seed alone.

Source: D. Arthur, S. Vassilvitskii, k-means++, SODA 2007 (the start; scikit-learn's implementation).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sakka.arrays import DoubleArray, Mask
from sakka.describe.colours import ColourName, name_of
from sakka.photos.cielab import to_lab, to_rgb
from sakka.photos.decode import read_photo
from sakka.photos.foreground import work_mask
from sakka.photos.held import HeldPhoto
from sakka.progress import track

COLOURS = 6
SAMPLE = 48  # photos
WIDE_PX = 32
PIXELS = WIDE_PX**2  # of each photo
READ_PX = 256
LIGHTNESS = 0.5  # of its distance
LEAST_SHARE = 0.02
ROUNDS = 4


@dataclass(frozen=True)
class Swatch:
    """A colour of a palette.

    Attributes:
        rgb: 0 to 255.
        share: Its share of the pixels, 0 to 1.
        hex: It as CSS writes it.
        name: The name of the nearest colour that has one.
    """

    rgb: tuple[int, int, int]
    share: float
    hex: str = field(init=False)
    name: ColourName = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hex", "#{:02x}{:02x}{:02x}".format(*self.rgb))
        object.__setattr__(self, "name", name_of(self.rgb))


def palette_of(photos: Sequence[Path | HeldPhoto], *, seed: int = 0, colours: int = COLOURS) -> list[Swatch]:
    """The colours of the works on photos, those with the most pixels first.

    Args:
        photos: The files or photos in memory; of more than `SAMPLE` as many are drawn.
        seed: Draws the sample, and starts k-means.
        colours: How many colours at most.

    Raises:
        PhotoError: A photo can't be read.
    """
    if not photos:
        return []
    chosen = np.sort(np.random.default_rng(seed).permutation(len(photos))[:SAMPLE])
    read = track([photos[row] for row in chosen], "palette", total=len(chosen))
    pixels = np.concatenate([_pixels(photo) for photo in read])
    return swatches_of(to_lab(pixels), seed=seed, colours=colours)


def swatches_of(lab: DoubleArray, *, seed: int = 0, colours: int = COLOURS) -> list[Swatch]:
    """Group pixels, shape (n, 3) in CIELAB, by colour; colours with less than `LEAST_SHARE` of them are left out."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(lab.round(1), axis=0))
    weights = np.array([LIGHTNESS, 1.0, 1.0])
    grouped = KMeans(min(colours, distinct), n_init=ROUNDS, random_state=seed).fit(lab * weights)
    centres = grouped.cluster_centers_ / weights
    shares = np.bincount(grouped.labels_, minlength=len(centres)) / len(lab)
    found = [
        Swatch((int(red), int(green), int(blue)), float(share))
        for (red, green, blue), share in zip(to_rgb(centres), shares, strict=True)
        if share >= LEAST_SHARE
    ]
    return sorted(found, key=lambda swatch: (-swatch.share, swatch.rgb))


def pixels_of(photo: Image.Image, work: Mask) -> npt.NDArray[np.uint8]:
    """Pixels spread evenly over the work on a photo, each perhaps several times, shape (PIXELS, 3).

    Args:
        photo: RGB.
        work: Where the work is, as `photos.foreground.work_mask` has it; not all False.
    """
    if work.all():
        return np.asarray(photo.resize((WIDE_PX, WIDE_PX), Image.Resampling.NEAREST)).reshape(-1, 3)
    shown = np.asarray(photo.resize(work.shape[::-1], Image.Resampling.NEAREST))[work]
    return shown[np.arange(PIXELS) * len(shown) // PIXELS]


def _pixels(photo: Path | HeldPhoto) -> npt.NDArray[np.uint8]:
    read = read_photo(photo, at_least_px=READ_PX)
    return pixels_of(read, work_mask(read))
