from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sakka.catalog.splits import Fold
from sakka.errors import RunError
from sakka.evaluation.layout import RunLayout
from sakka.evaluation.predictions import is_sound, read_deviations, read_fold, write_fold
from sakka.models.base import FoldPrediction


def prediction(validation: np.ndarray | None = None) -> FoldPrediction:
    fold = Fold(outer=1, inner=2, train=np.array([0, 1]), validation=np.array([2, 4]), test=np.array([3, 5, 6]))
    generator = np.random.default_rng(0)
    table = generator.dirichlet(np.ones(4), 2).astype(np.float32) if validation is None else validation
    return FoldPrediction(fold, table, generator.dirichlet(np.ones(4), 3).astype(np.float32))


def test_what_is_written_is_read_back(folder: Path) -> None:
    layout, written = RunLayout(folder), prediction()
    write_fold(layout, "dummy", written)
    read = read_fold(layout, "dummy", 1, 2)
    np.testing.assert_array_equal(read.validation_rows, [2, 4])
    np.testing.assert_array_equal(read.test_rows, [3, 5, 6])
    np.testing.assert_array_equal(read.validation, written.validation)
    np.testing.assert_array_equal(read.test, written.test)
    assert read.test.dtype == np.float32
    assert read.test_rows.dtype == np.int64


def test_what_a_models_fitting_departed_from_is_kept_with_its_predictions(folder: Path) -> None:
    layout = RunLayout(folder)
    write_fold(layout, "dummy", prediction())
    assert read_deviations(layout, "dummy", 1, 2) == ()
    path = write_fold(layout, "dummy", replace(prediction(), deviations=("epoch 3 …", "epoch 5 …")))
    assert read_fold(layout, "dummy", 1, 2).deviations == ("epoch 3 …", "epoch 5 …")
    assert read_deviations(layout, "dummy", 1, 2) == ("epoch 3 …", "epoch 5 …")
    path.write_bytes(path.read_bytes().replace(b"epoch 5", b"epoch 6"))
    assert not is_sound(layout, "dummy", 1, 2)


def test_the_same_answers_give_the_same_bytes(folder: Path) -> None:
    first, second = (write_fold(RunLayout(folder / name), "dummy", prediction()).read_bytes() for name in "ab")
    assert first == second


def test_any_changed_byte_is_noticed(folder: Path) -> None:
    layout = RunLayout(folder)
    path = write_fold(layout, "dummy", prediction())
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert not is_sound(layout, "dummy", 1, 2), place
    path.write_bytes(content)
    assert is_sound(layout, "dummy", 1, 2)


@pytest.mark.parametrize("length", [0, 7, 8, 100, -1])
def test_a_file_cut_short_is_refused_in_one_line(folder: Path, length: int) -> None:
    layout = RunLayout(folder)
    path = write_fold(layout, "dummy", prediction())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RunError, match=r"1-2\.safetensors is damaged .*run the same experiment again"):
        read_fold(layout, "dummy", 1, 2)


def test_another_folds_file_in_the_place_of_one_is_noticed(folder: Path) -> None:
    layout = RunLayout(folder)
    write_fold(layout, "dummy", prediction()).rename(layout.prediction("dummy", 1, 3))
    assert not is_sound(layout, "dummy", 1, 3)


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(RunError, match=r"0-0\.safetensors is missing"):
        read_fold(RunLayout(folder), "dummy", 0, 0)


@pytest.mark.parametrize("table", [np.ones((2, 4)), np.ones((3, 4), np.float32), np.ones((2, 3), np.float32)])
def test_predictions_of_the_wrong_shape_or_type_are_refused(folder: Path, table: np.ndarray) -> None:
    with pytest.raises(RunError, match="dummy gave predictions for fold 1-2"):
        write_fold(RunLayout(folder), "dummy", prediction(table))
