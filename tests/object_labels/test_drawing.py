"""Boxes and names on photos."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from sakka.object_labels import drawing
from sakka.object_labels.drawing import COLOURS, CaptionedPhoto, contact_sheet, draw_boxes, japanese_font

WHITE = Image.new("RGB", (200, 100), "white")
FIRST_COLOUR = tuple(int(COLOURS[0][index : index + 2], 16) for index in (1, 3, 5))


def _box(label: int, *corners: float) -> np.ndarray:
    return np.array([[label, 0.9, *corners]], dtype=np.float32)


def test_a_box_is_outlined_where_it_is() -> None:
    pixels = np.asarray(draw_boxes(WHITE, _box(17, 0.5, 0.5, 1.0, 1.0)))
    assert tuple(pixels[99, 150]) == tuple(pixels[75, 199]) == FIRST_COLOUR
    assert (pixels[:45] == 255).all()
    assert (pixels[:, :95] == 255).all()


def test_without_boxes_a_photo_stays_as_it_was_and_is_no_longer_the_same_object() -> None:
    drawn = draw_boxes(WHITE, np.zeros((0, 6), dtype=np.float32))
    assert drawn is not WHITE
    assert np.array_equal(np.asarray(drawn), np.asarray(WHITE))


def test_names_of_boxes_at_one_place_do_not_overlap() -> None:
    one = np.asarray(draw_boxes(WHITE, _box(17, 0, 0, 1, 1)))
    two = np.asarray(draw_boxes(WHITE, np.concatenate([_box(17, 0, 0, 1, 1), _box(47, 0, 0, 1, 1)])))
    first_line = slice(4, 14)
    assert np.array_equal(one[first_line], two[first_line])
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3)])
def test_a_tiny_photo_can_be_drawn_on(size: tuple[int, int]) -> None:
    boxes = np.concatenate([_box(index, 0, 0, 1, 1) for index in range(1, 92)])
    assert draw_boxes(Image.new("L", size), boxes).size == size


def test_a_sheet_has_a_cell_a_photo_and_long_captions_are_cut() -> None:
    each = CaptionedPhoto(WHITE, _box(17, 0, 0, 1, 1), "a caption that is far too long for its cell " * 5)
    assert contact_sheet([each]).width < contact_sheet([each] * 2).width == contact_sheet([each] * 3, columns=2).width
    assert contact_sheet([each] * 3, columns=2).height > contact_sheet([each] * 2).height
    alone = np.asarray(contact_sheet([each]))
    assert (alone[:, -drawing.MARGIN_PX :] == 255).all()


def test_a_font_is_found_by_name_and_the_regular_cut_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_font_folders", lambda: [folder])
    assert japanese_font() is None
    (folder / "deep").mkdir()
    for name in ("DejaVuSans.ttf", "ipag.ttf", "NotoSansCJK-Bold.ttc", "deep/NotoSansCJK-Regular.ttc", "ipag.txt"):
        (folder / name).touch()
    assert japanese_font() == folder / "deep" / "NotoSansCJK-Regular.ttc"
    (folder / "deep" / "NotoSansCJK-Regular.ttc").unlink()
    assert japanese_font() == folder / "NotoSansCJK-Bold.ttc"


def test_japanese_names_are_drawn_where_there_is_a_font() -> None:
    font = japanese_font()
    if font is None:
        pytest.skip("this machine has no font with Japanese signs")
    box = _box(17, 0, 0, 1, 1)
    assert not np.array_equal(np.asarray(draw_boxes(WHITE, box, font)), np.asarray(draw_boxes(WHITE, box)))
    signs = ImageFont.truetype(str(font), 14)
    assert bytes(signs.getmask("猫")) != bytes(signs.getmask("犬"))
