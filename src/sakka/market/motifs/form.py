"""A creator's habits of form, and copies of parts at another place."""

from dataclasses import dataclass

from sakka.market.shapes import Part, moved, turned


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


def placed(parts: list[Part], x: float, y: float, size: float, angle: float = 0.0) -> list[Part]:
    """Smaller, rotated and shifted copies of parts."""
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
