from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog
from tests.networks.tiny_text_encoders import offer_text_encoders

from sakka.cache import cache_folder
from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError
from sakka.explain.explanation import explain
from sakka.models.adding_creators import extensible
from sakka.models.folder import load_model, save_model
from sakka.models.registry import make_model
from sakka.models.text import encoded
from sakka.testing.model_checks import MODEL_CHECKS, Subject


@pytest.fixture(autouse=True)
def _letters(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded.text_encoded.cache_clear()
    offer_text_encoders(monkeypatch)


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"))


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_the_model_keeps_the_contract(check: Callable[[Subject], None], works: Catalog) -> None:
    check(Subject("text-letters", {}, works))


def test_it_names_most_creators_by_their_letters(works: Catalog) -> None:
    subject = Subject("text-letters", {}, works)
    answers = subject.make().fit(subject.train).predict(subject.test)
    assert np.mean([answer == work.creator for answer, work in zip(answers, subject.test, strict=True)]) > 0.8


def test_a_creator_is_added_without_fitting_again(works: Catalog) -> None:
    known = works.take(np.flatnonzero(works.creator_indices() < 5))
    model = extensible(make_model("text-letters").fit(known))
    added = works.take(np.flatnonzero(works.creator_indices() == 5))
    model.add_creators(added)
    assert model.creators_[-1] == "creator 05"
    assert model.predict(added).count("creator 05") > 5


def test_other_weights_than_those_it_was_fitted_on_are_refused(
    works: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(make_model("text-letters").fit(works), folder / "model")
    load_model(folder / "model")
    offer_text_encoders(monkeypatch, letters="OtherLetters")
    with pytest.raises(ModelError, match=r"encoder letters has SHA-256 3333\w+\.\.\., and .* was fitted on 1111"):
        load_model(folder / "model")


def test_words_left_out_explain_it_and_nothing_of_the_question_is_kept(works: Catalog) -> None:
    model = make_model("text-letters").fit(works)
    kept = cache_folder() / "features" / "letters-1.sqlite"
    before = {path.name: path.read_bytes() for path in kept.parent.glob("letters-1.sqlite*")}
    explained = explain(model, Work("asked", title="linen button vintage", description="桜"))
    assert explained.creator == "creator 01"
    assert not explained.exact_words
    assert [word.text for word in explained.words] == ["linen", "button", "vintage", "桜"]
    assert explained.text_share + explained.rest == pytest.approx(explained.log_odds)
    assert {path.name: path.read_bytes() for path in kept.parent.glob("letters-1.sqlite*")} == before


def test_an_encoder_that_is_not_known_and_a_penalty_of_zero_are_refused(works: Catalog) -> None:
    with pytest.raises(ModelError, match=r"no text encoder is called 'runes'; known are e5, .*glossary, letters"):
        make_model("text-runes")
    with pytest.raises(ModelError, match="got penalty 0; expected a number above 0"):
        make_model("text-letters", penalty=0).fit(works)


def test_a_network_of_the_users_own_is_chosen_by_its_file(works: Catalog, folder: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    from tests.networks.onnx.test_onnx_text import write_text_network

    file = write_text_network(folder)
    model = make_model(f"text-onnx:{file}").fit(works)
    assert model.name == f"text-onnx:{file}"
    save_model(model, folder / "model")
    np.testing.assert_array_equal(load_model(folder / "model").predict_proba(works), model.predict_proba(works))
