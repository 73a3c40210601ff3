from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.explain.evidence import near_identical_to, nearest_works, similarity_to
from sakka.models.dummy import DummyModel
from sakka.models.fused import FusedModel
from sakka.models.photo.linear import PhotoLinear
from sakka.models.text.linear import LinearText


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=3, works=6, size_px=160)


@pytest.fixture(scope="module")
def model(works: Catalog) -> FusedModel:
    return FusedModel(photo_settings={**QUICK_PHOTO, "dtype": "float32"}).fit(works)


def test_the_creators_nearest_works_come_in_order_without_the_work_itself(works: Catalog, model: FusedModel) -> None:
    asked = works.take([works.ids.index("work-02-003")])
    found = nearest_works(model, asked, works, "creator 02", count=4)
    assert len(found) == 4
    assert all(each.work.creator == "creator 02" and each.work.id != "work-02-003" for each in found)
    assert [each.similarity for each in found] == sorted((each.similarity for each in found), reverse=True)
    assert [works.ids[each.row] for each in found] == [each.work.id for each in found]
    assert nearest_works(model, asked, works, "nobody") == []


def test_a_work_is_as_like_itself_as_can_be_and_more_like_its_creators_works(works: Catalog, model: FusedModel) -> None:
    for fitted in (model, model.photo_model_, model.text_model_):
        assert fitted is not None
        similarity = similarity_to(fitted, works.take([4]), works)
        assert similarity[4] == pytest.approx(1, abs=1e-5)
        own = works.creator_indices() == works.creator_indices()[4]
        assert similarity[own].mean() > similarity[~own].mean()


def test_a_fused_similarity_is_the_mean_that_the_fusion_trusts(works: Catalog) -> None:
    model = FusedModel(photo_settings={**QUICK_PHOTO, "dtype": "float32"}, how="log-linear", photo_weight=0.75).fit(
        works
    )
    photo, text = model.photo_model_, model.text_model_
    assert isinstance(photo, PhotoLinear)
    assert isinstance(text, LinearText)
    asked = works.take([0])
    mean = 0.75 * similarity_to(photo, asked, works) + 0.25 * similarity_to(text, asked, works)
    np.testing.assert_allclose(similarity_to(model, asked, works), mean, atol=1e-6)


def test_copies_of_photo_and_of_text_are_marked(works: Catalog, folder: Path) -> None:
    path = works.photo_paths[5]
    assert path is not None
    with Image.open(path) as image:
        image.convert("RGB").save(folder / "again.jpg", quality=80)
    story = "手縫いの小鳥の刺繍を入れた、毛糸で編んだ小さなポーチです。裏地は青い麻布で、内側に一つポケットがあります。"
    rest = Catalog.from_works(
        [
            Work("same photo", photos=(str(folder / "again.jpg"),)),
            Work("other photo", photos=(str(works.photo_paths[0]),)),
            Work("same text", description=story),
            Work("nothing"),
        ]
    )
    asked = Catalog.from_works([Work("asked", description=story + "!", photos=(str(path),))])
    assert near_identical_to(asked, rest).tolist() == [True, False, True, False]


def test_a_copy_is_marked_whichever_photos_show_it(works: Catalog) -> None:
    first, second, third = (works.take([row]) for row in (0, 7, 13))
    photos = [next(iter(each)).photos[0] for each in (first, second, third)]
    asked = Catalog.from_works([Work("asked", photos=(photos[0], photos[1]))], works.photo_root)
    listed = [Work("a", photos=(photos[2], photos[0])), Work("b", photos=(photos[2],)), Work("c", photos=(photos[1],))]
    assert near_identical_to(asked, Catalog.from_works(listed, works.photo_root)).tolist() == [True, False, True]


def test_a_model_of_another_kind_is_compared_by_its_answers(works: Catalog) -> None:
    class Colour(DummyModel):
        modality = "photo"

        def predict_proba(self, works: Catalog) -> np.ndarray:
            red = np.array([float(number % 2) for number in range(len(works))])
            return np.stack([0.2 + 0.6 * red, 0.8 - 0.6 * red], axis=1).astype(np.float32)

    similarity = similarity_to(Colour(), works.take([0]), works.take([0, 1, 2]))
    np.testing.assert_allclose(similarity, [1, -1, 1], atol=1e-6)
