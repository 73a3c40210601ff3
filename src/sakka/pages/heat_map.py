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
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from sakka.arrays import FloatArray, Mask

Picture = npt.NDArray[np.float32]
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
    strength = _strength(regions, size)
    base = np.asarray(photo.convert("L").resize(size, Image.Resampling.LANCZOS), dtype=np.float32)
    grey = np.repeat((255 * (1 - GREY) * 0.6 + GREY * base)[..., None], 3, axis=2)
    sides = np.array([AGAINST_COLOUR, FOR_COLOUR], dtype=np.float32)
    colour = sides[(strength > 0).astype(np.intp)]
    density = DENSEST * np.clip((np.abs(strength) - FAINTEST) / (1 - FAINTEST), 0, 1)[..., None]
    pixels: Picture = (grey * (1 - density) + colour * density).astype(np.float32)
    _outline(pixels, strength > STRONG, dashed=False)
    _outline(pixels, strength < -STRONG, dashed=True)
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


def _strength(regions: Regions, size: tuple[int, int]) -> FloatArray:
    """The map in the photo's size, smooth, between -1 and 1; it is smoothed small, where nothing finer is left."""
    small = tuple(max(1, round(side / SMOOTHED_AT)) for side in size)
    values = _blurred(_resized(regions, (small[0], small[1])), SMOOTH_SHARE * max(size) / SMOOTHED_AT)
    full = float(np.quantile(np.abs(values), FULL_AT))
    return np.clip(_resized(values / full, size), -1, 1) if full > 0 else _resized(values, size)


def _resized(values: FloatArray, size: tuple[int, int]) -> FloatArray:
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BICUBIC))


def _blurred(values: FloatArray, radius: float) -> FloatArray:
    """Blur a picture of floats: Pillow's filters take bytes only."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(values, radius, mode="nearest"), dtype=np.float32)


def _outline(pixels: Picture, inside: Mask, *, dashed: bool) -> None:
    """Draw the edge of a region in white on dark, in place."""
    mask = Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
    edge = (np.asarray(mask.filter(ImageFilter.BoxBlur(2))) > 0) & ~inside
    if dashed:
        rows, columns = np.indices(edge.shape)
        edge = edge & ((rows + columns) // DASH_PX % 2 == 0)
    pixels[edge] = 255.0


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
