"""Transformed copies of photos, as someone makes who lists another's work or his own again."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

Transform = Callable[[Image.Image, np.random.Generator], Image.Image]
QUALITY = 88  # of the JPEG that every copy is saved as


def _cut(image: Image.Image, share: float, generator: np.random.Generator) -> Image.Image:
    """Cut away `share` of the width and of the height, at a place drawn by chance."""
    width, height = image.size
    kept = round(width * (1 - share)), round(height * (1 - share))
    left, top = (int(generator.integers(whole - part + 1)) for whole, part in zip(image.size, kept, strict=True))
    return image.crop((left, top, left + kept[0], top + kept[1]))


def crop_10(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Cut away a tenth of each side."""
    return _cut(image, 0.1, generator)


def crop_20(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Cut away a fifth of each side."""
    return _cut(image, 0.2, generator)


def resize(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Scale to 0.45 to 0.8 of the size, width and height by up to a tenth differently."""
    scale = generator.uniform(0.45, 0.8)
    width, height = (round(side * scale * generator.uniform(0.95, 1.05)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def recompress(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Save as a JPEG of quality 15 to 35."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(generator.integers(15, 36)))
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def recolour(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Turn the hue, and change saturation, brightness and contrast by up to 40 %; one in four becomes grey."""
    if generator.random() < 0.25:
        return ImageOps.grayscale(image).convert("RGB")
    hue, saturation, value = image.convert("HSV").split()
    turn = int(generator.integers(-40, 41))
    turned = Image.merge("HSV", (hue.point(lambda each: (each + turn) % 256), saturation, value)).convert("RGB")
    for enhance in (ImageEnhance.Color, ImageEnhance.Brightness, ImageEnhance.Contrast):
        turned = enhance(turned).enhance(generator.uniform(0.6, 1.4))
    return turned


def border(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Put an even frame of 4 to 12 % of the width around it, white, black or of any colour."""
    colour = [(255, 255, 255), (0, 0, 0), tuple(generator.integers(0, 256, 3).tolist())][int(generator.integers(3))]
    return ImageOps.expand(image, round(image.width * generator.uniform(0.04, 0.12)), colour)


def watermark(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Write a shop's name across it, half transparent."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    size = round(image.width * generator.uniform(0.1, 0.17))
    place = tuple(round(side * generator.uniform(0.02, 0.5)) for side in image.size)
    shade = int(generator.integers(2)) * 255
    font = ImageFont.load_default(size)
    ImageDraw.Draw(layer).text(place, "Atelier Mori", fill=(shade, shade, shade, 140), font=font)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def mirror(image: Image.Image, generator: np.random.Generator) -> Image.Image:  # noqa: ARG001
    """Mirror it, left to right."""
    return ImageOps.mirror(image)


TRANSFORMS: dict[str, Transform] = {
    "crop 10 %": crop_10,
    "crop 20 %": crop_20,
    "resize": resize,
    "recompress": recompress,
    "recolour": recolour,
    "border": border,
    "watermark": watermark,
    "mirror": mirror,
}


def copy_of(image: Image.Image, transform: str, generator: np.random.Generator) -> bytes:
    """A transformed copy as the bytes of a JPEG."""
    buffer = io.BytesIO()
    TRANSFORMS[transform](image, generator).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
