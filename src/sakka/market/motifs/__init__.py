"""What the motifs look like: each is a list of parts, drawn from the back to the front.

A creator's habits (`Form`) set how many petals a flower has, how pointed and how plump everything is; chance varies
each work a little around them.
"""

from collections.abc import Callable

import numpy as np

from sakka.market.chance import Chance
from sakka.market.motifs import animals, plants, things
from sakka.market.motifs.form import Form, placed
from sakka.market.shapes import Shape, smooth

__all__ = ["Form", "parts_of", "placed"]

_UP = -np.pi / 2

_MOTIFS: dict[str, Callable[[Form, Chance], list[Shape]]] = {
    "flower": plants.flower,
    "rose": plants.rose,
    "daisy": plants.daisy,
    "leaf": plants.leaf,
    "cherry": plants.cherry,
    "mushroom": plants.mushroom,
    "cat": animals.cat,
    "rabbit": animals.rabbit,
    "bird": animals.bird,
    "whale": animals.whale,
    "butterfly": animals.butterfly,
    "bow": things.bow,
    "heart": things.heart_motif,
    "moon": things.moon,
    "star": things.star_motif,
    "snow": things.snow,
    "geometric": things.geometric,
}


def parts_of(motif: str, form: Form, chance: Chance, corsage: bool = False) -> list[Shape]:
    """The parts of a motif; a corsage is a bunch of three of the motif, with leaves and ribbon ends."""
    return _corsage(motif, form, chance) if corsage else _MOTIFS[motif](form, chance)


def _corsage(motif: str, form: Form, chance: Chance) -> list[Shape]:
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
        tails.append(Shape(strip, "ribbon", 0.08, 0.12, _UP, 0.95))
    leaves = [
        part
        for angle in (0.35, 2.75, -1.1, -2.3)
        for part in plants.small_leaf(angle + chance.around(0, 0.2), 1.0, 0.5)
    ]
    parts = tails + leaves
    for x, y, size in ((-0.4, -0.26, 0.5), (0.42, -0.3, 0.46), (0.0, 0.22, 0.58)):
        parts += placed(_MOTIFS[motif](form, chance), x, y, size, chance.between(-0.5, 0.5))
    return parts
