"""What a photo's file tells beside its picture: how it was compressed, and what its metadata claim.

The quantisation tables are those of the JPEG standard (ITU T.81): a coefficient of the cosine transform of 8 x 8 pixels
is stored as a multiple of the table's entry, so that a coarse table leaves traces in the pixels. Metadata are hints
only: anyone can write them.
"""

import hashlib
import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin

from sakka.arrays import FloatArray
from sakka.errors import PhotoError
from sakka.photos.decode import decode_of, photo_content, read_photo
from sakka.photos.headers import read_header

MOST_EXIF_BYTES = 4096  # Pillow converts a tag with all the values that it claims to have
FAILURES = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, ArithmeticError, LookupError, MemoryError, struct.error,
    PhotoError,
)  # fmt: skip
MOST_TEXT = 60  # characters of a note
_TAGS = (ExifTags.Base.Model, ExifTags.Base.Software, ExifTags.Base.DateTime)


@dataclass(frozen=True)
class PhotoFile:
    """A photo and how its file was made.

    Attributes:
        image: The picture, RGB.
        sha256: Of the file's bytes.
        table: The quantisation table of the luminance, shape (8, 8), rows by vertical frequency; None where the file is
            no JPEG, or is turned by its metadata.
        notes: What its metadata claim: camera, program, day.
    """

    image: Image.Image
    sha256: str
    table: FloatArray | None
    notes: tuple[str, ...] = ()


def photo_file(source: Path | bytes) -> PhotoFile:
    """Read a photo's file.

    Raises:
        PhotoError: It can't be read.
    """
    content = source if isinstance(source, bytes) else photo_content(source)
    image = read_photo(content, name=None if isinstance(source, bytes) else str(source), decode=decode_of(source))
    table, notes = _header(content, image.size)
    return PhotoFile(image, hashlib.sha256(content).hexdigest(), table, notes)


def _header(content: bytes, size: tuple[int, int]) -> tuple[FloatArray | None, tuple[str, ...]]:
    """The luminance table of a JPEG that was decoded at its own size, and the notes in the metadata."""
    if not content.startswith(b"\xff\xd8\xff"):
        return None, ()
    try:
        jpeg = JpegImagePlugin.JpegImageFile(io.BytesIO(content))
        header = read_header("JPEG", content)
        table = jpeg.quantization.get(0)
    except FAILURES:
        return None, ()
    upright = header.orientation == 1 and jpeg.size == size
    known = table is not None and len(table) == 64 and upright
    return (np.array(table, dtype=np.float32).reshape(8, 8) if known else None), _notes(header.exif)


def _notes(exif: bytes) -> tuple[str, ...]:
    tags = Image.Exif()
    try:
        tags.load(b"Exif\0\0" + exif[:MOST_EXIF_BYTES])
        values = [tags.get(tag) for tag in _TAGS]
    except FAILURES:
        return ()
    texts = ["".join(filter(str.isprintable, value)).strip() for value in values if isinstance(value, str)]
    return tuple(text[:MOST_TEXT] for text in texts if text)
