"""The relation of entropy and accuracy: against SciPy, by hand, and by its interval's coverage of a known truth."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from sakka.paper.entropy import Combinations, label_combinations
from sakka.paper.entropy_relation import combination_points, entropy_relation


def _works(seed: int, n_works: int = 600) -> tuple[Combinations, np.ndarray, np.ndarray]:
    """Label sets, the share of five judges that were right (more often where entropy is low) and creators."""
    generator = np.random.default_rng(seed)
    labels = generator.random((n_works, 6)) < generator.uniform(0.05, 0.5, size=6)
    creators = generator.integers(12, size=n_works)
    combinations = label_combinations(labels, creators)
    chance = 0.9 - 0.25 * combinations.entropy_of_works
    return combinations, generator.binomial(5, chance) / 5, creators


@pytest.mark.parametrize("seed", range(5))
def test_over_works_the_correlation_is_scipy_s(seed: int) -> None:
    combinations, right, _ = _works(seed)
    expected = spearmanr(np.round(combinations.entropy_of_works, 12), right).statistic
    assert entropy_relation(combinations, right, resamples=2).correlation == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("minimum_works", [1, 4])
def test_over_label_sets_the_correlation_is_scipy_s(minimum_works: int) -> None:
    combinations, right, _ = _works(7)
    points = combination_points(combinations, right, minimum_works=minimum_works)
    expected = spearmanr(np.round(points.entropy, 12), np.round(points.accuracy, 12)).statistic
    found = entropy_relation(combinations, right, unit="combination", minimum_works=minimum_works, resamples=2)
    assert found.correlation == pytest.approx(expected, abs=1e-12)
    assert found.combinations == len(points.works) == (combinations.works >= minimum_works).sum()


def test_points_counted_by_hand() -> None:
    labels = np.array([[True], [True], [False], [False], [False]])
    combinations = label_combinations(labels, np.array([0, 1, 0, 0, 0]))
    points = combination_points(combinations, np.array([1.0, 0.5, 1, 0, 0]), evaluated=np.array([1, 1, 1, 1, 0], bool))
    shown = combinations.labels[points.combination, 0].tolist()
    assert sorted(
        zip(shown, points.works.tolist(), points.accuracy.tolist(), points.entropy.tolist(), strict=True)
    ) == [
        (False, 2, 0.5, 0.0),
        (True, 2, 0.75, pytest.approx(math.log(2))),
    ]


def test_works_that_were_not_judged_do_not_count() -> None:
    combinations, right, _ = _works(3)
    evaluated = np.random.default_rng(0).random(len(right)) < 0.5
    spoiled = np.where(evaluated, right, 1 - right)
    assert entropy_relation(combinations, right, evaluated=evaluated) == entropy_relation(
        combinations, spoiled, evaluated=evaluated
    )
    expected = spearmanr(np.round(combinations.entropy_of_works[evaluated], 12), right[evaluated]).statistic
    assert entropy_relation(combinations, right, evaluated=evaluated).correlation == pytest.approx(expected, abs=1e-12)


def test_the_interval_holds_the_correlation_and_is_the_same_for_the_same_seed() -> None:
    combinations, right, _ = _works(1)
    first = entropy_relation(combinations, right, seed=5)
    assert first == entropy_relation(combinations, right, seed=5)
    assert first != entropy_relation(combinations, right, seed=6)
    assert first.low < first.correlation < first.high < 0


def test_a_wider_level_gives_a_wider_interval() -> None:
    combinations, right, _ = _works(2)
    narrow, wide = (entropy_relation(combinations, right, level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low
    assert wide.high > narrow.high


def test_the_interval_takes_sets_and_not_works_as_independent() -> None:
    """Twenty copies of every work leave the interval as wide as it was."""
    combinations, right, _ = _works(4)
    once = entropy_relation(combinations, right)
    often = entropy_relation(
        Combinations(
            combinations.labels,
            combinations.works * 20,
            combinations.creators,
            combinations.entropy,
            np.repeat(combinations.of_work, 20),
            "e",
        ),
        np.repeat(right, 20),
    )
    assert often.correlation == pytest.approx(once.correlation)
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_without_variation_there_is_no_correlation() -> None:
    combinations, right, _ = _works(0)
    found = entropy_relation(combinations, np.ones_like(right))
    assert math.isnan(found.correlation)
    assert math.isnan(found.low)
    empty = label_combinations(np.zeros((0, 3), dtype=np.bool_), np.zeros(0, dtype=np.int64))
    assert math.isnan(entropy_relation(empty, np.zeros(0)).correlation)


def test_a_perfect_relation_is_minus_one() -> None:
    labels = np.eye(3, dtype=np.bool_)[np.array([0, 1, 1, 2, 2, 2, 2])]
    combinations = label_combinations(labels, np.array([0, 0, 1, 0, 1, 2, 3]))
    right = 1 - combinations.entropy_of_works / 2
    assert entropy_relation(combinations, right).correlation == pytest.approx(-1)
