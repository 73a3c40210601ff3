"""Photos that one account took from another, planted with their truth: files as they would lie in a catalog.

    copied    the second file was made from the first account's file
    third     both were made from a third file
    better    the second was made from a better version of the photo than the one that the first account listed

`KNOWN` changes may be looked at while weights are learned, `UNKNOWN` ones never.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from studies.inputs.photo_copies import TRANSFORMS, Transform

Encoded = bytes
SERVED_PX, SERVED_QUALITY = 560, 85
"""What a marketplace that re-encodes all uploads makes of them: the longer side at most, and the quality."""


def enlarge(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Scale to 1.15 to 1.7 of the size."""
    scale = generator.uniform(1.15, 1.7)
    return image.resize(tuple(round(side * scale) for side in image.size), Image.Resampling.BICUBIC)


def screenshot(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Show it on a screen of another size, with bars above and below that have writing."""
    scale = generator.uniform(0.6, 1.3)
    shown = image.resize(tuple(round(side * scale) for side in image.size), Image.Resampling.BILINEAR)
    above, below = (round(shown.height * generator.uniform(0.03, 0.1)) for _ in range(2))
    shade = int(generator.integers(2)) * 230 + 12
    screen = Image.new("RGB", (shown.width, shown.height + above + below), (shade, shade, shade))
    screen.paste(shown, (0, above))
    font = ImageFont.load_default(max(8, above // 2))
    ImageDraw.Draw(screen).text((8, above // 5), "10:42", fill=(255 - shade,) * 3, font=font)
    return screen


def heavy_crop(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Cut away 22 to 28 % of each side, and save it at another size."""
    share = generator.uniform(0.22, 0.28)
    left, top = (int(generator.uniform(0, share) * side) for side in image.size)
    width, height = (round(side * (1 - share)) for side in image.size)
    cut = image.crop((left, top, left + width, top + height))
    scale = generator.uniform(0.8, 1.3)
    return cut.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)


def sharpen(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Sharpen it as a phone does."""
    return image.filter(ImageFilter.UnsharpMask(radius=2, percent=int(generator.integers(60, 160)), threshold=2))


def soften(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Blur it a little."""
    return image.filter(ImageFilter.GaussianBlur(generator.uniform(0.6, 1.4)))


def grain(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Add grain."""
    noise = generator.normal(0, generator.uniform(4, 10), (image.height, image.width, 1))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def sticker(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Put a coloured disc with a price into a corner."""
    changed = image.copy()
    radius = round(min(image.size) * generator.uniform(0.08, 0.13))
    x, y = (radius * 1.3 if generator.random() < 0.5 else side - radius * 1.3 for side in image.size)
    colour = tuple(generator.integers(0, 256, 3).tolist())
    drawing = ImageDraw.Draw(changed)
    drawing.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    drawing.text((x - radius / 2, y - radius / 3), "500", fill="white", font=ImageFont.load_default(radius * 0.7))
    return changed


def film(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Lift the shadows, bend each channel and darken the corners, as filters of phones do."""
    bends = generator.uniform(0.75, 1.3, 3)
    lift = generator.uniform(10, 40)
    level = np.asarray(image, dtype=np.float64) / 255
    level = (lift + (255 - lift) * level**bends) / 255
    y, x = np.meshgrid(np.linspace(-1, 1, image.height), np.linspace(-1, 1, image.width), indexing="ij")
    level *= (1 - generator.uniform(0.1, 0.35) * (x**2 + y**2) / 2)[..., None]
    return Image.fromarray((255 * level).clip(0, 255).astype(np.uint8))


def tilt(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Turn it by 0.5 to 2 degrees and cut the corners off."""
    turned = image.rotate(generator.choice([-1, 1]) * generator.uniform(0.5, 2), Image.Resampling.BICUBIC)
    margin = round(0.035 * min(image.size))
    return turned.crop((margin, margin, image.width - margin, image.height - margin))


def repeated(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Pass it on three times, as messengers do: a little smaller and compressed each time."""
    for _ in range(3):
        scale = generator.uniform(0.9, 0.99)
        image = image.resize(tuple(round(side * scale) for side in image.size), Image.Resampling.BILINEAR)
        image = opened(saved(image, int(generator.integers(50, 80))))
    return image


def auto_levels(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Stretch each channel's tones from end to end, as "enhance" of a phone does."""
    return ImageOps.autocontrast(image, cutoff=generator.uniform(0.3, 2))


def local_contrast(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Raise the contrast within 2 to 5 % of the width, as "clarity" does."""
    radius = image.width * generator.uniform(0.02, 0.05)
    return image.filter(ImageFilter.UnsharpMask(radius, int(generator.integers(30, 90)), threshold=0))


def smooth(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Take out noise, and fine structure with it."""
    return Image.blend(image, image.filter(ImageFilter.MedianFilter(3)), generator.uniform(0.6, 1))


def caption(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Write on a strip of one colour that covers the top or the bottom."""
    changed = image.copy()
    height = round(image.height * generator.uniform(0.08, 0.15))
    top = 0 if generator.random() < 0.5 else image.height - height
    colour = tuple(generator.integers(0, 256, 3).tolist())
    drawing = ImageDraw.Draw(changed)
    drawing.rectangle((0, top, image.width, top + height), fill=colour)
    font = ImageFont.load_default(height * 0.6)
    drawing.text((height * 0.4, top + height * 0.15), "Handmade 2,500", fill="white", font=font)
    return changed


def blurred_surround(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Put it on a blurred and enlarged copy of itself, 8 to 20 % wider and higher."""
    width, height = (round(side * generator.uniform(1.08, 1.2)) for side in image.size)
    whole = image.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(image.width / 25))
    whole.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return whole


def stretch(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Make it 6 to 14 % wider or higher."""
    scale = generator.uniform(1.06, 1.14)
    factors = (scale, 1.0) if generator.random() < 0.5 else (1.0, scale)
    size = [round(side * factor) for side, factor in zip(image.size, factors, strict=True)]
    return image.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def few_colours(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Keep 48 to 160 colours, dithered, as a GIF does."""
    return image.quantize(int(generator.integers(48, 161))).convert("RGB")


def off_a_screen(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Take a photo of it on a screen: a little askew, lit from one side, softer, with noise."""
    width, height = image.size
    inset = generator.uniform(0.005, 0.025, 8) * np.array([width, height] * 4)
    left, top, right, bottom = 0, 0, width, height
    corners = np.array([left, top, left, bottom, right, bottom, right, top])
    seen = image.transform(
        image.size,
        Image.Transform.QUAD,
        tuple((corners + inset * np.array([1, 1, 1, -1, -1, -1, -1, 1])).tolist()),
        Image.Resampling.BICUBIC,
    )
    level = np.asarray(seen.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float64)
    level = level * np.linspace(1, generator.uniform(0.8, 0.95), width)[None, :, None]
    return Image.fromarray((level + generator.normal(0, 3, level.shape)).clip(0, 255).astype(np.uint8))


KNOWN: Mapping[str, Transform] = {
    **TRANSFORMS,
    "enlarge": enlarge,
    "screenshot": screenshot,
    "heavy crop": heavy_crop,
    "sharpen": sharpen,
    "soften": soften,
    "grain": grain,
    "sticker": sticker,
    "film": film,
    "tilt": tilt,
    "passed on": repeated,
}
UNKNOWN: Mapping[str, Transform] = {
    "auto levels": auto_levels,
    "local contrast": local_contrast,
    "smooth": smooth,
    "caption": caption,
    "blurred surround": blurred_surround,
    "stretch": stretch,
    "few colours": few_colours,
    "off a screen": off_a_screen,
}
CASES = ("copied", "third", "better")


@dataclass(frozen=True)
class PlantedPair:
    """Two files with their truth.

    Attributes:
        first: The file of the account whose photo it is; where both come from a third, of either.
        second: The other account's.
        case: One of `CASES`.
        changes: What was done to the second, joined by commas.
        served: Whether the marketplace re-encoded both.
    """

    first: Encoded
    second: Encoded
    case: str
    changes: str
    served: bool


def plant(
    image: Image.Image,
    case: str,
    changes: Mapping[str, Transform],
    generator: np.random.Generator,
    own: Encoded | None = None,
) -> PlantedPair:
    """Plant a pair of one picture.

    Args:
        image: The picture as it was taken.
        case: One of `CASES`.
        changes: The changes that the copying account draws from: one, or in a third of all pairs two.
        generator: Of all chance.
        own: The file that the first account lists; None: one is made of the picture.
    """
    source = own if own is not None else _listed(image, generator)
    names = list(generator.permutation(list(changes))[: 1 + (generator.random() < 1 / 3)])
    copy = _changed(opened(source), [changes[name] for name in names], generator)
    first = source
    if case == "third":
        others = list(generator.permutation(list(changes))[: int(generator.integers(0, 3))])
        first = _changed(opened(source), [changes[name] for name in others], generator)
    elif case == "better":
        scale = generator.uniform(0.4, 0.85)
        smaller = image.resize(tuple(round(side * scale) for side in image.size), Image.Resampling.LANCZOS)
        first = saved(smaller, int(generator.integers(60, 88)))
    served = bool(generator.random() < 0.4)
    if served:
        first, copy = (_served(each) for each in (first, copy))
    return PlantedPair(first, copy, case, ", ".join(names), served)


def saved(image: Image.Image, quality: int, subsampling: int = 2) -> Encoded:
    """A picture as a JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return buffer.getvalue()


def opened(content: Encoded) -> Image.Image:
    """The picture of a file."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def _listed(image: Image.Image, generator: np.random.Generator) -> Encoded:
    """The file that its maker lists: in two of five cases saved twice, smaller the second time."""
    if generator.random() < 0.4:
        image = opened(saved(image, int(generator.integers(80, 96))))
        scale = generator.uniform(0.6, 1)
        image = image.resize(tuple(round(side * scale) for side in image.size), Image.Resampling.LANCZOS)
    return saved(image, int(generator.integers(72, 96)), int(generator.choice([0, 2])))


def _changed(image: Image.Image, changes: list[Transform], generator: np.random.Generator) -> Encoded:
    for change in changes:
        image = change(image, generator)
    kind = generator.random()
    if kind < 0.85:
        return saved(image, int(generator.integers(60, 96)), int(generator.choice([0, 2])))
    buffer = io.BytesIO()
    if kind < 0.92:
        image.save(buffer, "WEBP", quality=int(generator.integers(60, 90)))
    else:
        image.save(buffer, "PNG")
    return buffer.getvalue()


def _served(content: Encoded) -> Encoded:
    image = opened(content)
    scale = min(1.0, SERVED_PX / max(image.size))
    size = tuple(round(side * scale) for side in image.size)
    return saved(image.resize(size, Image.Resampling.LANCZOS), SERVED_QUALITY)
