"""P-values and sets of possible creators: counted by hand, how often they hold, and what a model gives."""

from pathlib import Path

import numpy as np
import pytest

from sakka.arrays import DoubleArray, IntArray, Probabilities, softmax
from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError
from sakka.models.confidence import confidence
from sakka.models.conformal import SURER, ConformalScores, KnownWorks, creator_sets, learn_conformal
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from sakka.models.identification import COVERAGES, FALSE_REFUSALS
from sakka.models.learning_limits import HeldOut
from sakka.models.limits import ViewLimits


def drawn(works: int, creators: int, seed: int) -> tuple[Probabilities, IntArray]:
    """Works of creators of whom the later ones are harder to tell, and a model's probabilities."""
    generator = np.random.default_rng(seed)
    labels: IntArray = generator.integers(0, creators, works)
    scores = generator.standard_normal((works, creators)).astype(np.float32)
    scores[np.arange(works), labels] += 5 - 4 * labels / creators
    return softmax(scores), labels


def own(table: Probabilities, labels: IntArray) -> Probabilities:
    return table[np.arange(len(labels)), labels]


@pytest.mark.parametrize("coverage", COVERAGES)
def test_sets_hold_the_right_creator_as_often_as_is_said_for_each_creator_too(coverage: float) -> None:
    (table, labels), (asked, right) = drawn(20_000, 10, 1), drawn(20_000, 10, 2)
    scores = ConformalScores.of(own(table, labels), labels, 10)
    held = scores.possible(asked, coverage)[np.arange(len(right)), right]
    assert abs(held.mean() - coverage) < 0.01
    by_creator = np.bincount(right, held) / np.bincount(right)
    assert np.abs(by_creator - coverage).max() < 0.025
    everyone_alike = own(asked, right) > np.quantile(own(table, labels), 1 - coverage)
    gaps = np.abs(np.bincount(right, everyone_alike) / np.bincount(right) - coverage)
    assert gaps.max() > 2 * np.abs(by_creator - coverage).max()


def test_a_creator_of_few_held_out_works_is_judged_as_everyone_is_and_one_of_many_by_those() -> None:
    everyone = np.linspace(0.01, 0.99, 99, dtype=np.float32)  # one at each hundredth
    scores = ConformalScores.of(np.append(everyone, [0.8] * 100).astype(np.float32), np.repeat([0, 1], [99, 100]), 3)

    def least(creator: int, coverage: float) -> float:
        asked = np.arange(0, 1, 0.01, dtype=np.float32) + np.float32(0.005)
        return float(asked[scores.possible(asked[:, None], coverage, np.array([creator]))[:, 0]].min())

    assert least(2, 0.9) == pytest.approx(0.195)  # (19 + 1) / 200 is not above 0.1, (20 + 1) / 200 would be: 0.2 - ...
    assert least(0, 0.9) == pytest.approx(0.105, abs=0.011)
    assert least(1, 0.9) == pytest.approx(0.805, abs=0.011)


def test_more_coverage_never_makes_a_set_smaller_and_a_set_may_be_empty() -> None:
    table, labels = drawn(2000, 6, 5)
    scores = ConformalScores.of(own(table, labels), labels, 6)
    names = "abcdef"
    for row in table[:50]:
        columns = np.argsort(-row, kind="stable")
        sets = creator_sets(scores, columns, row[columns], names, 2)
        assert [each.size for each in sets] == sorted(each.size for each in sets)
        assert [each.coverage for each in sets] == list(COVERAGES)
        assert all(len(each.creators) == min(2, each.size) for each in sets)
    nothing_alike = np.full(6, 1e-9, dtype=np.float32)
    assert [each.size for each in creator_sets(scores, np.arange(6), nothing_alike, names, 2)] == [0, 0, 0]


def test_only_the_columns_that_are_asked_for_are_judged() -> None:
    table, labels = drawn(500, 6, 3)
    scores = ConformalScores.of(own(table, labels), labels, 6)
    chosen = np.array([4, 1])
    some = scores.possible(table[:, chosen], 0.9, chosen)
    np.testing.assert_array_equal(some, scores.possible(table, 0.9)[:, chosen])


def test_a_creator_who_comes_and_goes_leaves_nothing_behind_and_one_who_goes_takes_the_works() -> None:
    table, labels = drawn(300, 4, 4)
    scores = ConformalScores.of(own(table, labels), labels, 4)
    again = scores.with_creators(1).without(4)
    np.testing.assert_array_equal(again.possible(table, 0.9), scores.possible(table, 0.9))
    fewer = labels != 2
    rest = ConformalScores.of(own(table, labels)[fewer], (labels - (labels > 2))[fewer], 3)
    np.testing.assert_array_equal(scores.without(2).scores, rest.scores)
    np.testing.assert_array_equal(scores.without(2).works, rest.works)


def held_out(sureness: DoubleArray, amounts: DoubleArray, *, is_shortened: bool = False) -> HeldOut:
    """Works of the first of two creators, of whom the model is so sure, with so much text."""
    table = np.stack([sureness, 1 - sureness], axis=1).astype(np.float32)
    return HeldOut(table, np.zeros(len(sureness), dtype=np.int64), amounts, True, is_shortened)


def known_works(*parts: HeldOut) -> KnownWorks:
    found = {"title": list(parts)}
    return learn_conformal(found, {"title": ViewLimits(100, 1.0, 0.9)}, 2)["title"].known  # type: ignore[arg-type, dict-item]


def test_a_p_value_is_the_share_of_held_out_works_that_are_no_surer() -> None:
    known = known_works(held_out(np.linspace(0.5, 0.89, 99), np.zeros(99)))
    assert (len(known.confidences), known.slope) == (99, 0.0)
    least, middle, most = known.confidences[[0, 49, 98]]
    found = [known.p_value(each) for each in (-1.0, least, middle, most, 0.0)]
    assert np.multiply(found, SURER * 100).round().tolist() == [1, 2, 51, 100, 100]


def test_of_known_creators_works_as_many_are_refused_as_is_said() -> None:
    generator = np.random.default_rng(3)
    known = KnownWorks.of(-generator.exponential(1, 4000), np.zeros(4000), 0.0)
    p_values = np.array([known.p_value(-each) for each in generator.exponential(1, 4000)])
    for rate in (0.01, 0.05, 0.2):
        assert abs((p_values <= rate).mean() - SURER * rate) < 0.015


def test_longer_texts_must_be_surer_and_the_lengths_are_refused_alike() -> None:
    generator = np.random.default_rng(0)
    amounts = generator.uniform(1, 5, 2000)
    sureness = np.clip(0.55 + 0.04 * amounts + generator.normal(0, 0.03, 2000), 0.5, 0.9)
    works = held_out(sureness, amounts)
    known = known_works(works)
    rows = zip(confidence(works.probabilities), amounts, strict=True)
    refused = np.array([known.p_value(*row) <= FALSE_REFUSALS for row in rows])
    assert known.slope > 0
    for some in (amounts < 3, amounts >= 3):
        assert 0.02 < refused[some].mean() < 0.1


def test_shortened_texts_speak_for_the_slope_alone() -> None:
    whole = held_out(np.linspace(0.6, 0.88, 100), np.full(100, 4.0))
    cut = held_out(np.linspace(0.5, 0.6, 100), np.full(100, 2.0), is_shortened=True)
    alone, both = known_works(whole), known_works(whole, cut)
    assert both.slope > alone.slope == 0.0
    np.testing.assert_allclose(both.confidences + 4 * both.slope, alone.confidences)


def titled(n: int, seed: int = 5) -> Catalog:
    """Works of two makers whose titles share many words, so that some can't be told apart."""
    generator = np.random.default_rng(seed)
    shared = [f"hana{number}" for number in range(8)]
    words = {0: [f"ume{number}" for number in range(3)], 1: [f"kaze{number}" for number in range(3)]}
    return Catalog.from_works(
        Work(str(number), f"creator {number % 2}", " ".join(generator.choice([*words[number % 2], *shared], 3)))
        for number in range(n)
    )


def test_a_fitted_model_gives_sets_that_come_back_from_its_folder(folder: Path) -> None:
    works = titled(600)
    model = FusedModel().fit(works)
    found = model.identify(titled(400, seed=6))
    right = [f"creator {number % 2}" for number in range(400)]
    for at, coverage in enumerate(COVERAGES):
        sets = [each.sets[at] for each in found]
        assert {each.coverage for each in sets} == {coverage}
        held = np.mean([creator in each.creators for creator, each in zip(right, sets, strict=True)])
        assert held > coverage - 0.05
    assert 1 < np.mean([each.sets[1].size for each in found]) < 2
    for rate in (0.0, 0.05, 0.3):
        answers = model.identify(titled(400, seed=6), false_refusals=rate)
        assert [each.p_value for each in answers] == [each.p_value for each in found]
        none = [each.answer == "none of the known creators" for each in answers]
        unlike = [each.p_value is not None and each.p_value <= rate for each in answers]
        assert all(each <= other for each, other in zip(none, unlike, strict=True))
        if rate == 0.05:
            rules_out = [each.sets[1].size < 2 for each in answers]
            assert none == [each and other for each, other in zip(unlike, rules_out, strict=True)]
        assert np.mean(none) < SURER * rate + 0.05
    with pytest.raises(ModelError, match=r"got `false_refusals=0.5`, expected 0 or more and less than 0.5"):
        model.identify(works, false_refusals=0.5)
    save_model(model, folder / "model")
    assert load_model(folder / "model").identify(works) == model.identify(works)
    model.add_creators(Catalog.from_works(Work(f"new {number}", "creator 2", "matsu take") for number in range(5)))
    assert "creator 2" in model.identify(Catalog.from_works([Work("?", title="matsu take")]))[0].sets[1].creators


def test_a_model_that_held_out_too_few_works_says_nothing_of_sets() -> None:
    assert FusedModel().fit(titled(40)).identify(titled(2)) != []
    assert [each.sets for each in FusedModel().fit(titled(40)).identify(titled(2))] == [(), ()]


def test_a_model_that_is_asked_for_candidates_and_has_few_creators_gives_sets_too() -> None:
    model = FusedModel(candidates=True).fit(titled(600))
    assert len(model.identify(titled(1))[0].sets) == len(COVERAGES)


def test_of_candidates_all_creators_are_judged_alike_and_the_rest_is_possible_where_it_often_was_right() -> None:
    table = np.float32([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])  # two candidates, and all others together
    held_out = HeldOut(np.repeat(table, 50, axis=0), np.repeat([0, 2], 50), np.zeros(100), True, False, has_rest=True)
    limits = {"photo": ViewLimits(100, 1.0, 0.9)}
    scores = learn_conformal({"photo": [held_out]}, limits, 1000)["photo"]
    np.testing.assert_array_equal(scores.scores, np.float32([0.0] * 50 + [0.6] * 50))
    assert not scores.works.any()
    names, own = [str(number) for number in range(1000)], (np.array([7, 900]), np.float32([0.6, 0.3]))
    everyone = creator_sets(scores, *own, names, 3)  # of a half of the works the creator is no candidate
    assert [(each.size, each.creators) for each in everyone] == [(1000, ("7", "900", "0"))] * 3
    nearly = ConformalScores.of(np.repeat(np.float32([0, 0.2, 0.6]), [7, 53, 40]), None, 1000)
    assert [each.size for each in creator_sets(nearly, *own, names, 3)] == [2, 1000, 1000]  # (7 + 1) / 101 is below 0.1
