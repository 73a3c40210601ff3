"""The layout of a map: near styles side by side, all within the unit square, the same for the same seed."""

import numpy as np
import pytest

from sakka.arrays import FloatArray
from sakka.search import style_map
from sakka.search.style_map import laid_out


def styles(of_each: int = 30) -> tuple[FloatArray, np.ndarray]:
    """Unit vectors around four directions, and which of these each is around."""
    generator = np.random.default_rng(3)
    labels = np.repeat(np.arange(4), of_each)
    vectors = np.eye(8)[labels] + generator.normal(0, 0.15, (len(labels), 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def share_of_like_neighbours(positions: FloatArray, labels: np.ndarray) -> float:
    distances = np.linalg.norm(positions[:, None] - positions, axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())


def test_near_styles_stand_side_by_side_within_the_unit_square() -> None:
    vectors, labels = styles()
    positions = laid_out(vectors)
    assert share_of_like_neighbours(positions, labels) > 0.95
    assert (positions.min(), positions.max()) == (0, 1)
    assert np.array_equal(positions, laid_out(vectors))


def test_works_beyond_the_sample_stand_by_the_sampled_ones_that_they_are_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_map, "MOST_LAID_OUT", 60)
    vectors, labels = styles()
    positions = laid_out(vectors)
    assert share_of_like_neighbours(positions, labels) > 0.95
    assert positions.min() >= 0
    assert positions.max() <= 1


@pytest.mark.parametrize("works", [0, 1, 2])
def test_a_few_works_stand_in_the_middle(works: int) -> None:
    assert laid_out(styles()[0][:works]).tolist() == [[0.5, 0.5]] * works
