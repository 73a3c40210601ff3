"""How a catalog shows itself in Python and in a notebook."""

import re
from pathlib import Path

from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work


def test_repr_counts_works_creators_photos_and_texts(folder: Path) -> None:
    works = tiny_catalog(folder, creators=3, works=5, without_photo=2, without_text=1)
    assert repr(works) == "Catalog(15 works by 3 creators, 9 with a photo, 12 with a text)"
    assert repr(works.take([0])) == "Catalog(1 work by 1 creator, 0 with a photo, 1 with a text)"


def test_a_notebook_shows_a_few_small_pictures_and_counts_the_rest(folder: Path) -> None:
    page = tiny_catalog(folder, creators=3, works=50)._repr_html_()
    assert page.count('src="data:image/jpeg;base64,') == 8
    assert "and 142 more" in page
    assert len(page) < 60_000


def test_every_creator_is_shown_before_one_is_shown_twice(folder: Path) -> None:
    page = tiny_catalog(folder, creators=6, works=5)._repr_html_()
    assert len(set(re.findall(r"creator 0\d", page))) == 6


def test_text_is_escaped_and_japanese_stays_and_a_lost_photo_is_none(folder: Path) -> None:
    work = Work("1", "<b>森</b>", '<script>alert("花")</script>', photos=("lost.png",))
    page = Catalog.from_works([work], folder)._repr_html_()
    assert "<script>" not in page
    assert "<b>森" not in page
    assert "花" in page
    assert "no photo" in page


def test_an_empty_catalog_shows_itself(folder: Path) -> None:
    assert "0 works by 0 creators" in Catalog.from_works([])._repr_html_()
