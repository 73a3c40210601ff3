"""Grey tiles that give backdrops and materials their grain, drawn once and kept.

A tile is a float32 array (TILE_PX, TILE_PX) with mean 0 and values mostly from -1 to 1. Noise is a sum of octaves
(value noise): small random grids, enlarged with a bicubic filter, each at half the weight of the coarser one.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

TILE_PX = 720
Tile = npt.NDArray[np.float32]


def noise(name: str, across: int, down: int, octaves: int = 1) -> Tile:
    """Value noise whose coarsest grid has `across` by `down` cells."""
    generator = np.random.default_rng(list(name.encode()))
    total = np.zeros((TILE_PX, TILE_PX), dtype=np.float32)
    for octave in range(octaves):
        size = (min(TILE_PX, down << octave), min(TILE_PX, across << octave))
        grid = Image.fromarray(generator.standard_normal(size, dtype=np.float32))
        total += np.asarray(grid.resize((TILE_PX, TILE_PX), Image.Resampling.BICUBIC)) * 0.5**octave
    return _levelled(total)


@lru_cache(maxsize=32)
def tile(name: str) -> Tile:
    """A tile by the name of what it looks like."""
    drawn = _TILES[name]()
    drawn.setflags(write=False)
    return drawn


def _levelled(values: npt.NDArray[np.floating]) -> Tile:
    """Bring a tile's mean to 0 and its spread to 1/2."""
    values = values - values.mean()
    levelled: Tile = np.clip(values / (2.0 * values.std() + 1e-9), -1.5, 1.5).astype(np.float32)
    return levelled


def _waves(period_px: float, along: Tile | float, axis: int) -> Tile:
    place = np.arange(TILE_PX, dtype=np.float32).reshape((-1, 1) if axis == 0 else (1, -1))
    waves: Tile = np.sin(place * np.float32(2 * np.pi / period_px) + along).astype(np.float32)
    return waves


def _linen() -> Tile:
    weft = np.abs(_waves(8.0, 1.1 * noise("weft", 12, 200), 0)) * (1 + 0.6 * noise("weft-thickness", 6, 180))
    warp = np.abs(_waves(8.0, 1.1 * noise("warp", 200, 12), 1)) * (1 + 0.6 * noise("warp-thickness", 180, 6))
    return _levelled(np.maximum(weft, warp) + 0.25 * noise("linen", 200, 200))


def _wood() -> Tile:
    bend = noise("wood-bend", 2, 5, 2)
    rings = _waves(34.0, 5.0 * bend, 0) + 0.5 * _waves(11.0, 9.0 * bend, 0)
    fibres = noise("wood-fibre", 12, 360, 2)
    place = np.arange(TILE_PX)
    seams = -3.2 * np.exp(-(((place % 144) - 72) ** 2) / 3.0)[:, None]
    planks = 0.7 * np.sin(1.9 * (place // 144 * 3.7 + place[0]))[:, None] * ((place + 72) // 144 % 2 * 2 - 1)[:, None]
    return _levelled(0.5 * rings + 0.7 * fibres + seams + 0.5 * planks)


def _paper() -> Tile:
    sheet = Image.new("F", (TILE_PX, TILE_PX), 0.0)
    pen = ImageDraw.Draw(sheet)
    generator = np.random.default_rng(17)
    for _ in range(420):  # the long fibres of washi
        x, y = generator.random(2) * TILE_PX
        turn, bend = generator.random() * 6.3, generator.normal() * 0.02
        steps = np.cumsum(np.full(9, bend)) + turn
        points = np.stack([x + np.cumsum(np.cos(steps) * 6), y + np.cumsum(np.sin(steps) * 6)], axis=1)
        pen.line(points.ravel().tolist(), fill=float(generator.choice([-1.6, 1.2])), width=1)
    return _levelled(0.5 * noise("paper", 6, 6, 3) + 0.5 * noise("paper-tooth", 300, 300) + np.asarray(sheet))


def _marble() -> Tile:
    veins = np.abs(noise("marble", 3, 3, 5) + 0.15 * noise("marble-fine", 9, 9, 3))
    faint = np.abs(noise("marble-second", 4, 5, 5))
    return _levelled(-np.exp(-veins * 16.0) * 1.6 - 0.6 * np.exp(-faint * 20.0) + 0.35 * noise("marble-cloud", 3, 3, 2))


def _felt() -> Tile:
    hairs = noise("felt-across", 60, 330) + noise("felt-down", 330, 60)
    return _levelled(0.6 * hairs + 0.5 * noise("felt", 30, 30, 4))


def _concrete() -> Tile:
    pits = noise("pits", 150, 150)
    return _levelled(noise("concrete", 5, 5, 6) - 1.6 * (pits > 1.05))


def _twill() -> Tile:
    place = np.arange(TILE_PX, dtype=np.float32)
    slant = place[:, None] + place[None, :]
    ribs = np.sin(slant * 2 * np.pi / 9.0 + 0.6 * noise("twill-wave", 90, 90))
    return _levelled(ribs + 0.5 * noise("twill", 300, 300) + 0.5 * noise("twill-worn", 5, 5, 3))


def _kraft() -> Tile:
    flecks = noise("flecks", 230, 120)
    return _levelled(
        0.5 * noise("kraft", 8, 8, 5)
        + 0.8 * (flecks > 1.1)
        - 0.9 * (flecks < -1.1)
        + 0.3 * noise("kraft-lines", 4, 360)
    )


def _plain() -> Tile:
    return _levelled(noise("plain", 3, 3, 2))


def _leather() -> Tile:
    cells = np.minimum(np.abs(noise("leather", 110, 110, 2)), np.abs(noise("leather-second", 90, 90, 2)))
    return _levelled(-np.exp(-cells * 9.0) + 0.3 * noise("leather-cloud", 20, 20, 3))


def _grain() -> Tile:
    return _levelled(noise("wood-line", 14, 300, 2) + 0.6 * _waves(13.0, 4.0 * noise("grain-bend", 3, 8, 2), 0))


def _weave() -> Tile:
    return _levelled(
        _waves(5.0, 0.8 * noise("weave", 120, 120), 0) * _waves(5.0, 0.8 * noise("weave-second", 120, 120), 1)
    )


def _fuzz() -> Tile:
    blurred = Image.fromarray(noise("fuzz", 330, 330)).convert("F")
    fine = np.asarray(blurred)
    return _levelled(
        0.7 * fine
        + 0.7 * noise("fuzz-across", 90, 360)
        + 0.7 * noise("fuzz-down", 360, 90)
        + 0.4 * noise("tuft", 50, 50)
    )


def _hammered() -> Tile:
    dents = Image.fromarray(((noise("hammer", 70, 70) + 1.5) * 85).clip(0, 255).astype(np.uint8))
    return _levelled(
        np.asarray(dents.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(1.5)), dtype=np.float32)
    )


def _glitter() -> Tile:
    return _levelled((noise("glitter", 360, 360) > 1.15).astype(np.float32))


def _sensor() -> Tile:
    return _levelled(noise("sensor", 720, 720))


_TILES: dict[str, Callable[[], Tile]] = {
    "linen": _linen,
    "wood": _wood,
    "paper": _paper,
    "marble": _marble,
    "felt": _felt,
    "concrete": _concrete,
    "twill": _twill,
    "kraft": _kraft,
    "plain": _plain,
    "leather": _leather,
    "grain": _grain,
    "weave": _weave,
    "fuzz": _fuzz,
    "hammered": _hammered,
    "glitter": _glitter,
    "sensor": _sensor,
}
