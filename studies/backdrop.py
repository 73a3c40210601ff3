"""The colours of the work and not of its backdrop: palettes beside the truth of simulated photos.

    python -m studies backdrop [--seeds 201 202 203] [--works 100] [--paintings FOLDER] [--drawings FOLDER]

Of each market, featured photos drawn at random. A palette is right where at least 0.8 of its pixels are in colours
that the work has, and at least 0.8 of the work's pixels in colours that it has: two colours are one where they are no
further apart than `NEAR` in CIELAB, lightness counting half. The truth is the palette of the pixels that the market
says are work. “Largest colour”: that of a palette's largest part is one of a tenth of the work or more. “Found, work”:
the share of the pixels found that are work; “work, found”: the share of the work's pixels that are found. Settings were
chosen on the markets of the seeds 101 and 102. Mean over the markets, and standard deviation.

Beside `photos.foreground.work_mask`: the whole photo (what was done before), a disc in its middle, the pixels that are
unlike the border's three colours (k-means, Otsu's threshold), OpenCV's GrabCut begun from the disc where OpenCV is
installed (sakka needs it nowhere), and the true mask with another sample of pixels, which is the most that can be
reached.

Paintings are all work: the share of their pixels that is kept, and of paintings kept whole. Drawings: pictures with a
transparent ground, whose truth is what is not transparent.
"""

import argparse
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image
from scipy import ndimage

from sakka.arrays import DoubleArray, Mask
from sakka.describe.palette import LIGHTNESS, pixels_of, swatches_of
from sakka.market import MarketSettings, market_listings
from sakka.market.photo import photo_bytes, photo_truth
from sakka.photos.cielab import to_lab
from sakka.photos.decode import read_photo
from sakka.photos.foreground import SIDE_PX, work_mask
from studies.figures import Figure

NEAR = 12.0
ENOUGH = 0.8
LARGE = 0.1
PICTURES = 150
LARGEST_PX = 4_000_000  # of a drawing
Separation = Callable[[Image.Image], Mask]


@dataclass(frozen=True)
class Palette:
    """Colours, shape (n, 3), lightness counting half, and their shares, the largest first."""

    colours: DoubleArray
    shares: DoubleArray

    @classmethod
    def of(cls, photo: Image.Image, work: Mask, seed: int = 0) -> "Palette":
        """The palette of the pixels of a mask."""
        found = swatches_of(to_lab(pixels_of(photo, work)), seed=seed)
        colours = to_lab([each.rgb for each in found]) * (LIGHTNESS, 1, 1)
        return cls(colours, np.array([each.share for each in found]))

    def in_colours_of(self, other: "Palette") -> float:
        """The share of this palette that is in colours of another."""
        near = np.linalg.norm(self.colours[:, None] - other.colours, axis=-1).min(axis=1) <= NEAR
        return float(self.shares[near].sum() / self.shares.sum())

    def is_right(self, true: "Palette") -> bool:
        """Whether it has the colours of the true one, and hardly others."""
        return self.in_colours_of(true) >= ENOUGH and true.in_colours_of(self) >= ENOUGH

    def begins_right(self, true: "Palette") -> bool:
        """Whether its largest part has a colour of a tenth of the work or more."""
        first = Palette(self.colours[:1], self.shares[:1])
        return first.in_colours_of(Palette(true.colours[true.shares >= LARGE], true.shares[true.shares >= LARGE])) == 1


@dataclass(frozen=True)
class Known:
    """A photo and where it shows the work, shape (SIDE_PX, SIDE_PX)."""

    photo: Image.Image
    work: Mask


def drawn(seed: int, works: int) -> list[Known]:
    """Featured photos of a market, as they are read, with their truth."""
    market = MarketSettings(creators=60, works=2500, seed=seed, min_works=10)
    names = market_listings(market).filter(pl.col("image") != "")["id"].to_list()
    chosen = np.random.default_rng(seed).permutation(len(names))[:works]
    return [
        Known(
            Image.open(io.BytesIO(photo_bytes(market, names[row]))).convert("RGB"),
            _small(Image.fromarray(photo_truth(market, names[row]).work)) > 0.5,
        )
        for row in chosen
    ]


def _small(cover: Image.Image) -> DoubleArray:
    return np.asarray(cover.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX), dtype=np.float64)


def whole(_: Image.Image) -> Mask:
    """Everything."""
    return np.ones((SIDE_PX, SIDE_PX), dtype=np.bool_)


def middle(_: Image.Image) -> Mask:
    """A disc of half the photo's width."""
    down, across = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    return np.hypot(down, across) < 0.5


def unlike_border(photo: Image.Image) -> Mask:
    """What is unlike the three colours of the border."""
    from sklearn.cluster import KMeans

    border = np.ones((SIDE_PX, SIDE_PX), dtype=np.bool_)
    border[3:-3, 3:-3] = False
    lab = to_lab(_squashed(photo).reshape(-1, 3)).reshape(SIDE_PX, SIDE_PX, 3) * (LIGHTNESS, 1, 1)
    centres = KMeans(3, n_init=1, random_state=0).fit(lab[border]).cluster_centers_
    apart = ndimage.gaussian_filter(np.linalg.norm(lab[:, :, None] - centres, axis=-1).min(axis=-1), 0.7)
    found: Mask = apart > _otsu(apart)
    return found


def _otsu(values: DoubleArray) -> float:
    """The threshold with the greatest variance between both sides."""
    counts, edges = np.histogram(values, 64)
    middles = (edges[1:] + edges[:-1]) / 2
    below, mass = np.cumsum(counts)[:-1], np.cumsum(counts * middles)
    share = below / counts.sum()
    between = (mass[-1] / counts.sum() * share - mass[:-1] / counts.sum()) ** 2 / np.maximum(share * (1 - share), 1e-9)
    return float(edges[1:-1][between.argmax()])


def grabcut(photo: Image.Image) -> Mask:
    """OpenCV's GrabCut, begun from a disc in the middle."""
    import cv2

    labels = np.where(middle(photo), cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[[0, 1, -2, -1]] = labels[:, [0, 1, -2, -1]] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(_squashed(photo)[..., ::-1]), labels, None, *models, 3, cv2.GC_INIT_WITH_MASK)
    found = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return found if found.any() else whole(photo)


def _squashed(photo: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(photo.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))


SEPARATIONS: dict[str, Separation] = {
    "the whole photo": whole,
    "a disc in the middle": middle,
    "unlike the border": unlike_border,
    "GrabCut": grabcut,
    "work_mask": work_mask,
}


def on_markets(seeds: Sequence[int], works: int) -> Iterator[Figure]:
    """Every separation on every market."""
    markets = [drawn(seed, works) for seed in seeds]
    true = [[Palette.of(known.photo, known.work) for known in market] for market in markets]
    for name, separate in SEPARATIONS.items():
        if separate is grabcut and find_spec("cv2") is None:
            continue
        started = time.process_time()
        masks = [[separate(known.photo) for known in market] for market in markets]
        seconds = time.process_time() - started
        yield from _beside_truth(name, markets, masks, true)
        yield Figure(name, "ms a photo", 1000 * seconds / (len(seeds) * works), len(seeds) * works)
    yield from _beside_truth("the true mask", markets, [[known.work for known in market] for market in markets], true)


def _beside_truth(
    row: str, markets: list[list[Known]], masks: list[list[Mask]], true: list[list[Palette]]
) -> Iterator[Figure]:
    rows: list[list[float]] = []
    for market, found, palettes in zip(markets, masks, true, strict=True):
        own = [Palette.of(known.photo, mask, seed=1) for known, mask in zip(market, found, strict=True)]
        both = list(zip(own, palettes, strict=True))
        pairs = [(mask, known.work) for known, mask in zip(market, found, strict=True)]
        rows.append(
            [
                float(np.mean([each.is_right(one) for each, one in both])),
                float(np.mean([each.begins_right(one) for each, one in both])),
                float(np.mean([work[mask].mean() for mask, work in pairs])),
                float(np.mean([mask[work].mean() for mask, work in pairs])),
            ]
        )
    works = sum(map(len, markets))
    for measured, values in zip(
        ("palette right", "largest colour right", "found, work", "work, found"), zip(*rows, strict=True), strict=True
    ):
        yield Figure.over(row, measured, values, works)


def on_paintings(folder: Path) -> Iterator[Figure]:
    """How much of paintings is kept."""
    kept = np.array([work_mask(read_photo(path, at_least_px=256)).mean() for path in _some(folder, "*.jpg")])
    yield Figure("paintings", "pixels kept", float(kept.mean()), len(kept), float(kept.std(ddof=1) / len(kept) ** 0.5))
    yield Figure("paintings", "kept whole", float((kept == 1).mean()), len(kept))


def on_drawings(folder: Path) -> Iterator[Figure]:
    """How well what is drawn is told from a transparent ground, which is read as white."""
    found: list[tuple[float, float, float]] = []
    for path in _some(folder, "*.png", 4 * PICTURES):
        with Image.open(path) as picture:
            if picture.width * picture.height > LARGEST_PX or len(found) == PICTURES:
                continue
            drawn_there = _small(picture.convert("RGBA").getchannel("A")) > 127
        if 0.02 < drawn_there.mean() < 0.9:
            mask = work_mask(read_photo(path))
            found.append((drawn_there.mean(), drawn_there[mask].mean(), mask[drawn_there].mean()))
    before, share, reached = np.array(found).T
    for measured, values in (
        ("whole picture, drawn", before),
        ("found, drawn", share),
        ("drawn, found", reached),
    ):
        error = float(values.std(ddof=1) / len(values) ** 0.5)
        yield Figure("drawings", measured, float(values.mean()), len(values), error)


def _some(folder: Path, pattern: str, count: int = PICTURES) -> list[Path]:
    paths = sorted(folder.rglob(pattern))
    return [paths[row] for row in np.random.default_rng(1).permutation(len(paths))[:count]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--seeds", type=int, nargs="+", default=[201, 202, 203])
    parser.add_argument("--works", type=int, default=100)
    parser.add_argument("--paintings", type=Path)
    parser.add_argument("--drawings", type=Path)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Palettes on markets, then what is kept of pictures without a backdrop."""
    yield from on_markets(asked.seeds, asked.works)
    if asked.paintings is not None:
        yield from on_paintings(asked.paintings)
    if asked.drawings is not None:
        yield from on_drawings(asked.drawings)
