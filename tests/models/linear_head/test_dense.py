import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sakka.models.linear_head.dense import _rows_in_turn, block_weights, fit_dense
from sakka.models.linear_head.head import LinearHead


def clouds(n_rows: int = 400, n_classes: int = 4, n_features: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, n_classes, n_rows)
    centres = generator.normal(0, 1, (n_classes, n_features))
    features = centres[labels] + generator.normal(0, 1.2, (n_rows, n_features))
    scales = 10.0 ** generator.integers(-2, 3, n_features)
    return (features * scales + 5 * scales).astype(np.float32), labels


def fit(features: np.ndarray, labels: np.ndarray, folds: list[np.ndarray], **settings: float) -> list[LinearHead]:
    return fit_dense(features, labels, folds, n_classes=4, **{"penalty": 0.01, **settings})


def test_answers_are_close_to_those_of_scikit_learn() -> None:
    features, labels = clouds()
    train, test = np.arange(300), np.arange(300, 400)
    (head,) = fit(features, labels, [train])
    mean, std = features[train].mean(axis=0), features[train].std(axis=0)
    reference = LogisticRegression(C=1 / (0.01 * len(train)), max_iter=1000, tol=1e-8)
    reference.fit((features[train] - mean) / std, labels[train])
    ours = head.predict_proba(features[test])
    theirs = reference.predict_proba((features[test] - mean) / std)
    assert np.abs(ours - theirs).max() < 0.1
    assert np.abs(ours - theirs).mean() < 0.02
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean() > 0.95


def test_a_fold_alone_gives_the_bytes_that_it_gives_among_others() -> None:
    features, labels = clouds()
    folds = [np.arange(0, 250), np.arange(100, 390), np.arange(3, 130)]
    together = fit(features, labels, folds)
    for fold, head in zip(folds, together, strict=True):
        (alone,) = fit(features, labels, [fold])
        (copied,) = fit(features[fold], labels[fold], [np.arange(len(fold))])
        assert alone.weights.tobytes() == head.weights.tobytes() == copied.weights.tobytes()
        assert alone.bias.tobytes() == head.bias.tobytes() == copied.bias.tobytes()


def test_a_fold_sees_its_own_rows_only() -> None:
    features, labels = clouds()
    fold = np.arange(0, 250)
    before = fit(features, labels, [fold, fold[:200]])
    features[250:] = np.nan
    labels[250:] = -1
    after = fit(features, labels, [fold, fold[:200]])
    for one, other in zip(before, after, strict=True):
        assert one.weights.tobytes() == other.weights.tobytes()
        assert one.mean.tobytes() == other.mean.tobytes()


def test_rescaled_features_give_the_same_answers() -> None:
    features, labels = clouds()
    rows = [np.arange(300)]
    changed = features * np.float32(4) - np.float32(2)
    plain, scaled = (fit(table, labels, rows)[0].predict_proba(table) for table in (features, changed))
    np.testing.assert_allclose(plain, scaled, atol=1e-3)


def test_the_same_seed_gives_the_same_bytes_and_another_other_bytes() -> None:
    features, labels = clouds()
    first, again, other = (fit(features, labels, [np.arange(300)], seed=seed)[0] for seed in (1, 1, 2))
    assert first.weights.tobytes() == again.weights.tobytes()
    assert first.weights.tobytes() != other.weights.tobytes()


def test_a_stronger_penalty_gives_smaller_weights() -> None:
    features, labels = clouds()
    norms = [
        np.square(fit(features, labels, [np.arange(300)], penalty=penalty)[0].weights).sum()
        for penalty in (1e-4, 1e-2, 1.0)
    ]
    assert norms[0] > norms[1] > 10 * norms[2]


def test_blocks_of_columns_count_alike_however_wide_they_are() -> None:
    features, labels = clouds()
    rows = [np.arange(300)]
    narrow = np.concatenate([features[:, :4], features[:, 4:]], axis=1)
    wide = np.concatenate([features[:, :4], np.repeat(features[:, 4:], 3, axis=1)], axis=1)
    first, second = (
        fit(table, labels, rows, penalty=0.002 * table.shape[1], weights=block_weights(widths))[0].predict_proba(table)
        for table, widths in ((narrow, [4, 8]), (wide, [4, 24]))
    )
    np.testing.assert_allclose(first, second, atol=0.05)
    assert np.square(block_weights([4, 24])).reshape(7, 4).sum(axis=1)[1:].sum() == pytest.approx(14.0)


def test_features_of_float16_are_learned_from_like_those_of_float32() -> None:
    features, labels = clouds()
    half = features.astype(np.float16)
    answers = [
        fit(table, labels, [np.arange(300)])[0].predict_proba(table) for table in (half, half.astype(np.float32))
    ]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)


def test_a_column_that_does_not_vary_says_nothing() -> None:
    features, labels = clouds()
    features[:300, 3] = 7.0
    (head,) = fit(features, labels, [np.arange(300)])
    assert head.scale[3] == 1.0
    assert np.abs(head.weights[3]).max() == 0.0
    assert np.isfinite(head.predict_proba(features)).all()


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_a_few_rows_are_enough_to_fit(n_rows: int) -> None:
    features, labels = clouds()
    (head,) = fit(features, labels, [np.arange(n_rows)])
    answers = head.predict_proba(features[:n_rows])
    assert answers.dtype == np.float32
    assert (answers.argmax(axis=1) == labels[:n_rows]).all()


def test_rows_come_in_turn_each_once_before_any_comes_again() -> None:
    rows = np.arange(1000, 1300)
    stream = _rows_in_turn(rows, seed=0)
    drawn = np.concatenate([next(stream).numpy() for _ in range(75)])  # 75 x 128 rows = 32 x 300
    assert (np.sort(drawn.reshape(32, 300), axis=1) == rows).all()


def test_features_that_stand_apart_give_the_bytes_of_one_table() -> None:
    features, labels = clouds(n_features=50)
    folds = [np.arange(0, 300), np.arange(3, 390, 2)]
    whole = fit(features, labels, folds)
    apart = fit(features[:, :37], labels, folds, further=features[:, 37:])
    assert [each.weights.tobytes() for each in apart] == [each.weights.tobytes() for each in whole]
    assert [each.scale.tobytes() for each in apart] == [each.scale.tobytes() for each in whole]
