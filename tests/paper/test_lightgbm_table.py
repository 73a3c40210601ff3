"""LightGBM through our wrapper: the library's own answers, all creators' columns, text that can be kept."""

import lightgbm
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from sakka.errors import ModelError
from sakka.paper.models.lightgbm_table import export_lightgbm, fit_lightgbm, import_lightgbm, predict_lightgbm


def _three_creators() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    labels = np.repeat([0, 2, 3], 20)
    return (random.normal(size=(60, 4)) + labels[:, None]).astype(np.float32), labels


def test_answers_are_those_of_the_library_with_the_papers_settings() -> None:
    features, labels = _three_creators()
    settings = {"objective": "multiclass", "num_class": 3, "learning_rate": 0.1, "num_leaves": 23}
    data = lightgbm.Dataset(features, label=np.unique(labels, return_inverse=True)[1])
    own = lightgbm.train({**settings, "min_data_in_leaf": 1, "verbosity": -1}, data, num_boost_round=100)
    answers = predict_lightgbm(fit_lightgbm(features, labels, 5), features)
    np.testing.assert_allclose(answers[:, [0, 2, 3]], own.predict(features), atol=1e-6)


def test_creators_without_works_get_a_column_of_zeros_and_rows_sum_to_one() -> None:
    features, labels = _three_creators()
    answers = predict_lightgbm(fit_lightgbm(features, labels, 5, iterations=5), features)
    assert answers.dtype == np.float32
    assert answers.shape == (60, 5)
    assert (answers[:, [1, 4]] == 0).all()
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)


def test_training_twice_gives_the_same_text_and_the_text_gives_the_same_answers() -> None:
    features, labels = _three_creators()
    booster = fit_lightgbm(features, labels, 5, iterations=5)
    assert fit_lightgbm(features, labels, 5, iterations=5).text == booster.text
    kept = import_lightgbm(*export_lightgbm(booster), features.shape[1], 5)
    assert (predict_lightgbm(kept, features) == predict_lightgbm(booster, features)).all()


def test_a_sparse_table_gives_the_answers_of_the_same_dense_table() -> None:
    features, labels = _three_creators()
    features[features < 1] = 0
    dense = predict_lightgbm(fit_lightgbm(features, labels, 4, iterations=5), features)
    sparse = predict_lightgbm(fit_lightgbm(csr_matrix(features), labels, 4, iterations=5), csr_matrix(features))
    np.testing.assert_allclose(sparse, dense, atol=1e-6)


def test_one_creator_alone_is_always_the_answer() -> None:
    booster = fit_lightgbm(np.zeros((3, 2), np.float32), np.array([1, 1, 1]), 2)
    kept = import_lightgbm(*export_lightgbm(booster), 2, 2)
    assert predict_lightgbm(kept, np.ones((2, 2), np.float32)).tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(("l2", "apart"), [(0.0, 0.1 * (40 / 20 + 40 / 40)), (10.0, 0.1 * (40 / 50 + 40 / 70))])
def test_a_leaf_is_its_gradient_over_its_curvature_and_the_penalty(l2: float, apart: float) -> None:
    labels = np.repeat([0, 1, 2], 20)
    features = (labels == 0).astype(np.float32)[:, None]  # G is 40/3 on both sides, H 20/3 and 40/3
    booster = fit_lightgbm(features, labels, 3, iterations=1, l2=l2)
    scores = booster.loaded().predict(features, raw_score=True)[:, 0]
    assert scores[0] - scores[-1] == pytest.approx(apart, rel=1e-4)


def test_a_negative_penalty_is_refused() -> None:
    with pytest.raises(ModelError, match="got l2 -1; expected a number from 0"):
        fit_lightgbm(*_three_creators(), 5, l2=-1)


def test_tables_of_different_length_are_refused() -> None:
    with pytest.raises(ModelError, match="features of 3 works and creators of 2"):
        fit_lightgbm(np.zeros((3, 2), np.float32), np.array([0, 1]), 2)


@pytest.mark.parametrize(("labels", "n_features", "n_creators"), [([1, 2], 4, 5), ([1, 2, 5], 4, 5), ([1, 2, 4], 3, 5)])
def test_trees_of_other_creators_or_features_are_refused(labels: list[int], n_features: int, n_creators: int) -> None:
    _, text = export_lightgbm(fit_lightgbm(*_three_creators(), 5, iterations=1))
    with pytest.raises(ValueError, match="the trees read 4 values and tell 3 creators of 5 apart"):
        import_lightgbm({"n_creators": 5, "labels": labels}, text, n_features, n_creators)


def test_a_text_that_is_no_model_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="not a LightGBM model"):
        import_lightgbm({"n_creators": 2, "labels": [0, 1]}, "nothing of the kind", 2, 2)
