"""The map of an explanation drawn over the photo: what spoke for the creator in orange, what against in purple.

The photo is shown in grey, so that the colours are the map's alone, and the stronger a region spoke the denser its
colour. Orange and purple are told apart with any of the common kinds of colour blindness, and in grey by nothing but
the legend; so each side also has the outline of its strongest regions, whole for the creator and broken against.

Source of the colours: C. Brewer's diverging scheme PuOr, https://colorbrewer2.org
"""

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from scipy.ndimage import gaussian_filter

Regions = npt.NDArray[np.float32]
Colour = tuple[int, int, int]

FOR_COLOUR: Colour = (230, 97, 1)
AGAINST_COLOUR: Colour = (94, 60, 153)
SIDE_PX = 720
FONT_PX = 15
LEGEND_PX = 46
MARGIN_PX = 12
DENSEST = 0.78  # how far the strongest region's colour hides the photo
FAINTEST = 0.06  # a share of the strongest below which nothing is drawn
STRONG = 0.55  # a share of the strongest above which a region is outlined
SMOOTHED_AT = 4  # times smaller than it is drawn; the blur is wider than that
SMOOTH_SHARE = 0.03  # how far the map is smoothed, as a share of the photo's longer side
FULL_AT = 0.995  # the quantile of the shares' sizes that gets the full colour
GREY = 0.82  # what is left of the photo's contrast
DENSITIES = [round(255 * DENSEST * max(0.0, (level / 255 - FAINTEST) / (1 - FAINTEST))) for level in range(256)]
DASH_PX = 7


def heat_map(
    photo: Image.Image,
    regions: Regions,
    *,
    legend: tuple[str, str] | None = None,
    side_px: int = SIDE_PX,
    font_file: Path | None = None,
) -> bytes:
    """Draw a map of shares over a photo.

    Args:
        photo: RGB, of any size.
        regions: Shares over the squashed photo, shape (rows, columns).
        legend: The words for purple and for orange; None draws no legend.
        side_px: The longer side of the picture of the photo.
        font_file: A font for the legend; None: Pillow's own, which has no Japanese signs.

    Returns:
        A PNG file's bytes; the same for the same photo and map.
    """
    drawn = mapped(photo, regions, side_px=side_px)
    return _png(drawn if legend is None else _with_legend(drawn, legend, font_file))


def mapped(photo: Image.Image, regions: Regions, *, side_px: int = SIDE_PX) -> Image.Image:
    """Draw a map of shares over a photo; see `heat_map`, which gives it as a file."""
    scale = side_px / max(photo.size)
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    base = photo.convert("L").resize(size, Image.Resampling.LANCZOS)
    grey = base.point([round(255 * (1 - GREY) * 0.6 + GREY * level) for level in range(256)])
    picture = Image.merge("RGB", [grey] * 3)
    sides = list(zip((FOR_COLOUR, AGAINST_COLOUR), _strengths(regions, size), (False, True), strict=True))
    for colour, strength, _ in sides:
        picture.paste(colour, mask=strength.point(DENSITIES))
    for _, strength, dashed in sides:
        picture.paste((255, 255, 255), mask=_outline(strength, dashed=dashed))
    return picture


def _strengths(regions: Regions, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """How strongly each place of the photo speaks for and against, 0 to 255.

    The map is smoothed at a fraction of its size, where nothing finer is left, and enlarged then.
    """
    small = tuple(max(1, round(side / SMOOTHED_AT)) for side in size)
    enlarged = Image.fromarray(regions.astype(np.float32)).resize((small[0], small[1]), Image.Resampling.BICUBIC)
    values = gaussian_filter(np.asarray(enlarged), SMOOTH_SHARE * max(size) / SMOOTHED_AT, mode="nearest")
    full = float(np.quantile(np.abs(values), FULL_AT)) or 1.0
    sides = (np.clip(255 * sign * values / full, 0, 255).round().astype(np.uint8) for sign in (1, -1))
    favour, against = (Image.fromarray(side).resize(size, Image.Resampling.BICUBIC) for side in sides)
    return favour, against


def _outline(strength: Image.Image, *, dashed: bool) -> Image.Image:
    """The edge around the strongest regions: 255 where it is drawn, else 0."""
    inside = strength.point([255 if level > 255 * STRONG else 0 for level in range(256)])
    grown = inside.filter(ImageFilter.BoxBlur(2)).point([0] + [255] * 255)
    edge = ImageChops.subtract(grown, inside)
    return ImageChops.darker(edge, _dashes(strength.size)) if dashed else edge


@lru_cache(maxsize=8)
def _dashes(size: tuple[int, int]) -> Image.Image:
    """Diagonal stripes, 255 and 0 in turn."""
    diagonal = np.add.outer(np.arange(size[1]), np.arange(size[0]))
    return Image.fromarray(np.where(diagonal // DASH_PX % 2 == 0, 255, 0).astype(np.uint8))


def _with_legend(picture: Image.Image, legend: tuple[str, str], font_file: Path | None) -> Image.Image:
    """Put the legend below a picture: against on the left, for on the right, the scale between them."""
    whole = Image.new("RGB", (picture.width, picture.height + LEGEND_PX), "white")
    whole.paste(picture, (0, 0))
    pen, font = ImageDraw.Draw(whole), _font(font_file)
    middle = picture.height + LEGEND_PX // 2
    bar = min(160, picture.width // 3)
    room = (picture.width - bar) // 2 - 2 * MARGIN_PX
    left, right = (_cut(words, room, pen, font) for words in legend)
    start = (picture.width - bar) // 2
    for place in range(bar):
        strength = 2 * place / max(1, bar - 1) - 1
        side = FOR_COLOUR if strength > 0 else AGAINST_COLOUR
        mixed = tuple(round(235 * (1 - abs(strength)) + part * abs(strength)) for part in side)
        pen.line([(start + place, middle - 7), (start + place, middle + 7)], fill=mixed)
    pen.text((start - MARGIN_PX, middle), left, fill=AGAINST_COLOUR, font=font, anchor="rm")
    pen.text((start + bar + MARGIN_PX, middle), right, fill=(179, 72, 0), font=font, anchor="lm")
    return whole


def _cut(words: str, room: int, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    if pen.textlength(words, font=font) <= room:
        return words
    while words and pen.textlength(words + "…", font=font) > room:
        words = words[:-1]
    return words + "…"


@lru_cache(maxsize=2)
def _font(font_file: Path | None) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(FONT_PX) if font_file is None else ImageFont.truetype(str(font_file), FONT_PX)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
