from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.models.test_models import labels_of_colours

from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError
from sakka.explain.explanation import explain
from sakka.models.calibration import at_temperature
from sakka.models.conformal import ConformalScores, KnownWorks
from sakka.models.fixed_ratio import FixedRatio
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel, _held_out
from sakka.models.fusion import fuse
from sakka.models.learned_fusion import KINDS, Kind
from sakka.models.learned_views import LearnedView
from sakka.models.limits import ViewLimits
from sakka.models.registry import make_model
from sakka.models.text.linear import LinearText


@pytest.fixture(autouse=True)
def _labels_without_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sakka.paper.models.labels_lightgbm.find_labels", labels_of_colours)


NONE = "none of the known creators"


def fused(**settings: Any) -> FusedModel:
    return FusedModel("labels-lightgbm", photo_settings={"iterations": 3}, **settings)


def test_the_answers_are_the_two_models_answers_fused(folder: Path) -> None:
    works = tiny_catalog(folder)
    model = fused(how="arithmetic", photo_weight=0.3).fit(works)
    photo = make_model("labels-lightgbm", iterations=3).fit(works).predict_proba(works)
    text = make_model("text-linear").fit(works).predict_proba(works)
    np.testing.assert_allclose(model.predict_proba(works), fuse(photo, text, 0.3, "arithmetic"), atol=1e-5)


def test_the_way_and_the_weight_are_chosen_on_held_out_works(folder: Path) -> None:
    model = fused().fit(tiny_catalog(folder))
    assert model.held_out_["works"] == 12
    assert model.held_out_["accuracy"] >= max(model.held_out_["photo_accuracy"], model.held_out_["text_accuracy"])


def test_what_is_set_is_not_chosen(folder: Path) -> None:
    works = tiny_catalog(folder)
    assert fused(how="log-linear", photo_weight=0.25).fit(works).fuser_ == FixedRatio("log-linear", 0.25)
    assert fused(photo_weight=0.25).fit(works).fuser_.values()["photo_weight"] == 0.25
    assert fused(how="arithmetic").fit(works).fuser_.values()["how"] == "arithmetic"


def test_a_work_with_one_modality_gets_that_models_answer(folder: Path) -> None:
    works = tiny_catalog(folder, without_photo=2, without_text=2)
    model = fused(how="log-linear").fit(works)
    table = model.predict_proba(works)
    assert model.photo_model_ is not None
    assert model.text_model_ is not None
    photo_only, text_only = ~works.has_text, ~works.has_photo
    assert photo_only.sum() == text_only.sum() == 12
    for rows, alone in ((photo_only, model.photo_model_), (text_only, model.text_model_)):
        part = works.take(np.flatnonzero(rows))
        np.testing.assert_allclose(table[rows], alone.predict_proba(part), atol=1e-6)


@pytest.mark.parametrize(("lacking", "child"), [("without_photo", "text"), ("without_text", "photo")])
def test_a_catalog_without_photos_or_without_texts_gives_a_working_model(
    folder: Path, lacking: str, child: str
) -> None:
    works = tiny_catalog(folder / "photos", **{lacking: 10})  # type: ignore[arg-type]
    model = fused().fit(works)
    save_model(model, folder / "model")
    assert sorted(path.name for path in (folder / "model").iterdir() if path.is_dir()) == [child]
    loaded = load_model(folder / "model", FusedModel)
    np.testing.assert_array_equal(loaded.predict_proba(works), model.predict_proba(works))
    full = tiny_catalog(folder / "full")
    assert loaded.predict_proba(full).shape == (60, 6)
    assert np.mean(np.array(loaded.predict(works)) == np.array(works.table["creator"])) > 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_a_learned_fusion_is_kept_where_it_is_better_and_comes_back_from_the_folder(folder: Path, kind: Kind) -> None:
    works = tiny_catalog(folder / "photos", works=30)
    model = fused(fusion=kind).fit(works)
    assert model.fuser_.is_learned
    assert model.fuser_.values() == {"kind": kind}
    save_model(model, folder / "model")
    again = load_model(folder / "model", FusedModel)
    np.testing.assert_array_equal(again.predict_proba(works), model.predict_proba(works))
    assert again.limits_ == model.limits_


def titled(n: int) -> Catalog:
    """Texts of two creators who share some words, of one to eight words."""
    generator = np.random.default_rng(0)
    words = [[f"{name}{number}" for number in range(8)] for name in ("ume", "kiku")]
    shared = [f"hana{number}" for number in range(12)]

    def text(creator: int, length: int) -> str:
        return " ".join(generator.choice([*words[creator], *shared], length))

    return Catalog.from_works(
        Work(str(number), f"creator {number % 2}", text(number % 2, 2), text(number % 2, 1 + number % 7))
        for number in range(n)
    )


def test_a_model_of_texts_alone_learns_its_limits_too_and_keeps_them_when_creators_come_and_go(folder: Path) -> None:
    works = titled(400)
    model = FusedModel().fit(works)
    assert set(model.limits_) == {"title", "description", "title and description"}
    assert {each.works for each in model.limits_.values()} == {80}
    save_model(model, folder / "model")
    again = load_model(folder / "model", FusedModel)
    assert again.limits_ == model.limits_
    before = model.predict_proba(works)
    model.add_creators(Catalog.from_works(Work(f"new {number}", "creator 2", "matsu take") for number in range(5)))
    assert again.limits_ == model.limits_
    model.remove_creator("creator 2")
    np.testing.assert_array_equal(model.predict_proba(works), before)


def test_the_probabilities_of_a_title_are_calibrated_and_explained_alike() -> None:
    model = FusedModel().fit(titled(400))
    asked = Catalog.from_works([Work("a", title="ume1 hana2")])
    temperature = model.limits_["title"].temperature
    assert temperature != 1
    assert model.text_model_ is not None
    raw, table = model.text_model_.predict_proba(asked), model.predict_proba(asked)
    np.testing.assert_allclose(table, at_temperature(raw, temperature), atol=1e-6)
    said, alone = (explain(each, next(iter(asked))) for each in (model, model.text_model_))
    assert said.probability == pytest.approx(model.identify_one(asked).candidates[0].probability)
    assert said.text_share == pytest.approx(alone.text_share / temperature)
    assert said.rest == pytest.approx(alone.rest / temperature, abs=1e-4)


def test_a_model_saved_before_there_were_limits_has_the_stated_fallback(folder: Path) -> None:
    works = titled(400)
    old = FusedModel().fit(works)
    old.views_ = {}
    save_model(old, folder / "model")
    asked = Catalog.from_works([Work("a", title="zzz"), Work("b", title="ume1 ume2 ume3 ume4", description="ume5")])
    unsure, sure = load_model(folder / "model", FusedModel).identify(asked)
    assert (unsure.answer, unsure.basis) == ("not sure enough", "no threshold")
    assert (sure.answer, sure.basis) == ("named", "no threshold")


def test_what_the_model_chose_for_all_works_is_not_chosen_again_for_the_works_that_are_not_held_out() -> None:
    model = LinearText().fit(titled(60))
    chosen = model.chosen_settings()
    assert make_model("text-linear", **chosen).fit(titled(60)).profile_ == model.profile_  # type: ignore[attr-defined]
    assert len({tuple(each.items()) for each in make_model("text-linear", **chosen).spelled_out_settings()}) == 1


def test_most_works_by_known_creators_pass_and_works_that_say_nothing_do_not(folder: Path) -> None:
    works = tiny_catalog(folder, works=45)
    model = fused().fit(works)
    refused = [answer == NONE for answer, _ in model.decide(works, model.predict_proba(works))]
    assert np.mean(refused) <= 0.1
    strange = Catalog.from_works([Work("1", title="Zzyzx 42", description="qq"), Work("2")])
    unsure = np.full((2, 6), 1 / 6, dtype=np.float32)
    assert model.decide(strange, unsure) == [(NONE, "threshold"), ("not sure enough", "nothing read")]


def test_a_work_that_rules_nobody_out_is_too_little_to_go_by_and_not_by_none_of_them() -> None:
    model = FusedModel().fit(titled(60))
    asked, known = Catalog.from_works([Work("1", title="silver cat brooch")]), KnownWorks(np.full(200, -0.4))
    answers = []
    for own in (0.9, 0.3):  # the probability that held-out works had of their own creator
        scores = ConformalScores.of(np.full(200, own), None, len(model.creators_), known)
        model.views_ = {"title": LearnedView(ViewLimits(200, 1.0, named_from=0.95), scores)}
        found = model.identify_one(asked)
        assert found.p_value is not None
        assert found.p_value < 0.01
        answers.append((found.answer, found.sets[1].size))
    assert answers == [(NONE, 0), ("not sure enough", len(model.creators_))]


@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        ("without_photo", "the model reads only texts, and the work has only a photo; give it a title or a desc"),
        ("without_text", "the model reads only photos, and the work has only a text; give it a photo"),
    ],
)
def test_what_a_model_of_one_half_can_not_read_gets_the_shares_is_not_known_and_is_refused_as_a_question(
    folder: Path, lacking: str, reason: str
) -> None:
    model = fused().fit(tiny_catalog(folder / "photos", **{lacking: 10}))  # type: ignore[arg-type]
    both = tiny_catalog(folder / "full", works=1)
    blank = {"title": "", "description": ""} if lacking == "without_photo" else {"photos": (), "photos_sha256": ()}
    other = Catalog.from_works((Work(**{**vars(work), **blank}) for work in both), both.photo_root)
    answers = model.predict_proba(other)
    np.testing.assert_allclose(answers, 1 / 6, atol=1e-6)
    assert set(model.decide(other, answers)) == {("not sure enough", "nothing read")}
    assert {basis for _, basis in model.decide(both, model.predict_proba(both))} == {"no threshold"}
    with pytest.raises(ModelError, match=reason):
        model.check_can_read(other.take([0]))
    model.check_can_read(both.take([0]))


def test_works_with_neither_photo_nor_text_are_learned_and_answered() -> None:
    works = Catalog.from_works([Work(str(number), f"creator {number % 2}") for number in range(6)])
    np.testing.assert_allclose(fused().fit(works).predict_proba(works), 0.5, atol=1e-6)


@pytest.mark.parametrize("each", [1, 2, 3])
def test_creators_with_few_works_do_not_stop_it(folder: Path, each: int) -> None:
    works = tiny_catalog(folder, works=each)
    model = fused().fit(works)
    np.testing.assert_allclose(model.predict_proba(works).sum(axis=1), 1, atol=1e-5)


def test_held_out_is_a_fifth_of_each_creators_works_and_never_the_only_one() -> None:
    labels = np.repeat([0, 1, 2, 3], [1, 2, 10, 40])
    for seed in range(20):
        counts = np.bincount(labels[_held_out(labels, seed)], minlength=4)
        assert counts[0] == 0
        assert counts[1] <= 1
        assert (counts[2], counts[3]) == (2, 8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"how": "geometric"}, "geometric"),
        ({"photo_weight": 1.5}, r"1\.5"),
        ({"text": "labels-lightgbm"}, "can't be the text model"),
        ({"text": "fused"}, "can't be the text model"),
        ({"text": "crystal-ball"}, "no model is called"),
    ],
)
def test_settings_that_make_no_sense_are_refused(folder: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        fused(**settings).fit(tiny_catalog(folder, works=3))


def test_read_fit_identify_save_and_load_are_a_line_each(folder: Path) -> None:
    from sakka import Catalog, FusedModel

    tiny_catalog(folder / "photos").write(folder / "catalog")
    works = Catalog.read(folder / "catalog")
    model = FusedModel(photo="dummy").fit(works)
    save_model(model, folder / "model")
    found = load_model(folder / "model", FusedModel).identify_one(works.take([2]), 3)
    assert found.candidates[0].creator == "creator 02"
    assert len(found.candidates) == 3


def test_a_model_says_what_it_is_and_how_well_it_did_on_held_out_works(folder: Path) -> None:
    works = tiny_catalog(folder, creators=3, works=8)
    model = FusedModel(photo_settings=QUICK_PHOTO)
    assert repr(model) == "FusedModel(fused, not fitted, photo-lite0+lite2 + text-linear)"
    told = repr(model.fit(works))
    assert told.startswith("FusedModel(fused, 3 creators, photo-lite0+lite2 ")
    assert "held-out works, accuracy there: fused " in told
    assert "creators: creator 00, creator 01, creator 02" in model._repr_html_()
    assert repr(model.text_model_) == "LinearText(text-linear, 3 creators)"
