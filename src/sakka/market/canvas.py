"""Puts a work's parts on a canvas: colours and surfaces at three times the size, heights at twice, then reduced.

Drawing large and averaging down (supersampling) smooths the edges. Heights are drawn as rings, one within the other,
each higher than the last, so that a part swells from its edge to its middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sakka.arrays import DoubleArray, Mask
from sakka.market.chance import Chance
from sakka.market.shapes import Outline, Shape, outward, polygon
from sakka.market.surfaces import NUMBERS, Field

FINE = 3  # colours and surfaces
COARSE = 2  # heights
Paint = tuple[tuple[int, int, int], str]
RINGS_PX = np.array([0.0, 0.9, 2.0, 3.5, 5.5, 8.5, 13.0])  # how far within the edge each ring lies
DISC_RADIUS = {"beads": 0.066, "pearls": 0.105}
THREADED = ("embroidery", "satin")
WIRE = {"enamel": ((222, 190, 116), "brass")}


@dataclass(frozen=True)
class Pieces:
    """A work drawn but not lit, all fields of shape (size, size); colours have three of them.

    Attributes:
        colours: RGB, 0 to 255, shape (3, size, size).
        heights: About 0 to 1.
        kinds: Numbers of surfaces.
        grain: Direction of stitches, radians.
        cover: 0 where there is nothing, 1 where the work is.
    """

    colours: Field
    heights: Field
    kinds: npt.NDArray[np.uint8]
    grain: Field
    cover: Field


class Canvas:
    """A square that parts are painted on, one over the other."""

    def __init__(self, size_px: int, ground: Paint, chance: Chance) -> None:
        self.size_px = size_px
        self.ground = ground
        self.chance = chance
        fine, coarse = (FINE * size_px,) * 2, (COARSE * size_px,) * 2
        self.colours, self.kinds = Image.new("RGB", fine, ground[0]), Image.new("L", fine, 0)
        self.heights, self.grain = Image.new("F", coarse, 0.0), Image.new("L", (size_px, size_px), 0)
        self._colour_pen, self._kind_pen = ImageDraw.Draw(self.colours), ImageDraw.Draw(self.kinds)
        self._height_pen, self._grain_pen = ImageDraw.Draw(self.heights), ImageDraw.Draw(self.grain)

    def paint(self, part: Shape, paint: Paint) -> None:
        """Paint one part in a colour and a surface."""
        colour, surface = paint
        outline = part.outline
        if surface == "felt":
            outline = outline + outward(outline) * [[self.chance.around(0.0, 0.022)] for _ in outline]
        shade = part.shade * self.chance.around(1.0, 0.05)
        self._fill(outline, _scaled(colour, shade), surface)
        self._dome(outline, part.height, part.dome)
        if surface in THREADED:
            self._grain_pen.polygon(self._points(outline, 1), fill=int(part.grain / np.pi * 256) % 256)
        if surface in DISC_RADIUS and part.role in ("main", "second", "green", "light"):
            self._fill_with_discs(part, paint)
        elif surface == "leather" and part.role in ("main", "second"):
            self._sew(outline, part.height + part.dome)
        elif surface in WIRE and part.role in ("main", "second", "green"):
            self.edge(part, WIRE[surface], 0.035)

    def edge(self, part: Shape, paint: Paint, width: float) -> None:
        """Lay a strip along a part's edge."""
        step = outward(part.outline) * (width / 2)
        outer, inner = part.outline + step, part.outline - step
        strip = np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])
        height = part.height + part.dome * 0.6
        self._fill(strip, *paint)
        self._height_pen.polygon(self._points(strip, COARSE), fill=height)
        middle = np.concatenate([part.outline, part.outline[:1]])
        self._height_pen.line(self._points(middle, COARSE), fill=height + 0.1, width=2)

    def back(self, parts: Sequence[Shape], paint: Paint, margin: float) -> None:
        """Lay a flat backing under all parts that stands out by `margin` around them."""
        for part in parts:
            outline = part.outline + margin * outward(part.outline)
            self._fill(outline, *paint)
            self._height_pen.polygon(self._points(outline, COARSE), fill=0.1)

    def ball(self, x: float, y: float, radius: float, paint: Paint, height: float = 0.5) -> None:
        """Paint a ball, such as a pearl, or a cut stone where the surface is rhinestone."""
        self._disc(x, y, radius, paint, height, rings=5)
        if paint[1] == "rhinestone":
            self._cut(np.array([x, y]), radius, paint, height + radius)

    def _cut(self, centre: DoubleArray, radius: float, paint: Paint, height: float) -> None:
        """A stone its eight facets, alternately bright and dark, and its flat top."""
        corners = centre + polygon(8, radius, self.chance.between(0.0, 0.7))
        for place in range(8):
            facet = np.stack([centre, corners[place], corners[(place + 1) % 8]])
            self._fill(facet, _scaled(paint[0], self.chance.pick((0.62, 0.78, 0.92, 1.04))), paint[1])
        self._fill(centre + polygon(8, radius * 0.5), _scaled(paint[0], 1.02), paint[1])
        self._height_pen.polygon(self._points(corners, COARSE), fill=height)

    def pieces(self) -> Pieces:
        """Reduce what was painted to the size asked for."""
        kinds = np.array(self.kinds.resize((self.size_px,) * 2, Image.Resampling.NEAREST))
        kinds[kinds == 0] = NUMBERS[self.ground[1]]
        solid = np.where(np.asarray(self.kinds) > 0, np.uint8(255), np.uint8(0))
        cover = Image.fromarray(solid).reduce(FINE)
        heights = np.asarray(self.heights.reduce(COARSE))
        return Pieces(
            np.asarray(self.colours.reduce(FINE)).transpose(2, 0, 1).astype(np.float32, order="C"),
            _blurred(_blurred(heights)),
            kinds,
            np.asarray(self.grain, dtype=np.float32) * np.float32(np.pi / 256),
            np.asarray(cover, dtype=np.float32) / 255.0,
        )

    def _points(self, outline: Outline, scale: int) -> list[float]:
        points: list[float] = self._scaled_to(outline, scale).ravel().tolist()
        return points

    def _scaled_to(self, outline: Outline, scale: int) -> Outline:
        half = self.size_px * scale / 2
        return outline * (half * 0.94) + half

    def _fill(self, outline: Outline, colour: tuple[int, int, int], surface: str) -> None:
        points = self._points(outline, FINE)
        self._colour_pen.polygon(points, fill=colour)
        self._kind_pen.polygon(points, fill=NUMBERS[surface])

    def _line(self, points: Outline, paint: Paint, width: float, height: float) -> None:
        half = self.size_px * 0.47
        self._colour_pen.line(self._points(points, FINE), fill=paint[0], width=max(1, round(width * half * FINE)))
        self._kind_pen.line(
            self._points(points, FINE), fill=NUMBERS[paint[1]], width=max(1, round(width * half * FINE))
        )
        self._height_pen.line(self._points(points, COARSE), fill=height, width=max(1, round(width * half * COARSE)))

    def _dome(self, outline: Outline, height: float, dome: float) -> None:
        middle = outline.mean(axis=0)
        reach = float(np.abs(outline - middle).max()) * self.size_px * 0.47
        inward = RINGS_PX[0.8 * reach > RINGS_PX] if dome > 0.02 else RINGS_PX[:1]
        full = min(reach, RINGS_PX[-1])
        levels = height + dome * np.sqrt(1.0 - (1.0 - inward / full) ** 2)
        start, offset = self._scaled_to(outline, COARSE), self._scaled_to(middle, COARSE)
        for share, level in zip((1.0 - inward / reach).tolist(), levels.tolist(), strict=True):
            self._height_pen.polygon((offset + (start - offset) * share).ravel().tolist(), fill=level)

    def _disc(self, x: float, y: float, radius: float, paint: Paint, height: float, rings: int) -> None:
        half, reach = self.size_px * 0.5, self.size_px * 0.47
        centre = (half + x * reach, half + y * reach)
        self._colour_pen.ellipse(_box(centre, radius * reach, FINE), fill=paint[0])
        self._kind_pen.ellipse(_box(centre, radius * reach, FINE), fill=NUMBERS[paint[1]])
        for ring in range(rings):
            share = ring / rings
            level = height + 1.6 * radius * float(np.sqrt(1.0 - (1.0 - share) ** 2))
            self._height_pen.ellipse(_box(centre, radius * reach * (1 - share), COARSE), fill=level)

    def _fill_with_discs(self, part: Shape, paint: Paint) -> None:
        radius = DISC_RADIUS[paint[1]]
        rings = 3 if radius > 0.08 else 2
        for x, y in _lattice(part.outline, radius).tolist():
            colour = _scaled(paint[0], part.shade * self.chance.around(1.02, 0.16))
            self._disc(x, y, radius * 0.96, (colour, paint[1]), part.height + part.dome, rings)

    def _sew(self, outline: Outline, height: float) -> None:
        """Sew along a leather part's edge: every other stretch of a line within it shows thread."""
        middle = outline.mean(axis=0)
        inner = middle + (outline - middle) * 0.84
        if np.abs(inner - middle).max() < 0.2:
            return
        closed = np.concatenate([inner, inner[:1]])
        lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
        stitches = max(4, int(lengths[-1] / 0.16))
        for place in np.arange(stitches) * lengths[-1] / stitches:
            ends = np.array([place, place + 0.09])
            line = np.stack([np.interp(ends, lengths, closed[:, axis]) for axis in (0, 1)], axis=1)
            self._line(line, ((236, 226, 204), "thread"), 0.03, height + 0.1)


def _scaled(colour: tuple[int, int, int], shade: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, round(value * shade))) for value in colour)
    return red, green, blue


def _box(centre: tuple[float, float], radius: float, scale: int) -> list[float]:
    x, y = centre[0] * scale, centre[1] * scale
    return [x - radius * scale, y - radius * scale, x + radius * scale, y + radius * scale]


def _lattice(outline: Outline, radius: float) -> DoubleArray:
    """The points of a hexagonal lattice that lie within an outline, shape (points, 2)."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    rows = np.arange(low[1] + radius * 0.6, high[1], radius * 1.74)
    columns = np.arange(low[0] + radius * 0.6, high[0] + radius, radius * 2.0)
    x = columns[None, :] - (np.arange(len(rows)) % 2 * radius)[:, None]
    points = np.stack([x, np.broadcast_to(rows[:, None], x.shape)], axis=-1).reshape(-1, 2)
    return points[_within(points, outline)]


def _within(points: DoubleArray, outline: Outline) -> Mask:
    """Say which points lie within an outline: a ray to the right crosses its edge an odd number of times."""
    x, y = points[:, 0:1], points[:, 1:2]
    (x0, y0), (x1, y1) = outline.T, np.roll(outline, -1, axis=0).T
    spans = (y0 > y) != (y1 > y)
    crossing = x0 + (y - y0) * (x1 - x0) / np.where(y1 == y0, 1e-12, y1 - y0)
    inside: Mask = (spans & (x < crossing)).sum(axis=1) % 2 == 1
    return inside


def _blurred(values: Field) -> Field:
    """Smooth with the weights 1 2 1 along both axes."""
    padded = np.pad(values, 1, mode="edge")
    tall = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    blurred: Field = (tall[:, :-2] + 2 * tall[:, 1:-1] + tall[:, 2:]) / 16
    return blurred
