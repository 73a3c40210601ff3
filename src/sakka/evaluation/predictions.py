"""One model's stored predictions for one fold: a safetensors file with a checksum, written whole, read one at a time.

A file holds `validation_rows` and `test_rows` (int64, rows of `works.parquet`), `validation` and `test` (float32
probabilities, one row a work), and, where the model's fitting departed from its settings, `deviations` (a list of
clauses as JSON in UTF-8, uint8). At the paper's size (109,685 works, 944 creators) one is about 150 MB and a run has
75 of them, so a reader takes one fold, uses it and lets it go. safetensors checks its header only; the SHA-256 in its
metadata covers the names, shapes and bytes of the arrays, and which fold of which model they are.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from sakka.arrays import IntArray, Probabilities
from sakka.errors import RunError
from sakka.evaluation.layout import RunLayout
from sakka.files import writing_whole
from sakka.models.base import FoldPrediction

NAMES = ("test", "test_rows", "validation", "validation_rows")
DEVIATIONS = "deviations"
AGAIN = "run the same experiment again, which computes it anew"
CHECKSUM = "sha256"


@dataclass(frozen=True)
class StoredPrediction:
    """One model's predictions for one fold, as read from a run folder.

    Attributes:
        model: The model's name.
        outer: The outer fold, from 0.
        inner: The inner fold, from 0.
        validation_rows: Shape (n_validation,): rows of the run's works, ascending.
        validation: Shape (n_validation, n_creators), rows sum to 1.
        test_rows: Shape (n_test,): rows of the run's works, ascending.
        test: Shape (n_test, n_creators), rows sum to 1.
        deviations: In what the model's fitting departed from its settings, one clause each.
    """

    model: str
    outer: int
    inner: int
    validation_rows: IntArray
    validation: Probabilities
    test_rows: IntArray
    test: Probabilities
    deviations: tuple[str, ...] = ()


def write_fold(layout: RunLayout, model: str, prediction: FoldPrediction) -> Path:
    """Write one fold's predictions; the same predictions give the same bytes.

    Raises:
        RunError: The predictions are not float32 tables with one row a work.
    """
    fold = prediction.fold
    arrays: dict[str, npt.NDArray[Any]] = {
        "validation_rows": np.ascontiguousarray(fold.validation, dtype=np.int64),
        "validation": np.ascontiguousarray(prediction.validation),
        "test_rows": np.ascontiguousarray(fold.test, dtype=np.int64),
        "test": np.ascontiguousarray(prediction.test),
    }
    if prediction.deviations:
        clauses = json.dumps(prediction.deviations, ensure_ascii=False).encode()
        arrays[DEVIATIONS] = np.frombuffer(clauses, dtype=np.uint8)
    fault = _fault_of(arrays)
    if fault:
        raise RunError(
            f"the model {model} gave predictions for fold {fold.outer}-{fold.inner} that can't be kept: {fault}"
        )
    path = layout.prediction(model, fold.outer, fold.inner)
    with writing_whole(path, one_of_many=True) as part:
        checksum = _checksum(arrays, _fold_name(model, fold.outer, fold.inner))
        save_file(arrays, part, metadata={CHECKSUM: checksum})
    return path


def read_fold(layout: RunLayout, model: str, outer: int, inner: int) -> StoredPrediction:
    """Read one fold's predictions and check them.

    Raises:
        RunError: The file is missing or damaged, or belongs to another fold.
    """
    path = layout.prediction(model, outer, inner)
    with _opened(path) as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        stored = (file.metadata() or {}).get(CHECKSUM)
    if stored != _checksum(arrays, _fold_name(model, outer, inner)) or _fault_of(arrays):
        raise RunError(f"{path} is damaged (its content is not what was written); {AGAIN}")
    deviations = _clauses(arrays.pop(DEVIATIONS)) if DEVIATIONS in arrays else ()
    return StoredPrediction(model=model, outer=outer, inner=inner, **arrays, deviations=deviations)


def read_deviations(layout: RunLayout, model: str, outer: int, inner: int) -> tuple[str, ...]:
    """In what the fitting of a fold's model departed from its settings; its predictions are not read.

    Raises:
        RunError: The file is missing or damaged.
    """
    with _opened(layout.prediction(model, outer, inner)) as file:
        return _clauses(file.get_tensor(DEVIATIONS)) if DEVIATIONS in file.keys() else ()  # noqa: SIM118


def is_sound(layout: RunLayout, model: str, outer: int, inner: int) -> bool:
    """Say whether a fold's predictions are there and undamaged."""
    try:
        read_fold(layout, model, outer, inner)
    except RunError:
        return False
    return True


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise RunError(f"{path} is missing, so the experiment is not complete; {AGAIN}")
    try:
        with safe_open(path, framework="np") as file:
            yield file
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(f"{path} is damaged ({error}); {AGAIN}") from error


def _clauses(kept: npt.NDArray[Any]) -> tuple[str, ...]:
    return tuple(json.loads(kept.tobytes()))


def _fold_name(model: str, outer: int, inner: int) -> str:
    return f"{model}/{outer}-{inner}"


def _checksum(arrays: dict[str, npt.NDArray[Any]], fold_name: str) -> str:
    digest = hashlib.sha256(fold_name.encode())
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
        digest.update(np.ascontiguousarray(array).data if array.size else b"")
    return digest.hexdigest()


def _fault_of(arrays: dict[str, npt.NDArray[Any]]) -> str:
    if set(arrays) - {DEVIATIONS} != set(NAMES):
        return f"it has {', '.join(sorted(arrays))}, expected {', '.join(NAMES)}"
    for part in ("validation", "test"):
        table, rows = arrays[part], arrays[f"{part}_rows"]
        if table.dtype != np.float32 or table.ndim != 2 or len(table) != len(rows):
            return f"{part} is {table.dtype} of shape {table.shape}, expected float32 with {len(rows)} rows, one a work"
    if arrays["validation"].shape[1] != arrays["test"].shape[1]:
        return "validation and test have different numbers of columns"
    return ""
