"""Draws the photo of one work: a function of the settings and the work's id, and of nothing else."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from sakka.market.brooch import Drawn, draw_brooch
from sakka.market.chance import Chance
from sakka.market.identity import WorkKey, work_key
from sakka.market.plan import WorkPlan, plan_work
from sakka.market.scene import Layer, Light, backdrop, lay, lit, prop
from sakka.market.settings import MarketSettings
from sakka.market.style import BACKDROP_TINTS, BACKDROPS, PROPS, Style, style_of
from sakka.market.surfaces import Field

BRIGHTEST = 360.0  # what is brighter is pure white
KNEE = 180.0  # from here on brightness is held back
_IN = np.arange(256) * (BRIGHTEST / 255)
_HELD = 255 - (255 - KNEE) * np.exp((KNEE - _IN) / (255 - KNEE))
TONES = np.rint(np.where(_IN < KNEE, _IN, _HELD)).astype(np.uint8)


def draw_photo(settings: MarketSettings, identifier: str) -> Image.Image:
    """Draw the photo of a work, RGB, `photo_px` wide and high.

    A relisting shows the first listing's photo with another crop and brightness.
    """
    key = work_key(settings.seed, identifier)
    plan = plan_work(settings, key)
    photo = _first_photo(settings, plan_work(settings, WorkKey(key.person, plan.item)))
    return _taken_again(photo, Chance(settings.seed, "again", *key)) if plan.item != key.number else photo


def photo_bytes(settings: MarketSettings, identifier: str) -> bytes:
    """The photo of a work as a JPEG file's bytes."""
    quality = Chance(settings.seed, "quality", *work_key(settings.seed, identifier)).whole(80, 92)
    buffer = io.BytesIO()
    draw_photo(settings, identifier).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def _first_photo(settings: MarketSettings, plan: WorkPlan) -> Image.Image:
    chance = Chance(settings.seed, "photo", *plan.key)
    style = _for_this_photo(style_of(settings, plan.key.person), chance, 0.04 + 0.3 * settings.difficulty)
    light, size = _light(style, chance), settings.photo_px
    which = 0 if chance.happens(0.7) else len(style.backdrops) - 1
    photo = backdrop(style.backdrops[which], style.tints[which], chance, size)
    thing = prop(style.prop, f"{settings.seed}/{plan.key.person}", size, style.light_angle)
    if thing is not None and chance.happens(0.85):
        lay(photo, thing, light)
    _lay_works(photo, plan, style, light, chance)
    image = _exposed(lit(photo, light, chance))
    blur = style.softness_px * size / 224
    return image.filter(ImageFilter.GaussianBlur(blur)) if blur > 0.25 else image


def _exposed(picture: Field) -> Image.Image:
    """Make an image of a lit picture; what is too bright fades to white gently, as on film."""
    levels = np.clip(picture * np.float32(255 / BRIGHTEST), 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return Image.fromarray(TONES[levels])


def _for_this_photo(style: Style, chance: Chance, wander: float) -> Style:
    """The style as it is kept to in one photo: each habit is left with the probability `wander`."""
    if chance.happens(wander):
        style = replace(style, backdrops=(chance.pick(BACKDROPS),), tints=(chance.pick(BACKDROP_TINTS),))
    if chance.happens(wander):
        style = replace(style, prop=chance.pick(PROPS))
    if chance.happens(wander):
        style = replace(style, warmth=chance.around(0.1, 0.9), exposure=chance.between(0.86, 1.1))
    if chance.happens(wander):
        style = replace(style, light_angle=chance.between(2.2, 5.6), zoom=chance.between(0.5, 0.74))
    return style


def _light(style: Style, chance: Chance) -> Light:
    return Light(
        angle=style.light_angle + chance.around(0.0, 0.25),
        slope=style.light_slope * chance.around(1.0, 0.4),
        warmth=style.warmth + chance.around(0.0, 0.3),
        exposure=style.exposure * chance.around(1.0, 0.09),
        vignette=style.vignette,
        shadow=style.shadow,
    )


def _lay_works(photo: Field, plan: WorkPlan, style: Style, light: Light, chance: Chance) -> None:
    """Lay the work into the photo, or two of its kind side by side where the creator shows pairs."""
    size = photo.shape[-1]
    zoom = style.zoom * chance.around(1.0, 0.09)
    x, y = (place + chance.around(0.0, 0.035) for place in style.place)
    if not style.pair:
        _lay_one(photo, draw_brooch(plan, style, chance, round(zoom * size), light.angle), (x, y), light)
        return
    other = replace(plan, colour=plan.second_colour, second_colour=plan.colour)
    for item, step in ((other, 0.2), (plan, -0.2)):
        drawn = draw_brooch(item, style, chance, round(0.68 * zoom * size), light.angle)
        _lay_one(photo, drawn, (x + step, y + 0.7 * step), light)


def _lay_one(photo: Field, drawn: Drawn, centre: tuple[float, float], light: Light) -> None:
    """Lay a drawn work so that its middle is at `centre`, in shares of the photo's width and height."""
    size, width = photo.shape[-1], drawn.cover.shape[0]
    margin = width // 8
    padded = [
        np.pad(field, [(0, 0), (margin, margin), (margin, margin)][-field.ndim :]) for field in vars(drawn).values()
    ]
    left, top = (round(place * size - width / 2) - margin for place in centre)
    wide = width + 2 * margin
    rows, columns = slice(max(0, top), min(size, top + wide)), slice(max(0, left), min(size, left + wide))
    inner = (slice(None), slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    colours, cover, outline = padded
    patch = np.zeros((3, wide, wide), dtype=np.float32)
    patch[inner] = photo[:, rows, columns]
    lay(patch, Layer(colours, cover, 0.045 * width), light, outline)
    photo[:, rows, columns] = patch[inner]


def _taken_again(photo: Image.Image, chance: Chance) -> Image.Image:
    """Crop a little and change the brightness, as people do before they list a work again."""
    size = photo.width
    side = size * chance.between(0.94, 0.995)
    gain = chance.around(1.0, 0.07)
    left, top = chance.between(0, size - side), chance.between(0, size - side)
    again = photo.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    return Image.eval(again, lambda value: min(255, round(value * gain)))
