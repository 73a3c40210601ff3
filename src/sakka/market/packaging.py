"""Draws what works are sent in: a box with a ribbon, a paper bag or a card on tissue, seen from above."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sakka.market.chance import Chance
from sakka.market.scene import Layer, Light, cover_of, flat, lay, tinted
from sakka.market.shapes import Outline, ellipse, moved, turned
from sakka.market.surfaces import Field
from sakka.market.vocabulary import Rgb

PAPERS: tuple[Rgb, ...] = (
    (206, 170, 126),
    (247, 243, 234),
    (70, 66, 66),
    (226, 204, 200),
    (184, 202, 206),
    (202, 208, 184),
    (120, 134, 156),
    (214, 190, 150),
)
RIBBONS: tuple[Rgb, ...] = (
    (176, 60, 66),
    (236, 228, 214),
    (88, 104, 78),
    (58, 66, 96),
    (202, 164, 92),
    (120, 84, 66),
    (214, 150, 160),
)
INKS: tuple[Rgb, ...] = ((96, 76, 58), (52, 52, 56), (176, 140, 80), (146, 84, 90))
Sheet = Callable[[Outline, Rgb, float, str], None]
"""Lays a piece of paper or cloth: its outline, colour, height in shares of the photo, and texture."""


@dataclass(frozen=True)
class Packaging:
    """What one creator's works are sent in, or several creators'.

    Attributes:
        form: "box", "bag" or "card".
        paper: Its colour.
        ribbon: Colour of the ribbon, or of the tissue below a card.
        ink: Colour of what is printed.
        wide: Half its width, in units of half the photo.
        high: Half its height.
        letters: How many letters the shop's name has.
        petals: How many petals the printed flower has.
    """

    form: str
    paper: Rgb
    ribbon: Rgb
    ink: Rgb
    wide: float
    high: float
    letters: int
    petals: int


def packaging_of(chance: Chance) -> Packaging:
    """Draw what works are sent in."""
    form = chance.pick(("box", "box", "bag", "card"))
    wide = chance.between(0.46, 0.6)
    return Packaging(
        form=form,
        paper=chance.pick(PAPERS),
        ribbon=chance.pick(RIBBONS),
        ink=chance.pick(INKS),
        wide=wide,
        high=wide * {"box": chance.between(0.8, 1.1), "bag": 1.35, "card": chance.between(0.55, 0.7)}[form],
        letters=chance.whole(4, 8),
        petals=chance.whole(4, 8),
    )


def lay_packaging(photo: Field, packaging: Packaging, light: Light, chance: Chance) -> None:
    """Lay a packaging into a photo; changes `photo`."""
    turn, middle = chance.around(0.0, 0.5), (chance.around(0.0, 0.14), chance.around(0.0, 0.14))
    size, wide, high = photo.shape[-1], packaging.wide, packaging.high

    def sheet(outline: Outline, colour: Rgb, height: float, texture: str) -> None:
        cover = cover_of(size, moved(turned(outline, turn), *middle))
        lay(photo, Layer(flat(size, colour, texture, 0.06), cover, height * size), light)

    def printed(outlines: list[Outline]) -> None:
        for outline in outlines:
            cover = cover_of(size, moved(turned(outline, turn), *middle)) * np.float32(0.85)
            photo[:] += (tinted(np.ones((size, size), dtype=np.float32), packaging.ink) - photo) * cover

    if packaging.form == "card":
        sheet(_rectangle(1.5 * wide, 1.9 * high, 0.1), packaging.ribbon, 0.008, "weave")
    sheet(_rectangle(wide, high), packaging.paper, {"box": 0.07, "bag": 0.035, "card": 0.012}[packaging.form], "kraft")
    if packaging.form == "box":
        sheet(_rectangle(0.98 * wide, 0.98 * high), _brighter(packaging.paper), 0.006, "kraft")
        _tie(sheet, packaging)
    elif packaging.form == "bag":
        sheet(moved(_rectangle(wide, 0.2 * high), 0.0, -0.8 * high), _brighter(packaging.paper), 0.014, "kraft")
        sheet(ellipse(0.0, 0.1, 0.27, 0.27), (250, 247, 240), 0.004, "paper")
        printed(_flower(packaging.petals, 0.0, 0.1, 0.13))
    else:
        printed([*_letters(packaging, 0.35 * high), *_flower(packaging.petals, 0.0, -0.25 * high, 0.3 * high)])


def _tie(sheet: Sheet, packaging: Packaging) -> None:
    """A ribbon around a box, crossed, with a bow."""
    sheet(_rectangle(0.07, packaging.high), packaging.ribbon, 0.008, "twill")
    sheet(_rectangle(packaging.wide, 0.07), packaging.ribbon, 0.008, "twill")
    for side in (-1, 1):
        sheet(turned(ellipse(0.17 * side, 0.0, 0.17, 0.085), 0.35 * side), packaging.ribbon, 0.03, "twill")
    sheet(ellipse(0.0, 0.0, 0.06, 0.06), _brighter(packaging.ribbon), 0.02, "twill")


def _rectangle(wide: float, high: float, ragged: float = 0.0) -> Outline:
    corners = [(-wide, -high), (wide, -high * (1 - ragged)), (wide * (1 - ragged), high), (-wide, high * (1 - ragged))]
    return np.array(corners)


def _brighter(colour: Rgb) -> Rgb:
    red, green, blue = (min(255, round(1.06 * value + 6)) for value in colour)
    return red, green, blue


def _flower(petals: int, x: float, y: float, radius: float) -> list[Outline]:
    angles = [2 * np.pi * petal / petals for petal in range(petals)]
    return [
        moved(ellipse(radius * np.cos(angle), radius * np.sin(angle), 0.5 * radius, 0.28 * radius, angle), x, y)
        for angle in angles
    ]


def _letters(packaging: Packaging, y: float) -> list[Outline]:
    """The shop's name, as far off as it can't be read."""
    width = 0.09
    start = -width * (packaging.letters - 1) / 2
    high = [0.03 + 0.012 * ((packaging.petals * 7 + letter * 5) % 3) for letter in range(packaging.letters)]
    return [ellipse(start + width * letter, y, 0.028, tall) for letter, tall in enumerate(high)]
