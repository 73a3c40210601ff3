"""Draws the photos of one work: a function of the settings and the work's id, and of nothing else."""

import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from sakka.market.brooch import Drawn, draw_brooch
from sakka.market.camera import Camera
from sakka.market.chance import Chance
from sakka.market.identity import WorkKey, chart_at, photo_at, work_id, work_key
from sakka.market.listed_photos import DETAIL, PACKAGING, ListedPhoto, listed_photos, photo_habits
from sakka.market.packaging import lay_packaging, packaging_of
from sakka.market.plan import WorkPlan, plan_work
from sakka.market.scene import Layer, Light, backdrop, lay, lit, prop, tint_of
from sakka.market.settings import MarketSettings
from sakka.market.size_chart import draw_size_chart
from sakka.market.style import BACKDROP_TINTS, BACKDROPS, PROPS, Style, style_of
from sakka.market.surfaces import Field
from sakka.market.vocabulary import Rgb

BRIGHTEST = 360.0  # what is brighter is pure white
KNEE = 180.0  # from here on brightness is held back
_IN = np.arange(256) * (BRIGHTEST / 255)
_HELD = 255 - (255 - KNEE) * np.exp((KNEE - _IN) / (255 - KNEE))
CHART_QUALITY = 85
TONES = np.rint(np.where(_IN < KNEE, _IN, _HELD)).astype(np.uint8)


def draw_photo(settings: MarketSettings, identifier: str, number: int = 0) -> Image.Image:
    """Draw a photo of a work, RGB, `photo_px` wide and high.

    A relisting shows the first listing's photos with another crop and brightness.

    Args:
        settings: The market.
        identifier: The work's id.
        number: The photo's index among the listing's, from 0.
    """
    key = work_key(settings.seed, identifier)
    plan = plan_work(settings, key)
    if number == 0:
        photo = _photo_of_item(settings, plan)
        return _taken_again(photo, Chance(settings.seed, "again", *key)) if plan.item != key.number else photo
    listed = listed_photos(settings, plan)[number]
    if listed.chart is not None:
        return draw_size_chart(listed.chart, settings.photo_px)
    photo = _further_photo(settings, plan, listed)
    again = listed.copied is not None or plan.item != key.number
    return _taken_again(photo, Chance(settings.seed, "again", *key, number)) if again else photo


@dataclass(frozen=True)
class PhotoTruth:
    """What a work's featured photo shows, and where; nothing of it is written beside the photo.

    Attributes:
        work: The share of each pixel that the work fills, 0 to 1, shape (photo_px, photo_px).
        backdrop: The name of the backdrop's texture.
        tint: Its colour, 0 to 255, before light and camera.
    """

    work: Field
    backdrop: str
    tint: Rgb


def photo_truth(settings: MarketSettings, identifier: str) -> PhotoTruth:
    """What is work and what is backdrop in a work's featured photo."""
    key = work_key(settings.seed, identifier)
    plan = plan_work(settings, key)
    scene = _scene(settings, plan)
    work = scene.work
    if plan.item != key.number:
        box, _ = _crop(settings.photo_px, Chance(settings.seed, "again", *key))
        work = np.asarray(Image.fromarray(work).resize(work.shape, Image.Resampling.BILINEAR, box=box))
    texture, tint = scene.stage.style.backdrops[scene.stage.which], scene.stage.style.tints[scene.stage.which]
    return PhotoTruth(work, texture, tint_of(texture, tint))


def photo_bytes(settings: MarketSettings, identifier: str, number: int = 0) -> bytes:
    """A photo of a work as a JPEG file's bytes; see `draw_photo`."""
    name = ("quality", *work_key(settings.seed, identifier), *([number] if number else []))
    return _as_jpeg(draw_photo(settings, identifier, number), Chance(settings.seed, *name).whole(80, 92))


def bytes_at(settings: MarketSettings, path: str) -> bytes:
    """The bytes of the photo, or of the size chart, that stands at a path below the market's folder."""
    if (chart := chart_at(path)) is not None:
        return _as_jpeg(draw_size_chart(chart, settings.photo_px), CHART_QUALITY)
    return photo_bytes(settings, *photo_at(path))


def _as_jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


@dataclass(frozen=True)
class _Stage:
    """What a work is laid on in one photo.

    Attributes:
        style: The creator's habits as they are kept to in this photo.
        light: Light and camera.
        which: Which of the style's backdrops it is.
        ground: The backdrop, shape (3, size, size).
        thing: What lies about; None for nothing.
    """

    style: Style
    light: Light
    which: int
    ground: Field
    thing: Layer | None


@dataclass(frozen=True)
class _Scene:
    """What a photo is taken of.

    Attributes:
        photo: The drawn scene before light and lens, shape (3, size, size).
        work: The share of each pixel that the work fills, shape (size, size).
        stage: What the work is laid on.
        chance: Whose next numbers are those of the light and the sensor.
    """

    photo: Field
    work: Field
    stage: _Stage
    chance: Chance


def _photo_of_item(
    settings: MarketSettings, plan: WorkPlan, camera: Camera | None = None, number: int = 0
) -> Image.Image:
    """The featured photo of an item's first listing, or with a camera another photo of the same item."""
    scene = _scene(settings, plan, camera, number)
    image = _developed(scene.photo, scene.stage, scene.chance)
    return image if camera is None else camera.taken(image)


def _scene(settings: MarketSettings, plan: WorkPlan, camera: Camera | None = None, number: int = 0) -> _Scene:
    key = WorkKey(plan.key.person, plan.item)
    plan = plan_work(settings, key)
    chance = Chance(settings.seed, "photo", *key)
    stage, apart = _stage(settings, key.person, chance), 1.0
    if camera is not None:  # the work itself is still drawn by the chance of the featured photo, so that it is the same
        here = Chance(settings.seed, "camera", *key, number)
        stage, apart = _moved(settings, key.person, stage, camera, here), camera.zoom
    photo = stage.ground
    if stage.thing is not None:
        lay(photo, stage.thing, stage.light)
    work = _lay_works(photo, plan, stage.style, stage.light, chance, apart)
    return _Scene(photo, work, stage, chance)


def _further_photo(settings: MarketSettings, plan: WorkPlan, listed: ListedPhoto) -> Image.Image:
    """A further photo of a listing that is no size chart."""
    person, number = plan.key.person, listed.number
    if listed.copied is not None:
        return draw_photo(settings, work_id(settings.seed, listed.copied))
    chance = Chance(settings.seed, "further photo", person, plan.item, number)
    if listed.kind == PACKAGING:
        return _packaging_photo(settings, person, chance)
    camera = Camera.detail(chance) if listed.kind == DETAIL else Camera.angle(chance)
    return _photo_of_item(settings, plan, camera, number)


def _packaging_photo(settings: MarketSettings, person: int, chance: Chance) -> Image.Image:
    packaging = packaging_of(Chance(settings.seed, "packaging", photo_habits(settings, person).packaging))
    stage = _stage(settings, person, chance)
    lay_packaging(stage.ground, packaging, stage.light, chance)
    return _developed(stage.ground, stage, chance)


def _stage(settings: MarketSettings, person: int, chance: Chance) -> _Stage:
    style = _for_this_photo(style_of(settings, person), chance, 0.04 + 0.3 * settings.difficulty)
    light, size = _light(style, chance), settings.photo_px
    which = 0 if chance.happens(0.7) else len(style.backdrops) - 1
    ground = backdrop(style.backdrops[which], style.tints[which], chance, size)
    thing = prop(style.prop, f"{settings.seed}/{person}", size, style.light_angle)
    return _Stage(style, light, which, ground, thing if thing is not None and chance.happens(0.85) else None)


def _moved(settings: MarketSettings, person: int, stage: _Stage, camera: Camera, chance: Chance) -> _Stage:
    """The stage of another photo: of the same day, on another part of the backdrop, or of another day."""
    if camera.same_day:
        ground = backdrop(stage.style.backdrops[stage.which], stage.style.tints[stage.which], chance, settings.photo_px)
        stage = replace(stage, ground=ground)
    else:
        stage = _stage(settings, person, chance)
    return replace(stage, style=camera.seen(stage.style, settings.photo_px))


def _developed(photo: Field, stage: _Stage, chance: Chance) -> Image.Image:
    """Make an image of a drawn scene: light, lens, sensor."""
    image = _exposed(lit(photo, stage.light, chance))
    blur = stage.style.softness_px * photo.shape[-1] / 224
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


def _lay_works(photo: Field, plan: WorkPlan, style: Style, light: Light, chance: Chance, apart: float) -> Field:
    """Lay the work into the photo, or two of its kind, `apart` times as far off, where the creator shows pairs.

    Returns:
        The share of each pixel that they fill.
    """
    size = photo.shape[-1]
    work = np.zeros((size, size), dtype=np.float32)
    zoom = style.zoom * chance.around(1.0, 0.09)
    x, y = (place + chance.around(0.0, 0.035) for place in style.place)
    if not style.pair:
        _lay_one(photo, work, draw_brooch(plan, style, chance, round(zoom * size), light.angle), (x, y), light)
        return work
    other = replace(plan, colour=plan.second_colour, second_colour=plan.colour)
    for item, step in ((other, 0.2 * apart), (plan, -0.2 * apart)):
        drawn = draw_brooch(item, style, chance, round(0.68 * zoom * size), light.angle)
        _lay_one(photo, work, drawn, (x + step, y + 0.7 * step), light)
    return work


def _lay_one(photo: Field, work: Field, drawn: Drawn, centre: tuple[float, float], light: Light) -> None:
    """Lay a drawn work so that its middle is at `centre`, in shares of the photo's width and height.

    Changes `photo`, and `work`, the share of each pixel that works fill.
    """
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
    work[rows, columns] = np.maximum(work[rows, columns], outline[inner[1:]])


def _taken_again(photo: Image.Image, chance: Chance) -> Image.Image:
    """Crop a little and change the brightness, as people do before they list a work again."""
    box, gain = _crop(photo.width, chance)
    again = photo.resize(photo.size, Image.Resampling.BICUBIC, box=box)
    return Image.eval(again, lambda value: min(255, round(value * gain)))


def _crop(size: int, chance: Chance) -> tuple[tuple[float, float, float, float], float]:
    """What of a photo is kept, left, top, right, bottom, and how much brighter it becomes."""
    side = size * chance.between(0.94, 0.995)
    gain = chance.around(1.0, 0.07)
    left, top = chance.between(0, size - side), chance.between(0, size - side)
    return (left, top, left + side, top + side), gain
