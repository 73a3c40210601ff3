"""How a further photo of a work is taken: another angle, or a detail from close by."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from sakka.market.chance import Chance
from sakka.market.style import Style

LARGEST_WORK_PX = 600  # that is drawn; a tile of grain has to be larger


@dataclass(frozen=True)
class Camera:
    """Where a further photo is taken from, against the featured one.

    Attributes:
        zoom: How much larger the work is.
        turn: How far the work is turned, in radians.
        shift: How far its middle is moved to the right and down, in shares of the photo.
        slant: How much narrower the far edge of what is seen is than the near one, 0 for straight from above.
        side: Which edge is near: 0 the lower one, then counter-clockwise.
        same_day: Whether backdrop, things that lie about and light are those of the featured photo.
    """

    zoom: float
    turn: float
    shift: tuple[float, float]
    slant: float
    side: int
    same_day: bool

    @classmethod
    def angle(cls, chance: Chance) -> "Camera":
        """Another view of the whole work."""
        return cls(
            zoom=chance.between(0.72, 1.2),
            turn=chance.pick((-1.0, 1.0)) * chance.between(0.25, 1.3),
            shift=(chance.around(0.0, 0.09), chance.around(0.0, 0.09)),
            slant=chance.between(0.08, 0.42),
            side=chance.whole(0, 3),
            same_day=chance.happens(0.6),
        )

    @classmethod
    def detail(cls, chance: Chance) -> "Camera":
        """A part of the work from close by; it reaches beyond the photo's edges."""
        return cls(
            zoom=chance.between(1.9, 2.6),
            turn=chance.around(0.0, 0.6),
            shift=(chance.around(0.0, 0.3), chance.around(0.0, 0.3)),
            slant=chance.between(0.0, 0.15),
            side=chance.whole(0, 3),
            same_day=chance.happens(0.6),
        )

    def seen(self, style: Style, size_px: int) -> Style:
        """A creator's habits as they are kept to in such a photo."""
        zoom = min(style.zoom * self.zoom * (1 - self.slant / 2), LARGEST_WORK_PX / size_px)
        place = (style.place[0] + self.shift[0], style.place[1] + self.shift[1])
        sharper = style.softness_px if self.zoom < 1.5 else 0.0
        return replace(style, zoom=zoom, tilt=style.tilt + self.turn, place=place, softness_px=sharper)

    def taken(self, image: Image.Image) -> Image.Image:
        """The photo of a scene, which is drawn from straight above."""
        corners = np.array([(0.0, 0.0), (self.slant / 2, 1.0), (1 - self.slant / 2, 1.0), (1.0, 0.0)]) - 0.5
        quarter = np.array([(0.0, 1.0), (-1.0, 0.0)])
        corners = corners @ np.linalg.matrix_power(quarter, self.side)
        corners = np.roll(corners, self.side, axis=0) + 0.5  # upper left, lower left, lower right, upper right
        quad = tuple((corners * image.width).ravel().tolist())
        return image.transform(image.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
