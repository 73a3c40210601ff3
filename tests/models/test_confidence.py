import numpy as np
import pytest

from sakka.models.confidence import confidence, threshold_of


def test_sureness_falls_from_certainty_to_ignorance() -> None:
    table = np.array([[1, 0, 0, 0], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]], dtype=np.float32)
    scores = confidence(table)
    assert scores[0] == 0
    assert scores[2] == pytest.approx(-np.log(4))
    assert scores[0] > scores[1] > scores[2]


@pytest.mark.parametrize("accepted", [0.5, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("works", [1, 7, 200])
def test_at_least_the_share_asked_for_passes_a_threshold(accepted: float, works: int) -> None:
    scores = np.random.default_rng(0).standard_normal(works)
    share = (scores >= threshold_of(scores, accepted)).mean()
    assert accepted <= share <= accepted + 1.5 / works
