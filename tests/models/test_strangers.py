import numpy as np
import pytest

from sakka.analysis.strangers import auroc, strangers_table
from sakka.experiment.strangers import divisions
from sakka.models.strangers import stranger_scores, sureness, threshold_of


def test_sureness_falls_from_certainty_to_ignorance() -> None:
    table = np.array([[1, 0, 0, 0], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]], dtype=np.float32)
    scores = sureness(table)
    assert scores[0] == 0
    assert scores[2] == pytest.approx(-np.log(4))
    assert scores[0] > scores[1] > scores[2]


@pytest.mark.parametrize("accepted", [0.5, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("works", [1, 7, 200])
def test_at_least_the_share_asked_for_passes_a_threshold(accepted: float, works: int) -> None:
    scores = np.random.default_rng(0).standard_normal(works)
    share = (scores >= threshold_of(scores, accepted)).mean()
    assert accepted <= share <= accepted + 1.5 / works


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    generator = np.random.default_rng(0)
    known, strange = generator.integers(0, 9, 40).astype(float), generator.integers(0, 7, 30).astype(float)
    pairs = (known[:, None] > strange).mean() + (known[:, None] == strange).mean() / 2
    assert auroc(known, strange) == pytest.approx(pairs)


def test_every_score_tells_works_that_say_nothing_from_works_that_say_much() -> None:
    places = np.arange(200) % 5
    sure = np.full((200, 5), 0.02, dtype=np.float32)
    sure[np.arange(200), places] = 0.92
    sure = (sure * np.random.default_rng(0).uniform(0.9, 1.1, sure.shape)).astype(np.float32)
    sure /= sure.sum(axis=1, keepdims=True)
    unsure = np.full((50, 5), 0.2, dtype=np.float32)
    table = np.concatenate([sure, unsure])
    for name, scores in stranger_scores(table, table, table, places[:100]).items():
        if name != "agreement":  # two models that say nothing say the same
            assert auroc(scores[100:200], scores[200:]) == 1.0, name


def test_no_work_by_a_stranger_is_learned_from_or_chosen_on() -> None:
    places = np.repeat(np.arange(20), 12)
    met = []
    for fold, strange in divisions(places, 20, seed=0):
        assert not np.isin(places[np.concatenate([fold.train, fold.validation])], strange).any()
        rows = np.concatenate([fold.train, fold.validation, fold.test])
        assert np.array_equal(np.sort(rows), np.arange(240))
        own = ~np.isin(places[fold.test], strange)
        assert not own[own.sum() :].any()
        met.extend(strange)
    assert sorted(met) == list(range(20))


def test_the_threshold_is_set_on_validation_works() -> None:
    validation, test, strange = np.arange(100.0), np.array([0.0, 50.0]), np.array([1.0, 2.0, 60.0, 70.0])
    row = strangers_table([{"entropy": (validation, test, strange)}]).rows[0]
    values = {cell.measure: cell.value for cell in row if not isinstance(cell, str)}
    assert values == {"auroc": pytest.approx(2 / 8), "accepted": 0.5, "false_accepts": 0.5}
