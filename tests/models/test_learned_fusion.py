import numpy as np
import pytest

from sakka.arrays import IntArray, Probabilities
from sakka.errors import ModelError
from sakka.models.calibration import fit_temperature, with_temperature
from sakka.models.cross_fusion import better_kind
from sakka.models.fusion import fuse
from sakka.models.learned_fusion import (
    KINDS,
    VIEWS,
    LearnedFusion,
    Weights,
    every_so_many,
    features,
    fit_fusion,
    fused_views,
)

WORKS, CREATORS = 600, 8


def answers(skill: float, heat: float = 1.0, works: int = WORKS, seed: int = 0) -> tuple[Probabilities, IntArray]:
    """A model that knows the right posterior and states it at another temperature, and the works' creators."""
    labels = np.random.default_rng(1).integers(0, CREATORS, works)
    scores = np.random.default_rng(seed).standard_normal((works, CREATORS))
    scores[np.arange(works), labels] += skill
    odds = np.exp(scores * skill / heat)  # skill * score is the log-likelihood ratio of these two normal densities
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32), labels


def log_loss(table: Probabilities, labels: IntArray) -> float:
    return float(-np.log(table[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_a_learned_fusion_beats_every_ratio_where_one_model_is_too_sure(kind: str) -> None:
    photo, labels = answers(1.5, heat=0.25, seed=2)
    text, _ = answers(1.5, heat=2.0, seed=3)
    fusion = fit_fusion(photo[:400], text[:400], labels[:400], kind=kind)  # type: ignore[arg-type]
    learned = log_loss(fusion.predict(photo[400:], text[400:]), labels[400:])
    ratios = [log_loss(fuse(photo[400:], text[400:], w, "log-linear"), labels[400:]) for w in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert learned < min(ratios) - 0.02


def test_log_linear_weights_find_the_two_temperatures() -> None:
    photo, labels = answers(1.0, heat=0.5, works=6000, seed=2)
    text, _ = answers(1.0, heat=2.0, works=6000, seed=3)
    weights = fit_fusion(photo, text, labels).views["both"].features
    np.testing.assert_allclose(weights, [0.5, 2.0], rtol=0.1)


def test_without_works_a_fusion_is_the_geometric_mean() -> None:
    photo, _ = answers(1.0, seed=2)
    text, _ = answers(1.0, seed=3)
    fusion = fit_fusion(photo[:0], text[:0], np.empty(0, np.int64))
    np.testing.assert_allclose(fusion.predict(photo, text), fuse(photo, text, 0.5, "log-linear"), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_side_changes_nothing_whatever_stands_there(kind: str) -> None:
    photo, labels = answers(1.0, seed=2)
    text, _ = answers(1.0, seed=3)
    has_photo = np.arange(WORKS) % 5 != 0
    has_text = (np.arange(WORKS) % 7 != 1) | ~has_photo
    fusion = fit_fusion(photo, text, labels, has_photo, has_text, kind=kind)  # type: ignore[arg-type]
    other_text = np.where(has_text[:, None], text, np.roll(text, 1, axis=1))
    fused = fusion.predict(photo, text, has_photo, has_text)
    np.testing.assert_array_equal(fused, fusion.predict(photo, other_text, has_photo, has_text))
    np.testing.assert_allclose(fused.sum(axis=1), 1, atol=1e-5)


def test_a_photo_alone_is_answered_by_weights_of_its_own() -> None:
    photo, labels = answers(1.0, heat=0.5, works=4000, seed=2)
    text, _ = answers(1.0, works=4000, seed=3)
    fusion = fit_fusion(photo, text, labels)
    alone = fusion.predict(photo, text, has_text=np.zeros(4000, np.bool_))
    assert log_loss(alone, labels) < log_loss(photo, labels)
    np.testing.assert_allclose(fusion.views["photo"].features, [0.5], rtol=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fusion_comes_back_from_its_tensors(kind: str) -> None:
    photo, labels = answers(1.0, seed=2)
    fusion = fit_fusion(photo, photo, labels, kind=kind)  # type: ignore[arg-type]
    again = LearnedFusion.from_tensors(fusion.kind, fusion.tensors())
    np.testing.assert_array_equal(again.predict(photo, photo), fusion.predict(photo, photo))


def test_the_kind_is_the_one_that_does_better_on_the_other_half() -> None:
    photo, labels = answers(1.0, seed=2)
    text, _ = answers(1.0, seed=3)
    masks = np.ones(WORKS, np.bool_), np.ones(WORKS, np.bool_)
    assert better_kind(photo, text, labels, *masks, seed=0) == "log-linear"  # it is all there is to know
    heat = np.random.default_rng(4).choice([0.05, 20.0], size=(WORKS, 1))  # only the order of a work's answers is right
    blurred = photo ** (1 / heat)
    blurred = (blurred / blurred.sum(axis=1, keepdims=True)).astype(np.float32)
    assert better_kind(blurred, blurred, labels, *masks, seed=0) == "stacked"


def test_candidate_features_are_as_counted_by_hand() -> None:
    table = np.array([[0.5, 0.2, 0.3]], dtype=np.float32)
    logarithms = np.log(table[0])
    entropy = -(table[0] * logarithms).sum()
    expected = np.column_stack([logarithms, table[0], logarithms * entropy, -np.log([1, 3, 2]), [1, 0, 0], [0.2, 0, 0]])
    np.testing.assert_allclose(features("stacked", [table])[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_fitted_on_the_first_candidates_a_fusion_is_nearly_that_of_all_creators(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, labels = answers(1.5, heat=0.5, works=4000, seed=2)
    text, _ = answers(1.5, heat=2.0, works=4000, seed=3)
    whole = fit_fusion(photo, text, labels, kind=kind).predict(photo, text)  # type: ignore[arg-type]
    monkeypatch.setattr("sakka.models.learned_fusion.CANDIDATES", CREATORS - 2)
    some = fit_fusion(photo, text, labels, kind=kind).predict(photo, text)  # type: ignore[arg-type]
    assert not np.array_equal(some, whole)
    assert (some.argmax(axis=1) == whole.argmax(axis=1)).mean() > 0.99
    assert log_loss(some, labels) == pytest.approx(log_loss(whole, labels), abs=0.002)


def test_a_fusion_of_works_with_photo_and_text_needs_only_the_weights_of_both() -> None:
    photo, labels = answers(1.0, seed=2)
    text, _ = answers(1.0, seed=3)
    assert fused_views(WORKS, None, None) == ("both",)
    both = fit_fusion(photo, text, labels, views=("both",))
    assert list(both.views) == ["both"]
    np.testing.assert_array_equal(both.predict(photo, text), fit_fusion(photo, text, labels).predict(photo, text))


def test_a_large_table_is_thinned_evenly() -> None:
    assert every_so_many(np.arange(10), 2**20).tolist() == [0, 3, 6, 9]
    assert every_so_many(np.arange(4), 1000).tolist() == [0, 1, 2, 3]


def test_what_can_not_be_fused_is_refused() -> None:
    photo, labels = answers(1.0)
    with pytest.raises(ModelError, match=r"can't fuse probabilities of shapes \(600, 8\) and \(600, 7\)"):
        fit_fusion(photo, photo[:, :7], labels)
    with pytest.raises(ModelError, match="no learned fusion is called 'mean'"):
        fit_fusion(photo, photo, labels, kind="mean")  # type: ignore[arg-type]


def test_the_temperature_undoes_what_made_a_model_too_sure() -> None:
    sure, labels = answers(1.0, heat=0.4, works=4000)
    calibrated, _ = answers(1.0, works=4000)
    temperature = fit_temperature(sure, labels)
    assert temperature == pytest.approx(2.5, rel=0.1)
    np.testing.assert_allclose(with_temperature(sure, 2.5), calibrated, atol=2e-2)
    assert fit_temperature(sure[:0], labels[:0]) == 1.0


def test_a_learned_fusion_shares_by_its_weights_and_less_below_the_floor() -> None:
    weights = {"both": [1.5, 0.5], "photo": [0.9], "text": [1.1]}
    views = {view: Weights(np.array(weights[view]), np.zeros(2), np.zeros(2)) for view in VIEWS}
    fusion = LearnedFusion("log-linear", views)
    assert fusion.weights(["photo", "text"]) == {"photo": 1.5, "text": 0.5}
    assert fusion.weights(["text"]) == {"text": 1.1}
    even, sure = np.float32([0.8, 0.2]), np.float32([1, 1e-12])
    assert fusion.shares({"photo": even, "text": sure}, 0, 1) == {"photo": 1.5, "text": pytest.approx(0.25)}


def test_several_photos_are_trusted_more_than_one_where_they_tell_more() -> None:
    photo, labels = answers(1.5, seed=3)
    text, _ = answers(1.0, seed=4)
    photos = np.arange(WORKS) % 2 * 4 + 1  # one photo, or five
    photo[photos == 1] = photo[photos == 1][::-1]  # what one photo says is of another work
    fusion = fit_fusion(photo, text, labels, photos)
    one, five = (fusion.weights(["photo", "text"], count)["photo"] for count in (1, 5))
    assert one < 0.2 < 0.8 < five
    table = fusion.predict(photo[:2], text[:2], np.array([1, 5]))
    assert table[1].tolist() == fusion.predict(photo[:2], text[:2], np.array([5, 5]))[1].tolist()
    again = LearnedFusion.from_tensors("log-linear", fusion.tensors())
    np.testing.assert_array_equal(again.predict(photo[:2], text[:2], np.array([1, 5])), table)


def test_where_no_work_has_several_photos_their_number_counts_for_nothing() -> None:
    photo, labels = answers(1.5, seed=3)
    text, _ = answers(1.0, seed=4)
    fusion = fit_fusion(photo, text, labels, np.ones(WORKS, dtype=np.int64))
    assert fusion.views["both"].photos.tolist() == [0.0]
    np.testing.assert_array_equal(fusion.predict(photo, text, np.full(WORKS, 3)), fusion.predict(photo, text))
