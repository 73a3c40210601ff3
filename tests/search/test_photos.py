"""Works with several photos in an index: each is found by any of them, and is one work in every answer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.catalogs import tiny_catalog

from sakka.arrays import FloatArray
from sakka.catalog.works import Catalog, Work
from sakka.search.find import search, similar
from sakka.search.index import Index
from sakka.search.recommend import related_creators, similar_by_others


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Four works by four creators with three photos each."""
    folder = tmp_path_factory.mktemp("several")
    listed = list(tiny_catalog(folder, creators=4, works=3, seed=9))
    photos = [tuple(str(folder / work.photos[0]) for work in listed[creator::4]) for creator in range(4)]
    return Catalog.from_works(
        replace(listed[creator], id=f"three-{creator}", photos=photos[creator], photos_sha256=())
        for creator in range(4)
    )


def asked(*photos: str) -> Work:
    return Work("asked", photos=photos)


def styles_of(index: Index, *photos: str) -> FloatArray:
    """The style embedding of each photo alone."""
    return index.spaces.style.vectors(Catalog.from_works(Work(photo, photos=(photo,)) for photo in photos))


def test_a_work_is_found_first_by_any_of_its_photos(own_index: Index, several: Catalog) -> None:
    assert own_index.add(several) == 4
    for work in several:
        for number, photo in enumerate(work.photos):
            hits = similar(own_index, asked(photo), count=12)
            assert (hits[0].work.id, hits[0].photo, hits[0].work.title) == (work.id, number, work.title)
            assert hits[0].work.photos == work.photos
            assert hits[0].score == pytest.approx(1, abs=1e-3)
            assert len({hit.work.id for hit in hits}) == len(hits) == 12


def test_the_photo_of_a_work_with_one_is_its_featured_photo_and_words_have_none(own_index: Index) -> None:
    (hit,) = similar(own_index, asked(own_index.work("work-04-004").photos[0]), count=1)
    assert (hit.work.id, hit.photo) == ("work-04-004", 0)
    assert {hit.photo for hit in search(own_index, "桜")} == {None}
    assert {hit.photo for hit in similar(own_index, "work-04-004")} == {None}


def test_a_work_with_three_photos_is_one_work(own_index: Index, several: Catalog) -> None:
    own_index.add(several)
    assert len(own_index) == 40
    assert own_index.table.count_rows() == 36 + 4 * (1 + 3)
    assert set(several.ids) <= set(own_index.catalog().ids)
    assert len(own_index.catalog()) == 40
    assert own_index.creators() == {f"creator {number:02}": 7 if number < 4 else 6 for number in range(6)}
    assert own_index.add(several) == 0
    assert own_index.table.count_rows() == 52
    assert {hit.work.id for hit in similar(own_index, "work-04-004", count=60)} <= set(own_index.catalog().ids)
    assert {hit.work.id for hit in similar_by_others(own_index, "three-1", 5)} <= set(own_index.catalog().ids)
    assert len(related_creators(own_index, "creator 01")) == 5


def test_the_style_of_a_work_is_that_of_the_mean_of_its_photos(own_index: Index, several: Catalog) -> None:
    own_index.add(several)
    work = next(iter(several))
    alone = Catalog.from_works(Work(photo, photos=(photo,)) for photo in work.photos)
    ((_, coordinates, _),) = own_index.spaces.style.coordinates(alone)
    expected = own_index.spaces.style.style(coordinates.mean(axis=0, keepdims=True))[0]
    np.testing.assert_allclose(own_index.row(work.id)["style"], expected, atol=1e-5)


def test_a_chart_in_works_of_three_creators_finds_them_and_does_not_count_for_their_styles(
    own_index: Index, several: Catalog, folder: Path
) -> None:
    chart = str(folder / "chart.png")
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(chart)
    works = [replace(work, photos=(work.photos[0], chart), photos_sha256=()) for work in several]
    own_index.add(Catalog.from_works(works))
    rows = own_index.rows(several.ids)
    for work in works:
        np.testing.assert_allclose(rows[work.id]["style"], styles_of(own_index, work.photos[0])[0], atol=1e-5)
    assert len({row["near_identical"] for row in rows.values()}) == 4
    hits = similar(own_index, asked(chart), count=4)
    assert {(hit.work.id, hit.photo) for hit in hits} == {(work.id, 1) for work in works}


def test_several_photos_ask_with_the_mean_of_what_each_finds_best(own_index: Index, several: Catalog) -> None:
    own_index.add(several)
    one, other = next(iter(several)).photos[0], next(iter(several.take([2]))).photos[1]
    hits = {hit.work.id: hit for hit in similar(own_index, asked(one, other), count=60)}
    queries = styles_of(own_index, one, other)
    for work in (*several, own_index.work("work-03-003")):
        expected = (queries @ styles_of(own_index, *work.photos).T).max(axis=1).mean()
        assert hits[work.id].score == pytest.approx(float(expected), abs=1e-3)
    assert (hits["three-0"].photo, hits["three-2"].photo) == (0, 1)


def test_a_photo_that_a_work_no_longer_has_does_not_find_it(own_index: Index, several: Catalog) -> None:
    own_index.add(several)
    work = next(iter(several))
    own_index.add(Catalog.from_works([replace(work, photos=work.photos[:2], photos_sha256=())]))
    assert own_index.table.count_rows() == 51
    assert similar(own_index, asked(work.photos[1]), count=1)[0].work.id == work.id
    assert work.id not in {hit.work.id for hit in similar(own_index, asked(work.photos[2])) if hit.photo == 2}
    own_index.add(Catalog.from_works([replace(work, photos=work.photos[:1], photos_sha256=())]))
    assert own_index.table.count_rows() == 49
    assert own_index.remove(several.ids) == 4
    assert own_index.table.count_rows() == len(own_index) == 36


def test_an_index_that_is_built_has_the_photos_too(several: Catalog, model_folder: Path, folder: Path) -> None:
    index = Index.build(folder / "index", several, model_folder)
    assert (len(index), index.info["works"], index.table.count_rows()) == (4, 4, 16)
    for number in range(3):
        (hit,) = similar(index, asked(next(iter(several)).photos[number]), count=1)
        assert (hit.work, hit.photo) == (index.work("three-0"), number)


def test_words_with_a_photo_give_whole_works(own_index: Index, several: Catalog) -> None:
    own_index.add(several)
    hits = search(own_index, "桜", photo=asked(next(iter(several)).photos[2]), count=40)
    assert [hit.work for hit in hits] == [own_index.work(hit.work.id) for hit in hits]
    assert "three-0" in {hit.work.id for hit in hits[:3]}


def test_an_index_of_one_photo_a_work_has_no_rows_of_photos(own_index: Index) -> None:
    assert own_index.table.count_rows() == len(own_index) == 36
    assert not own_index.has_photo_rows
