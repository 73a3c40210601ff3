import copy
from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError
from sakka.models.adding_creators import ExtensibleModel
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.text.linear import LinearText

pytestmark = pytest.mark.usefixtures("few_steps")


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=5, works=12, without_photo=1)


@pytest.fixture(scope="module")
def fitted(works: Catalog) -> FusedModel:
    return FusedModel(photo_settings={**QUICK_PHOTO, "dtype": "float32"}).fit(by(works, range(4)))


def by(works: Catalog, creators: range, numbers: range = range(12)) -> Catalog:
    rows = [number * 5 + creator for number in numbers for creator in creators]
    return works.take(rows)


def test_a_creator_added_from_five_works_is_named_for_its_others_and_the_known_ones_stay(
    works: Catalog, fitted: FusedModel
) -> None:
    model = copy.deepcopy(fitted)
    before = model.predict(by(works, range(4)))
    model.add_creators(by(works, range(4, 5), range(1, 6)))
    assert model.creators_ == works.creators
    assert model.predict(by(works, range(4, 5), range(6, 12))) == ["creator 04"] * 6
    assert model.predict(by(works, range(4))) == before
    assert model.works_.tolist() == [12, 12, 12, 12, 5]
    table = model.predict_proba(works)
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-5)


def test_adding_and_removing_gives_the_same_bytes_as_before(works: Catalog, fitted: FusedModel, folder: Path) -> None:
    model = copy.deepcopy(fitted)
    model.add_creators(by(works, range(4, 5)))
    model.remove_creator("creator 04")
    save_model(model, folder / "after")
    save_model(fitted, folder / "before")
    names = [path.relative_to(folder / "before") for path in (folder / "before").rglob("*") if path.is_file()]
    for name in names:
        assert (folder / "after" / name).read_bytes() == (folder / "before" / name).read_bytes(), name


def test_a_grown_model_comes_back_from_its_folder_and_grows_on(
    works: Catalog, fitted: FusedModel, folder: Path
) -> None:
    model = copy.deepcopy(fitted)
    model.remove_creator("creator 01")
    model.add_creators(by(works, range(4, 5), range(1, 6)))
    save_model(model, folder / "model")
    again = load_model(folder / "model", FusedModel)
    assert again.predict_proba(works).tobytes() == model.predict_proba(works).tobytes()
    for each in (model, again):
        each.add_creators(by(works, range(1, 2)))
    assert again.creators_ == ("creator 00", "creator 02", "creator 03", "creator 04", "creator 01")
    assert again.predict_proba(works).tobytes() == model.predict_proba(works).tobytes()


def test_a_removed_creator_is_never_named_and_the_others_keep_their_odds(works: Catalog, fitted: FusedModel) -> None:
    model = copy.deepcopy(fitted)
    model.remove_creator("creator 02")
    assert model.creators_ == ("creator 00", "creator 01", "creator 03")
    odds = [
        table[:, 0] / table[:, 1]
        for table in (each.predict_proba(works) for each in (model.text_model_, fitted.text_model_))
    ]
    np.testing.assert_allclose(odds[0], odds[1], rtol=1e-3)


@pytest.mark.parametrize("kind", ["text", "photo"])
def test_a_work_with_nothing_to_read_gets_the_shares_of_all_creators(works: Catalog, kind: str) -> None:
    model: ExtensibleModel = LinearText() if kind == "text" else EfficientNetLinear(dtype="float32")
    model.fit(by(works, range(4)))
    model.add_creators(by(works, range(4, 5), range(1, 5)))
    answers = model.predict_proba(Catalog.from_works([Work("blank")]))
    np.testing.assert_allclose(answers[0], np.array([12, 12, 12, 12, 4]) / 52, rtol=1e-6)


def test_a_creator_without_photos_can_be_added(works: Catalog, fitted: FusedModel) -> None:
    model = copy.deepcopy(fitted)
    model.add_creators(Catalog.from_works([Work(str(number), "poet", "竹林 月夜 行燈") for number in range(5)]))
    assert model.predict(Catalog.from_works([Work("?", title="月夜 行燈")])) == ["poet"]
    assert "poet" not in model.predict(by(works, range(4)))


def test_what_can_not_be_added_is_one_clear_line(works: Catalog, fitted: FusedModel) -> None:
    cases = [
        (Catalog.from_works([]), "got 0 works"),
        (Catalog.from_works([Work("a", title="桜")]), "work 'a' has no creator"),
        (by(works, range(1)), "'creator 00' is known already"),
        (Catalog.from_works([Work("a", "Aoki", "桜"), Work("b", "Doi")]), "works of 'Doi' have none; give"),
    ]
    for added, message in cases:
        with pytest.raises(ModelError, match=message):
            fitted.add_creators(added)
    assert fitted.creators_ == by(works, range(4)).creators


@pytest.mark.parametrize("alone", [True, False])
def test_a_creator_whose_works_the_model_can_not_read_is_not_added(works: Catalog, alone: bool) -> None:
    blank = {"title": "", "description": ""}
    seen = Catalog.from_works((Work(**{**vars(work), **blank}) for work in by(works, range(4))), works.photo_root)
    photo_model = EfficientNetLinear(**QUICK_PHOTO, dtype="float32")
    model: ExtensibleModel = photo_model if alone else FusedModel(photo_settings={**QUICK_PHOTO, "dtype": "float32"})
    model.fit(seen)
    poems = [Work(str(number), "poet", "竹林 月夜 行燈") for number in range(3)]
    with pytest.raises(ModelError, match="reads only photos, and the works of 'poet' have none; give one that has"):
        model.add_creators(Catalog.from_works(poems))
    assert model.creators_ == seen.creators
    model.add_creators(by(works, range(4, 5)))
    assert model.creators_ == works.creators


def test_a_model_that_kept_no_works_removes_but_does_not_add(works: Catalog, fitted: FusedModel, folder: Path) -> None:
    model = copy.deepcopy(fitted)
    model.forget_works()
    save_model(model, folder / "model")
    save_model(fitted, folder / "whole")
    sizes = [sum(path.stat().st_size for path in (folder / name).rglob("*.safetensors")) for name in ("model", "whole")]
    assert sizes[0] < sizes[1] / 2
    again = load_model(folder / "model", FusedModel)
    with pytest.raises(ModelError, match="has kept no works"):
        again.add_creators(by(works, range(4, 5)))
    again.remove_creator("creator 03")
    assert len(again.creators_) == 3


def test_the_last_creator_and_an_unknown_one_stay(works: Catalog) -> None:
    model = LinearText().fit(by(works, range(1)))
    with pytest.raises(ModelError, match="the only creator"):
        model.remove_creator("creator 00")
    with pytest.raises(ModelError, match="no creator is called 'Nobody'"):
        model.remove_creator("Nobody")


def test_a_model_that_does_not_grow_says_so(works: Catalog) -> None:
    model = FusedModel("dummy", "text-linear").fit(by(works, range(4)))
    with pytest.raises(ModelError, match="dummy can't take a creator in or out"):
        model.add_creators(by(works, range(4, 5)))
