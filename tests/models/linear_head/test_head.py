import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from sakka.models.linear_head.head import LinearHead

WEIGHTS, BIAS = np.float32([[1, 0], [0, 2]]), np.float32([0.5, 0])


def head(*, standardises: bool) -> LinearHead:
    moments = {"mean": np.float32([1, 1]), "scale": np.float32([2, 4])} if standardises else {}
    return LinearHead(WEIGHTS, BIAS, 0.01, **moments)


@pytest.mark.parametrize("standardises", [False, True])
def test_the_contrast_of_two_creators_adds_up_to_their_log_odds(standardises: bool) -> None:
    one = head(standardises=standardises)
    rows = np.float32([[3, 5], [0, 1]])
    table = one.predict_proba(rows if standardises else csr_matrix(rows)).astype(np.float64)
    contrast = one.contrast(0, 1)
    odds = contrast.bias + (rows - contrast.centre) @ contrast.weights
    np.testing.assert_allclose(np.log(table[:, 0] / table[:, 1]), odds, atol=1e-5)
    expected = [0.5 + 1 - 2, 0.5 - 0.5] if standardises else [0.5 + 3 - 10, 0.5 - 2]
    np.testing.assert_allclose(odds, expected)


@pytest.mark.parametrize("standardises", [False, True])
def test_a_head_comes_back_from_its_arrays(standardises: bool) -> None:
    one = head(standardises=standardises)
    again = LinearHead.from_tensors(one.tensors())
    assert again is not None
    assert again.penalty == one.penalty
    rows = np.float32([[3, 5]])
    asked = rows if standardises else csr_matrix(rows)
    assert again.predict_proba(asked).tobytes() == one.predict_proba(asked).tobytes()
    assert LinearHead.from_tensors({}) is None


def test_a_creator_that_is_added_and_left_out_again_leaves_no_trace() -> None:
    more = head(standardises=False).with_columns(np.float32([[7], [7]]), np.float32([7]))
    assert more.weights.shape == (2, 3)
    assert more.without(2).weights.tobytes() == WEIGHTS.tobytes()
    assert more.without(0).bias.tolist() == [0, 7]


def test_probabilities_are_the_same_bytes_on_any_number_of_threads() -> None:
    generator = np.random.default_rng(0)
    size = 12_224
    mean, scale = generator.normal(size=size).astype(np.float32), np.ones(size, dtype=np.float32)
    head = LinearHead(generator.normal(size=(size, 4)).astype(np.float32), np.zeros(4, np.float32), 1.0, mean, scale)
    features = generator.normal(size=(10, size)).astype(np.float32)
    before, found = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(head.predict_proba(features).tobytes())
    torch.set_num_threads(before)
    assert found[0] == found[1]
