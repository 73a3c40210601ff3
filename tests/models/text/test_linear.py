"""The linear text model: no leak between folds, the same answers alone and together, small and fast."""

import time
from typing import Any

import numpy as np
import pytest

from sakka.arrays import IntArray
from sakka.catalog.splits import nested_splits
from sakka.catalog.works import Catalog, Work
from sakka.models.base import CreatorModel
from sakka.models.linear_head.sparse import COPIES, fit_sparse
from sakka.models.text import linear
from sakka.models.text.features import count_blocks
from sakka.models.text.linear import PROFILES, LinearText, Profile

SUBJECTS = ("rose", "sea", "moon", "猫と花", "刺繍")


def catalog(changed: dict[int, str] | None = None) -> Catalog:
    random = np.random.default_rng(0)
    common = [*("a", "of", "the", "with", "and", "study", "portrait", "view"), *("の", "を", "に", "ブローチ")]
    texts = [f"{SUBJECTS[n % 5]} {' '.join(random.choice(common, 6))}" for n in range(150)]
    for row, text in (changed or {}).items():
        texts[row] = text
    return Catalog.from_works([Work(str(n), f"creator {n % 5}", text) for n, text in enumerate(texts)])


def test_changing_every_other_text_changes_nothing_in_a_folds_model(monkeypatch: pytest.MonkeyPatch) -> None:
    works = catalog()
    fold = nested_splits(works, seed=1).fold(0, 0)
    others = np.concatenate([fold.validation, fold.test]).tolist()
    changed = catalog(dict.fromkeys(others, "the the の の unseen 未知 words moon rose a" * 3))
    fitted: list[LinearText] = []  # for each version the models of both profiles, then the fold's own
    original = LinearText._fit_counts
    monkeypatch.setattr(LinearText, "_fit_counts", lambda *a: fitted.append(original(*a)) or fitted[-1])
    for version in (works, changed):
        list(LinearText().predict_folds(version, [fold], works.creators))
    assert len(fitted) == 6
    for model, other in zip(fitted[:3], fitted[3:], strict=True):
        first, second = model._export().tensors, other._export().tensors
        assert model.profile_ == other.profile_
        assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_a_folds_answers_are_bit_for_bit_those_of_fit_on_its_training_part() -> None:
    works = catalog()
    splits = nested_splits(works, seed=1)
    folds = [splits.fold(0, 0), splits.fold(0, 1), splits.fold(3, 2)]
    for answer in LinearText(max_features=50).predict_folds(works, folds, works.creators):
        alone = LinearText(max_features=50).fit(works.take(answer.fold.train), works.creators)
        assert (alone.predict_proba(works.take(answer.fold.test)) == answer.test).all()
        assert (alone.predict_proba(works.take(answer.fold.validation)) == answer.validation).all()


def test_a_text_has_the_same_features_alone_and_among_others() -> None:
    works = catalog({0: "", 1: "未知", 2: "rose"})
    model = LinearText().fit(works)
    among, _ = model.features(works)
    for row in range(20):
        alone, _ = model.features(works.take([row]))
        assert alone.shape == (1, among.shape[1])
        assert alone.indices.tolist() == among[row].indices.tolist()
        assert alone.data.tobytes() == among[row].data.tobytes()


def test_the_vocabulary_keeps_within_its_limits() -> None:
    model = LinearText(max_features=11, min_texts=3).fit(catalog())
    assert [len(block.vocabulary) for block in model.blocks_] == [11, 11]
    assert model.head_ is not None
    assert model.head_.weights.shape == (22, 5)


def test_many_creators_are_known_by_fewer_features_so_that_the_weights_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    works = catalog()
    room = COPIES * 4 * 2 * len(works.creators) * 7  # for 7 features of both kinds
    monkeypatch.setattr(linear, "TRAINING_BYTES", room)
    twice = [*works.creators, *(f"{creator}, too" for creator in works.creators)]
    for creators, shape in ((works.creators, (14, 5)), (twice, (6, 10))):
        head = LinearText().fit(works, creators).head_
        assert head is not None
        assert head.weights.shape == shape


def test_subjects_in_either_script_are_learned() -> None:
    model = LinearText().fit(catalog())
    answers = model.predict(Catalog.from_works([Work(str(n), None, text) for n, text in enumerate(SUBJECTS)]))
    assert answers == [f"creator {n}" for n in range(5)]


def test_a_text_without_any_known_feature_gets_a_defined_answer() -> None:
    model: CreatorModel = LinearText().fit(catalog())
    answer = model.predict_proba(Catalog.from_works([Work("x", None, "ξξξ")]))
    np.testing.assert_allclose(answer.sum(), 1, atol=1e-6)


def test_one_text_takes_less_than_ten_milliseconds() -> None:
    model, work = LinearText().fit(catalog()), Catalog.from_works([Work("x", None, "rose の " * 50)])
    times = []
    for _ in range(30):
        start = time.perf_counter()
        model.predict_proba(work)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.01


def test_the_profile_is_the_one_that_does_better_on_works_held_out() -> None:
    model = LinearText().fit(catalog())
    assert model.profile_ in PROFILES
    counts, labels = count_blocks(catalog().texts, 2), catalog().creator_indices()
    rows = np.arange(len(labels))
    learn, held = rows[rows % 4 > 0], rows[rows % 4 == 0]
    losses = {profile: model._loss_of(profile, counts, labels, learn, held) for profile in PROFILES}
    assert min(losses, key=losses.__getitem__) == model.profile_


def test_settings_that_are_given_are_used() -> None:
    given = LinearText(penalty=0.1, idf_power=0.0, halves=False).fit(catalog())
    assert given.profile_ == Profile(0.0, 0.1, False)
    assert LinearText(penalty=0.1).fit(catalog()).profile_.penalty == 0.1


def test_learning_from_halves_adds_two_rows_a_text_and_none_for_a_blank_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows: list[int] = []

    def counting(features: Any, labels: IntArray, *others: Any, **settings: Any) -> Any:
        rows.append(len(labels))
        return fit_sparse(features, labels, *others, **settings)

    monkeypatch.setattr("sakka.models.text.linear.fit_sparse", counting)
    for halves in (False, True):
        LinearText(penalty=0.1, idf_power=0.0, halves=halves).fit(catalog({0: ""}))
    assert rows == [150, 448]
