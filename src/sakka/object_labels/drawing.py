"""Boxes and names drawn on photos, and many such photos on one sheet.

Names are given in Japanese and English where the machine has a font with Japanese characters, in English alone
elsewhere.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from sakka.object_labels.boxes import Boxes
from sakka.object_labels.coco import LABELS

CELL_PX = 300
CAPTION_PX = 24
MARGIN_PX = 10
COLUMNS = 4
FONT_PX = 14
LINE_PX = 3
COLOURS = ("#e6194b", "#0a7d33", "#2f4fd0", "#b35c00", "#7b1fa2", "#00708a", "#a3195b", "#5d6d00")
JAPANESE_FONTS = (
    "NotoSansCJK*", "NotoSansJP*", "NotoSansMonoCJK*", "SourceHanSans*", "ipaexg*", "ipag*", "TakaoGothic*",
    "TakaoPGothic*", "VL-Gothic*", "vlgothic*", "Hiragino*", "ヒラギノ*", "YuGoth*", "meiryo*", "msgothic*",
)  # fmt: skip

_Corners = tuple[float, float, float, float]
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class CaptionedPhoto:
    """A photo to draw on.

    Attributes:
        photo: RGB, of any size.
        boxes: Shape (n, 6), as `Detector.detect` gives them.
        caption: Stands below the photo.
    """

    photo: Image.Image
    boxes: Boxes
    caption: str


def draw_boxes(photo: Image.Image, boxes: Boxes, font_file: Path | None = None) -> Image.Image:
    """A copy of the photo with each box outlined and named, each label in a colour of its own.

    Args:
        photo: RGB.
        boxes: Shape (n, 6), as `Detector.detect` gives them.
        font_file: A font with Japanese characters; None means names in English alone.
    """
    drawn = photo.convert("RGB")
    pen, font = ImageDraw.Draw(drawn), _font(font_file)
    rows = [(LABELS[int(row[0])], row[1], _corners(row[2:], drawn)) for row in boxes.tolist()]
    distinct = list(dict.fromkeys(label for label, _, _ in rows))
    colours = {label: COLOURS[index % len(COLOURS)] for index, label in enumerate(distinct)}
    for label, _, corners in rows[::-1]:
        pen.rectangle(corners, outline=colours[label], width=LINE_PX)
    taken: list[_Corners] = []
    for label, confidence, corners in rows:
        name = label.english if font_file is None else f"{label.japanese} {label.english}"
        text = f"{name} {confidence:.2f}"
        tag = _free_tag(text, corners, taken, pen, font, drawn.size)
        pen.rectangle(tag, fill=colours[label])
        pen.text((tag[0] + 2, tag[1]), text, fill="white", font=font)
        taken.append(tag)
    return drawn


def contact_sheet(
    photos: Sequence[CaptionedPhoto], font_file: Path | None = None, columns: int = COLUMNS
) -> Image.Image:
    """Draw boxes on photos and set them in rows on one white sheet.

    Args:
        photos: At least one.
        font_file: A font with Japanese characters; None means names in English alone.
        columns: Photos a row.
    """
    columns = max(1, min(columns, len(photos)))
    rows = -(-len(photos) // columns)
    step_x, step_y = CELL_PX + MARGIN_PX, CELL_PX + CAPTION_PX + MARGIN_PX
    sheet = Image.new("RGB", (MARGIN_PX + columns * step_x, MARGIN_PX + rows * step_y), "white")
    pen, font = ImageDraw.Draw(sheet), _font(font_file)
    for index, each in enumerate(photos):
        left, top = MARGIN_PX + index % columns * step_x, MARGIN_PX + index // columns * step_y
        fitted = draw_boxes(_fitted(each.photo), each.boxes, font_file)
        sheet.paste(fitted, (left + (CELL_PX - fitted.width) // 2, top + CELL_PX - fitted.height))
        pen.text((left, top + CELL_PX + 4), _shortened(each.caption, pen, font), fill="black", font=font)
    return sheet


def japanese_font() -> Path | None:
    """Find a font file with Japanese characters in the folders where the system keeps fonts; None where it has none."""
    for pattern in JAPANESE_FONTS:
        for folder in _font_folders():
            found = sorted(path for path in folder.rglob(pattern) if path.suffix.lower() in {".ttf", ".ttc", ".otf"})
            regular = [path for path in found if "regular" in path.name.lower()]
            if found:
                return (regular or found)[0]
    return None


def _font_folders() -> list[Path]:
    home = Path.home()
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts", home / ".local/share/fonts"]
    if sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    elif sys.platform == "win32":
        folders = [Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts"]
    return [folder for folder in folders if folder.is_dir()]


@lru_cache(maxsize=4)
def _font(font_file: Path | None) -> _Font:
    return ImageFont.load_default(FONT_PX) if font_file is None else ImageFont.truetype(str(font_file), FONT_PX)


def _fitted(photo: Image.Image) -> Image.Image:
    scale = CELL_PX / max(photo.size)
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    return photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _corners(shares: list[float], photo: Image.Image) -> _Corners:
    left, top, right, bottom = shares
    left, top = left * (photo.width - 1), top * (photo.height - 1)
    return left, top, max(left, right * (photo.width - 1)), max(top, bottom * (photo.height - 1))


def _free_tag(
    text: str,
    corners: _Corners,
    taken: list[_Corners],
    pen: ImageDraw.ImageDraw,
    font: _Font,
    size: tuple[int, int],
) -> _Corners:
    """The position of a name: its box's upper left corner, or a line below where another name is already there.

    Where every line down to the photo's edge is taken, names overlap.
    """
    _, _, width, height = pen.textbbox((0, 0), text, font=font)
    width, height = width + 4, height + 3
    left, first = max(0.0, min(corners[0], size[0] - width)), max(0.0, min(corners[1], size[1] - height))
    top = first
    while top + height <= size[1]:
        tag = (left, top, left + width, top + height)
        if not any(_overlap(tag, other) for other in taken):
            return tag
        top += height / 2
    return left, first, left + width, first + height


def _overlap(one: _Corners, other: _Corners) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _shortened(text: str, pen: ImageDraw.ImageDraw, font: _Font) -> str:
    if pen.textlength(text, font=font) <= CELL_PX:
        return text
    while text and pen.textlength(text + "…", font=font) > CELL_PX:
        text = text[:-1]
    return text + "…"
