import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import logsumexp

from sakka.models.linear_head.adding import KEPT_WORKS, MOST_KEPT, KeptWorks, add_creators, fit_columns, rows_to_keep
from sakka.models.linear_head.head import LinearHead


def some_rows(n_features: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(12, n_features)).astype(np.float32)
    columns = np.array([-1] * 8 + [0, 0, 1, 1])
    features[8:10, 0] += 2
    features[10:, 1] += 2
    known_scores = generator.normal(size=(12, 3))
    return features, known_scores, columns, np.where(columns < 0, 5, 1).astype(np.float32)


def test_the_columns_are_the_minimum_that_a_search_over_all_weights_finds() -> None:
    features, known_scores, columns, counts = some_rows()
    weights, bias = fit_columns(features, known_scores, columns, counts, n_new=2, penalty=0.1, n_works=44)

    def loss(parameters: np.ndarray) -> float:
        scores = features @ parameters[:8].reshape(4, 2) + parameters[8:]
        table = np.hstack([logsumexp(known_scores, axis=1)[:, None], scores])
        own = table[np.arange(12), columns + 1] - logsumexp(table, axis=1)
        return float(-(counts * own).sum() / 44 + 0.05 * (parameters[:8] ** 2).sum())

    best = minimize(loss, np.zeros(10), options={"gtol": 1e-7})
    assert loss(np.append(weights.ravel(), bias)) == pytest.approx(best.fun, abs=1e-5)
    np.testing.assert_allclose(weights, best.x[:8].reshape(4, 2), atol=2e-3)


def test_sparse_features_give_what_dense_ones_give() -> None:
    features, *rest = some_rows()
    dense = fit_columns(features, *rest, n_new=2, penalty=0.1, n_works=44)
    sparse = fit_columns(csr_matrix(features), *rest, n_new=2, penalty=0.1, n_works=44)
    np.testing.assert_allclose(sparse[0], dense[0], atol=1e-4)


def test_the_known_columns_stay_bit_for_bit_and_the_new_one_knows_its_own_works() -> None:
    features, _, _, _ = some_rows()
    head = LinearHead(np.eye(4, 2, dtype=np.float32), np.zeros(2, dtype=np.float32), penalty=0.001)
    kept = KeptWorks.of(features[:8], np.arange(8) % 2, 2)
    new = features[10:] + 3
    grown, now = add_creators(head, kept, new, np.array([2, 2]), n_new=1)
    assert grown.weights[:, :2].tobytes() == head.weights.tobytes()
    assert (new @ grown.weights + grown.bias).argmax(axis=1).tolist() == [2, 2]
    assert now.counts.tolist() == [4, 4, 2]
    assert now.without(0).counts.tolist() == [4, 2]
    assert now.without(0).labels.tolist() == [0, 0, 0, 0, 1, 1]
    assert grown.without(2).weights.tobytes() == head.weights.tobytes()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200))
def test_so_many_works_of_each_creator_are_kept_and_no_more(labels: list[int]) -> None:
    rows = rows_to_keep(np.array(labels), 5)
    assert rows.tolist() == sorted(set(rows.tolist()))
    kept = np.bincount(np.array(labels)[rows], minlength=5)
    assert kept.tolist() == np.minimum(np.bincount(labels, minlength=5), KEPT_WORKS).tolist()


def test_many_creators_keep_fewer_works_each_but_one_at_least() -> None:
    assert len(rows_to_keep(np.arange(4000) % 200, 200)) == MOST_KEPT
    assert len(rows_to_keep(np.arange(4000) % 2000, 2000)) == 2000


@pytest.mark.parametrize("sparse", [False, True])
def test_what_is_kept_comes_back_from_its_arrays(sparse: bool) -> None:
    features = np.arange(12, dtype=np.float32).reshape(4, 3)
    kept = KeptWorks.of(csr_matrix(features) if sparse else features, np.array([0, 1, 1, 0]), 2)
    again = KeptWorks.from_tensors(kept.tensors(), 3)
    assert again is not None
    dense = again.features.toarray() if sparse else again.features
    assert dense.tolist() == features.tolist()
    assert again.counts.tolist() == [2, 2]
    assert KeptWorks.from_tensors({}, 3) is None
