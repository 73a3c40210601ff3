"""Cats, rabbits, birds, whales and butterflies."""

import numpy as np

from sakka.market.chance import Chance
from sakka.market.motifs.form import Form, placed
from sakka.market.shapes import Shape, bar, ellipse, moved, petal, smooth, turned

_UP = -np.pi / 2


def _face(y: float, gap: float, size: float) -> list[Shape]:
    eyes = [Shape(ellipse(side * gap, y, size, size * 1.15), "dark", 0.85, 0.25) for side in (-1, 1)]
    nose = Shape(smooth([(-0.07, y + 0.16), (0.07, y + 0.16), (0, y + 0.25)], 2), "centre", 0.85, 0.12)
    return [*eyes, nose]


def cat(form: Form, chance: Chance) -> list[Shape]:
    """A cat's face with whiskers, or a cat that sits."""
    return _cat_face() if form.petals % 2 else _sitting_cat(chance)


def _cat_face() -> list[Shape]:
    ears = [
        Shape(np.array([(s * 0.8, -0.95), (s * 0.14, -0.5), (s * 0.86, -0.1)]), "main", 0.2, 0.25, _UP) for s in (-1, 1)
    ]
    inner = [
        Shape(np.array([(s * 0.72, -0.76), (s * 0.36, -0.46), (s * 0.74, -0.3)]), "second", 0.4, 0.05) for s in (-1, 1)
    ]
    head = [Shape(ellipse(0, 0.12, 0.9, 0.76), "main", 0.3, 0.45, 0.0)]
    whiskers = [
        Shape(bar(s * 0.42, 0.34 + d, s * 0.86, 0.28 + 2 * d, 0.024), "dark", 0.8, 0)
        for s in (-1, 1)
        for d in (0, 0.07)
    ]
    return ears + inner + head + _face(0.08, 0.36, 0.1) + whiskers


def _sitting_cat(chance: Chance) -> list[Shape]:
    tail = smooth([(0.3, 0.75), (0.85, 0.7), (0.95, 0.1), (0.78, -0.1), (0.7, 0.05), (0.76, 0.4), (0.3, 0.5)])
    body = smooth([(-0.3, -0.3), (0.2, -0.3), (0.58, 0.6), (0.5, 0.95), (-0.5, 0.95), (-0.5, 0.4)])
    ears = [
        Shape(
            np.array([(x - 0.15, -0.62), (x + 0.02 * chance.whole(-1, 1), -1.0), (x + 0.17, -0.62)]),
            "main",
            0.3,
            0.2,
            _UP,
        )
        for x in (-0.33, 0.13)
    ]
    head = Shape(ellipse(-0.1, -0.48, 0.43, 0.36), "main", 0.45, 0.4)
    eyes = [Shape(ellipse(x, -0.5, 0.055, 0.07), "dark", 0.9, 0.2) for x in (-0.28, 0.04)]
    collar = Shape(bar(-0.4, -0.15, 0.2, -0.15, 0.1), "second", 0.8, 0.1)
    return [Shape(tail, "main", 0.15, 0.3, _UP, 0.92), Shape(body, "main", 0.25, 0.5, _UP), *ears, head, *eyes, collar]


def rabbit(form: Form, chance: Chance) -> list[Shape]:
    """A rabbit's face with long ears."""
    spread = chance.between(0.1, 0.32)
    parts = []
    for side in (-1, 1):
        ear = moved(petal(_UP + side * spread, 1.05, 0.42 * form.plump, 0.2), side * 0.24, -0.05)
        inner = moved(petal(_UP + side * spread, 0.88, 0.2 * form.plump, 0.2), side * 0.24, -0.08)
        parts += [Shape(ear, "main", 0.2, 0.3, _UP), Shape(inner, "second", 0.45, 0.05, _UP)]
    head = Shape(ellipse(0, 0.4, 0.68, 0.56), "main", 0.35, 0.45)
    cheeks = [Shape(ellipse(side * 0.42, 0.55, 0.12, 0.08), "second", 0.8, 0.03) for side in (-1, 1)]
    return [*parts, head, *cheeks, *_face(0.34, 0.26, 0.075)]


def bird(form: Form, chance: Chance) -> list[Shape]:
    """A small bird seen from the side."""
    tail = smooth([(-0.4, 0.2), (-1.05, 0.42), (-1.0, 0.62), (-0.35, 0.5)], 2)
    body = smooth(
        [
            (-0.6, 0.35),
            (-0.3, -0.05),
            (0.15, -0.35),
            (0.62, -0.3),
            (0.72, 0.05),
            (0.5, 0.55),
            (0.05, 0.78),
            (-0.4, 0.66),
        ]
    )
    wing = turned(
        moved(petal(np.pi - 0.35, 0.95, 0.62 * form.plump, 0.5 + 0.4 * form.pointed), 0.32, 0.1),
        chance.between(-0.1, 0.15),
    )
    feathers = [
        Shape(wing * s + [0.02 * k, 0.02 * k], "second", 0.5 + 0.1 * k, 0.15, np.pi, 1.0 - 0.1 * k)
        for k, s in enumerate((1.0, 0.72, 0.44))
    ]
    beak = Shape(np.array([(0.82, -0.36), (1.08, -0.24), (0.8, -0.16)]), "centre", 0.4, 0.1)
    eye = Shape(ellipse(0.6, -0.34, 0.065), "dark", 0.95, 0.2)
    head = Shape(ellipse(0.53, -0.28, 0.36, 0.34), "main", 0.4, 0.4)
    return [Shape(tail, "second", 0.15, 0.2, np.pi), Shape(body, "main", 0.25, 0.5, 0.4), beak, head, *feathers, eye]


def whale(form: Form, chance: Chance) -> list[Shape]:
    """A whale that spouts."""
    body = smooth(
        [
            (-0.98, 0.1),
            (-0.9, -0.35),
            (-0.4, -0.5),
            (0.25, -0.35),
            (0.7, 0.05),
            (0.85, -0.2),
            (0.95, -0.1),
            (0.8, 0.32),
            (0.2, 0.6),
            (-0.6, 0.58),
        ]
    )
    belly = smooth([(-0.94, 0.14), (-0.4, 0.25), (0.3, 0.32), (0.2, 0.56), (-0.6, 0.54)])
    fin = moved(petal(0.9, 0.5, 0.3 * form.plump, 0.6), -0.25, 0.3)
    flukes = [moved(petal(angle, 0.5, 0.28 * form.plump, form.pointed), 0.84, -0.1) for angle in (-2.2, -0.6)]
    drops = [
        Shape(moved(petal(_UP + d, 0.42, 0.14, 0.0, 0.1), -0.45, -0.5), "light", 0.3, 0.2) for d in (-0.5, 0.0, 0.5)
    ]
    eye = Shape(ellipse(-0.66, -0.02 + chance.around(0, 0.03), 0.06), "dark", 0.95, 0.2)
    tails = [Shape(fluke, "main", 0.2, 0.25) for fluke in flukes]
    parts = [*drops, *tails, Shape(body, "main", 0.25, 0.5), Shape(belly, "second", 0.5, 0.2)]
    return placed([*parts, Shape(fin, "main", 0.7, 0.2, 0.9, 0.85), eye], -0.08, 0.0, 0.86)


def butterfly(form: Form, chance: Chance) -> list[Shape]:
    """A butterfly with spotted wings."""
    open_ = chance.between(-0.12, 0.12)
    parts = []
    for side in (0, 1):
        for angle, length, width, role in ((-0.62 + open_, 1.15, 0.85, "main"), (0.7 - open_, 0.9, 0.7, "second")):
            turn = angle if side == 0 else np.pi - angle
            parts.append(
                Shape(petal(turn, length, width * form.plump, 0.15 + 0.3 * form.pointed), role, 0.2, 0.25, turn)
            )
            spot = (0.72 * length * np.cos(turn), 0.72 * length * np.sin(turn))
            parts.append(Shape(ellipse(*spot, 0.12), "light", 0.5, 0.1))
    feelers = [Shape(bar(0, -0.4, side * 0.25, -0.82, 0.03), "dark", 0.3, 0) for side in (-1, 1)]
    return [*feelers, *parts, Shape(ellipse(0, 0.05, 0.1, 0.52), "dark", 0.5, 0.4)]
