"""What surrounds the work in its photo: backdrop, things that lie about, shadows, light and camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sakka.market.canvas import Canvas
from sakka.market.chance import Chance
from sakka.market.motifs import Form, parts_of, placed
from sakka.market.shapes import Outline, ellipse, moved, turned
from sakka.market.surfaces import Field, shade
from sakka.market.textures import TILE_PX, tile
from sakka.market.vocabulary import Rgb

DEPTHS = {
    "linen": 0.11,
    "wood": 0.17,
    "paper": 0.05,
    "marble": 0.14,
    "felt": 0.1,
    "plain": 0.035,
    "concrete": 0.09,
    "twill": 0.12,
    "kraft": 0.07,
}
OWN_TINTS: dict[str, tuple[Rgb, ...]] = {  # what a texture looks like in nature, for those that aren't dyed
    "wood": ((186, 142, 100), (134, 94, 64), (222, 198, 166), (92, 66, 50)),
    "marble": ((240, 240, 240), (232, 228, 222), (74, 76, 82)),
    "kraft": ((196, 158, 116), (212, 178, 138)),
    "concrete": ((176, 176, 174), (206, 204, 200), (120, 122, 124)),
    "paper": ((244, 240, 230), (232, 222, 204), (226, 230, 228)),
}


@dataclass(frozen=True)
class Light:
    """The light and camera of one photo; see `Style` for the units."""

    angle: float
    slope: float
    warmth: float
    exposure: float
    vignette: float
    shadow: float


@dataclass(frozen=True)
class Layer:
    """Something that lies on the backdrop.

    Attributes:
        colours: RGB, 0 to 255, shape (3, size, size).
        cover: Share of each pixel it fills, shape (size, size).
        height_px: How far above the ground it is; its shadow is as long.
    """

    colours: Field
    cover: Field
    height_px: float


def backdrop(texture: str, tint: Rgb, chance: Chance, size_px: int) -> Field:
    """The ground of a photo, shape (3, size_px, size_px)."""
    top, left = (chance.whole(0, TILE_PX - size_px) for _ in range(2))
    grain = tile(texture)[top : top + size_px, left : left + size_px]
    if chance.happens(0.5):
        grain = grain.T
    level = 1.0 + np.float32(DEPTHS[texture] * chance.around(1.0, 0.25)) * grain
    return tinted(level, [value * chance.around(1.0, 0.03) for value in tint_of(texture, tint)])


def tint_of(texture: str, tint: Rgb) -> Rgb:
    """The colour of a backdrop that is given a tint: a texture that isn't dyed has one of its own."""
    own = OWN_TINTS.get(texture)
    return tint if own is None else own[sum(tint) % len(own)]


def lay(photo: Field, layer: Layer, light: Light, solid: Field | None = None) -> None:
    """Lay something into a photo, shadow first; changes `photo`.

    Args:
        photo: RGB, shape (3, size, size).
        layer: What to lay.
        light: Where the shadow falls.
        solid: What casts the shadow where that is not the layer's cover, shape (size, size).
    """
    photo *= 1.0 - np.float32(light.shadow) * _shadow(layer.cover if solid is None else solid, layer.height_px, light)
    photo += (layer.colours - photo) * layer.cover


def _shadow(cover: Field, height_px: float, light: Light) -> Field:
    """How dark the ground is beside something: a close dark rim and a long soft shadow."""
    size = cover.shape[0]
    small = Image.fromarray((cover * 255).astype(np.uint8)).reduce(2)
    away = (-np.cos(light.angle) * height_px / 2, -np.sin(light.angle) * height_px / 2)
    near = _slid(small.filter(ImageFilter.BoxBlur(1.2)), away, 0.5)
    far = _slid(
        small.filter(ImageFilter.BoxBlur(height_px * 0.5)).filter(ImageFilter.BoxBlur(height_px * 0.35)), away, 1.5
    )
    both = Image.blend(near, far, 0.55).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(both, dtype=np.float32) / 255.0


def _slid(image: Image.Image, away: tuple[float, float], times: float) -> Image.Image:
    shift = (1, 0, -away[0] * times, 0, 1, -away[1] * times)
    return image.transform(image.size, Image.Transform.AFFINE, shift)


def lit(photo: Field, light: Light, chance: Chance) -> Field:
    """Apply light, lens and sensor: brighter to the light's side, darker corners, a tint, fine noise."""
    size = photo.shape[-1]
    across = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    slope = np.float32(light.slope)
    field = (1.0 + slope * np.float32(np.cos(light.angle)) * across)[None, :] + (
        slope * np.float32(np.sin(light.angle)) * across
    )[:, None]
    field -= np.float32(light.vignette) * (across[None, :] ** 2 + across[:, None] ** 2) * np.float32(0.28)
    tints = (1 + 0.07 * light.warmth, 1 + 0.012 * light.warmth, 1 - 0.09 * light.warmth)
    top, left = (chance.whole(0, TILE_PX - size) for _ in range(2))
    noise = tile("sensor")[top : top + size, left : left + size] * np.float32(chance.between(1.5, 4.0))
    developed: Field = photo * tinted(field, [tint * light.exposure for tint in tints])
    developed += noise
    return developed


def tinted(level: Field, colour: Sequence[float]) -> Field:
    """A picture of one colour, brighter where `level` is greater, shape (3, height, width)."""
    return np.stack([level * np.float32(value) for value in colour])


@lru_cache(maxsize=24)
def prop(name: str, seed: str, size_px: int, light_angle: float) -> Layer | None:
    """What lies about in a creator's photos, None for nothing; `seed` names the creator."""
    chance = Chance("prop", seed)
    if name == "none":
        return None
    return {"card": _card, "disc": _disc, "sprig": _sprig, "doily": _doily, "dish": _dish}[name](
        chance, size_px, light_angle
    )


def cover_of(size_px: int, outline: Outline, holes: list[Outline] | None = None) -> Field:
    """The cover of an outline in units of half the photo, less holes."""
    image = Image.new("L", (2 * size_px, 2 * size_px), 0)
    pen = ImageDraw.Draw(image)
    pen.polygon(((outline + 1.0) * size_px).ravel().tolist(), fill=255)
    for hole in holes or []:
        pen.polygon(((hole + 1.0) * size_px).ravel().tolist(), fill=0)
    return np.asarray(image.reduce(2), dtype=np.float32) / 255.0


def flat(size_px: int, colour: Rgb, texture: str, depth: float) -> Field:
    """A picture of one colour with a texture's grain, shape (3, size_px, size_px)."""
    grain = tile(texture)[:size_px, :size_px]
    return tinted(1.0 + np.float32(depth) * grain, colour)


def _card(chance: Chance, size_px: int, light_angle: float) -> Layer:  # noqa: ARG001
    """A shop's card with a printed frame and a line of writing below."""
    wide, high, turn = chance.between(0.62, 0.74), chance.between(0.74, 0.86), chance.around(0.0, 0.12)
    corners = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)])
    colours = flat(
        size_px, chance.pick(((250, 247, 240), (238, 226, 204), (60, 58, 60), (226, 236, 232))), "paper", 0.03
    )
    ink = chance.pick(((120, 96, 72), (70, 70, 74), (186, 150, 88), (150, 90, 96)))
    inner = corners * [0.9, 0.92]
    printed = cover_of(size_px, turned(inner, turn), [turned(inner * [0.985, 0.988], turn)])
    for place in range(chance.whole(4, 9)):
        x = -0.3 + 0.075 * place
        letter = moved(ellipse(0, 0, chance.between(0.016, 0.03), chance.between(0.02, 0.035)), x, high * 0.8)
        printed = np.maximum(printed, cover_of(size_px, turned(letter, turn)))
    printed = printed * np.float32(0.8)
    colours = colours * (1.0 - printed) + tinted(printed, ink)
    return Layer(colours, cover_of(size_px, turned(corners, turn)), 0.016 * size_px)


def _disc(chance: Chance, size_px: int, light_angle: float) -> Layer:  # noqa: ARG001
    """A slice of a branch: rings of growth, and bark around it."""
    across = np.linspace(-1.0, 1.0, size_px, dtype=np.float32)
    reach = chance.between(0.74, 0.86)
    wobble = 0.03 * tile("plain")[:size_px, :size_px]
    distance = np.hypot(across[None, :] * 1.02, across[:, None]) / reach + wobble
    rings = np.sin(distance * 62.0 + 3.0 * tile("plain")[80 : 80 + size_px, :size_px])
    wood = 1.0 + 0.05 * rings + 0.05 * tile("kraft")[:size_px, :size_px] - 0.5 * (distance > 0.94)
    colours = tinted(wood.astype(np.float32), chance.pick(((214, 178, 134), (190, 150, 108))))
    cover = np.clip((1.0 - distance) * size_px * reach / 2, 0.0, 1.0)
    return Layer(colours, cover.astype(np.float32), 0.035 * size_px)


def _doily(chance: Chance, size_px: int, light_angle: float) -> Layer:  # noqa: ARG001
    """A crocheted lace doily: scallops around it and three rounds of holes."""
    count, reach = chance.whole(14, 20), 0.84
    steps = np.linspace(0, 2 * np.pi, 40 * count, endpoint=False)
    radius = reach + 0.055 * np.abs(np.sin(steps * count / 2))
    edge = np.stack([radius * np.cos(steps), radius * np.sin(steps)], axis=1)
    holes = []
    for share, size in ((0.93, 0.05), (0.8, 0.055), (0.66, 0.045)):
        for place in range(count):
            angle = (place + 0.5 * (share == 0.8)) * 2 * np.pi / count
            holes.append(
                ellipse(reach * share * np.cos(angle), reach * share * np.sin(angle), size, size * 0.72, angle)
            )
    colours = flat(size_px, chance.pick(((250, 248, 242), (240, 230, 210), (214, 204, 196))), "weave", 0.07)
    return Layer(colours, cover_of(size_px, edge, holes), 0.011 * size_px)


def _dish(chance: Chance, size_px: int, light_angle: float) -> Layer:
    """A small glazed dish: a rim that catches the light, and a flat ground."""
    across = np.linspace(-1.0, 1.0, size_px, dtype=np.float32)
    x, y = across[None, :], across[:, None]
    distance = np.hypot(x, y) / np.float32(chance.between(0.82, 0.9))
    towards = (x * np.float32(np.cos(light_angle)) + y * np.float32(np.sin(light_angle))) / np.maximum(distance, 0.05)
    rim = np.exp(-(((distance - 0.95) / 0.035) ** 2)) - np.exp(-(((distance - 0.8) / 0.06) ** 2))
    level = (
        1.0
        + 0.13 * rim * towards
        + 0.02 * tile("plain")[:size_px, :size_px]
        + 0.06 * np.exp(-(((distance - 0.96) / 0.015) ** 2))
    )
    colour = chance.pick(((238, 236, 230), (206, 218, 222), (228, 214, 206), (92, 104, 120)))
    cover = np.clip((1.0 - distance) * size_px / 2, 0.0, 1.0)
    return Layer(tinted(level.astype(np.float32), colour), cover.astype(np.float32), 0.04 * size_px)


def _sprig(chance: Chance, size_px: int, light_angle: float) -> Layer:
    """Dried leaves or small flowers that reach into a corner."""
    colour = chance.pick(((122, 140, 104), (156, 150, 110), (168, 132, 96), (148, 164, 158), (186, 140, 140)))
    canvas = Canvas(size_px, (colour, "fabric"), chance)
    corner, turn = chance.pick(((-0.74, -0.7), (0.74, -0.7), (-0.74, 0.7), (0.74, 0.7))), chance.between(0, 6.28)
    form = Form(4 if chance.happens(0.7) else 5, chance.share(), 0.8)
    for shift in (0.0, 0.7):
        for part in placed(parts_of("leaf", form, chance), *corner, chance.between(0.4, 0.55), turn + shift):
            canvas.paint(part, (colour, "fabric"))
    pieces = canvas.pieces()
    colours = shade(pieces.colours, pieces.heights, pieces.kinds, light_angle, (0, 0))
    return Layer(colours, pieces.cover, 0.022 * size_px)
