import numpy as np
import pytest
import torch

from sakka.errors import ModelError
from sakka.models.linear_head.head import LinearHead
from sakka.models.photo.out_of_fold import fit_ridge, parts_of
from sakka.models.photo.pooling import PhotoTable, Pooling, attention, check_way, learn_pooling

TABLE = PhotoTable(np.float32([[1, 0], [3, 0], [0, 5], [7, 1]]), np.array([0, 0, 1, 3]), 4)


def test_photos_are_pooled_by_weight_and_a_work_without_one_gets_zeros() -> None:
    assert TABLE.counts.tolist() == [2, 1, 0, 1]
    assert TABLE.pooled(np.float32([0.25, 0.75, 1, 1])).tolist() == [[2.5, 0], [0, 5], [0, 0], [7, 1]]


def test_works_are_taken_with_their_photos_in_the_order_given() -> None:
    taken = TABLE.take(np.array([3, 2, 0]))
    assert taken.features.tolist() == [[7, 1], [1, 0], [3, 0]]
    assert (taken.rows.tolist(), taken.n_works) == ([0, 2, 2], 3)


@pytest.mark.parametrize(
    ("pooling", "weights"),
    [
        (Pooling("featured"), [1, 0, 1, 1]),
        (Pooling("mean"), [0.5, 0.5, 1, 1]),
        (Pooling("attention", np.float32([np.log(3) / 2, 0]), np.float32([1, 0])), [0.25, 0.75, 1, 1]),
        (Pooling("best"), [0, 1, 1, 1]),  # the second photo is farther from the border between the two creators
    ],
)
def test_the_weights_of_a_works_photos_are_those_of_its_pooling(pooling: Pooling, weights: list[float]) -> None:
    head = LinearHead(
        np.float32([[1, -1], [0, 0]]), np.zeros(2, np.float32), 0.0, np.zeros(2, np.float32), np.ones(2, np.float32)
    )
    np.testing.assert_allclose(pooling.weights(TABLE, head), weights, atol=1e-6)
    again = Pooling.from_tensors(pooling.tensors())
    np.testing.assert_array_equal(again.weights(TABLE, head), pooling.weights(TABLE, head))


def test_scores_count_within_a_work_alone_however_large_they_are() -> None:
    scores, rows = torch.tensor([1000.0, 1000.0, -1000.0]), torch.tensor([0, 0, 1])
    assert attention(scores, rows, 2).tolist() == [0.5, 0.5, 1.0]


def works_with_a_chart(rng: np.random.Generator) -> tuple[PhotoTable, np.ndarray]:
    """120 works by 3 creators with two photos each: one tells the creator, the other is much the same everywhere."""
    labels = np.arange(120) % 3
    telling = np.eye(3)[labels] * 2 + rng.normal(size=(120, 3))
    chart = np.column_stack([rng.normal(scale=3, size=(120, 3)), np.full(120, 4.0)])
    photos = np.stack([np.column_stack([telling, np.zeros(120)]), chart], axis=1)
    photos[::2] = photos[::2, ::-1]  # the featured photo is the chart of every second work
    return PhotoTable(photos.reshape(240, 4).astype(np.float32), np.repeat(np.arange(120), 2), 120), labels


def test_attention_learns_to_look_away_from_photos_that_say_nothing_of_the_creator() -> None:
    table, labels = works_with_a_chart(np.random.default_rng(0))
    part = parts_of(labels, 0)
    targets = np.eye(3, dtype=np.float32)[labels[table.rows]]
    predictions = fit_ridge(table.features, [4], targets, np.ones(240, bool), part[table.rows])
    pooling = learn_pooling(table, labels, part, predictions, seed=0)
    assert pooling.way == "attention"
    weights = pooling.weights(table, None)
    assert weights[table.features[:, 3] == 4].mean() < 0.05
    assert learn_pooling(table, labels, part, predictions, seed=0, way="mean").way == "mean"


def test_too_few_works_with_several_photos_are_pooled_by_their_mean() -> None:
    table, labels = works_with_a_chart(np.random.default_rng(0))
    few = table.take(np.arange(12))
    part = parts_of(labels[:12], 0)
    predictions = fit_ridge(
        few.features, [4], np.eye(3, dtype=np.float32)[labels[few.rows]], np.ones(24, bool), part[few.rows]
    )
    assert learn_pooling(few, labels[:12], part, predictions, seed=0) == Pooling("mean")


def test_an_unknown_way_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ModelError, match="got pooling 'median'; expected featured, mean, attention, best, or None"):
        check_way("median")
