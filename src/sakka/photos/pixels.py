"""A photo's parts -> pixels: the only place where the bytes of a photo reach a decoder."""

import io
import threading
import warnings
from collections.abc import Callable

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from sakka.photos.headers import PhotoHeader
from sakka.photos.large_png import png_bands, row_wise_problem
from sakka.photos.rgb import rgb_of, rgb_of_bands

# The classes themselves, not `Image.open`: that one would try every kind and has a limit of its own.
_OPENERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
_no_warnings = threading.Lock()


def pixels_of(header: PhotoHeader, shrink: int) -> Image.Image:
    """The pixels in RGB at 1 / `shrink` of their size (rounded up), as they are stored: not yet turned.

    Raises:
        Exception: Whatever a decoder raises, assertions too.
    """
    if shrink > 1 and header.png is not None and row_wise_problem(header.png) is None:
        return rgb_of_bands(png_bands(header.png, shrink), header.size, shrink)
    with _no_warnings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _OPENERS[header.kind](io.BytesIO(b"".join(header.parts)))
    if image.size != header.size:
        raise ValueError(f"it has {image.size} pixels, where its header says {header.size}")
    if header.kind == "JPEG":
        image.draft(None, (image.width // shrink, image.height // shrink))
        shrink = 1
    image.load()
    pixels = rgb_of(image, shrink)
    pixels.info.clear()  # what else the file says of itself does not come out again
    return pixels
