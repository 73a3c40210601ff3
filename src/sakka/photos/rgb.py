"""Decoded pictures of any mode -> RGB, shrunk a band of rows at a time, so that only the result is held beside them."""

from collections.abc import Iterable

import numpy as np
from PIL import Image

BAND_PIXELS = 1 << 20


def rgb_of(image: Image.Image, shrink: int = 1) -> Image.Image:
    """A decoded picture in RGB at 1 / `shrink` of its size (rounded up), transparent parts on white."""
    if shrink == 1 and image.width * image.height <= BAND_PIXELS:
        return on_white(image)
    rows = max(1, BAND_PIXELS // image.width // shrink) * shrink
    crops = (image.crop((0, top, image.width, min(top + rows, image.height))) for top in range(0, image.height, rows))
    return rgb_of_bands(crops, image.size, shrink)


def rgb_of_bands(bands: Iterable[Image.Image], size: tuple[int, int], shrink: int) -> Image.Image:
    """Bands of a picture from top to bottom as one in RGB at 1 / `shrink` of its size.

    Args:
        bands: Each one's height but the last one's is a multiple of `shrink`.
        size: Of the whole picture, in pixels.
        shrink: How many pixels, across and down, become one: their mean.
    """
    result = Image.new("RGB", (-(-size[0] // shrink), -(-size[1] // shrink)), "white")
    top = 0
    for band in bands:
        small = on_white(shrunk(band, shrink))
        result.paste(small, (0, top))
        top += small.height
    return result


def shrunk(band: Image.Image, shrink: int) -> Image.Image:
    """A picture at 1 / `shrink` of its size, in a mode in which pixels have a mean."""
    if shrink == 1:
        return band
    if band.mode.startswith("I"):
        band = on_white(band)
    elif band.mode in ("P", "PA", "1") or "transparency" in band.info:
        band = band.convert("RGBA")
    return band.reduce(shrink)


def on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB, transparent parts on white, 16 bits a sample brought down to 8."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white
