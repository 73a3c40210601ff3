"""scikit-learn's own evaluation of `SakkaClassifier` and the experiment agree."""

from pathlib import Path

import pytest
from studies.scikit_learn import accuracies_of
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.evaluation.usable_works import split_works


@pytest.mark.parametrize(("name", "settings"), [("text-linear", {"iterations": 2}), ("photo-lite0", QUICK_PHOTO)])
def test_on_the_same_folds_cross_val_score_gives_the_accuracy_of_the_experiments_single_models(
    name: str, settings: dict[str, object], folder: Path
) -> None:
    works = tiny_catalog(folder, creators=3, works=10)
    folds = split_works(works, "random", 0).folds(1)
    by_way = accuracies_of(works, name, folds, **settings)
    experiment, same, other = by_way.values()
    assert same == experiment
    assert len(other) == len(folds) == 5
