"""Label sets of a run folder."""

from pathlib import Path

import numpy as np
import pytest
from tests.runs import make_works, write_run

from sakka.catalog.works import Catalog
from sakka.errors import RunError
from sakka.evaluation.open_run import StoredRun, open_run
from sakka.object_labels.table import LABELS_FILE, LabelTable
from sakka.paper.label_sets import read_label_sets


@pytest.fixture
def works() -> Catalog:
    return make_works(per_creator=10, lacking=True)


@pytest.fixture
def run(folder: Path, works: Catalog) -> StoredRun:
    return open_run(write_run(folder / "run", works, models=(("dummy", "none"),), inner_folds=1).folder)


def _vectors(works: Catalog) -> np.ndarray:
    vectors = np.zeros((len(works), 92), dtype=np.float32)
    vectors[works.has_photo, 17] = 0.5
    return vectors


def test_a_run_without_labels_has_no_label_sets(run: StoredRun) -> None:
    assert read_label_sets(run) is None


def test_label_sets_are_those_of_the_run_s_works(run: StoredRun, works: Catalog) -> None:
    LabelTable(tuple(works.ids), _vectors(works)).write(run.layout.folder)
    sets = read_label_sets(run, base="2")
    assert sets is not None
    assert np.array_equal(sets.looked_at, works.has_photo)
    assert np.array_equal(sets.creators, works.creator_indices())
    shares = np.bincount(works.creator_indices()[works.has_photo]) / works.has_photo.sum()
    assert sets.combinations.entropy == pytest.approx([-(shares * np.log2(shares)).sum()])
    assert np.array_equal(np.isnan(sets.entropy), ~works.has_photo)


def test_labels_of_other_works_are_refused(run: StoredRun, works: Catalog) -> None:
    LabelTable(tuple(reversed(works.ids)), _vectors(works)).write(run.layout.folder)
    with pytest.raises(RunError, match="other works"):
        read_label_sets(run)
    (run.layout.folder / LABELS_FILE).write_bytes(b"")
    with pytest.raises(RunError, match="can't be read as labels"):
        read_label_sets(run)
