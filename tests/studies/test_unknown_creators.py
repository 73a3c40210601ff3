import numpy as np
import pytest
from studies.unknown_creators import (
    PARTS,
    ahead_of,
    learned_score,
    masked_score,
    measures_of,
    neighbour_scores,
    score_features,
    unknown_creator_scores,
    with_parts,
)

from sakka.arrays import softmax
from sakka.catalog.splits import Fold
from sakka.evaluation.unknown_creators import auroc, creator_splits
from sakka.models.confidence import confidence


def test_every_score_tells_works_that_say_nothing_from_works_that_say_much() -> None:
    labels = np.arange(200) % 5
    sure = np.full((200, 5), 0.02, dtype=np.float32)
    sure[np.arange(200), labels] = 0.92
    sure = (sure * np.random.default_rng(0).uniform(0.9, 1.1, sure.shape)).astype(np.float32)
    sure /= sure.sum(axis=1, keepdims=True)
    unsure = np.full((50, 5), 0.2, dtype=np.float32)
    table = np.concatenate([sure, unsure])
    for name, scores in unknown_creator_scores(table, table, table, labels[:100]).items():
        if name != "agreement":  # two models that say nothing say the same
            assert auroc(scores[100:200], scores[200:]) == 1.0, name


def test_one_of_two_creators_is_farther_ahead_of_nine_than_of_anyone_whatever_the_entropy() -> None:
    either = np.array([[0.49, 0.49, *[1e-4] * 200]], dtype=np.float32)
    anyone = np.array([[0.9, *[0.01] * 10]], dtype=np.float32)
    assert confidence(either) < confidence(anyone)
    assert ahead_of(either, 9) > ahead_of(anyone, 9)


def test_a_score_learned_with_own_creators_taken_out_tells_works_that_say_nothing() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(400) % 5
    scores = generator.standard_normal((500, 5))
    scores[np.arange(400), labels] += 4
    table = softmax(scores).astype(np.float32)
    found = masked_score((table, table, table), labels[:200])
    assert auroc(found[200:400], found[400:]) > 0.9


def test_works_near_a_creators_training_works_are_more_familiar() -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 30)
    coordinates = generator.standard_normal((120, 6)).astype(np.float32)
    coordinates[np.arange(120), labels] += 8
    rows = np.arange(120)
    known = labels < 3
    train, validation = rows[known & (rows % 3 > 0)], rows[known & (rows % 3 == 0)]
    found = neighbour_scores(coordinates, labels, Fold(0, 0, train, validation, rows[~known]))
    for name, score in found.items():
        assert auroc(score[:30], score[30:]) > 0.9, name


def test_the_threshold_is_set_on_validation_works() -> None:
    validation, test, unknown = np.arange(100.0), np.array([0.0, 50.0]), np.array([1.0, 2.0, 60.0, 70.0])
    measured = measures_of(np.concatenate([validation, test, unknown]), 100, 102)
    assert measured == {"auroc": pytest.approx(2 / 8), "accepted": 0.5, "false_accepts": 0.5}


def test_the_features_say_who_is_predicted_how_surely_and_whether_both_models_do() -> None:
    photo = np.array([[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], dtype=np.float32)
    text = np.array([[0.6, 0.4], [0.1, 0.9], [0.2, 0.8]], dtype=np.float32)
    fused = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], dtype=np.float32)
    table = score_features(photo, text, fused, np.array([0, 1]))
    np.testing.assert_allclose(table[:, 0], confidence(fused))
    np.testing.assert_allclose(table[:, 1], np.log([0.9, 0.8, 0.6]), rtol=1e-6)
    np.testing.assert_allclose(table[:, 2], [0.8, 0.6, 0.2], rtol=1e-6)
    np.testing.assert_allclose(table[:, 5], np.log([0.56, 0.58, 0.38]), rtol=1e-6)
    np.testing.assert_allclose(table[:, 7], np.log([0.8, 0.6, 0.7]), rtol=1e-6)
    assert table[:, 9].tolist() == [1, 1, 0]
    np.testing.assert_allclose(table[:, 11], np.log(2))
    assert table[0, 10] > table[1, 10]  # creator 0 is named more surely on the known works
    assert table[2, 10] == table[0, 10]


def test_the_learned_score_finds_the_feature_that_parts_and_no_other() -> None:
    generator = np.random.default_rng(0)
    known = np.arange(600) % 3 > 0
    seen = generator.standard_normal((600, 4))
    seen[:, 2] += 2 * known
    asked = np.zeros((3, 4))
    asked[:, 2] = [-1, 1, 3]
    asked[1, 0] = 5
    scores = learned_score(seen, known, asked)
    assert scores[0] < scores[1] < scores[2]


def test_models_of_a_part_learn_nothing_of_the_part_or_of_the_unknown_creators() -> None:
    labels = np.arange(300) % 20
    for whole, unknown in creator_splits(labels, 20, seed=0):
        folds = list(with_parts(whole, labels, 0))
        assert folds[0] is whole
        assert len(folds) == PARTS + 1
        parts = [np.unique(labels[fold.test]) for fold in folds[1:]]
        assert sorted(np.concatenate(parts)) == sorted(set(range(20)) - set(unknown))
        for fold, part in zip(folds[1:], parts, strict=True):
            learned = labels[np.concatenate([fold.train, fold.validation])]
            assert not np.isin(learned, [*part, *unknown]).any()
