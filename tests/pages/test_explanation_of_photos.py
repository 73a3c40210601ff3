"""What is said and shown of a work with several photos, from an explanation made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sakka.catalog.works import Work
from sakka.explain import Explanation
from sakka.pages.explanation import explanation_page
from sakka.pages.explanation_sentences import explanation_sentences, named_photos

REGIONS = np.zeros((3, 3), dtype=np.float32)
REGIONS[0, 0], REGIONS[1, 1], REGIONS[2, 2] = 1.2, 0.5, -0.1
FOUND = Explanation(
    creator="Mori",
    against="Sato",
    probability=0.9,
    against_probability=0.1,
    log_odds=2.2,
    photo_share=1.5,
    text_share=0.0,
    rest=0.7,
    words=(),
    photo=1,
    photo_shares=(0.1, 1.6, -0.2),
    regions=REGIONS,
    exact_words=True,
    exact_regions=True,
)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The photos speak for Mori (odds ×4.5), most of all the upper left, middle of photo 2."),
        ("ja", "写真はMoriを示しています（オッズ×4.5）。特に2枚目の写真の左上、中央の部分です。"),
    ],
)
def test_a_sentence_names_the_photo_and_its_regions(language: str, said: str) -> None:
    assert explanation_sentences(FOUND, language)[1] == said


def test_a_photo_that_is_outweighed_by_the_others_is_not_the_one_that_is_named() -> None:
    found = replace(FOUND, photo_share=-1.5, photo=1, photo_shares=(-1.5, 1.6, -1.6))
    assert explanation_sentences(found)[1] == "The photos speak for Sato (odds ×4.5), most of all photo 3."
    assert explanation_sentences(found, "ja")[1].endswith("特に3枚目の写真です。")


def test_photos_are_numbered_where_there_are_several() -> None:
    assert named_photos(FOUND) == [("Photo 1", 0.1), ("Photo 2", 1.6), ("Photo 3", -0.2)]
    assert named_photos(replace(FOUND, photo=0, photo_shares=(1.5,)), "ja") == [("写真", 1.5)]


def test_the_page_shows_every_photo_and_marks_the_one_with_the_map() -> None:
    colours = ("red", "green", "blue", "white")
    photos = [Image.new("RGB", (60, 40), colour) for colour in colours]
    page = explanation_page(FOUND, Work("1"), photos=photos, heat_map=b"a map")
    strip = page.split('<ul class="strip">')[1].split("</ul>")[0].split("<li")[1:]
    assert [each.startswith(' class="marked"') for each in strip] == [False, True, False, False]
    assert ["×5.0" in each for each in strip] == [False, True, False, False]
    assert "Photo 4</span>" in strip[3]  # the model does not read it
    assert page.count('alt="Photo 2"') == 1
    assert "This is photo 2, which said most." in page
    assert '<ul class="strip">' not in explanation_page(replace(FOUND, photo=0), Work("1"), photos=photos[:1])
