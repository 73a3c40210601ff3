"""Outlines that motifs are put together from.

An outline is a float64 array (points, 2) of x and y, x to the right and y downward, in units of half the work's size:
a work fills about -1 to 1 on both axes. A `Shape` is one piece of a work: an outline with a role and a thickness.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Outline = npt.NDArray[np.float64]
_TURN = 2.0 * np.pi
_CIRCLE = np.stack([np.cos(np.arange(36) * _TURN / 36), np.sin(np.arange(36) * _TURN / 36)], axis=1)
_ALONG = np.linspace(0.0, 1.0, 13)


@dataclass(frozen=True)
class Shape:
    """One piece of a work.

    Attributes:
        outline: Its edge.
        role: What gives it its colour and surface: main, second, centre, green, dark, light, or the name of an accent.
        height: How high it lies above the ground, 0 to 1.
        dome: How much higher its middle is than its edge.
        grain: Direction of its stitches or fibres in radians.
        shade: Brightness against its role's colour.
    """

    outline: Outline
    role: str = "main"
    height: float = 0.2
    dome: float = 0.25
    grain: float = 0.0
    shade: float = 1.0


def turned(outline: Outline, angle: float) -> Outline:
    """Rotate an outline about the origin, clockwise on the screen."""
    sine, cosine = np.sin(angle), np.cos(angle)
    rotated: Outline = outline @ np.array([[cosine, sine], [-sine, cosine]])
    return rotated


def moved(outline: Outline, x: float, y: float) -> Outline:
    """Shift an outline."""
    shifted: Outline = outline + np.array([x, y])
    return shifted


def ellipse(x: float, y: float, wide: float, high: float | None = None, angle: float = 0.0) -> Outline:
    """An ellipse about (x, y) with half axes `wide` and `high`; a circle without `high`."""
    points = _CIRCLE * np.array([wide, wide if high is None else high])
    return moved(turned(points, angle) if angle else points, x, y)


def petal(angle: float, length: float, width: float, pointed: float = 0.0, start: float = 0.0) -> Outline:
    """A petal or leaf from the origin outward: `pointed` 0 has a round tip, 1 a sharp one."""
    widest = 0.72 - 0.3 * pointed
    bulge = np.sin(np.pi * _ALONG ** (np.log(0.5) / np.log(widest))) ** (0.62 + 0.5 * pointed)
    points = np.stack([start + _ALONG * (length - start), bulge * width / 2], axis=1)
    back = points[::-1] * np.array([1.0, -1.0])
    return turned(np.concatenate([points, back[1:-1]]), angle)


def star(rays: int, outer: float, inner: float, angle: float = -np.pi / 2) -> Outline:
    """A star with so many rays."""
    steps = angle + np.arange(2 * rays) * np.pi / rays
    reach = np.where(np.arange(2 * rays) % 2 == 0, outer, inner)
    return np.stack([reach * np.cos(steps), reach * np.sin(steps)], axis=1)


def polygon(corners: int, reach: float, angle: float = 0.0) -> Outline:
    """A regular polygon about the origin."""
    steps = angle + np.arange(corners) * _TURN / corners
    return np.stack([reach * np.cos(steps), reach * np.sin(steps)], axis=1)


def bar(x0: float, y0: float, x1: float, y1: float, width: float) -> Outline:
    """A straight strip from one point to another."""
    along = np.array([x1 - x0, y1 - y0])
    across = np.array([-along[1], along[0]]) / (np.hypot(*along) + 1e-9) * width / 2
    start, end = np.array([x0, y0]), np.array([x1, y1])
    return np.stack([start + across, end + across, end - across, start - across])


def heart(size: float) -> Outline:
    """The heart curve x = 16 sin^3 t, y = -(13 cos t - 5 cos 2t - 2 cos 3t - cos 4t), scaled."""
    steps = np.linspace(0.0, _TURN, 60, endpoint=False)
    x = 16 * np.sin(steps) ** 3
    y = -(13 * np.cos(steps) - 5 * np.cos(2 * steps) - 2 * np.cos(3 * steps) - np.cos(4 * steps))
    return np.stack([x, y - 1.5], axis=1) * (size / 16.5)


def crescent(size: float, bite: float) -> Outline:
    """A crescent moon: a disc less a disc shifted by `bite`."""
    reach = np.arccos(np.clip(bite / 2, -1.0, 1.0))
    outer = np.linspace(reach, _TURN - reach, 40)
    inner = np.linspace(np.pi + reach, np.pi - reach, 40) + np.pi
    far = np.stack([np.cos(outer), np.sin(outer)], axis=1)
    near = np.stack([bite - np.cos(inner - np.pi) * -1.0, np.sin(inner - np.pi)], axis=1)
    return np.concatenate([far, near]) * size


def smooth(corners: npt.ArrayLike, rounds: int = 3) -> Outline:
    """Round a polygon's corners (Chaikin's corner cutting)."""
    points = np.asarray(corners, dtype=np.float64)
    for _ in range(rounds):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], axis=1).reshape(-1, 2)
    return points


def outward(outline: Outline) -> Outline:
    """The outward unit normal at each point of an outline: the mean of its two edges' normals."""
    round_trip = np.concatenate([outline[-1:], outline, outline[:1]])
    edges = round_trip[1:] - round_trip[:-1]
    edges /= np.sqrt(edges[:, :1] ** 2 + edges[:, 1:] ** 2) + 1e-9
    along = edges[1:] + edges[:-1]
    along /= np.sqrt(along[:, :1] ** 2 + along[:, 1:] ** 2) + 1e-9
    x, y = round_trip[:, 0], round_trip[:, 1]
    turning = np.sign(x[:-1] @ y[1:] - x[1:] @ y[:-1])
    normals: Outline = along[:, ::-1] * (np.array([1.0, -1.0]) * turning)
    return normals
