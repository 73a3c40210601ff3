"""A creator's style: what they make, how they photograph it.

Creators come from schools. Each trait of a style is drawn either from the creator's own stream of chance or from
their school's; the share of traits that come from the school grows with the market's difficulty. Two creators of one
school then differ in few traits, as imitators and friends do.
"""

from dataclasses import dataclass
from functools import lru_cache

from sakka.market.chance import Chance
from sakka.market.settings import MarketSettings
from sakka.market.vocabulary import ACCENTS, MATERIALS, MOTIFS, PALETTES

BACKDROPS = ("linen", "wood", "paper", "marble", "felt", "plain", "concrete", "twill", "kraft")
BACKDROP_TINTS = (
    (236, 230, 218),
    (222, 206, 182),
    (196, 158, 118),
    (150, 108, 76),
    (246, 244, 240),
    (214, 220, 222),
    (120, 128, 136),
    (62, 62, 68),
    (224, 198, 192),
    (190, 206, 196),
    (178, 194, 212),
    (92, 104, 92),
    (92, 42, 52),
    (52, 66, 96),
)
MOUNTS = ("none", "none", "none", "round", "oval", "ring", "pearl_ring")
PROPS = ("none", "none", "card", "disc", "sprig", "doily", "dish")


@dataclass(frozen=True)
class Style:
    """What is common to one creator's works and photos.

    Attributes:
        palette: Names of colours, the favourite first.
        motifs: Names of motifs, the favourite first.
        materials: Names of materials, the favourite first.
        accents: Names of accents, the favourite first.
        accent_share: The share of works with an accent.
        mount: What the motif is mounted on.
        petals: How many petals or rays a motif has where it has any.
        pointed: From 0 (round shapes) to 1 (pointed shapes).
        plump: Width of petals, wings and leaves against the usual.
        backdrops: Names of textures, the favourite first.
        tints: Colours of the backdrops, one for each backdrop.
        prop: What lies about in the photo.
        light_angle: Direction that the light comes from, in radians, 0 at the right and pi / 2 at the bottom.
        light_slope: How much brighter the lit side is than the other.
        warmth: From -1 (bluish light) to 1 (yellowish light).
        exposure: Brightness against the usual.
        vignette: How dark the corners are, 0 for not at all.
        shadow: Strength of shadows, 0 to 1.
        softness_px: Blur of the whole photo in pixels.
        zoom: Size of the work as a share of the photo's width.
        tilt: Usual rotation of the work in radians.
        place: Usual centre of the work, in shares of width and height.
        pair: Whether the works are shown in pairs.
    """

    palette: tuple[str, ...]
    motifs: tuple[str, ...]
    materials: tuple[str, ...]
    accents: tuple[str, ...]
    accent_share: float
    mount: str
    petals: int
    pointed: float
    plump: float
    backdrops: tuple[str, ...]
    tints: tuple[tuple[int, int, int], ...]
    prop: str
    light_angle: float
    light_slope: float
    warmth: float
    exposure: float
    vignette: float
    shadow: float
    softness_px: float
    zoom: float
    tilt: float
    place: tuple[float, float]
    pair: bool


class Traits:
    """The streams that one creator's traits are drawn from: their own or their school's."""

    def __init__(self, settings: MarketSettings, person: int) -> None:
        self._seed = settings.seed
        self._own = f"person-{person}"
        schools = max(1, round(settings.creators / (1.5 + 4.5 * settings.difficulty)))
        self._school = f"school-{Chance(settings.seed, 'schooling', person).whole(0, schools - 1)}"
        self._schooled = 0.15 + 0.75 * settings.difficulty
        self._choice = Chance(settings.seed, "traits", person)

    def next(self, trait: str) -> Chance:
        """The stream for one trait; traits must be asked for in a fixed order."""
        origin = self._school if self._choice.happens(self._schooled) else self._own
        return Chance(self._seed, origin, trait)


@lru_cache(maxsize=4096)
def style_of(settings: MarketSettings, person: int) -> Style:
    """A creator's style, by the person's number."""
    traits = Traits(settings, person)
    palette = traits.next("palette")
    colours = palette.pick(PALETTES)
    backdrop = traits.next("backdrop")
    backdrops = backdrop.some(BACKDROPS, backdrop.whole(1, 2))
    light, camera, shape, layout = (traits.next(trait) for trait in ("light", "camera", "shape", "layout"))
    works, materials, accents = (traits.next(trait) for trait in ("motifs", "materials", "accents"))
    return Style(
        palette=palette.some(colours, palette.whole(3, 5)),
        motifs=works.some(tuple(MOTIFS), works.whole(2, 5)),
        materials=materials.some(tuple(MATERIALS), materials.whole(1, 3)),
        accents=accents.some(tuple(ACCENTS), accents.whole(1, 2)),
        accent_share=accents.between(0.2, 0.9),
        mount=shape.pick(MOUNTS),
        petals=shape.whole(5, 9),
        pointed=shape.share(),
        plump=shape.between(0.8, 1.25),
        backdrops=backdrops,
        tints=backdrop.some(BACKDROP_TINTS, len(backdrops)),
        prop=layout.pick(PROPS),
        light_angle=light.between(2.2, 5.6),
        light_slope=light.between(0.04, 0.24),
        warmth=light.around(0.1, 0.9),
        exposure=camera.between(0.86, 1.1),
        vignette=max(0.0, camera.between(-0.15, 0.3)),
        shadow=light.between(0.3, 0.75),
        softness_px=max(0.0, camera.between(-1.2, 0.9)),
        zoom=layout.between(0.5, 0.74),
        tilt=layout.around(0.0, 0.5),
        place=(layout.around(0.5, 0.07), layout.around(0.5, 0.07)),
        pair=layout.happens(0.14),
    )
