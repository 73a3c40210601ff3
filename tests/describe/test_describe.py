from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.describe import CreatorDescription, describe_creator, describe_work
from sakka.describe.creator import CategoryCount
from sakka.errors import ModelError
from sakka.models.conformal import ConformalScores, KnownWorks
from sakka.models.fused import FusedModel
from sakka.models.learned_views import LearnedView
from sakka.models.limits import ViewLimits
from sakka.models.question import Question
from sakka.models.text.linear import LinearText
from sakka.pages.description import creator_page, work_page
from sakka.pages.description_sentences import creator_sentences, work_sentences

pytestmark = pytest.mark.usefixtures("few_steps")


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    made = tiny_catalog(tmp_path_factory.mktemp("works"), creators=3, works=14)
    odd = Work("odd", "creator 02", title="leather saddle stitch", description="brown classic")
    rows = [*made, odd]
    return Catalog.from_works(rows, photo_root=made.photo_root)


@pytest.fixture(scope="module")
def model(works: Catalog) -> FusedModel:
    return FusedModel(photo_settings={"dtype": "float32"}).fit(works)


@pytest.fixture(scope="module")
def found(works: Catalog, model: FusedModel) -> CreatorDescription:
    return describe_creator(works, "creator 02", model)


def test_a_creator_is_described_by_words_colours_period_and_category(found: CreatorDescription) -> None:
    assert found.works == 15
    assert found.others == 28
    assert {"刺繍", "毛糸", "手縫い"} <= {mark.word for mark in found.words}
    assert found.palette[0].name.english in {"blue", "navy"}
    assert found.categories == (CategoryCount("コサージュ・ブローチ", 14),)
    assert found.first is not None
    assert found.last is not None
    assert (found.first.year, found.last.year) == (2015, 2015)


def test_the_odd_work_is_the_most_unusual_and_no_work_is_shown_twice(found: CreatorDescription) -> None:
    assert found.unusual[0].work.id == "odd"
    shown = [each.work.id for each in (*found.typical, *found.unusual)]
    assert len(shown) == len(set(shown)) == 12
    assert found.typical[0].probability is not None
    assert found.unusual[0].probability is not None
    assert found.typical[0].probability > found.unusual[0].probability


def test_related_creators_are_those_the_model_mixes_up(found: CreatorDescription) -> None:
    assert {each.creator for each in found.related_creators} == {"creator 00", "creator 01"}
    assert not found.related_by_style
    assert 0 < sum(each.probability for each in found.related_creators) < 1


def test_the_same_creator_is_said_in_japanese_and_in_english(found: CreatorDescription) -> None:
    english, japanese = creator_sentences(found, "en"), creator_sentences(found, "ja")
    assert len(english) == len(japanese)
    assert english[0] == "creator 02 has 15 works in the catalog."
    assert japanese[0] == "creator 02の作品は、カタログに15点あります。"
    assert japanese[1] == "年代は2015年です。"
    assert all(sentence.endswith("。") for sentence in japanese)
    assert all(sentence.endswith(".") for sentence in english)


def test_without_a_model_words_and_colours_are_left(works: Catalog) -> None:
    alone = describe_creator(works, "creator 00")
    assert alone.words
    assert alone.palette
    assert alone.typical == alone.unusual == alone.related_creators == ()


def test_a_creator_with_one_work_without_anything_is_described() -> None:
    works = Catalog.from_works([Work("1", "Mori"), Work("2", "Sato", title="桜")])
    alone = describe_creator(works, "Mori", LinearText().fit(works))
    assert creator_sentences(alone, "en")[0] == "Mori has one work in the catalog."
    assert (alone.words, alone.palette, alone.objects) == ((), (), None)


def test_an_unknown_creator_is_answered_with_the_nearest_names(works: Catalog) -> None:
    with pytest.raises(ModelError, match="did you mean creator 0"):
        describe_creator(works, "creator 2")


def test_a_work_is_described_with_its_copies_and_similar_works(works: Catalog, model: FusedModel) -> None:
    row = works.ids.index("work-01-003")
    asked = works.take([row])
    path = asked.photo_paths[0]
    assert path is not None
    copy = Work("copy", "creator 00", title="another", photos=(str(path),))
    others = Catalog.from_works([*works, copy], photo_root=works.photo_root)
    told = describe_work(model, Question.of_works(asked), others)
    assert told.identification.candidates[0].creator == "creator 01"
    assert told.identification.answer == "named"
    assert "copy" in [work.id for work in told.near_identical]
    assert told.explanation is not None
    assert all(each.work.creator != "creator 01" for each in told.similar_works)
    assert "copy" not in [each.work.id for each in told.similar_works]
    similarities = [each.similarity for each in told.similar_works]
    assert similarities == sorted(similarities, reverse=True)
    assert work_sentences(told, "en")[0].startswith("Probably by creator 01 (")
    assert work_sentences(told, "ja")[0].startswith("creator 01の作品と思われます（確率 ")


def test_a_work_that_nobody_known_made_is_said_to_be_so(works: Catalog, model: FusedModel) -> None:
    strict = FusedModel.__new__(FusedModel)
    strict.__dict__.update(model.__dict__)
    surer = ConformalScores.of(np.ones(200, dtype=np.float32), None, 6, KnownWorks(np.zeros(200)))
    strict.views_ = {"title": LearnedView(ViewLimits(200, 1.0, None), surer)}
    told = describe_work(strict, Work("1", title="Zzyzx"))
    assert told.identification.answer == "none of the known creators"
    english, japanese = work_sentences(told, "en"), work_sentences(told, "ja")
    assert english[0] == "It seems to be by none of the known creators."
    assert japanese[0] == "登録されている作家の作品ではないようです。"
    assert "For 95 % of the works by the creators that sakka knows" in english[1]
    assert "登録されている作家の作品であれば、95 %" in japanese[1]


def test_the_pages_hold_everything_and_escape_what_comes_from_outside(
    works: Catalog, model: FusedModel, found: CreatorDescription, folder: Path
) -> None:
    page = creator_page(found, works, "ja")
    assert page.count('<li class="piece">') == 12
    assert 'lang="ja"' in page
    assert "http:" not in page
    told = describe_work(model, Work("1", title="<script>alert(1)</script> 刺繍"), works)
    page = work_page(told, [], None)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_same_catalog_gives_the_same_description(works: Catalog, found: CreatorDescription) -> None:
    again = describe_creator(works, "creator 02", FusedModel(photo_settings={"dtype": "float32"}).fit(works))
    assert again.palette == found.palette
    assert [each.work.id for each in again.typical] == [each.work.id for each in found.typical]
    np.testing.assert_array_equal([mark.z for mark in again.words], [mark.z for mark in found.words])
