from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sakka.models.linear_head.dense import fit_dense
from sakka.models.linear_head.head import LinearHead
from sakka.models.photo.out_of_fold import RIDGE, SHARE, TableRows, beside, fit_ridge, fit_stacked, one_head


def vectors(rows: int = 30, columns: int = 8) -> np.ndarray:
    return np.random.default_rng(1).normal(2, 3, (rows, columns)).astype(np.float32)


def test_one_head_on_vectors_predicts_as_the_head_on_vectors_and_predictions() -> None:
    generator = np.random.default_rng(0)
    features, targets = vectors(), generator.normal(size=(30, 3)).astype(np.float32)
    predictions = fit_ridge(features, [8], targets, np.ones(30, np.bool_), np.arange(30) % 5)
    predicted = ((features - predictions.mean) / predictions.scale) @ predictions.weights
    parts = (generator.normal(size=11), generator.uniform(1, 2, 11), generator.normal(size=(11, 3)), np.arange(3.0))
    mean, scale, weights, bias = (part.astype(np.float32) for part in parts)
    head = LinearHead(weights, bias, 0.1, mean, scale)
    both = head.predict_proba(np.concatenate([features, predicted], axis=1))
    np.testing.assert_allclose(one_head(head, [predictions]).predict_proba(features), both, atol=1e-5)


def test_a_prediction_is_ridge_regression_and_does_not_depend_on_the_works_own_text() -> None:
    features = vectors()
    targets = np.stack([features[:, 0] + features[:, 1] ** 2, features[:, 2]], axis=1)
    part, given = np.arange(30) % 5, np.arange(30) != 7
    predictions = fit_ridge(features, [8], targets, given, part)
    changed = targets.copy()
    changed[3] += 100
    apart = targets[given] - targets[given].mean(axis=0)
    inputs = (features - features[given].mean(axis=0)) / features[given].std(axis=0) / 8**0.5
    learn = part[given] != part[7]
    expected = Ridge(alpha=RIDGE, fit_intercept=False).fit(inputs[given][learn], apart[learn]).predict(inputs[[7]])
    np.testing.assert_allclose(predictions.out_of_fold[[7]], expected, atol=1e-3)
    other = fit_ridge(features, [8], changed, given, part).out_of_fold
    moved = 100 / given.sum()  # the mean that is subtracted from every target moves
    assert np.abs(other[3] - predictions.out_of_fold[3]).max() < 3 * moved
    assert np.abs(other[4] - predictions.out_of_fold[4]).max() > 0


def test_a_target_counts_its_share_of_what_the_vectors_count() -> None:
    features, targets = vectors(200, 8), np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    predictions = [fit_ridge(features, [8], targets, np.ones(200, np.bool_), np.arange(200) % 5)]
    head = fit_stacked(
        features, predictions, np.arange(200) % 4, np.arange(200), widths=[8], n_classes=4, penalty=0.1, seed=0
    )
    read = head.standardised(beside(features, predictions, np.arange(200)))
    np.testing.assert_allclose((read[:, 8:] ** 2).sum() / (read[:, :8] ** 2).sum(), SHARE, rtol=1e-3)


def test_a_head_of_products_that_are_known_is_the_head_of_products_that_are_not() -> None:
    features, labels = vectors(40, 60), np.arange(40) % 4
    targets = np.eye(4, dtype=np.float32)[labels]
    predictions = fit_ridge(features, [20, 40], targets, np.ones(40, np.bool_), np.arange(40) % 5)
    assert predictions.products is not None
    settings = {"widths": [20, 40], "n_classes": 4, "penalty": 0.1, "seed": 0}
    tables = []
    for each in (predictions, replace(predictions, products=None)):
        head = fit_stacked(features, [each], labels, np.arange(40), **settings)
        tables.append(one_head(head, [each]).predict_proba(features))
    np.testing.assert_allclose(*tables, atol=1e-3)


def test_many_works_are_taken_in_minibatches() -> None:
    features, labels = vectors(40, 60), np.arange(40) % 4
    settings = {"widths": [60], "n_classes": 4, "penalty": 0.1, "seed": 0}
    solved, stepped = (
        fit_stacked(features, [], labels, np.arange(40), most_works=most, **settings) for most in (40, 39)
    )
    (dense,) = fit_dense(features, labels, [np.arange(40)], n_classes=4, penalty=0.1, seed=0)
    np.testing.assert_array_equal(stepped.weights, dense.weights)
    assert np.abs(solved.weights - stepped.weights).max() > 0


@pytest.mark.parametrize("most_works", [40, 10])  # solved by works, or by batches
def test_rows_of_a_larger_table_give_the_bytes_of_a_table_of_their_own(most_works: int) -> None:
    rows, labels = np.arange(90, 10, -2), np.arange(40) % 4
    settings = {"widths": [20, 40], "n_classes": 4, "penalty": 0.1, "seed": 0, "most_works": most_works}
    heads = []
    for own in (vectors(100, 60)[rows], TableRows(vectors(100, 60), rows)):
        predictions = [fit_ridge(own, [20, 40], np.eye(4, dtype=np.float32)[labels], labels >= 0, np.arange(40) % 5)]
        heads.append(one_head(fit_stacked(own, predictions, labels, np.arange(3, 40), **settings), predictions))
    assert heads[0].weights.tobytes() == heads[1].weights.tobytes()
    assert heads[0].bias.tobytes() == heads[1].bias.tobytes()
