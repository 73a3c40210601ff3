"""What the motifs look like: each is a list of parts, drawn from the back to the front.

A creator's habits (`Form`) set how many petals a flower has, how pointed and how plump everything is; chance varies
each work a little around them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sakka.curation.market.chance import Chance
from sakka.curation.market.shapes import (
    Part,
    bar,
    crescent,
    ellipse,
    heart,
    moved,
    petal,
    polygon,
    smooth,
    star,
    turned,
)

_TURN = 2.0 * np.pi
_UP = -np.pi / 2


@dataclass(frozen=True)
class Form:
    """A creator's habits of form.

    Attributes:
        petals: Number of petals or rays.
        pointed: 0 for round, 1 for sharp.
        plump: Width against the usual.
    """

    petals: int
    pointed: float
    plump: float


def parts_of(motif: str, form: Form, chance: Chance, corsage: bool = False) -> list[Part]:
    """Give the parts of a motif; a corsage is a bunch of three of the motif, with leaves and ribbon ends."""
    return _corsage(motif, form, chance) if corsage else _MOTIFS[motif](form, chance)


def placed(parts: list[Part], x: float, y: float, size: float, angle: float = 0.0) -> list[Part]:
    """Give smaller, rotated and shifted copies of parts."""
    return [
        Part(
            moved(turned(part.outline * size, angle), x, y),
            part.role,
            part.height,
            part.dome,
            part.grain + angle,
            part.shade,
        )
        for part in parts
    ]


def _ring(
    count: int, length: float, width: float, form: Form, first: float, start: float = 0.05, **looks: float
) -> list[Part]:
    role = "second" if looks.pop("second", 0.0) else "main"
    angles = first + np.arange(count) * _TURN / count
    height, dome = looks.get("height", 0.2), looks.get("dome", 0.3)
    return [
        Part(petal(angle, length, width, form.pointed, start), role, height, dome, angle, 1.0 - 0.07 * (place % 2))
        for place, angle in enumerate(angles)
    ]


def _leaf_part(angle: float, length: float, width: float, x: float = 0.0, y: float = 0.0) -> list[Part]:
    blade = moved(petal(angle, length, width, 0.8), x, y)
    tip = (x + 0.85 * length * np.cos(angle), y + 0.85 * length * np.sin(angle))
    return [Part(blade, "green", 0.12, 0.16, angle), Part(bar(x, y, *tip, 0.025), "green", 0.2, 0.0, angle, 0.72)]


def _flower(form: Form, chance: Chance) -> list[Part]:
    first = chance.between(0, _TURN)
    width = 1.0 * form.plump * 5.4 / form.petals
    parts = _ring(form.petals, 0.98, width, form, first)
    if chance.happens(0.5):
        turn = first + np.pi / form.petals
        parts += _ring(form.petals, 0.62, width * 0.66, form, turn, second=1.0, height=0.4)
    parts.append(Part(ellipse(0, 0, 0.2), "centre", 0.6, 0.3))
    dots = first + np.arange(8) * _TURN / 8
    return parts + [Part(ellipse(0.24 * np.cos(a), 0.24 * np.sin(a), 0.045), "light", 0.72, 0.2) for a in dots]


def _rose(form: Form, chance: Chance) -> list[Part]:
    parts = []
    first = chance.between(0, _TURN)
    for layer, (reach, size, count) in enumerate(((0.6, 0.46, 6), (0.42, 0.37, 5), (0.25, 0.28, 4), (0.1, 0.19, 3))):
        for place in range(count):
            angle = first + layer * 0.6 + place * _TURN / count
            outline = ellipse(reach * np.cos(angle), reach * np.sin(angle), size * 0.8, size * form.plump, angle)
            parts.append(
                Part(outline, "main", 0.1 + 0.17 * layer, 0.3, angle, 0.84 + 0.07 * layer + 0.05 * (place % 2))
            )
    curl = first + np.linspace(0, 5.0, 20)
    radius = np.linspace(0.02, 0.13, 20)
    spiral = np.stack([radius * np.cos(curl), radius * np.sin(curl)], axis=1)
    return [*parts, Part(np.concatenate([spiral, spiral[::-1] * 0.72]), "main", 0.85, 0.1, 0.0, 0.7)]


def _daisy(form: Form, chance: Chance) -> list[Part]:
    count = 2 * form.petals + 2
    slim = Form(form.petals, 0.25 * form.pointed, form.plump)
    parts = _ring(count, 0.98, 4.2 * form.plump / count, slim, chance.between(0, _TURN), 0.15)
    return [*parts, Part(ellipse(0, 0, 0.3), "centre", 0.4, 0.45)]


def _leaf(form: Form, chance: Chance) -> list[Part]:
    if form.petals % 2:
        blade = turned(moved(petal(0, 1.9, 1.15 * form.plump, 0.45 + 0.5 * form.pointed), -0.95, 0), -0.9)
        parts = [
            Part(blade, "main", 0.2, 0.35, -0.9),
            Part(turned(bar(-1.1, 0, 0.8, 0, 0.05), -0.9), "second", 0.55, 0.05),
        ]
        for along in (-0.4, -0.1, 0.2):
            for side in (0.34, -0.34):
                parts.append(Part(turned(bar(along, 0, along + 0.32, side, 0.03), -0.9), "second", 0.5, 0.05))
        return parts
    parts = [Part(bar(0, 1.0, 0, -0.75, 0.055), "second", 0.2, 0.1)]
    for place, height in enumerate((0.55, 0.2, -0.15, -0.5)):
        for turn in (0.6, np.pi - 0.6):
            blade = moved(
                petal(turn - np.pi * 0.33 * np.sign(np.cos(turn)), 0.66 - 0.07 * place, 0.3 * form.plump, form.pointed),
                0,
                height,
            )
            parts.append(Part(blade, "main" if chance.happens(0.8) else "second", 0.25, 0.25, turn))
    return [*parts, Part(moved(petal(_UP, 0.5, 0.28 * form.plump, form.pointed), 0, -0.6), "main", 0.3, 0.25, _UP)]


def _cherry(form: Form, chance: Chance) -> list[Part]:
    lean = chance.between(-0.1, 0.1)
    parts = [Part(bar(0.1, -0.85, side + lean, 0.3, 0.06), "green", 0.15, 0.05, 0.0, 0.8) for side in (-0.42, 0.45)]
    parts += _leaf_part(-0.25, 0.85, 0.42 * form.plump, 0.1, -0.8) + _leaf_part(
        np.pi + 0.3, 0.7, 0.36 * form.plump, 0.1, -0.8
    )
    for x, y in ((-0.44 + lean, 0.5), (0.46 + lean, 0.42)):
        parts += [
            Part(ellipse(x, y, 0.42, 0.4), "main", 0.3, 0.6),
            Part(ellipse(x - 0.14, y - 0.16, 0.07, 0.05, -0.7), "light", 0.9, 0),
        ]
    return parts


def _mushroom(form: Form, chance: Chance) -> list[Part]:
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
    parts = [Part(stem, "light", 0.15, 0.3, _UP), Part(cap * [form.plump**0.3, 1], "main", 0.35, 0.45, 0.0)]
    for x, y, size in ((-0.5, -0.25, 0.13), (0.02, -0.55, 0.16), (0.48, -0.22, 0.14), (-0.1, -0.16, 0.08)):
        parts.append(Part(ellipse(x + chance.around(0, 0.06), y, size, size * 0.85), "second", 0.8, 0.08))
    return parts


def _face(y: float, gap: float, size: float) -> list[Part]:
    eyes = [Part(ellipse(side * gap, y, size, size * 1.15), "dark", 0.85, 0.25) for side in (-1, 1)]
    nose = Part(smooth([(-0.07, y + 0.16), (0.07, y + 0.16), (0, y + 0.25)], 2), "centre", 0.85, 0.12)
    return [*eyes, nose]


def _cat(form: Form, chance: Chance) -> list[Part]:
    if form.petals % 2:
        ears = [
            Part(np.array([(s * 0.8, -0.95), (s * 0.14, -0.5), (s * 0.86, -0.1)]), "main", 0.2, 0.25, _UP)
            for s in (-1, 1)
        ]
        inner = [
            Part(np.array([(s * 0.72, -0.76), (s * 0.36, -0.46), (s * 0.74, -0.3)]), "second", 0.4, 0.05)
            for s in (-1, 1)
        ]
        head = [Part(ellipse(0, 0.12, 0.9, 0.76), "main", 0.3, 0.45, 0.0)]
        whiskers = [
            Part(bar(s * 0.42, 0.34 + d, s * 0.86, 0.28 + 2 * d, 0.024), "dark", 0.8, 0)
            for s in (-1, 1)
            for d in (0, 0.07)
        ]
        return ears + inner + head + _face(0.08, 0.36, 0.1) + whiskers
    tail = smooth([(0.3, 0.75), (0.85, 0.7), (0.95, 0.1), (0.78, -0.1), (0.7, 0.05), (0.76, 0.4), (0.3, 0.5)])
    body = smooth([(-0.3, -0.3), (0.2, -0.3), (0.58, 0.6), (0.5, 0.95), (-0.5, 0.95), (-0.5, 0.4)])
    ears = [
        Part(
            np.array([(x - 0.15, -0.62), (x + 0.02 * chance.whole(-1, 1), -1.0), (x + 0.17, -0.62)]),
            "main",
            0.3,
            0.2,
            _UP,
        )
        for x in (-0.33, 0.13)
    ]
    head = Part(ellipse(-0.1, -0.48, 0.43, 0.36), "main", 0.45, 0.4)
    eyes = [Part(ellipse(x, -0.5, 0.055, 0.07), "dark", 0.9, 0.2) for x in (-0.28, 0.04)]
    collar = Part(bar(-0.4, -0.15, 0.2, -0.15, 0.1), "second", 0.8, 0.1)
    return [Part(tail, "main", 0.15, 0.3, _UP, 0.92), Part(body, "main", 0.25, 0.5, _UP), *ears, head, *eyes, collar]


def _rabbit(form: Form, chance: Chance) -> list[Part]:
    spread = chance.between(0.1, 0.32)
    parts = []
    for side in (-1, 1):
        ear = moved(petal(_UP + side * spread, 1.05, 0.42 * form.plump, 0.2), side * 0.24, -0.05)
        inner = moved(petal(_UP + side * spread, 0.88, 0.2 * form.plump, 0.2), side * 0.24, -0.08)
        parts += [Part(ear, "main", 0.2, 0.3, _UP), Part(inner, "second", 0.45, 0.05, _UP)]
    head = Part(ellipse(0, 0.4, 0.68, 0.56), "main", 0.35, 0.45)
    cheeks = [Part(ellipse(side * 0.42, 0.55, 0.12, 0.08), "second", 0.8, 0.03) for side in (-1, 1)]
    return [*parts, head, *cheeks, *_face(0.34, 0.26, 0.075)]


def _bird(form: Form, chance: Chance) -> list[Part]:
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
        Part(wing * s + [0.02 * k, 0.02 * k], "second", 0.5 + 0.1 * k, 0.15, np.pi, 1.0 - 0.1 * k)
        for k, s in enumerate((1.0, 0.72, 0.44))
    ]
    beak = Part(np.array([(0.82, -0.36), (1.08, -0.24), (0.8, -0.16)]), "centre", 0.4, 0.1)
    eye = Part(ellipse(0.6, -0.34, 0.065), "dark", 0.95, 0.2)
    head = Part(ellipse(0.53, -0.28, 0.36, 0.34), "main", 0.4, 0.4)
    return [Part(tail, "second", 0.15, 0.2, np.pi), Part(body, "main", 0.25, 0.5, 0.4), beak, head, *feathers, eye]


def _whale(form: Form, chance: Chance) -> list[Part]:
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
        Part(moved(petal(_UP + d, 0.42, 0.14, 0.0, 0.1), -0.45, -0.5), "light", 0.3, 0.2) for d in (-0.5, 0.0, 0.5)
    ]
    eye = Part(ellipse(-0.66, -0.02 + chance.around(0, 0.03), 0.06), "dark", 0.95, 0.2)
    tails = [Part(fluke, "main", 0.2, 0.25) for fluke in flukes]
    parts = [*drops, *tails, Part(body, "main", 0.25, 0.5), Part(belly, "second", 0.5, 0.2)]
    return placed([*parts, Part(fin, "main", 0.7, 0.2, 0.9, 0.85), eye], -0.08, 0.0, 0.86)


def _butterfly(form: Form, chance: Chance) -> list[Part]:
    open_ = chance.between(-0.12, 0.12)
    parts = []
    for side in (0, 1):
        for angle, length, width, role in ((-0.62 + open_, 1.15, 0.85, "main"), (0.7 - open_, 0.9, 0.7, "second")):
            turn = angle if side == 0 else np.pi - angle
            parts.append(
                Part(petal(turn, length, width * form.plump, 0.15 + 0.3 * form.pointed), role, 0.2, 0.25, turn)
            )
            spot = (0.72 * length * np.cos(turn), 0.72 * length * np.sin(turn))
            parts.append(Part(ellipse(*spot, 0.12), "light", 0.5, 0.1))
    feelers = [Part(bar(0, -0.4, side * 0.25, -0.82, 0.03), "dark", 0.3, 0) for side in (-1, 1)]
    return [*feelers, *parts, Part(ellipse(0, 0.05, 0.1, 0.52), "dark", 0.5, 0.4)]


def _bow(form: Form, chance: Chance) -> list[Part]:
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
            Part(tail, "main", 0.15, 0.2, 1.2, 0.92),
            Part(loop, "main", 0.3, 0.5, side * 0.3),
            Part(fold, "second", 0.55, 0.1, 0, 0.85),
        ]
    return [
        *parts,
        Part(smooth([(-0.17, -0.22), (0.17, -0.22), (0.2, 0.24), (-0.2, 0.24)], 2), "main", 0.7, 0.4, _UP, 1.05),
    ]


def _heart(form: Form, chance: Chance) -> list[Part]:
    shape = heart(0.98) * [0.92 + 0.1 * form.plump, 1.0]
    parts = [Part(shape, "main", 0.2, 0.6, _UP)]
    if form.petals % 2:
        parts.append(Part(shape * 0.66, "second", 0.6, 0.25, _UP))
    spin = chance.between(0, 1)
    return parts + placed(_small_flower(), -0.24, -0.18, 0.3, spin)


def _small_flower() -> list[Part]:
    ring = [Part(petal(a, 1.0, 0.9), "light", 0.75, 0.15, a) for a in np.arange(5) * _TURN / 5]
    return [*ring, Part(ellipse(0, 0, 0.32), "centre", 0.9, 0.2)]


def _moon(form: Form, chance: Chance) -> list[Part]:
    moon = turned(moved(crescent(0.98, 0.55 + 0.25 * form.plump), -0.05, 0), chance.around(-0.35, 0.2))
    size = chance.between(0.3, 0.42)
    small = moved(star(5, size, size * (0.5 - 0.12 * form.pointed)), 0.42, -0.05)
    return [
        Part(moon, "main", 0.2, 0.4, 1.0),
        Part(small, "second", 0.3, 0.4),
        Part(moved(star(4, 0.2, 0.07), 0.68, 0.5), "light", 0.3, 0.2),
    ]


def _star(form: Form, chance: Chance) -> list[Part]:
    rays = 5 + form.petals % 3
    inner = 0.58 - 0.22 * form.pointed
    turn = _UP + chance.around(0, 0.2)
    big, small = star(rays, 1.0, inner, turn), star(rays, 0.56, 0.56 * inner, turn)
    return [
        Part(smooth(big, 1), "main", 0.2, 0.6, _UP),
        Part(small, "second", 0.6, 0.3),
        Part(ellipse(0, 0, 0.13), "centre", 0.9, 0.2),
    ]


def _snow(form: Form, chance: Chance) -> list[Part]:
    parts = []
    twig, thick = chance.between(0.26, 0.36), 0.1 * form.plump
    for angle in np.arange(6) * np.pi / 3 + np.pi / 6:
        arm = [
            Part(bar(0, 0, 0.98, 0, thick), "main", 0.25, 0.25),
            Part(ellipse(0.98, 0, thick * 0.75), "second", 0.3, 0.3),
        ]
        for along in (0.42, 0.68):
            for turn in (0.95, -0.95):
                end = (along + twig * np.cos(turn), twig * np.sin(turn))
                arm.append(Part(bar(along, 0, *end, thick * 0.75), "main", 0.3, 0.2, turn))
        parts += placed(arm, 0, 0, 1.0, angle)
    return [*parts, Part(polygon(6, 0.26), "second", 0.5, 0.25), Part(ellipse(0, 0, 0.12), "centre", 0.7, 0.25)]


def _geometric(form: Form, chance: Chance) -> list[Part]:
    corners = 3 + form.petals % 4
    shift = chance.between(0.22, 0.36)
    back = Part(ellipse(-shift, -0.22, 0.68), "main", 0.2, 0.12, 0.5)
    front = Part(moved(polygon(corners, 0.66, _UP), shift, 0.26), "second", 0.4, 0.14, 1.2)
    stripes = [Part(bar(-0.95, 0.52 + 0.15 * k, 0.1, 0.52 + 0.15 * k, 0.07), "centre", 0.35, 0.08) for k in range(3)]
    return [back, *stripes, front, Part(ellipse(0.62, -0.62, 0.18), "light", 0.5, 0.35)]


def _corsage(motif: str, form: Form, chance: Chance) -> list[Part]:
    tails = []
    for side in (-0.3, 0.28):
        strip = smooth(
            [
                (side - 0.12, 0.2),
                (side + 0.12, 0.2),
                (side * 1.6 + 0.16, 1.0),
                (side * 1.6, 0.9),
                (side * 1.6 - 0.14, 1.0),
            ],
            1,
        )
        tails.append(Part(strip, "ribbon", 0.08, 0.12, _UP, 0.95))
    leaves = [
        part for angle in (0.35, 2.75, -1.1, -2.3) for part in _leaf_part(angle + chance.around(0, 0.2), 1.0, 0.5)
    ]
    parts = tails + leaves
    for x, y, size in ((-0.4, -0.26, 0.5), (0.42, -0.3, 0.46), (0.0, 0.22, 0.58)):
        parts += placed(_MOTIFS[motif](form, chance), x, y, size, chance.between(-0.5, 0.5))
    return parts


_MOTIFS: dict[str, Callable[[Form, Chance], list[Part]]] = {
    "flower": _flower,
    "rose": _rose,
    "daisy": _daisy,
    "leaf": _leaf,
    "cherry": _cherry,
    "mushroom": _mushroom,
    "cat": _cat,
    "rabbit": _rabbit,
    "bird": _bird,
    "whale": _whale,
    "butterfly": _butterfly,
    "bow": _bow,
    "heart": _heart,
    "moon": _moon,
    "star": _star,
    "snow": _snow,
    "geometric": _geometric,
}
