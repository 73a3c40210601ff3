"""Which part of a photo is the work and which its backdrop: cloth, table, card, or the white page of a drawing.

Paintings and photos that a work fills have no backdrop. One is there where colours vary much less along the photo's
border than all over it:

    s(border) < STANDS_OUT s(photo),     s = root of the summed variances of L* (counting LIGHTNESS), a* and b*

Where most of the border is of one even colour (a drawing on a page), the work is what the page does not reach from the
border. Elsewhere the log odds that the pixel at x with colour c is of the work are

    log (share / (1 - share)) + log (N(x; m, C) / u) + log (w(c) / b(c))

N is a normal distribution of the work's pixels over the photo, u the uniform one, w and b are histograms of the colours
of the work and of the rest, smoothed over near colours. All are estimated in turns from the odds before (expectation
maximisation), beginning with a work in the middle. `share`, m and C stay near that start by the weight ANCHOR, which
keeps the work apart from a card or dish under it. Pixels at the edge are never of the work.

Every constant was chosen on simulated photos, whose truth is known, and on paintings (`python -m studies backdrop`).
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.photos.cielab import to_lab

SIDE_PX = 64
BORDER_PX, EDGE_PX = 5, 2
LIGHTNESS = 0.2
PAGE, EVEN = 0.7, 0.3  # the share of a border that is a page, and how far from its median colour such a page is at most
OFF_PAGE = 2.0  # how far from the page's colour, lightness counting as above, something is drawn
STANDS_OUT = 0.55
CELL, CELLS = np.array([12.0, 4.0, 4.0]), 64  # of the histograms, in L*, a* and b*, and how many along each
BETWEEN_CELLS, BETWEEN_PIXELS = 0.6, 0.6  # how far colours and log odds are smoothed, in cells and in pixels
SHARE, SIZE, ANCHOR = 0.35, 0.25, 0.3  # SIZE is a standard deviation, in halves of the photo
FEWEST = 2e-4  # of either histogram, so that no colour is sure
ROUNDS = 8
EDGE_LOG_ODDS = -7.0


def _within(px: int) -> Mask:
    """What lies further than `px` from the photo's edge."""
    inner = np.zeros((SIDE_PX, SIDE_PX), dtype=np.bool_)
    inner[px:-px, px:-px] = True
    return inner


_BORDER, _EDGE = ~_within(BORDER_PX), ~_within(EDGE_PX)
_DOWN, _ACROSS = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]


def work_mask(photo: Image.Image) -> Mask:
    """Where a photo shows the work, shape (SIDE_PX, SIDE_PX); everywhere, where no backdrop stands out.

    Args:
        photo: RGB, of any size; it is squashed to a square.

    >>> photo = Image.new("RGB", (90, 90), "navy")
    >>> photo.paste("orange", (30, 30, 60, 60))
    >>> f"{work_mask(photo).mean():.2f} of it is orange"
    '0.12 of it is orange'
    """
    small = np.asarray(photo.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)).reshape(-1, 3)
    lab = to_lab(small).reshape(SIDE_PX, SIDE_PX, 3)
    seen = lab * (LIGHTNESS, 1.0, 1.0)
    border = seen[_BORDER]
    off_page = np.linalg.norm(seen - np.median(border, axis=0), axis=-1)
    if np.quantile(off_page[_BORDER], PAGE) < EVEN:
        work = _drawn(off_page > OFF_PAGE)
    elif _variation(border) < STANDS_OUT * _variation(seen.reshape(-1, 3)):
        work = _set_apart(lab)
    else:
        return np.ones((SIDE_PX, SIDE_PX), dtype=np.bool_)
    return work if work.any() else ~work


def _variation(colours: DoubleArray) -> float:
    return float(np.sqrt(colours.var(axis=0).sum()))


def _drawn(off_page: Mask) -> Mask:
    """What the page does not reach from the border."""
    drawn: Mask = ~ndimage.binary_propagation(_EDGE & ~off_page, mask=~off_page)
    return drawn


def _set_apart(lab: DoubleArray) -> Mask:
    cells, near = _colour_cells(lab)
    share, middle, covariance = SHARE, np.zeros(2), np.eye(2) * SIZE**2
    by_colour: DoubleArray = np.zeros(len(near))
    for _ in range(ROUNDS):
        log_odds = np.log(share / (1 - share)) + _by_position(middle, covariance)
        log_odds += ndimage.gaussian_filter(by_colour[cells], BETWEEN_PIXELS)
        work = 1 / (1 + np.exp(-np.where(_EDGE, EDGE_LOG_ODDS, log_odds)))
        of_work, of_rest = (near @ np.bincount(cells.ravel(), part.ravel()) / part.sum() for part in (work, 1 - work))
        by_colour = np.log((of_work + FEWEST) / (of_rest + FEWEST))
        share = ANCHOR * SHARE + (1 - ANCHOR) * float(work.mean())
        middle, spread = _moments(work)
        middle = (1 - ANCHOR) * middle
        covariance = ANCHOR * SIZE**2 * np.eye(2) + (1 - ANCHOR) * spread
    found: Mask = work > 0.5
    return found


def _colour_cells(lab: DoubleArray) -> tuple[IntArray, DoubleArray]:
    """Each pixel's cell of colours, as a number, and how near each two cells are, shape (n_cells, n_cells)."""
    steps = np.floor(lab / CELL).astype(np.int64) + CELLS // 2
    numbers, cells = np.unique(np.ravel_multi_index(tuple(steps.reshape(-1, 3).T), (CELLS,) * 3), return_inverse=True)
    apart = sum((along[:, None] - along) ** 2 for along in np.unravel_index(numbers, (CELLS,) * 3))
    return cells.reshape(lab.shape[:2]), np.exp(-apart / (2 * BETWEEN_CELLS**2))


def _by_position(middle: DoubleArray, covariance: DoubleArray) -> DoubleArray:
    """The logarithm of N / u at every pixel; the photo is 2 wide and 2 high."""
    (a, b), (_, c) = np.linalg.inv(covariance)
    x, y = _ACROSS - middle[0], _DOWN - middle[1]
    uniform, height = 1 / 4, 1 / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
    log_ratio: DoubleArray = np.log(height / uniform) - (a * x**2 + 2 * b * x * y + c * y**2) / 2
    return log_ratio


def _moments(work: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """The middle of the work and the covariance of its pixels around it."""
    weights = work / work.sum()
    middle = np.array([(weights * _ACROSS).sum(), (weights * _DOWN).sum()])
    x, y = _ACROSS - middle[0], _DOWN - middle[1]
    aside = (weights * x * y).sum()
    return middle, np.array([[(weights * x**2).sum(), aside], [aside, (weights * y**2).sum()]])
