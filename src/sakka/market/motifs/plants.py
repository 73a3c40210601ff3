"""Flowers, leaves, fruit and mushrooms."""

import numpy as np

from sakka.market.chance import Chance
from sakka.market.motifs.form import Form
from sakka.market.shapes import Shape, bar, ellipse, moved, petal, smooth, turned

_TURN = 2.0 * np.pi
_UP = -np.pi / 2


def flower(form: Form, chance: Chance) -> list[Shape]:
    """An open flower, some with a second ring of petals."""
    first = chance.between(0, _TURN)
    width = 1.0 * form.plump * 5.4 / form.petals
    parts = _ring(form.petals, 0.98, width, form, first)
    if chance.happens(0.5):
        turn = first + np.pi / form.petals
        parts += _ring(form.petals, 0.62, width * 0.66, form, turn, second=1.0, height=0.4)
    parts.append(Shape(ellipse(0, 0, 0.2), "centre", 0.6, 0.3))
    dots = first + np.arange(8) * _TURN / 8
    return parts + [Shape(ellipse(0.24 * np.cos(a), 0.24 * np.sin(a), 0.045), "light", 0.72, 0.2) for a in dots]


def _ring(
    count: int, length: float, width: float, form: Form, first: float, start: float = 0.05, **looks: float
) -> list[Shape]:
    role = "second" if looks.pop("second", 0.0) else "main"
    angles = first + np.arange(count) * _TURN / count
    height, dome = looks.get("height", 0.2), looks.get("dome", 0.3)
    return [
        Shape(petal(angle, length, width, form.pointed, start), role, height, dome, angle, 1.0 - 0.07 * (place % 2))
        for place, angle in enumerate(angles)
    ]


def small_leaf(angle: float, length: float, width: float, x: float = 0.0, y: float = 0.0) -> list[Shape]:
    """A leaf with its midrib, from (x, y) outward."""
    blade = moved(petal(angle, length, width, 0.8), x, y)
    tip = (x + 0.85 * length * np.cos(angle), y + 0.85 * length * np.sin(angle))
    return [Shape(blade, "green", 0.12, 0.16, angle), Shape(bar(x, y, *tip, 0.025), "green", 0.2, 0.0, angle, 0.72)]


def small_flower() -> list[Shape]:
    """A five-petalled flower to set on something."""
    ring = [Shape(petal(a, 1.0, 0.9), "light", 0.75, 0.15, a) for a in np.arange(5) * _TURN / 5]
    return [*ring, Shape(ellipse(0, 0, 0.32), "centre", 0.9, 0.2)]


def rose(form: Form, chance: Chance) -> list[Shape]:
    """A rose from above: rings of petals, each higher than the last."""
    parts = []
    first = chance.between(0, _TURN)
    for layer, (reach, size, count) in enumerate(((0.6, 0.46, 6), (0.42, 0.37, 5), (0.25, 0.28, 4), (0.1, 0.19, 3))):
        for place in range(count):
            angle = first + layer * 0.6 + place * _TURN / count
            outline = ellipse(reach * np.cos(angle), reach * np.sin(angle), size * 0.8, size * form.plump, angle)
            parts.append(
                Shape(outline, "main", 0.1 + 0.17 * layer, 0.3, angle, 0.84 + 0.07 * layer + 0.05 * (place % 2))
            )
    curl = first + np.linspace(0, 5.0, 20)
    radius = np.linspace(0.02, 0.13, 20)
    spiral = np.stack([radius * np.cos(curl), radius * np.sin(curl)], axis=1)
    return [*parts, Shape(np.concatenate([spiral, spiral[::-1] * 0.72]), "main", 0.85, 0.1, 0.0, 0.7)]


def daisy(form: Form, chance: Chance) -> list[Shape]:
    """A daisy with twice as many slim petals."""
    count = 2 * form.petals + 2
    slim = Form(form.petals, 0.25 * form.pointed, form.plump)
    parts = _ring(count, 0.98, 4.2 * form.plump / count, slim, chance.between(0, _TURN), 0.15)
    return [*parts, Shape(ellipse(0, 0, 0.3), "centre", 0.4, 0.45)]


def leaf(form: Form, chance: Chance) -> list[Shape]:
    """One large leaf with veins, or a twig of small ones."""
    if form.petals % 2:
        blade = turned(moved(petal(0, 1.9, 1.15 * form.plump, 0.45 + 0.5 * form.pointed), -0.95, 0), -0.9)
        parts = [
            Shape(blade, "main", 0.2, 0.35, -0.9),
            Shape(turned(bar(-1.1, 0, 0.8, 0, 0.05), -0.9), "second", 0.55, 0.05),
        ]
        for along in (-0.4, -0.1, 0.2):
            for side in (0.34, -0.34):
                parts.append(Shape(turned(bar(along, 0, along + 0.32, side, 0.03), -0.9), "second", 0.5, 0.05))
        return parts
    parts = [Shape(bar(0, 1.0, 0, -0.75, 0.055), "second", 0.2, 0.1)]
    for place, height in enumerate((0.55, 0.2, -0.15, -0.5)):
        for turn in (0.6, np.pi - 0.6):
            blade = moved(
                petal(turn - np.pi * 0.33 * np.sign(np.cos(turn)), 0.66 - 0.07 * place, 0.3 * form.plump, form.pointed),
                0,
                height,
            )
            parts.append(Shape(blade, "main" if chance.happens(0.8) else "second", 0.25, 0.25, turn))
    return [*parts, Shape(moved(petal(_UP, 0.5, 0.28 * form.plump, form.pointed), 0, -0.6), "main", 0.3, 0.25, _UP)]


def cherry(form: Form, chance: Chance) -> list[Shape]:
    """Two cherries on their stems."""
    lean = chance.between(-0.1, 0.1)
    parts = [Shape(bar(0.1, -0.85, side + lean, 0.3, 0.06), "green", 0.15, 0.05, 0.0, 0.8) for side in (-0.42, 0.45)]
    parts += small_leaf(-0.25, 0.85, 0.42 * form.plump, 0.1, -0.8) + small_leaf(
        np.pi + 0.3, 0.7, 0.36 * form.plump, 0.1, -0.8
    )
    for x, y in ((-0.44 + lean, 0.5), (0.46 + lean, 0.42)):
        parts += [
            Shape(ellipse(x, y, 0.42, 0.4), "main", 0.3, 0.6),
            Shape(ellipse(x - 0.14, y - 0.16, 0.07, 0.05, -0.7), "light", 0.9, 0),
        ]
    return parts


def mushroom(form: Form, chance: Chance) -> list[Shape]:
    """A mushroom with a spotted cap."""
    tall = chance.between(0.75, 0.95)
    stem = smooth([(-0.2, -0.2), (0.2, -0.2), (0.3, tall), (-0.3, tall)])
    cap = smooth(
        [
            (-0.98, 0.1),
            (-0.75, -0.6),
            (-0.25, -0.95),
            (0.25, -0.95),
            (0.75, -0.6),
            (0.98, 0.1),
            (0.3, 0.02),
            (-0.3, 0.02),
        ]
    )
    parts = [Shape(stem, "light", 0.15, 0.3, _UP), Shape(cap * [form.plump**0.3, 1], "main", 0.35, 0.45, 0.0)]
    for x, y, size in ((-0.5, -0.25, 0.13), (0.02, -0.55, 0.16), (0.48, -0.22, 0.14), (-0.1, -0.16, 0.08)):
        parts.append(Shape(ellipse(x + chance.around(0, 0.06), y, size, size * 0.85), "second", 0.8, 0.08))
    return parts
