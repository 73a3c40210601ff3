"""Bows, hearts, heavenly bodies, snow and plain geometry."""

import numpy as np

from sakka.market.chance import Chance
from sakka.market.motifs.form import Form, placed
from sakka.market.motifs.plants import small_flower
from sakka.market.shapes import Shape, bar, crescent, ellipse, heart, moved, polygon, smooth, star, turned

_UP = -np.pi / 2


def bow(form: Form, chance: Chance) -> list[Shape]:
    """A tied bow."""
    sag = chance.between(-0.06, 0.1)
    parts = []
    for side in (-1, 1):
        tail = smooth(
            [(side * 0.02, 0.05), (side * 0.26, 0.0), (side * 0.66, 0.86), (side * 0.42, 0.8), (side * 0.2, 0.94)], 1
        )
        loop = smooth(
            [
                (side * 0.05, -0.08),
                (side * 0.7, -0.62 * form.plump),
                (side * 1.04, -0.42),
                (side * 1.04, 0.28),
                (side * 0.7, 0.4 + sag),
                (side * 0.05, 0.12),
            ]
        )
        fold = smooth([(side * 0.1, -0.02), (side * 0.62, -0.2), (side * 0.7, 0.06), (side * 0.1, 0.08)], 2)
        parts += [
            Shape(tail, "main", 0.15, 0.2, 1.2, 0.92),
            Shape(loop, "main", 0.3, 0.5, side * 0.3),
            Shape(fold, "second", 0.55, 0.1, 0, 0.85),
        ]
    return [
        *parts,
        Shape(smooth([(-0.17, -0.22), (0.17, -0.22), (0.2, 0.24), (-0.2, 0.24)], 2), "main", 0.7, 0.4, _UP, 1.05),
    ]


def heart_motif(form: Form, chance: Chance) -> list[Shape]:
    """A heart with a small flower on it."""
    shape = heart(0.98) * [0.92 + 0.1 * form.plump, 1.0]
    parts = [Shape(shape, "main", 0.2, 0.6, _UP)]
    if form.petals % 2:
        parts.append(Shape(shape * 0.66, "second", 0.6, 0.25, _UP))
    spin = chance.between(0, 1)
    return parts + placed(small_flower(), -0.24, -0.18, 0.3, spin)


def moon(form: Form, chance: Chance) -> list[Shape]:
    """A crescent moon and two stars."""
    moon = turned(moved(crescent(0.98, 0.55 + 0.25 * form.plump), -0.05, 0), chance.around(-0.35, 0.2))
    size = chance.between(0.3, 0.42)
    small = moved(star(5, size, size * (0.5 - 0.12 * form.pointed)), 0.42, -0.05)
    return [
        Shape(moon, "main", 0.2, 0.4, 1.0),
        Shape(small, "second", 0.3, 0.4),
        Shape(moved(star(4, 0.2, 0.07), 0.68, 0.5), "light", 0.3, 0.2),
    ]


def star_motif(form: Form, chance: Chance) -> list[Shape]:
    """A star within a star."""
    rays = 5 + form.petals % 3
    inner = 0.58 - 0.22 * form.pointed
    turn = _UP + chance.around(0, 0.2)
    big, small = star(rays, 1.0, inner, turn), star(rays, 0.56, 0.56 * inner, turn)
    return [
        Shape(smooth(big, 1), "main", 0.2, 0.6, _UP),
        Shape(small, "second", 0.6, 0.3),
        Shape(ellipse(0, 0, 0.13), "centre", 0.9, 0.2),
    ]


def snow(form: Form, chance: Chance) -> list[Shape]:
    """A snow crystal of six twigs."""
    parts = []
    twig, thick = chance.between(0.26, 0.36), 0.1 * form.plump
    for angle in np.arange(6) * np.pi / 3 + np.pi / 6:
        arm = [
            Shape(bar(0, 0, 0.98, 0, thick), "main", 0.25, 0.25),
            Shape(ellipse(0.98, 0, thick * 0.75), "second", 0.3, 0.3),
        ]
        for along in (0.42, 0.68):
            for turn in (0.95, -0.95):
                end = (along + twig * np.cos(turn), twig * np.sin(turn))
                arm.append(Shape(bar(along, 0, *end, thick * 0.75), "main", 0.3, 0.2, turn))
        parts += placed(arm, 0, 0, 1.0, angle)
    return [*parts, Shape(polygon(6, 0.26), "second", 0.5, 0.25), Shape(ellipse(0, 0, 0.12), "centre", 0.7, 0.25)]


def geometric(form: Form, chance: Chance) -> list[Shape]:
    """A circle, a polygon and three stripes."""
    corners = 3 + form.petals % 4
    shift = chance.between(0.22, 0.36)
    back = Shape(ellipse(-shift, -0.22, 0.68), "main", 0.2, 0.12, 0.5)
    front = Shape(moved(polygon(corners, 0.66, _UP), shift, 0.26), "second", 0.4, 0.14, 1.2)
    stripes = [Shape(bar(-0.95, 0.52 + 0.15 * k, 0.1, 0.52 + 0.15 * k, 0.07), "centre", 0.35, 0.08) for k in range(3)]
    return [back, *stripes, front, Shape(ellipse(0.62, -0.62, 0.18), "light", 0.5, 0.35)]
