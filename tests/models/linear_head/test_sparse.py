"""The solver finds what scikit-learn's finds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from sakka.arrays import softmax
from sakka.models.linear_head import sparse as solver
from sakka.models.linear_head.sparse import fit_sparse

PENALTY = 1e-2


def _works() -> tuple[csr_matrix, np.ndarray]:
    random = np.random.default_rng(3)
    labels = np.arange(200) % 4
    features = random.random((200, 30)) * (random.random((200, 30)) < 0.3)
    features[np.arange(200), labels] += 1.0
    return csr_matrix(features.astype(np.float32)), labels


def test_probabilities_are_those_of_scikit_learn_at_the_same_penalty() -> None:
    features, labels = _works()
    head = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=200)
    reference = LogisticRegression(C=1 / (PENALTY * len(labels)), tol=1e-8, max_iter=2000).fit(features, labels)
    np.testing.assert_allclose(head.predict_proba(features), reference.predict_proba(features), atol=0.02)


def test_more_iterations_never_raise_the_loss() -> None:
    features, labels = _works()

    def loss(iterations: int) -> float:
        head = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=iterations)
        own = head.predict_proba(features)[np.arange(200), labels]
        return float(-np.log(own).mean() + PENALTY / 2 * (head.weights**2).sum())

    losses = [loss(iterations) for iterations in (0, 1, 3, 10, 50)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 2


def test_without_steps_the_answer_is_the_shares() -> None:
    features, labels = _works()
    head = fit_sparse(features, labels[labels < 4] * 0, 2, penalty=1, iterations=0)
    assert head.predict_proba(features)[0].round(2).tolist() == [1.0, 0.0]


def test_features_that_say_nothing_change_nothing() -> None:
    _, labels = _works()
    head = fit_sparse(csr_matrix((200, 3), dtype=np.float32), labels, 4, penalty=1, iterations=20)
    assert (head.weights == 0).all()
    np.testing.assert_allclose(softmax(head.bias[None].copy()), 0.25, atol=1e-3)


def test_works_taken_in_parts_give_the_weights_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = _works()
    whole = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=10)
    monkeypatch.setattr(solver, "ERRORS_AT_ONCE", 4 * 33)
    with ThreadPoolExecutor(1) as pool:
        assert len(solver._Loss(features, labels, 4, PENALTY, 1, pool).parts) == 7
    parts = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=10)
    np.testing.assert_allclose(whole.weights, parts.weights, atol=1e-3)
    np.testing.assert_allclose(whole.bias, parts.bias, atol=1e-3)


def test_creators_in_panels_filled_up_get_the_weights_of_all_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = _works()
    whole = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=10)
    monkeypatch.setattr(solver, "PANEL", 3)
    panels = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=10)
    assert (panels.weights.shape, panels.bias.shape) == ((30, 4), (4,))
    np.testing.assert_allclose(whole.weights, panels.weights, atol=1e-3)
    np.testing.assert_allclose(whole.bias, panels.bias, atol=1e-3)


@pytest.mark.parametrize("threads", [2, 3, 50])
def test_the_number_of_threads_changes_no_bit(threads: int) -> None:
    features, labels = _works()
    alone = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=10)
    together = fit_sparse(features, labels, 4, penalty=PENALTY, iterations=10, threads=threads)
    assert together.weights.tobytes() == alone.weights.tobytes()
    assert together.bias.tobytes() == alone.bias.tobytes()
