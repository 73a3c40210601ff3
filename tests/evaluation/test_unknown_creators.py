import numpy as np
import pytest

from sakka.evaluation.unknown_creators import auroc, creator_splits


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    generator = np.random.default_rng(0)
    known, unknown = generator.integers(0, 9, 40).astype(float), generator.integers(0, 7, 30).astype(float)
    pairs = (known[:, None] > unknown).mean() + (known[:, None] == unknown).mean() / 2
    assert auroc(known, unknown) == pytest.approx(pairs)


def test_no_work_by_an_unknown_creator_is_learned_from_or_chosen_on() -> None:
    labels = np.repeat(np.arange(20), 12)
    met = []
    for fold, unknown in creator_splits(labels, 20, seed=0):
        assert not np.isin(labels[np.concatenate([fold.train, fold.validation])], unknown).any()
        rows = np.concatenate([fold.train, fold.validation, fold.test])
        assert np.array_equal(np.sort(rows), np.arange(240))
        own = ~np.isin(labels[fold.test], unknown)
        assert not own[own.sum() :].any()
        met.extend(unknown)
    assert sorted(met) == list(range(20))
