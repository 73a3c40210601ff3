"""Models of very many creators: candidates by an index, decided among exactly."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.catalogs import vector_catalog
from tests.model_folders import check_other_shapes_are_refused

from sakka.arrays import softmax
from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError
from sakka.explain.explanation import explain
from sakka.models import candidate_fusion, candidate_model, candidates, fused
from sakka.models.candidate_fusion import SlateScores
from sakka.models.candidate_model import CandidateModel
from sakka.models.candidates import FirstCandidates, Slate, sample_of
from sakka.models.fixed_ratio import FixedRatio
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from sakka.models.linear_head import creator_vectors, inverted_lists
from sakka.models.linear_head.candidate_head import CandidateHead
from sakka.models.linear_head.creator_vectors import closed_form, fit_vectors
from sakka.models.linear_head.inverted_lists import InvertedLists
from sakka.models.registry import make_model
from sakka.testing.model_checks import MODEL_CHECKS, Subject


@pytest.fixture(autouse=True)
def _of_few_creators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CandidateModel, "fewest", 2)


NAMES = ("photo-column:clip~candidates", "text-linear~candidates", "fused")
SUBJECTS = [
    Subject(name, {"photo": "photo-column:clip", "candidates": True} if name == "fused" else {}, vector_catalog(), 1e-4)
    for name in NAMES
]


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_a_model_of_candidates_keeps_the_contract(subject: Subject, check) -> None:
    check(subject)


def test_with_so_few_creators_that_all_are_candidates_it_is_the_model_before_the_tilde(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(CandidateModel, "fewest", 7)
    works = vector_catalog()
    one, other = (make_model(name).fit(works) for name in ("photo-column:clip", "photo-column:clip~candidates"))
    np.testing.assert_array_equal(one.predict_proba(works), other.predict_proba(works))


def test_only_a_linear_model_has_candidates() -> None:
    with pytest.raises(ModelError, match="dummy is no linear model on vectors"):
        make_model("dummy~candidates")


def test_an_index_finds_nearly_what_scoring_all_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted_lists, "SCANNED", 300)
    generator = np.random.default_rng(0)
    schools = generator.normal(0, 2, (40, 8)).repeat(50, axis=0)
    vectors = (schools + generator.normal(0, 1, (2000, 8))).astype(np.float32)
    bias = generator.normal(0, 1, 2000).astype(np.float32)
    lists, queries = InvertedLists.of(vectors, bias), vectors[::100] / 2
    exact = queries @ vectors.T + bias
    found = lists.shortlist(queries, 10)
    best = np.argsort(-exact, axis=1)[:, :10]
    assert np.mean([np.isin(one, other).mean() for one, other in zip(best, found, strict=True)]) > 0.9
    np.testing.assert_allclose(lists.scores(queries, found), np.take_along_axis(exact, found, axis=1), atol=1e-4)
    np.testing.assert_array_equal(lists.in_columns()[0], vectors)


def test_creators_come_into_an_index_and_leave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted_lists, "SCANNED", 4)
    vectors, bias = np.random.default_rng(1).normal(0, 1, (20, 3)).astype(np.float32), np.zeros(20, np.float32)
    lists = InvertedLists.of(vectors[:12], bias[:12]).with_creators(vectors[12:], bias[12:])
    np.testing.assert_array_equal(lists.in_columns()[0], vectors)
    np.testing.assert_array_equal(lists.without(5).in_columns()[0], np.delete(vectors, 5, axis=0))
    assert lists.without(5).starts[-1] == 19


def test_an_index_that_grows_has_at_least_half_the_lists_of_one_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted_lists, "SCANNED", 4)
    vectors, bias = np.random.default_rng(1).normal(0, 1, (100, 3)).astype(np.float32), np.zeros(100, np.float32)
    anew, grown = InvertedLists.of(vectors, bias), InvertedLists.of(vectors[:4], bias[:4])
    assert (len(grown.starts), len(anew.starts)) == (1 + 1, 20 + 1)
    for start in range(4, 100, 12):
        grown = grown.with_creators(vectors[start : start + 12], bias[start : start + 12])
        assert len(grown.starts) - 1 >= inverted_lists._lists_of(len(grown)) / 2
    np.testing.assert_array_equal(grown.in_columns()[0], vectors)


def test_the_rest_is_estimated_so_that_probabilities_are_those_of_a_softmax_over_all() -> None:
    scores = np.random.default_rng(2).normal(0, 1, (4, 20_000)).astype(np.float32)
    listed = np.argsort(-scores, axis=1)[:, :100]
    slate = Slate.of([listed], 20_000)
    found = slate.candidates(np.take_along_axis(scores, slate.columns, axis=1), 20_000, 5)
    exact = np.take_along_axis(softmax(scores), found.columns, axis=1)
    np.testing.assert_allclose(found.probabilities, exact, rtol=0.2)
    np.testing.assert_allclose(found.table.sum(axis=1), 1, atol=1e-5)


def test_a_creator_of_few_works_is_drawn_towards_the_mean_of_all() -> None:
    vectors, bias = closed_form(np.float32([[2], [2], [0]]), np.array([1, 99, 0]), np.float32([1]))
    assert vectors[:, 0] == pytest.approx([1 / 1.5, 1.98 / 1.01, 0])
    assert bias[2] == bias[:2].min() - 20


def test_training_lowers_the_loss_where_works_are_not_as_the_closed_form_takes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(3)
    labels = np.arange(3000) % 60
    scatter = [6, 1, 1, 1, 1, 1]  # along the first axis not 1, as the closed form takes it
    scaled = (generator.normal(0, 2, (60, 6))[labels] + generator.normal(0, scatter, (3000, 6))).astype(np.float16)
    trained = fit_vectors(scaled[:2000], labels[:2000], 60)
    monkeypatch.setattr(creator_vectors, "ROUNDS", 0)
    plain = fit_vectors(scaled[:2000], labels[:2000], 60)

    def loss(found) -> float:
        table = softmax(scaled[2000:].astype(np.float32) @ found.vectors.T + found.bias)
        return float(-np.log(table[np.arange(1000), labels[2000:]]).mean())

    assert loss(trained) < loss(plain) - 0.02


def many() -> Catalog:
    return vector_catalog(creators=30, works=12)


def test_a_fused_model_decides_among_candidates_above_a_number_of_creators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "MANY_CREATORS", 29)
    works = many()
    model = FusedModel("photo-column:clip").fit(works)
    assert model.photo_model_ is not None
    assert model.photo_model_.name == "photo-column:clip~candidates"
    assert isinstance(model.predict_candidates(works), FirstCandidates)
    assert {"title", "photo and title"} <= set(model.limits_)
    decided = model.decide(works, model.predict_candidates(works))
    assert decided == model.decide(works, model.predict_proba(works))
    assert {basis for _, basis in decided} == {"threshold"}
    assert "fused" in " ".join(model.fusion_in_words())
    exact = FusedModel("photo-column:clip", candidates=False).fit(works)
    assert exact.photo_model_ is not None
    assert exact.photo_model_.name == "photo-column:clip"


def test_where_all_creators_are_candidates_or_a_model_has_none_the_fused_model_is_what_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = many()
    other = FusedModel("photo-column:clip", "dummy", candidates=True).fit(works)
    assert other.text_model_ is not None
    assert (other.text_model_.name, bool(other.held_out_)) == ("dummy", True)
    monkeypatch.setattr(CandidateModel, "fewest", 31)
    one, plain = (FusedModel("photo-column:clip", candidates=way).fit(works) for way in (True, False))
    np.testing.assert_array_equal(one.predict_proba(works), plain.predict_proba(works))


def test_a_fused_model_of_candidates_is_saved_mapped_explained_and_takes_creators_in(folder: Path) -> None:
    works = many()
    labels = works.creator_indices()
    known, new = works.take(np.flatnonzero(labels < 28)), works.take(np.flatnonzero(labels >= 28))
    save_model(FusedModel("photo-column:clip", candidates=True).fit(known), folder / "model")
    model = load_model(folder / "model", FusedModel, mapped=True)
    why = explain(model, next(iter(known.take([40]))))
    assert why.exact_words
    assert why.rest == pytest.approx(why.log_odds - why.text_share)
    model.forget_works()
    model.add_creators(new.take(np.arange(12)))
    for part in (known, new):
        assert np.mean(np.array(model.predict(part)) == part.table["creator"].to_numpy()) > 0.8
    model.remove_creator("creator 29")
    assert model.predict_proba(new).shape == (24, 29)


def test_a_saved_model_of_candidates_with_an_array_of_another_shape_is_refused(folder: Path) -> None:
    check_other_shapes_are_refused(FusedModel("photo-column:clip", candidates=True).fit(many()), folder / "model")


@pytest.mark.parametrize("name", ["columns", "positions", "starts"])
def test_an_index_that_parts_no_creators_into_lists_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(inverted_lists, "SCANNED", 4)
    tensors = InvertedLists.of(np.eye(20, dtype=np.float32), np.zeros(20, np.float32)).tensors()
    np.testing.assert_array_equal(InvertedLists.from_tensors(tensors).columns, tensors["lists.columns"])
    with pytest.raises(ValueError, match="part no creators into lists"):
        InvertedLists.from_tensors({**tensors, f"lists.{name}": tensors[f"lists.{name}"][::-1].copy()})


def test_words_say_in_an_explanation_what_the_scores_say() -> None:
    works = many()
    model = make_model("text-linear~candidates").fit(works)
    assert isinstance(model.head_, CandidateHead)
    work = next(iter(works.take([3])))
    order = np.argsort(-model.predict_proba(Catalog.from_works([work]))[0])
    why = explain(model, work, creator=model.creators_[order[0]], against=model.creators_[order[1]])
    contrast = model.head_.contrast(order[0], order[1])
    assert why.log_odds == pytest.approx(why.text_share + contrast.bias, abs=1e-3)


def test_a_work_is_answered_by_what_it_has() -> None:
    works = vector_catalog(creators=30, works=12, without=2)
    model = FusedModel("photo-column:clip", candidates=True).fit(works)
    nothing, text = Work("blank"), replace(next(iter(works.take([0]))), kept={})
    blank, titled = model.predict_proba(Catalog.from_works([nothing, text]))
    np.testing.assert_allclose(blank, 1 / 30, atol=1e-5)
    assert titled.max() > 2 / 30


def market(creators: int, works: int, noise: float, *, size: int = 6, seed: int = 0, **parts: Any) -> Catalog:
    """Works with a vector of so many numbers that point in their creator's direction, more or less."""
    directions, generator = np.random.default_rng(0).normal(0, 1, (creators, size)), np.random.default_rng(seed)
    return Catalog.from_works(
        Work(
            f"{creator}-{number}",
            f"creator {creator:03}",
            kept={"clip": tuple(map(float, directions[creator] + generator.normal(0, noise, size)))},
            **parts,
        )
        for creator in range(creators)
        for number in range(works)
    )


def without_vector(works: Catalog) -> list[Work]:
    return [replace(work, kept={"clip": None}, title=f"of {work.creator} alone") for work in works]


@pytest.fixture
def _few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_model, "SHORTLIST", 8)
    monkeypatch.setattr(candidates, "FIRST", 4)
    monkeypatch.setattr(candidates, "SAMPLE", 6)


@pytest.mark.usefixtures("_few_candidates")
@pytest.mark.parametrize("noise", [0.7, 4.0])
def test_sets_hold_the_right_creator_as_often_as_is_said_where_most_creators_are_no_candidates(noise: float) -> None:
    model = FusedModel("photo-column:clip", candidates=True).fit(market(40, 15, noise))
    asked = market(40, 10, noise, seed=1)
    found = model.predict_candidates(asked)
    assert isinstance(found, FirstCandidates)
    assert found.columns.shape == (400, 4)
    assert found.rest.max() > 0.05
    np.testing.assert_allclose(model.predict_proba(asked).sum(axis=1), 1, atol=1e-5)
    answers = model.identify(asked, 40)
    assert model.predict(asked) == [each.candidates[0].creator for each in answers]
    for number, coverage in enumerate((0.9, 0.95, 0.99)):
        sets = [each.sets[number] for each in answers]
        right = asked.table["creator"]
        assert np.mean([own in each.creators for own, each in zip(right, sets, strict=True)]) > coverage - 0.04
        assert {each.size for each in sets} == {40} or noise < 1


@pytest.mark.usefixtures("_few_candidates")
def test_what_is_fused_of_some_creators_is_what_is_fused_of_all() -> None:
    photo, text = np.zeros((1, 5000), dtype=np.float32), np.zeros((1, 5000), dtype=np.float32)
    photo[0, 7] = 30  # the photo is sure, the text says nothing
    slate = Slate.of([np.arange(8)[None], np.arange(8)[None]], 5000)
    assert len(slate.sample) == 6
    tables = {
        "photo": slate.probabilities(photo[:, slate.columns[0]]),
        "text": slate.probabilities(text[:, slate.columns[0]]),
    }
    given = np.ones(1, dtype=np.bool_)
    asked = SlateScores(slate, tables, {"photo": given, "text": given}, np.array([1]), 5000)  # type: ignore[arg-type]
    assert tables["text"][0, 0] == pytest.approx(1 / 5000)
    assert asked.fused(FixedRatio("arithmetic", 0.5)).probabilities[0, 0] == pytest.approx(0.5 + 0.5 / 5000, rel=1e-4)


def test_a_creator_more_changes_at_most_one_of_those_who_stand_for_the_rest() -> None:
    for count in (600, 5000):
        assert len(np.intersect1d(sample_of(count), sample_of(count + 1))) >= candidates.SAMPLE - 1
        assert len(np.unique(sample_of(count))) == candidates.SAMPLE
    assert sample_of(5000) is sample_of(5000)


def test_creators_of_whom_a_model_can_read_nothing_do_not_come_before_the_others() -> None:
    works, asked = market(30, 8, 0.7, size=64), market(29, 1, 0.7, size=64, seed=1)
    known = works.take(np.flatnonzero(works.creator_indices() < 29))
    listed = [*known, *without_vector(known.take(np.arange(0, len(known), 3)))]
    model = FusedModel("photo-column:clip", candidates=True).fit(
        Catalog.from_works(replace(work, id=str(number)) for number, work in enumerate(listed))
    )
    before = model.predict(asked)
    model.add_creators(Catalog.from_works(without_vector(works.take(np.flatnonzero(works.creator_indices() == 29)))))
    assert model.predict(asked) == before == asked.table["creator"].to_list()


def test_creators_of_one_work_are_learned_from_where_another_has_two() -> None:
    listed = [Work(str(number), f"{number:02}", f"alpha{number} beta{number} gamma{number}") for number in range(60)]
    asked = Catalog.from_works(Work(str(number), title=f"gamma{number} alpha{number}") for number in range(60))
    model = make_model("text-linear~candidates").fit(Catalog.from_works([*listed, Work("more", "00", "alpha0 delta0")]))
    assert np.mean(np.array(model.predict(asked)) == [f"{number:02}" for number in range(60)]) > 0.7


def test_a_learned_fusion_is_judged_on_works_that_it_was_not_learned_on(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[tuple[Any, list[SlateScores]]] = []
    judged, learn, losses = [], candidate_fusion._learn_fusion, SlateScores.losses

    def noting(asked: Any, *others: Any) -> Any:
        learned.append((learn(asked, *others), list(asked)))
        return learned[-1][0]

    def asking(self: SlateScores, fuser: Any, labels: Any) -> Any:
        judged.extend(any(self is each for each in asked) for fusion, asked in learned if fusion is fuser)
        return losses(self, fuser, labels)

    monkeypatch.setattr(candidate_fusion, "_learn_fusion", noting)
    monkeypatch.setattr(SlateScores, "losses", asking)
    FusedModel("photo-column:clip", candidates=True).fit(many())
    assert len(learned) >= 5
    assert judged == [False] * 5


def test_a_name_with_a_tilde_means_candidates_for_both_models_and_is_refused_where_none_are_wanted() -> None:
    works = many()
    one = FusedModel("photo-column:clip~candidates").fit(works)
    other = FusedModel("photo-column:clip", candidates=True).fit(works)
    assert one.limits_ == other.limits_
    np.testing.assert_array_equal(one.predict_proba(works), other.predict_proba(works))
    with pytest.raises(ModelError, match="name photo-column:clip, or leave candidates out"):
        FusedModel("photo-column:clip~candidates", candidates=False).fit(works)


@pytest.mark.parametrize("way", [True, False])
def test_vectors_that_only_held_out_works_have_are_learned_all_the_same(way: bool) -> None:
    works = market(20, 15, 0.7)
    listed = without_vector(works)
    held = int(np.flatnonzero(fused._held_out(works.creator_indices(), 0))[0])
    listed[held] = replace(listed[held], kept=next(iter(works.take([held]))).kept)
    model = FusedModel("photo-column:clip", candidates=way).fit(Catalog.from_works(listed))
    assert (model.photo_model_ is not None, set(model.limits_)) == (True, {"title"})


def test_a_work_whose_photos_are_read_as_one_vector_is_held_out_once() -> None:
    works = market(30, 15, 0.7, photos=("a.jpg", "b.jpg"))
    model = FusedModel("photo-column:clip", candidates=True).fit(works)
    assert {view: each.works for view, each in model.limits_.items()} == {"photo": 90}


def test_with_a_ratio_that_is_set_each_model_is_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fits, fit = [], CandidateModel.fit
    monkeypatch.setattr(CandidateModel, "fit", lambda self, *given: fits.append(self.name) or fit(self, *given))
    model = FusedModel("photo-column:clip", candidates=True, how="log-linear", photo_weight=0.25).fit(many())
    assert len(fits) == 2
    assert model.fuser_ == FixedRatio("log-linear", 0.25)
