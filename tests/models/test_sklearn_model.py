"""Classifiers of scikit-learn on vectors: the contract, missing creators, fusion, what is saved, what is refused."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from tests.catalogs import tiny_catalog, vector_catalog
from tests.model_folders import check_other_shapes_are_refused
from tests.networks.mean_colour import offer_encoder
from tests.networks.tiny_text_encoders import offer_text_encoders

from sakka.catalog.splits import nested_splits
from sakka.catalog.works import Catalog, Work
from sakka.errors import MissingPartError, ModelError, ModelFolderError
from sakka.explain.explanation import explain
from sakka.models import estimator_files
from sakka.models.estimators import make_estimator, probabilities_of
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from sakka.models.registry import make_model
from sakka.testing.model_checks import MODEL_CHECKS, Subject

ON = "photo-column:clip~sklearn."
NEIGHBOURS = f"{ON}neighbors.KNeighborsClassifier"
THREE: dict[str, Any] = {"n_neighbors": 3, "algorithm": "brute"}
ONE = {"estimator_settings": {**THREE, "n_neighbors": 1}}
SUBJECT = Subject(NEIGHBOURS, ONE, vector_catalog())  # one for all checks, which share what is fitted


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_a_classifier_on_vectors_keeps_the_contract(check) -> None:
    check(SUBJECT)


def test_neighbours_answer_as_scikit_learn_does_on_standardised_vectors() -> None:
    works = vector_catalog(4, 8)
    vectors, labels = np.float32(works.table["clip"].to_list()), works.creator_indices()
    found = make_model(NEIGHBOURS, estimator_settings=THREE).fit(works).predict_proba(works)
    standard = StandardScaler().fit_transform(vectors)
    np.testing.assert_allclose(found, KNeighborsClassifier(**THREE).fit(standard, labels).predict_proba(standard))


@pytest.mark.parametrize(
    ("estimator", "settings"),
    [
        ("svm.SVC", {"C": 2.0}),
        ("linear_model.RidgeClassifier", {}),
        ("naive_bayes.GaussianNB", {}),
        ("ensemble.ExtraTreesClassifier", {"n_estimators": 5}),
        ("ensemble.AdaBoostClassifier", {"n_estimators": 3}),
        ("neural_network.MLPClassifier", {"hidden_layer_sizes": [8], "learning_rate_init": 0.05, "tol": 0.01}),
    ],
)
def test_classifiers_of_every_kind_learn_and_come_back_from_a_folder(
    folder: Path, estimator: str, settings: dict[str, Any]
) -> None:
    works = vector_catalog(3, 8)
    model = make_model(ON + estimator, estimator_settings=settings, seed=3).fit(works)
    assert np.mean(np.array(model.predict(works)) == works.table["creator"].to_numpy()) > 0.6
    save_model(model, folder / "model")
    again = load_model(folder / "model")
    np.testing.assert_array_equal(again.predict_proba(works), model.predict_proba(works))


def test_a_saved_classifier_with_an_array_of_another_shape_is_refused(folder: Path) -> None:
    model = make_model(ON + "linear_model.RidgeClassifier").fit(vector_catalog(3, 8))
    check_other_shapes_are_refused(model, folder / "model")


def test_a_creator_without_works_in_a_fold_gets_nothing_there() -> None:
    works = vector_catalog(3, 8)
    fold = nested_splits(works, seed=0).fold(0, 0)
    without = type(fold)(fold.outer, fold.inner, fold.train[works.creator_indices()[fold.train] != 1], *[
        getattr(fold, name) for name in ("validation", "test")
    ])  # fmt: skip
    (found,) = make_model(NEIGHBOURS, estimator_settings=THREE).predict_folds(works, [without], works.creators)
    assert (found.test[:, 1] == 0).all()
    np.testing.assert_allclose(found.test.sum(axis=1), 1, atol=1e-6)


def test_decision_values_become_probabilities_and_a_row_of_nothing_is_nan() -> None:
    class Decides:
        classes_ = np.arange(2)

        def decision_function(self, features: np.ndarray) -> np.ndarray:
            return features[:, 0]

    class Nothing:
        classes_ = np.arange(2)

        def predict_proba(self, features: np.ndarray) -> np.ndarray:
            return np.array([[0.0, 0.0], [1.0, 3.0]])

    found = probabilities_of(Decides(), np.float32([[0], [np.log(3)]]))
    np.testing.assert_allclose(found, [[0.5, 0.5], [0.25, 0.75]], atol=1e-6)
    nothing = probabilities_of(Nothing(), np.zeros((2, 1), np.float32))
    assert np.isnan(nothing[0]).all()
    assert nothing[1].tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("svm.SVX", {}, "scikit-learn has no sklearn.svm.SVX"),
        ("svm.SVR", {}, "sklearn.svm.SVR is no classifier"),
        ("utils.tests.Class", {}, "expected a classifier of scikit-learn"),
        ("svm.SVC", {"D": 1}, "sklearn.svm.SVC has no setting 'D'; it has C, kernel"),
        ("svm.SVC", {"C": -1.0}, "can't be fitted on 20 works: The 'C' parameter of SVC must be"),
        ("ensemble.VotingClassifier", {}, r"is made of other estimators \(estimators\)"),
    ],
)
def test_what_scikit_learn_has_not_is_refused_in_one_line(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        make_model(ON + name, estimator_settings=settings).fit(vector_catalog(2, 10))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("photo-lite0~os.path.Join", "got os.path.Join, expected a classifier of scikit-learn"),
        ("text-linear~sklearn.svm.SVC", "the model text-linear has no vectors that a classifier could read"),
        ("photo-nothing~sklearn.svm.SVC", "no photo encoder is called 'nothing'"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make_model(name)


def test_a_classifier_on_photos_is_fused_explained_and_saved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer_encoder(monkeypatch)
    works = tiny_catalog(folder / "photos", without_photo=1)
    name = "photo-mean-colour~sklearn.discriminant_analysis.LinearDiscriminantAnalysis"
    model = FusedModel(name, how="log-linear").fit(works)
    save_model(model, folder / "model")
    again = load_model(folder / "model")
    np.testing.assert_array_equal(again.predict_proba(works), model.predict_proba(works))
    asked = list(works)[-1]
    why = explain(again, asked, photo_root=works.photo_root)
    assert why.regions is not None
    assert why.regions.shape == (7, 7)
    assert not why.exact_regions


def test_a_classifier_reads_the_vectors_of_a_text_encoder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer_text_encoders(monkeypatch)
    works = tiny_catalog(folder / "photos")
    model = make_model("text-letters~sklearn.naive_bayes.GaussianNB").fit(works)
    assert np.mean(np.array(model.predict(works)) == works.table["creator"].to_numpy()) > 0.6
    save_model(model, folder / "model")
    offer_text_encoders(monkeypatch, letters="OtherLetters")
    with pytest.raises(ModelError, match="the encoder letters has SHA-256 3333"):
        load_model(folder / "model")


def test_vectors_of_another_length_cost_the_work_its_vector_after_loading_too(folder: Path) -> None:
    save_model(make_model(NEIGHBOURS, estimator_settings=THREE).fit(vector_catalog(2, 8)), folder / "model")
    with pytest.raises(ModelError, match="the work has 2 numbers in the column 'clip', expected 5"):
        load_model(folder / "model").identify_one(Catalog.from_works([Work("x", kept={"clip": (1.0, 2.0)})]))


def test_what_can_not_be_saved_is_refused_before_it_is_fitted() -> None:
    name = f"{ON}ensemble.HistGradientBoostingClassifier"
    with pytest.raises(ModelError, match=r"can't be saved: it is made of .*TreePredictor, which is not trusted"):
        FusedModel(name, photo_settings={"estimator_settings": {"max_iter": 2}}).check_can_save()
    FusedModel(NEIGHBOURS).check_can_save()


def test_without_skops_nothing_is_saved_and_the_reason_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(NEIGHBOURS, estimator_settings=THREE).fit(vector_catalog(2, 8))
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    for refused in (model.check_can_save, lambda: save_model(model, folder / "model")):
        with pytest.raises(MissingPartError, match=r"skops, which saves .* is not installed .*sklearn\]"):
            refused()


def fitted_tree() -> Any:
    features = np.random.default_rng(0).normal(0, 1, (30, 3)).astype(np.float32)
    return DecisionTreeClassifier(max_depth=3, random_state=0).fit(features, np.arange(30) % 3)


def changed(content: bytes, change: Any) -> bytes:
    """A file of skops with another schema."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part.decode()).encode() if name == estimator_files.SCHEMA else part)
    return buffer.getvalue()


def test_a_classifier_is_written_the_same_way_each_time() -> None:
    tree = fitted_tree()
    assert estimator_files.written(tree) == estimator_files.written(fitted_tree())
    schema = zipfile.ZipFile(io.BytesIO(estimator_files.written(tree))).read(estimator_files.SCHEMA)
    assert str(id(tree)) not in schema.decode()
    assert json.loads(schema)["__class__"] == "DecisionTreeClassifier"


def test_a_type_that_is_not_on_the_list_is_not_read() -> None:
    def other(schema: str) -> str:
        named = schema.replace('"DecisionTreeClassifier"', '"Popen"', 1)
        return named.replace('"sklearn.tree._classes"', '"subprocess"', 1)

    content = changed(estimator_files.written(fitted_tree()), other)
    with pytest.raises(ModelError, match=r"the classifier is made of subprocess.Popen, which is not trusted"):
        estimator_files.read(content)


def test_a_tree_that_leads_out_of_itself_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = estimator_files.written(fitted_tree())
    monkeypatch.setattr(estimator_files, "_is_sound", lambda tree: False)
    with pytest.raises(ModelError, match="nodes that lead out of it"):
        estimator_files.read(content)


@pytest.mark.parametrize(("field", "value"), [("left_child", 0), ("right_child", 99), ("feature", 3), ("feature", -5)])
def test_nodes_are_looked_at(field: str, value: int) -> None:
    class Tree:
        n_features = 3

        def __getstate__(self) -> dict[str, Any]:
            nodes = fitted_tree().tree_.__getstate__()["nodes"].copy()
            nodes[field][1 if nodes["left_child"][1] != -1 else 0] = value
            return {"nodes": nodes}

    assert estimator_files._is_sound(fitted_tree().tree_)
    assert not estimator_files._is_sound(Tree())


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04"])
def test_bytes_that_are_no_classifier_are_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="the classifier can't be read"):
        estimator_files.read(content)


def test_what_would_grow_is_not_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(estimator_files.SCHEMA, " " * 10**6)
    with pytest.raises(ModelError, match="compressed"):
        estimator_files.read(buffer.getvalue())


def test_a_classifier_of_another_class_is_not_taken_for_the_models_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(make_model(NEIGHBOURS, estimator_settings=THREE).fit(vector_catalog(2, 8)), folder / "model")
    other = make_estimator("sklearn.tree.DecisionTreeClassifier", {}, 0).fit(np.zeros((2, 5)), [0, 1])
    monkeypatch.setattr(estimator_files, "read", lambda content: other)
    with pytest.raises(ModelError, match=r"is not the sklearn\.neighbors\.KNeighborsClassifier of its creators"):
        load_model(folder / "model")


def test_a_changed_byte_of_the_classifier_is_refused(folder: Path) -> None:
    save_model(make_model(NEIGHBOURS, estimator_settings=THREE).fit(vector_catalog(2, 8)), folder / "model")
    path = folder / "model" / "files" / "classifier.skops"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ModelFolderError, match=r"files/classifier\.skops is not the one in manifest"):
        load_model(folder / "model")
