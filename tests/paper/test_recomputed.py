"""Tables 1 to 8 of a run's report beside a second implementation; see recomputed.py."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.paper.recomputed import TABLES, differences
from tests.runs import CREATORS, make_works, write_run

from sakka.object_labels.table import LabelTable
from sakka.pages.write_report import write_report

MODELS = (("photo-lite0", "photo"), ("text-linear", "text"), ("labels-lightgbm", "labels"), ("dummy", "none"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    works = make_works(lacking=True)
    write_run(folder, works, models=MODELS)
    vectors = (np.random.default_rng(3).random((len(works), 92)) < 0.015).astype(np.float32)
    vectors[:, 1] = works.creator_indices() == 0  # a label that only one creator's works show
    vectors[:, 0] = ~vectors[:, 1:].any(axis=1)
    vectors[~works.has_photo] = 0
    LabelTable(tuple(works.ids), vectors).write(folder)
    write_report(folder)
    return folder


def test_every_figure_of_the_papers_tables_is_that_of_a_second_implementation(run: Path) -> None:
    compared, lines = differences(run)
    assert lines == []
    stored = {each["table"] for each in json.loads((run / "report" / "results.json").read_text(encoding="utf-8"))}
    assert set(TABLES) <= stored
    assert compared > 40 * len(CREATORS)


def test_a_figure_that_differs_is_named(run: Path) -> None:
    path = run / "report" / "results.json"
    kept = path.read_bytes()
    stored = json.loads(kept)
    each = next(each for each in stored if each["table"] == "table4" and each["measure"] == "FT_count")
    each["value"] += 1
    path.write_text(json.dumps(stored), encoding="utf-8")
    try:
        (line,) = differences(run)[1]
    finally:
        path.write_bytes(kept)
    assert line.startswith(f"table4 · {each['model']} · fused · FT_count: the report has [{each['value']}, ")
