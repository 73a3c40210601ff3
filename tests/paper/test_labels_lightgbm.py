"""The label model: learns from labels, answers where there is nothing to see, is saved and read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError, ModelFolderError
from sakka.models.folder import load_model, save_model
from sakka.object_labels.detections import cache_path, to_bytes
from sakka.paper.models.labels_lightgbm import LabelsLightGBM
from sakka.photos.store import PhotoCache

CAT, CUP = 17, 47
QUICK = {"iterations": 5}


def _catalog(labels: Sequence[tuple[str, int | None]]) -> Catalog:
    """Make works whose boxes stand in the cache already; a label of None is a photo without boxes."""
    works = []
    for number, (creator, label) in enumerate(labels):
        key = f"planted-{label}"
        boxes = np.array([] if label is None else [[label, 0.9, 0, 0, 1, 1]], dtype=np.float32).reshape(-1, 6)
        PhotoCache(cache_path()).put([(key, to_bytes(boxes))])
        works.append(Work(str(number), creator=creator, photos=("x.png",), photos_sha256=(key,)))
    return Catalog.from_works(works)


def _cats_and_cups() -> Catalog:
    return _catalog([("neko", CAT), ("chawan", CUP), ("nashi", None)] * 8)


def test_what_a_photo_shows_names_its_creator() -> None:
    works = _cats_and_cups()
    model = LabelsLightGBM(**QUICK).fit(works)
    assert model.predict(works) == works.table["creator"].to_list()


def test_a_work_without_a_photo_gets_the_shares_of_the_creators() -> None:
    model = LabelsLightGBM(**QUICK).fit(_catalog([("neko", CAT), ("neko", CAT), ("neko", CAT), ("chawan", CUP)]))
    answers = model.predict_proba(Catalog.from_works([Work("a")]))
    assert answers.tolist() == [[0.25, 0.75]]


def test_works_none_of_which_has_a_photo_are_refused() -> None:
    with pytest.raises(ModelError, match="none of the 2 works has one"):
        LabelsLightGBM().fit(Catalog.from_works([Work("a", creator="x"), Work("b", creator="y")]))


def test_a_saved_model_answers_as_before_and_its_trees_are_text(folder: Path) -> None:
    works = _cats_and_cups()
    model = LabelsLightGBM(**QUICK).fit(works)
    save_model(model, folder / "model")
    assert (folder / "model" / "texts" / "lightgbm.txt").read_text().startswith("tree\n")
    assert np.array_equal(load_model(folder / "model", LabelsLightGBM).predict_proba(works), model.predict_proba(works))


def test_trees_of_another_model_are_refused(folder: Path) -> None:
    works = _cats_and_cups()
    model = LabelsLightGBM(**QUICK).fit(works)
    model._fit_vectors(np.ones((24, 5), dtype=np.float32), works.creator_indices(), works.creators)
    save_model(model, folder / "model")
    with pytest.raises(ModelFolderError, match="expected 92"):
        load_model(folder / "model", LabelsLightGBM)


def test_folds_answer_as_models_fitted_one_by_one() -> None:
    works = _cats_and_cups()
    rows = np.arange(len(works))
    folds = [Fold(0, inner, rows[rows % 4 != inner], rows[rows % 4 == inner], rows[:3]) for inner in range(2)]
    for fold, answer in zip(folds, LabelsLightGBM(**QUICK).predict_folds(works, folds, works.creators), strict=True):
        alone = LabelsLightGBM(**QUICK).fit(works.take(fold.train), works.creators)
        assert np.array_equal(answer.validation, alone.predict_proba(works.take(fold.validation)))
        assert np.array_equal(answer.test, alone.predict_proba(works.take(fold.test)))


def test_the_settings_are_the_paper_s_but_for_the_penalty_on_leaves() -> None:
    assert LabelsLightGBM().settings() == {
        "threshold": 0.2,
        "iterations": 100,
        "learning_rate": 0.1,
        "num_leaves": 23,
        "min_data_in_leaf": 1,
        "l2": 10.0,
        "seed": 0,
    }
