"""A creator's habits of form, and copies of parts at another place."""

from dataclasses import dataclass

from sakka.market.shapes import Shape, moved, turned


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


def placed(parts: list[Shape], x: float, y: float, size: float, angle: float = 0.0) -> list[Shape]:
    """Smaller, rotated and shifted copies of parts."""
    return [
        Shape(
            moved(turned(part.outline * size, angle), x, y),
            part.role,
            part.height,
            part.dome,
            part.grain + angle,
            part.shade,
        )
        for part in parts
    ]
