import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from sakka.arrays import softmax
from sakka.models.linear_head.by_works import fit_by_works


def some_works(n_works: int = 60, n_features: int = 80) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    labels = np.arange(n_works) % 4
    features = generator.normal(2, 3, (n_works, n_features)) + np.eye(4)[labels] @ generator.normal(
        size=(4, n_features)
    )
    return features.astype(np.float32), labels


def objective(weights: np.ndarray, features: np.ndarray, labels: np.ndarray, penalty: float) -> float:
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    table = softmax(inputs @ weights)  # as many works of each class: constant terms make no difference
    return float(-np.log(table[np.arange(len(labels)), labels]).mean() + penalty / 2 * (weights**2).sum())


def test_a_head_by_works_is_scikit_learns_logistic_regression() -> None:
    features, labels = some_works()
    ours = fit_by_works(features, labels, n_classes=4, penalty=0.1, weights=np.ones(80, np.float32))
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    theirs = LogisticRegression(C=1 / (0.1 * 60), fit_intercept=False, tol=1e-8, max_iter=1000).fit(inputs, labels)
    np.testing.assert_allclose(ours.predict_proba(features), theirs.predict_proba(inputs), atol=2e-3)
    best = objective(theirs.coef_.T, features, labels, 0.1)
    assert best <= objective(ours.weights, features, labels, 0.1) < 1.0002 * best


def test_a_column_that_counts_twice_is_a_column_twice_as_long() -> None:
    features, labels = some_works(40, 50)
    weights = np.ones(50, np.float32)
    weights[0] = 2
    head = fit_by_works(features, labels, n_classes=4, penalty=0.1, weights=weights)
    read = head.standardised(features)
    np.testing.assert_allclose(read.std(axis=0)[:2], [2, 1], rtol=1e-5)


def test_a_class_without_a_work_and_a_column_that_never_varies_do_no_harm() -> None:
    features, labels = some_works()
    features[:, 5] = 7
    head = fit_by_works(features, labels, n_classes=5, penalty=0.1, weights=np.ones(80, np.float32))
    table = head.predict_proba(features)
    assert table[:, 4].max() < 0.01
    assert (table.argmax(axis=1) == labels).all()
    assert np.abs(head.weights[5]).max() == 0


def test_the_same_works_give_the_same_bytes_and_the_features_are_left_as_they_were() -> None:
    features, labels = some_works()
    before = features.copy()
    settings = {"n_classes": 4, "penalty": 0.1, "weights": np.ones(80, np.float32)}
    one, other = (fit_by_works(features, labels, **settings) for _ in range(2))
    assert one.weights.tobytes() == other.weights.tobytes()
    np.testing.assert_array_equal(features, before)
    assert torch.from_numpy(one.weights).isfinite().all()
