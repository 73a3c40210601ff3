from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.catalog.listings import Listing
from sakka.catalog.read_works import read_works
from sakka.catalog.works import Catalog, Work
from sakka.models.asked_table import of_catalog
from sakka.models.base import CreatorModel
from sakka.models.dummy import DummyModel
from sakka.models.fused import FusedModel
from sakka.models.identified import AskedWork, asked_works, identified_frame, identify_works
from sakka.models.text.linear import LinearText


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=3, works=8)


@pytest.fixture(scope="module")
def model(works: Catalog) -> CreatorModel:
    return FusedModel(photo_settings=QUICK_PHOTO).fit(works)


def test_works_that_pass_by_get_the_answers_of_a_catalog_of_them(works: Catalog, model: CreatorModel) -> None:
    found = list(identify_works(model, of_catalog(works), works.photo_root, 2))
    together = model.identify(works, 2)
    assert [each.id for each in found] == works.ids
    assert [(each.answer, each.basis, each.candidates) for each in found] == [
        (each.answer, each.basis, each.candidates) for each in together
    ]
    assert {each.read for each in found} == {"both"}
    assert {each.problems for each in found} == {()}


def test_no_work_is_lost_whatever_is_wrong_with_it(works: Catalog, model: CreatorModel) -> None:
    photo = works.photo_paths[0]
    assert photo is not None
    rows = [
        Listing(1, {"id": "a", "title": "桜", "photos": photo.name}),
        Listing(2, {"id": "a", "title": "linen"}),  # an id once more
        Listing(3, {"title": "linen", "photos": ["gone.jpg", photo.name]}),
        Listing(4, {"id": "d", "photos": "gone.jpg"}),
        Listing(5, {}, "line 7: 3 fields, expected 2"),
        Listing(6, {"id": "f"}),
        Listing(7, {"id": "g", "photos": photo.name, "created_at": "once"}),
    ]
    batches = read_works(rows, photo.parent, creator_required=False, every_row=True, batch_rows=3)
    found = list(identify_works(model, asked_works(batches), photo.parent, 1))
    assert [each.id for each in found] == ["a", "a", "3", "d", "5", "f", "g"]
    assert [each.read for each in found] == ["both", "text", "both", "nothing", "nothing", "nothing", "photo"]
    assert [each.answer is None for each in found] == [False, False, False, True, True, True, False]
    assert [len(each.candidates) for each in found] == [1, 1, 1, 0, 0, 0, 1]
    assert [[problem.reason for problem in each.problems] for each in found] == [
        [], [], ["photo missing"], ["photo missing"], ["row not readable"], ["nothing to read"], ["date not understood"]
    ]  # fmt: skip


def test_a_creator_that_the_table_names_is_not_looked_at(works: Catalog, model: CreatorModel) -> None:
    named = [AskedWork(work.id, work) for work in works]
    other = [AskedWork(work.id, replace(work, creator="somebody", kept={"creator": work.creator})) for work in works]
    first, second = (identified_frame(identify_works(model, asked, works.photo_root)) for asked in (named, other))
    assert first.drop("id").equals(second.select(first.columns).drop("id"))


def test_a_model_of_texts_opens_no_photo_and_says_so(works: Catalog) -> None:
    model = LinearText().fit(works)
    asked = [
        AskedWork("a", Work("a", title="桜", photos=("nowhere.jpg",))),
        AskedWork("b", Work("b", photos=("nowhere.jpg",))),
    ]
    with_text, without = identify_works(model, asked)
    assert (with_text.read, with_text.problems) == ("text", ())
    assert (without.read, without.answer) == ("nothing", None)
    assert without.problems[0].detail == (
        "the model reads only texts, and the work has only a photo; give it a title or a description"
    )


def test_a_model_that_reads_nothing_answers_every_work_by_the_shares(works: Catalog) -> None:
    (found,) = identify_works(DummyModel().fit(works), [AskedWork("a", Work("a"))])
    assert (found.answer, found.read, len(found.candidates)) == ("not sure enough", "nothing", 3)


def test_the_frame_has_a_line_for_every_work_and_its_kept_columns(works: Catalog, model: CreatorModel) -> None:
    asked = [
        AskedWork("a", Work("a", title="桜 花", kept={"price": 1200, "tags": ("new", "red")})),
        AskedWork("b", None),
        AskedWork("c", Work("c", title="linen", kept={"price": None, "tags": None})),
    ]
    frame = identified_frame(identify_works(model, asked, count=4), 4)
    ranks = [column for rank in ("", "_2", "_3", "_4") for column in (f"creator{rank}", f"probability{rank}")]
    assert frame.columns == [
        "id",
        "answer",
        *ranks,
        "possible",
        "possible_creators",
        "p_value",
        "read",
        "problems",
        "price",
        "tags",
    ]
    assert frame["id"].to_list() == ["a", "b", "c"]
    assert frame["creator_4"].to_list() == [None] * 3  # the model knows three
    assert frame["price"].to_list() == [1200, None, None]
    assert frame["tags"].to_list() == [["new", "red"], None, None]
    assert frame.schema["probability_4"] == pl.Float64()
    assert identified_frame((), 4).columns == [
        "id",
        "answer",
        *ranks,
        "possible",
        "possible_creators",
        "p_value",
        "read",
        "problems",
    ]


def test_memory_holds_a_few_works_however_many_pass_by(works: Catalog) -> None:
    model = LinearText().fit(works)
    taken = 0

    def endless():  # type: ignore[no-untyped-def]
        nonlocal taken
        while True:
            taken += 1
            yield AskedWork(str(taken), Work(str(taken), title="桜"))

    found = identify_works(model, endless())
    for _ in range(1000):
        next(found)
    assert taken <= 1024


def test_photos_are_those_of_the_first_path_that_can_be_read(works: Catalog, model: CreatorModel, folder: Path) -> None:
    other = Work("x", photos=(str(folder / "gone.jpg"), str(works.photo_paths[5])))
    plain = Work("x", photos=(str(works.photo_paths[5]),))
    second, first = identify_works(model, [AskedWork("x", other), AskedWork("x", plain)])
    assert second.candidates == first.candidates
    assert str(folder / "gone.jpg") in second.problems[0].detail
