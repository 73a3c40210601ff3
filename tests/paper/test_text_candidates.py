"""The text candidates: a split of 3:1:1, figures that can be counted, tables that a person reads."""

import inspect
import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog
from typer.testing import CliRunner

from sakka.catalog.works import Catalog
from sakka.cli import COMMAND_GROUPS, app
from sakka.cli.text_candidates import text_candidates
from sakka.errors import SplitError
from sakka.models.base import CreatorModel
from sakka.models.registry import make_model
from sakka.paper.models.lightgbm_table import LEAF_PENALTY
from sakka.paper.text_candidates import WORD2VEC, TextCandidate, candidates, evaluate_candidates, split_3_1_1


@pytest.fixture
def works(folder: Path) -> Catalog:
    return tiny_catalog(folder / "photos", creators=4, works=10, size_px=8)


def test_three_parts_of_each_creator_hold_three_fifths_one_and_one(works: Catalog) -> None:
    parts = split_3_1_1(works, seed=1)
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))
    assert [np.bincount(works.creator_indices()[rows]).tolist() for rows in parts] == [[6] * 4, [2] * 4, [2] * 4]


def test_a_creator_with_four_works_is_refused(folder: Path) -> None:
    with pytest.raises(SplitError, match="5 works or more by each creator, but one has 4"):
        split_3_1_1(tiny_catalog(folder / "few", creators=2, works=4, size_px=8), seed=0)


def test_the_baseline_gets_one_creators_share_and_repeats_give_a_standard_deviation(works: Catalog) -> None:
    def dummy(seed: int) -> CreatorModel:
        return make_model("dummy")

    (once,) = evaluate_candidates(works, [TextCandidate("dummy", None, dummy)])
    (twice,) = evaluate_candidates(works, [TextCandidate("dummy", 0.5, dummy)], repeats=2)
    assert (once.test, once.validation, once.standard_deviation, once.n) == (0.25, 0.25, None, 8)
    assert (twice.test, twice.standard_deviation, twice.repeats, twice.paper) == (0.25, 0.0, 2, 0.5)


def test_the_four_of_the_paper_are_there_with_its_figures_and_settings() -> None:
    found = {one.paper: one.make(7).settings() for one in candidates() if one.paper is not None}
    assert set(found) == {0.0705, 0.5005, 0.8364, 0.8806}
    assert (found[0.0705]["dim"], found[0.5005]["dim"]) == (100, 300)
    assert found[0.8364]["max_words"] == 5000
    assert (found[0.8806]["dim"], found[0.8806]["epoch"]) == (100, 1000)
    assert {settings["seed"] for settings in found.values()} == {7}


def test_the_penalty_on_leaves_is_the_models_own_unless_it_is_set() -> None:
    option = inspect.signature(text_candidates).parameters["l2"].default
    assert option == LEAF_PENALTY
    for l2, settings in ((LEAF_PENALTY, {}), (0.0, {"l2": 0.0})):
        found = [one.make(0).settings() for one in candidates(**settings)]
        assert [each["l2"] for each in found if "l2" in each] == [l2] * 3


def test_vectors_of_another_space_are_only_used_to_answer(works: Catalog) -> None:
    other = WORD2VEC[-1].make(0).fit(works)
    before = other._export().tensors["vectors"].copy()
    other.predict_proba(works.take(np.arange(8)))
    assert (other._export().tensors["vectors"] == before).all()


def test_the_command_writes_the_table_that_it_shows(works: Catalog, folder: Path) -> None:
    works.write(folder / "catalog")
    for group in COMMAND_GROUPS:
        import_module(f"sakka.cli.{group}")
    asked = ["text-candidates", str(folder / "catalog"), "-o", str(folder / "out"), "--epochs", "3", "--repeats", "2"]
    result = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert result.exit_code == 0
    table = json.loads((folder / "out" / "text-candidates.json").read_text())
    assert [one["name"] for one in table if one["paper"] is None] == ["dummy", "text-linear"]
    written = (folder / "out" / "text-candidates.md").read_text()
    for one in table:
        assert f"| {one['name']} |" in written
        assert f"{one['test']:.4f}" in result.stdout
