import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support, top_k_accuracy_score

from sakka.evaluation.frame import ranks, reduced
from sakka.evaluation.metrics import accuracy, count, macro_f1, top_k_accuracy

CLOSE = {"rel": 1e-12, "abs": 1e-12}


def test_hand_counted_numbers() -> None:
    labels, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 0])
    counts = count(labels, predicted, 3)
    assert counts.correct.tolist() == [2, 1, 0]
    assert counts.precision.tolist() == pytest.approx([2 / 3, 1 / 2, 0])
    assert counts.recall.tolist() == pytest.approx([2 / 3, 1 / 2, 0])
    assert accuracy(labels, predicted) == 0.5
    assert macro_f1(counts) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60))
def test_measures_agree_with_scikit_learn_also_when_creators_are_absent(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    counts = count(labels, predicted, n_creators=9)
    assert accuracy(labels, predicted) == pytest.approx(accuracy_score(labels, predicted), **CLOSE)
    assert accuracy(labels, predicted) == pytest.approx(f1_score(labels, predicted, average="micro"), **CLOSE)
    assert macro_f1(counts) == pytest.approx(f1_score(labels, predicted, average="macro", zero_division=0), **CLOSE)
    precision, recall, f1, works = precision_recall_fscore_support(
        labels, predicted, labels=range(9), average=None, zero_division=0
    )
    np.testing.assert_allclose(counts.precision, precision, rtol=1e-12)
    np.testing.assert_allclose(counts.recall, recall, rtol=1e-12)
    np.testing.assert_allclose(counts.f1, f1, rtol=1e-12)
    np.testing.assert_array_equal(counts.works, works)


def test_top_k_accuracy_agrees_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(8), size=200).astype(np.float32)
    labels = generator.integers(0, 8, 200)
    for k in (1, 3, 5):
        expected = top_k_accuracy_score(labels, probabilities, k=k, labels=range(8))
        assert top_k_accuracy(ranks(probabilities, labels), k) == pytest.approx(expected, **CLOSE)


def test_the_first_rank_and_the_creator_predicted_agree_also_when_probabilities_are_equal() -> None:
    probabilities = np.float32([[0.25, 0.25, 0.5], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2]])
    labels = np.array([2, 0, 1])
    columns = reduced(probabilities.__getitem__, labels)
    assert columns["predicted"].tolist() == [2, 0, 0]
    assert columns["rank"].tolist() == [0, 0, 1]
    assert columns["own_probability"].tolist() == pytest.approx([0.5, 0.4, 0.4])


def test_measures_do_not_depend_on_the_order_of_works() -> None:
    generator = np.random.default_rng(1)
    labels, predicted = generator.integers(0, 5, 50), generator.integers(0, 5, 50)
    order = generator.permutation(50)
    assert macro_f1(count(labels, predicted, 5)) == macro_f1(count(labels[order], predicted[order], 5))
