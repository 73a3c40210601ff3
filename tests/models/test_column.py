"""Models on vectors that the catalog holds: alone, fused, evaluated, asked about tables."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.catalogs import vector_catalog

from sakka.catalog.works import Catalog, Work
from sakka.errors import CatalogError, ModelError, RunError
from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.open_run import open_run
from sakka.evaluation.plan import make_plan
from sakka.evaluation.run import run_experiment
from sakka.evaluation.unknown_creators import evaluate_unknown_creators
from sakka.explain.evidence import nearest_works
from sakka.explain.explanation import explain
from sakka.models.classifier import SakkaClassifier
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from sakka.models.identify_table import identify_table
from sakka.models.registry import make_model
from sakka.testing.model_checks import MODEL_CHECKS, Subject

PHOTO, TEXT = "photo-column:clip", "text-column:clip"
SUBJECT = Subject(PHOTO, {}, vector_catalog())  # one for all checks, which share what is fitted


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_a_model_on_a_column_keeps_the_contract(check) -> None:
    check(SUBJECT)


def test_it_learns_more_than_the_shares_and_a_work_without_a_vector_gets_them() -> None:
    works = vector_catalog(without=2)
    model = make_model(PHOTO).fit(works)
    table = model.predict_proba(works)
    there = model.can_read(works)
    assert np.mean(table.argmax(axis=1)[there] == works.creator_indices()[there]) > 0.9
    np.testing.assert_allclose(table[~there], 1 / 6, atol=1e-6)


def test_a_cell_that_is_no_vector_can_not_be_learned_from() -> None:
    works = [*vector_catalog(2, 4), Work("bad", "creator 00", kept={"clip": (1.0, 2.0)})]
    with pytest.raises(ModelError, match="work 'bad' has 2 numbers in the column 'clip', expected 5"):
        make_model(PHOTO).fit(Catalog.from_works(works))


def test_a_column_that_was_not_kept_is_asked_for() -> None:
    with pytest.raises(ModelError, match=r"not kept the column 'dino' \(kept: clip\); build it again with `keep="):
        make_model("photo-column:dino").fit(vector_catalog(2, 4))
    with pytest.raises(ModelError, match="names no column; expected photo-column:NAME"):
        make_model("photo-column:")
    with pytest.raises(ModelError, match="can't be summed with others"):
        make_model("photo-lite0+column:clip")


def test_a_work_from_outside_has_no_column_and_a_bad_one_is_named() -> None:
    model = make_model(PHOTO).fit(vector_catalog(2, 4))
    expected = r"reads only the column 'clip', and the work has none; give it a work .* which an upload has not"
    with pytest.raises(ModelError, match=expected):
        model.identify_one(Catalog.from_works([Work("x", title="moon")]))
    with pytest.raises(ModelError, match=r"the work has 1 number in the column 'clip', expected 5"):
        model.identify_one(Catalog.from_works([Work("x", kept={"clip": (3.5,)})]))


@pytest.mark.parametrize(("photo", "text"), [(PHOTO, "text-linear"), ("photo-vgg16", TEXT)])
def test_it_is_fused_by_what_it_stands_for_and_limits_are_learned_for_that(photo: str, text: str) -> None:
    works = vector_catalog(works=50, without=4)
    model = FusedModel(photo, text, seed=1).fit(works)
    assert model.kept_columns == ("clip",)
    first = Catalog.from_works([next(iter(works.take([30])))])
    if photo == PHOTO:
        assert {"title", "photo and title"} <= set(model.limits_)
        assert model.parts_read(first).tolist() == [[1, 1, 0]]
        (without,) = model.identify(first.without_kept(["clip"]))
        assert model.identify(first)[0].candidates != without.candidates
        assert model.can_read(first.without_kept(["clip"])).all()
    else:
        assert set(model.limits_) == {"title and description"}
        assert model.photo_model_ is None


def test_a_fused_model_is_saved_explained_and_takes_creators_in(folder: Path) -> None:
    works = vector_catalog(creators=4, without=1)
    known = works.take(np.flatnonzero(works.creator_indices() < 3))
    save_model(FusedModel(PHOTO).fit(known), folder / "model")
    model = load_model(folder / "model", FusedModel)
    asked = next(iter(works.take([20])))
    why = explain(model, asked)
    assert why.rest == pytest.approx(why.log_odds - why.text_share)
    assert why.words
    assert why.regions is None
    unnamed = explain(model, replace(asked, title=""))
    assert (unnamed.words, unnamed.rest) == ((), unnamed.log_odds)
    model.add_creators(works.take(np.flatnonzero(works.creator_indices() == 3)))
    assert model.predict(works.take([39])) == ["creator 03"]


def test_nearest_works_are_those_with_the_nearest_vectors() -> None:
    works = vector_catalog(3, 6)
    model = make_model(PHOTO).fit(works)
    twin = Work("twin", kept=next(iter(works.take([4]))).kept)
    (near,) = nearest_works(model, Catalog.from_works([twin]), works, "creator 01", 1)
    assert near.row == 4
    assert near.similarity == pytest.approx(1)


def test_an_experiment_fuses_it_with_a_text_model_by_who_has_a_vector(folder: Path) -> None:
    works = vector_catalog(without=3)
    plan = make_plan(works, [PHOTO, "text-linear", "photo-lite0"], inner_folds=1, outer_folds=1)
    assert plan.left_out == {"photo-lite0": "no work of the catalog has a photo"}
    run = open_run(run_experiment(works, folder / "run", plan).folder)
    assert run.facts.read_by[PHOTO].tolist() == [work.kept["clip"] is not None for work in works]
    frame = evaluate_run(run).frame
    text = frame.filter(pl.col("kind") == "ensemble", pl.col("model") == "text-linear")
    fused = frame.filter(pl.col("kind") == "fused", pl.col("way") == "log-linear", pl.col("photo_weight") == 0.5)
    both = fused.join(text, on="work", suffix="_text")
    as_the_text_says = np.isclose(both["probability"], both["probability_text"], atol=1e-6)
    assert as_the_text_says.tolist() == (~run.facts.read_by[PHOTO][both["work"].to_numpy()]).tolist()
    assert not as_the_text_says.all()
    swapped = Catalog(works.table.with_columns(clip=pl.col("clip").list.reverse()))
    with pytest.raises(RunError, match="another catalog"):
        run_experiment(swapped, folder / "run", plan)


def test_a_column_that_is_absent_is_the_reason_to_leave_the_model_out() -> None:
    plan = make_plan(vector_catalog(), ["text-linear", "photo-column:dino"])
    assert plan.left_out["photo-column:dino"].startswith("the catalog has not kept the column 'dino'")


def test_a_table_is_identified_by_its_column_which_is_not_carried_along(folder: Path) -> None:
    works = vector_catalog(3, 8)
    save_model(make_model(PHOTO).fit(works), folder / "model")
    listed = [work.kept["clip"] for work in works.take([0, 1, 2])]
    table = pl.DataFrame({"id": ["a", "b", "c", "d"], "clip": [*map(list, listed), [1.0]], "price": [1, 2, 3, 4]})
    table.write_parquet(folder / "table.parquet")
    identify_table(folder / "model", folder / "table.parquet", folder / "out.csv", count=1)
    found = pl.read_csv(folder / "out.csv")
    assert found["creator"].to_list() == ["creator 00", "creator 01", "creator 02", None]
    assert found["read"].to_list() == ["photo", "photo", "photo", "nothing"]
    assert "1 number in the column 'clip', expected 5" in found["problems"][3]
    assert "clip" not in found.columns
    frame = load_model(folder / "model").identify(table, 1, keep=["price"])
    assert frame["creator"].to_list() == found["creator"].to_list()
    assert frame.columns[-1] == "price"
    table.drop("clip").with_columns(title=pl.lit("moon")).write_parquet(folder / "other.parquet")
    with pytest.raises(CatalogError, match="clip"):
        identify_table(folder / "model", folder / "other.parquet", folder / "out.csv")


def test_scikit_learn_reads_the_column_of_a_frame() -> None:
    works = vector_catalog(3, 8)
    frame = works.table.select("clip")
    classifier = SakkaClassifier(PHOTO).fit(frame, works.table["creator"].to_list())
    assert (classifier.predict(frame) == works.table["creator"].to_numpy()).mean() > 0.9


def test_unknown_creators_are_not_evaluated_by_views_that_leave_no_vector_out() -> None:
    with pytest.raises(ModelError, match=r"photo-column:clip reads the column 'clip'; take a model that reads photos"):
        evaluate_unknown_creators(vector_catalog(), PHOTO, "text-linear")
