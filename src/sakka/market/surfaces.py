"""How materials look in the light: from colours, heights and kinds of surface to a shaded picture.

The height map h gives a normal n = (-g dh/dx, -g dh/dy, 1) / |...| with relief g. With the light's direction l and
the half vector e between light and viewer, a matt surface shows a + d max(n.l, 0) of its colour (Lambert) and adds a
highlight s (n.e)^p (Blinn and Phong, https://doi.org/10.1145/563858.563893). Metal shows its colour times a band of an
imagined room that the normal picks; pearls add a pinkish rim where the normal turns away.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sakka.market.textures import TILE_PX, tile

Field = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Surface:
    """What one kind of surface does with light.

    Attributes:
        ambient: Light it shows everywhere.
        diffuse: Light it shows where it faces the light.
        shine: Strength of the highlight.
        gloss: Sharpness of the highlight (the exponent).
        relief: How steep its heights are.
        metal: Share of reflected room in its colour.
        lustre: Strength of the pearly rim.
        grain: Name of the tile in its colour and height; None for none.
        grain_depth: Strength of that tile.
        seen_through: Share of what lies below that shows.
    """

    ambient: float = 0.52
    diffuse: float = 0.62
    shine: float = 0.0
    gloss: float = 20.0
    relief: float = 5.0
    metal: float = 0.0
    lustre: float = 0.0
    grain: str | None = None
    grain_depth: float = 0.0
    seen_through: float = 0.0


SURFACES: dict[str, Surface] = {
    "silver": Surface(0.3, 0.5, 0.9, 42.0, 6.0, 0.85, 0.0, "hammered", 0.05),
    "brass": Surface(0.3, 0.5, 0.7, 34.0, 6.0, 0.75, 0.0, "hammered", 0.03),
    "wood": Surface(0.55, 0.55, 0.12, 12.0, 3.5, 0.0, 0.0, "grain", 0.16),
    "resin": Surface(0.62, 0.42, 1.0, 60.0, 6.5, 0.0, 0.1, "glitter", 0.22, 0.2),
    "embroidery": Surface(0.5, 0.62, 0.22, 9.0, 4.0),
    "felt": Surface(0.58, 0.52, 0.0, 8.0, 5.5, 0.0, 0.12, "fuzz", 0.2),
    "beads": Surface(0.48, 0.55, 0.9, 26.0, 3.2),
    "leather": Surface(0.5, 0.58, 0.2, 12.0, 3.5, 0.0, 0.0, "leather", 0.14),
    "fabric": Surface(0.55, 0.55, 0.04, 8.0, 5.0, 0.0, 0.0, "weave", 0.12),
    "enamel": Surface(0.6, 0.4, 0.95, 55.0, 5.0, 0.0, 0.05),
    "clay": Surface(0.56, 0.52, 0.35, 22.0, 5.0, 0.0, 0.0, "plain", 0.05),
    "pearls": Surface(0.52, 0.5, 0.85, 30.0, 3.4, 0.0, 0.5),
    "pearl": Surface(0.52, 0.5, 0.95, 30.0, 3.4, 0.0, 0.5),
    "rhinestone": Surface(0.72, 0.36, 0.5, 40.0, 2.0),
    "bead": Surface(0.5, 0.5, 0.9, 30.0, 3.4),
    "thread": Surface(0.5, 0.6, 0.3, 10.0, 4.0),
    "satin": Surface(0.5, 0.55, 0.45, 7.0, 5.0),
    "dark": Surface(0.6, 0.4, 0.9, 30.0, 4.0),
}
NAMES = tuple(SURFACES)
NUMBERS = {name: number + 1 for number, name in enumerate(NAMES)}  # 0 is where there is nothing


def _table(trait: str) -> Field:
    values = [getattr(SURFACES[name], trait) for name in NAMES]
    return np.array([0.0, *values], dtype=np.float32)


_TRAITS = {trait: _table(trait) for trait in Surface.__dataclass_fields__ if trait != "grain"}
_ROOM_TURN = np.linspace(0.0, 1.0, 256, dtype=np.float32)
# A dark floor, a bright window, a wall and a bright ceiling, by how far the normal leans to the light.
_ROOM = np.interp(
    _ROOM_TURN, [0, 0.2, 0.36, 0.46, 0.52, 0.6, 0.7, 0.85, 1], [0.35, 0.5, 0.95, 0.62, 0.9, 1.22, 0.85, 1.3, 1.5]
)
_ROOM = _ROOM.astype(np.float32)


def shade(
    colours: Field, heights: Field, kinds: npt.NDArray[np.uint8], light_angle: float, corner: tuple[int, int]
) -> Field:
    """Light a work.

    Args:
        colours: RGB, 0 to 255, shape (3, height, width).
        heights: Shape (height, width), about 0 to 1.
        kinds: Numbers of surfaces as in `NUMBERS`, shape (height, width).
        light_angle: Where the light comes from, radians, 0 at the right, pi / 2 at the bottom.
        corner: Where in the tiles the grain starts, each 0 to `TILE_PX`.

    Returns:
        RGB, not clipped, shape (3, height, width).
    """
    colours, heights = _with_grain(colours, heights, kinds, corner)
    trait = {name: table[kinds] for name, table in _TRAITS.items() if name != "grain_depth"}
    slope = trait["relief"] * np.float32(kinds.shape[0] / 32.0)
    down, across = np.gradient(heights)
    across, down = across * slope, down * slope
    upright = 1.0 / np.sqrt(1.0 + across * across + down * down)
    cosine, sine = np.float32(np.cos(light_angle)), np.float32(np.sin(light_angle))
    lean = -(across * cosine + down * sine) * upright  # how far the normal turns to the light, -1 to 1
    facing = np.maximum(0.62 * lean + 0.785 * upright, 0.0)
    half = np.minimum(np.maximum(0.329 * lean + 0.944 * upright, 0.0), 1.0)
    room = _ROOM[np.clip(lean * 127.5 + 127.5, 0, 255).astype(np.uint8)]
    matt = trait["ambient"] + trait["diffuse"] * facing
    level = matt + trait["metal"] * (room - matt)
    shine = trait["shine"] * half ** trait["gloss"] * 150.0
    lit: Field = colours * level + shine
    rim = trait["lustre"] * (1.0 - upright)
    for place, strength in enumerate((90.0, 40.0, 68.0)):  # a pinkish rim
        lit[place] += rim * np.float32(strength)
    return lit


def _with_grain(
    colours: Field, heights: Field, kinds: npt.NDArray[np.uint8], corner: tuple[int, int]
) -> tuple[Field, Field]:
    rows, columns = kinds.shape
    top, left = corner[0] % (TILE_PX - rows), corner[1] % (TILE_PX - columns)
    for number in np.flatnonzero(np.bincount(kinds.ravel())):
        surface = SURFACES[NAMES[number - 1]] if number else None
        if surface is None or surface.grain is None:
            continue
        grain = tile(surface.grain)[top : top + rows, left : left + columns] * (kinds == number)
        grain = grain * np.float32(surface.grain_depth)
        colours = colours * (1.0 + grain)
        heights = heights + grain * np.float32(0.12)
    return colours, heights


def see_through(kinds: npt.NDArray[np.uint8]) -> Field:
    """The share of what lies below that shows at each place, shape of `kinds`."""
    return _TRAITS["seen_through"][kinds]
