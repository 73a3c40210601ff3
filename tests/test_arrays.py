"""One softmax, one logarithm, one log-loss, one order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax as reference

from sakka.arrays import SMALLEST, TINY, log_loss, log_probabilities, softmax, top

SCORES = arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4))


@given(SCORES)
def test_softmax_is_scipys_and_moving_all_scores_changes_nothing(scores: np.ndarray) -> None:
    np.testing.assert_allclose(softmax(scores), reference(scores, axis=1), atol=1e-12)
    np.testing.assert_allclose(softmax(scores + 7), softmax(scores), atol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_softmax_keeps_the_number_format_and_can_write_over_its_scores(kind: type) -> None:
    scores = np.array([[0.0, 1.0], [2.0, 0.0]], dtype=kind)
    whole = softmax(scores.copy())
    assert whole.dtype == kind
    assert softmax(scores, out=scores) is scores
    assert (scores == whole).all()


def test_a_probability_of_0_counts_as_the_floor_under_the_logarithm() -> None:
    none = np.float32([0.0])
    assert log_probabilities(none) == np.log(np.float32(SMALLEST))
    assert log_probabilities(none, TINY) == np.log(np.float32(TINY))
    assert log_probabilities(none).dtype == np.float32


def test_log_loss_is_the_mean_over_the_works() -> None:
    table = np.float32([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    assert log_loss(table, np.array([0, 0, 0])) == pytest.approx((np.log(2) + np.log(4)) / 3)
    assert log_loss(table[2:], np.array([1]), floor=0.125) == pytest.approx(np.log(8))


def test_the_highest_come_first_and_of_equal_ones_the_lower_column() -> None:
    assert top(np.float32([0.1, 0.4, 0.1, 0.4])).tolist() == [1, 3, 0, 2]
    assert top(np.float32([[0.1, 0.9], [0.8, 0.2]]), 1).tolist() == [[1], [0]]
    assert top(np.zeros((2, 0))).shape == (2, 0)
