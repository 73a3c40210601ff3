"""Draws a size chart: a drawn brooch with its measures, two rulers and a table, as sellers pass them round."""

import numpy as np
from PIL import Image, ImageDraw

from sakka.market.chance import Chance
from sakka.market.vocabulary import Rgb

DRAWN = 3  # times the size, then reduced
PAPERS: tuple[Rgb, ...] = ((255, 255, 255), (252, 248, 238), (240, 246, 248))
INKS: tuple[Rgb, ...] = ((60, 60, 64), (96, 72, 60), (48, 72, 104))
# Which of seven strokes a digit has: top, upper left, upper right, middle, lower left, lower right, bottom.
STROKES = ("1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011")
ENDS = np.array([((0, 0), (1, 0)), ((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 1), (1, 1)), ((0, 1), (0, 2)),
                 ((1, 1), (1, 2)), ((0, 2), (1, 2))], dtype=np.float64)  # fmt: skip


def draw_size_chart(number: int, size_px: int) -> Image.Image:
    """Draw one of the charts, RGB; the same for every market."""
    chance = Chance("size chart", number)
    side = DRAWN * size_px
    ink = INKS[number % len(INKS)]
    image = Image.new("RGB", (side, side), PAPERS[number % len(PAPERS)])
    chart = _Chart(ImageDraw.Draw(image), side, ink, max(1, side // 220))
    chart.rulers()
    chart.brooch(chance.whole(5, 8))
    chart.table([chance.whole(20, 70) for _ in range(8)])
    return image.reduce(DRAWN)


class _Chart:
    """A page that a chart is drawn on, in shares of its side."""

    def __init__(self, pen: ImageDraw.ImageDraw, side: int, ink: Rgb, width: int) -> None:
        self.pen, self.side, self.ink, self.width = pen, side, ink, width

    def line(self, *points: tuple[float, float]) -> None:
        self.pen.line([(x * self.side, y * self.side) for x, y in points], fill=self.ink, width=self.width)

    def number(self, value: int, x: float, y: float, height: float) -> None:
        """Write a number of two digits."""
        for index, digit in enumerate(f"{value:02}"):
            for drawn, ends in zip(STROKES[int(digit)], ENDS, strict=True):
                if drawn == "1":
                    (x0, y0), (x1, y1) = (ends * height / 2 + (x + 0.8 * height * index, y)).tolist()
                    self.line((x0, y0), (x1, y1))

    def rulers(self) -> None:
        """A ruler along the upper and one along the left edge, a stroke a millimetre."""
        for step in range(51):
            along, long = 0.1 + 0.017 * step, 0.045 if step % 10 == 0 else 0.03 if step % 5 == 0 else 0.018
            self.line((along, 0.03), (along, 0.03 + long))
            self.line((0.03, along), (0.03 + long, along))
            if step % 10 == 0 and step < 50:
                self.number(step, along + 0.012, 0.058, 0.024)

    def brooch(self, petals: int) -> None:
        """The outline of a brooch with its width and height."""
        middle, reach = np.array((0.36, 0.4)), 0.17
        turns = np.linspace(0, 2 * np.pi, 241)
        radius = reach * (0.8 + 0.2 * np.cos(petals * turns))
        points = middle + np.stack([radius * np.cos(turns), radius * np.sin(turns)], axis=1)
        self.line(*map(tuple, points.tolist()))
        self.line(*map(tuple, (middle + 0.3 * (points - middle)).tolist()))
        for start, end in (((0.19, 0.62), (0.53, 0.62)), ((0.58, 0.23), (0.58, 0.57))):
            self._arrow(np.array(start), np.array(end))
        self.number(35, 0.33, 0.64, 0.04)
        self.number(32, 0.6, 0.38, 0.04)

    def _arrow(self, start: np.ndarray, end: np.ndarray) -> None:
        """A line with a head at both ends."""
        self.line(tuple(start), tuple(end))
        along = (end - start) / np.hypot(*(end - start)) * 0.025
        across = along[::-1] * (0.5, -0.5)
        for point, inward in ((start, along), (end, -along)):
            self.line(tuple(point + inward + across), tuple(point), tuple(point + inward - across))

    def table(self, values: list[int]) -> None:
        """Four rows of a mark and two measures."""
        for row in range(5):
            self.line((0.1, 0.74 + 0.05 * row), (0.9, 0.74 + 0.05 * row))
        for column in (0.1, 0.42, 0.66, 0.9):
            self.line((column, 0.74), (column, 0.94))
        for row in range(4):
            y = 0.752 + 0.05 * row
            self.pen.rectangle([0.13 * self.side, (y + 0.008) * self.side, (0.2 + 0.04 * row) * self.side,
                                (y + 0.018) * self.side], fill=self.ink)  # fmt: skip
            self.number(values[2 * row], 0.5, y, 0.028)
            self.number(values[2 * row + 1], 0.74, y, 0.028)
