"""Entropy of label sets: counted by hand, against a plain loop, and by what must not change it."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from sakka.paper.entropy import (
    THRESHOLDS,
    label_combinations,
    measures_under_thresholds,
    works_per_creator,
)

CAT, CUP = [True, False], [False, True]
BOTH, NOTHING = [True, True], [False, False]


def _plain_entropy(labels: np.ndarray, creators: np.ndarray) -> list[float]:
    """The formula as the paper writes it, set by set."""
    sets = [frozenset(np.flatnonzero(row).tolist()) for row in labels]
    by_set: dict[frozenset[int], Counter[int]] = defaultdict(Counter)
    for shown, creator in zip(sets, creators.tolist(), strict=True):
        by_set[shown][creator] += 1
    entropy = {
        shown: -sum(n / counts.total() * math.log(n / counts.total()) for n in counts.values())
        for shown, counts in by_set.items()
    }
    return [entropy[shown] for shown in sets]


def test_four_works_counted_by_hand() -> None:
    labels = np.array([CAT, CAT, CAT, CAT, CUP, CUP, BOTH, NOTHING])
    creators = np.array([0, 0, 1, 2, 0, 1, 2, 2])
    found = label_combinations(labels, creators)
    cat = 0.5 * math.log(2) + 2 * 0.25 * math.log(4)
    assert found.entropy_of_works == pytest.approx([cat] * 4 + [math.log(2)] * 2 + [0, 0])
    assert sorted(found.works.tolist()) == [1, 1, 2, 4]
    assert found.creators[found.of_work].tolist() == [3, 3, 3, 3, 2, 2, 1, 1]
    assert np.array_equal(found.labels[found.of_work], labels)


def test_base_2_counts_in_bits() -> None:
    labels = np.array([CAT] * 4)
    creators = np.arange(4)
    assert label_combinations(labels, creators, base="2").entropy.tolist() == [2.0]
    assert label_combinations(labels, creators).entropy == pytest.approx([2 * math.log(2)])


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 10), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_the_entropy_is_that_of_the_formula(n_works: int, n_labels: int, n_creators: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.random((n_works, n_labels)) < 0.3
    creators = generator.integers(n_creators, size=n_works)
    assert label_combinations(labels, creators).entropy_of_works == pytest.approx(
        _plain_entropy(labels, creators), abs=1e-12
    )


@settings(max_examples=40)
@given(st.integers(1, 30), st.integers(1, 6))
def test_k_creators_with_equal_shares_have_entropy_log_k_and_one_has_exactly_0(k: int, works_each: int) -> None:
    creators = np.repeat(np.arange(k), works_each)
    found = label_combinations(np.ones((len(creators), 3), dtype=np.bool_), creators)
    assert found.entropy == pytest.approx([math.log(k)], abs=1e-12)
    if k == 1:
        assert found.entropy.tolist() == [0.0]
        assert math.copysign(1, found.entropy[0]) == 1


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_order_of_works_labels_and_creators_does_not_matter(seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels, creators = generator.random((30, 5)) < 0.4, generator.integers(4, size=30)
    works, columns, names = generator.permutation(30), generator.permutation(5), generator.permutation(4)
    changed = label_combinations(labels[works][:, columns], names[creators[works]])
    assert changed.entropy_of_works == pytest.approx(label_combinations(labels, creators).entropy_of_works[works])


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_entropy_is_at_most_the_logarithm_of_works_and_of_creators(seed: int) -> None:
    generator = np.random.default_rng(seed)
    found = label_combinations(generator.random((50, 3)) < 0.5, generator.integers(6, size=50))
    assert (found.entropy <= np.log(np.minimum(found.works, found.creators)) + 1e-12).all()
    assert (found.entropy >= 0).all()


def test_no_works_have_no_combinations() -> None:
    found = label_combinations(np.zeros((0, 91), dtype=np.bool_), np.zeros(0, dtype=np.int64))
    assert len(found.works) == len(found.entropy) == len(found.entropy_of_works) == 0


def test_table_1_counted_by_hand() -> None:
    entropy = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 2.5, 2.5])
    creators = np.array([0, 0, 0, 1, 1, 1, 3])
    everything, below_3, below_1 = works_per_creator(entropy, creators, thresholds=(3.0, 1.0))
    assert (everything.threshold, everything.works, everything.creators) == (None, 7, 3)
    assert (everything.maximum, everything.minimum) == (3, 1)
    assert everything.standard_deviation == pytest.approx(math.sqrt(8 / 9))
    assert (below_3.works, below_3.threshold) == (7, 3.0)
    assert (below_1.works, below_1.creators, below_1.maximum, below_1.minimum) == (4, 2, 3, 1)
    assert below_1.standard_deviation == pytest.approx(1.0)


def test_a_work_at_the_threshold_is_left_out() -> None:
    labels = np.array([CAT] * 2)
    found = label_combinations(labels, np.arange(2), base="2")
    assert [row.works for row in works_per_creator(found.entropy_of_works, np.arange(2), (2.0, 1.0))] == [2, 2, 0]


def test_the_thresholds_are_the_paper_s() -> None:
    assert THRESHOLDS == (5.0, 4.0, 3.0, 2.0, 1.0)


def test_measures_under_a_threshold_counted_by_hand() -> None:
    entropy = np.array([0.0, 0.0, 0.0, 1.5])
    creators = np.array([0, 0, 1, 2])
    predicted = np.array([[0, 2, 1, 2], [0, 0, 0, 0]])
    found = measures_under_thresholds(entropy, creators, predicted, 3, thresholds=(math.inf, 1.0, 0.0))
    assert found.works.tolist() == [4, 3, 0]
    assert found.accuracy[:2].tolist() == pytest.approx(np.array([[3 / 4, 2 / 4], [2 / 3, 2 / 3]]))
    # creator 2 has no work left below 1: its F1 does not enter the mean, and naming it costs creator 0 its recall
    assert found.macro_f1[1].tolist() == pytest.approx([(2 / 3 + 1) / 2, (0.8 + 0) / 2])
    assert np.isnan(found.accuracy[2]).all()
    assert np.isnan(found.macro_f1[2]).all()


def test_measures_agree_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    entropy = generator.uniform(0, 6, size=2000)
    creators = generator.integers(40, size=2000)
    predicted = np.where(generator.random((5, 2000)) < 0.6, creators, generator.integers(60, size=(5, 2000)))
    found = measures_under_thresholds(entropy, creators, predicted, 60)
    for row, threshold in enumerate(THRESHOLDS):
        kept = entropy < threshold
        for model in range(5):
            present = np.unique(creators[kept])
            expected = f1_score(
                creators[kept], predicted[model, kept], labels=present, average="macro", zero_division=0
            )
            assert found.macro_f1[row, model] == pytest.approx(expected, abs=1e-12)
            assert found.accuracy[row, model] == pytest.approx((creators == predicted[model])[kept].mean(), abs=1e-12)


def test_tables_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="expected as many"):
        label_combinations(np.zeros((2, 3), dtype=np.bool_), np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match="expected as many"):
        measures_under_thresholds(np.zeros(2), np.zeros(2, dtype=np.int64), np.zeros((1, 3), dtype=np.int64), 2)
