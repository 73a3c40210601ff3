from pathlib import Path

import numpy as np
import pytest
from tests.runs import make_works, write_run

from sakka.errors import RunError
from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.figures import Figure, LeftOut, Table
from sakka.evaluation.frame import FUSED, EvaluatedRun, ensemble
from sakka.evaluation.open_run import open_run
from sakka.evaluation.tables.all_tables import all_tables
from sakka.market import settings, vocabulary
from sakka.paper import plan as experiment
from sakka.paper import published
from sakka.paper.candidates_table import beside_candidates
from sakka.paper.entropy_tables import entropy_tables
from sakka.paper.label_sets import LabelSets
from sakka.paper.significance import significance
from sakka.paper.tables import paper_tables
from sakka.paper.text_candidates import EvaluatedCandidate, write_candidates

MODELS = (("photo-vgg16", "photo"), ("text-fasttext", "text"), ("labels-lightgbm", "labels"), ("dummy", "none"))


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> EvaluatedRun:
    folder = tmp_path_factory.mktemp("paper") / "run"
    return evaluate_run(open_run(write_run(folder, make_works(), MODELS, inner_folds=2).folder))


@pytest.fixture(scope="module")
def tables(evaluated: EvaluatedRun) -> list[Table]:
    generator = np.random.default_rng(0)
    works = len(evaluated.facts.labels)
    shown = generator.random((works, 91)) < 0.02
    sets = LabelSets(shown, np.ones(works, dtype=np.bool_), evaluated.facts.labels)
    return all_tables(evaluated, entropy_tables(evaluated, sets))[0]


def rows_of(tables: list[Table], key: str) -> list[list[str | float | None]]:
    found = next(table for table in tables if table.key == key)
    return [[cell.value if isinstance(cell, Figure) else cell for cell in row] for row in found.rows]


def test_the_sums_of_table_4_are_those_that_the_specification_recomputes() -> None:
    image, text = published.TABLE_4["photo"], published.TABLE_4["text"]
    assert image.works == text.works == experiment.WORKS == 109_685
    assert round(image.accuracy_before, 4) == 0.7965
    assert round(image.accuracy_after, 4) == round(text.accuracy_after, 4) == 0.9296
    assert round(text.accuracy_before, 4) == published.TABLE_3["text"].accuracy


def test_works_right_after_fusion_agree_from_both_sides_of_table_4() -> None:
    image, text = published.TABLE_4["photo"], published.TABLE_4["text"]
    assert image.tt + image.ft == text.tt + text.ft
    assert image.ff + image.tf == text.ff + text.tf


def test_the_paper_s_best_ratio_is_its_fused_figure_and_its_ends_suggest_reversed_labels() -> None:
    assert published.TABLE_2[0.5] == published.TABLE_3["fused"]
    accuracies = [published.TABLE_2[weight].accuracy for weight in (0.1, 0.9)]
    image, text = published.TABLE_3["photo"].accuracy, published.TABLE_3["text"].accuracy
    assert abs(accuracies[0] - image) < abs(accuracies[0] - text)
    assert abs(accuracies[1] - text) < abs(accuracies[1] - image)
    assert published.ratio_reversed(0.3) == published.TABLE_2[0.7]


def test_the_market_and_the_preset_name_the_same_data_set() -> None:
    assert (experiment.WORKS, experiment.CREATORS) == (settings.PAPER_WORKS, settings.PAPER_CREATORS)
    assert experiment.CATEGORY == vocabulary.PAPER_CATEGORY
    assert experiment.FEWEST.startswith(str(settings.PAPER_FEWEST))


def test_every_table_of_the_paper_has_a_counterpart_with_figures_of_both(tables: list[Table]) -> None:
    made = paper_tables(tables)
    assert [table.key for table in made if isinstance(table, Table)] == [f"paper{number}" for number in range(1, 9)]
    for table in made:
        assert isinstance(table, Table)
        assert {len(row) for row in table.rows} == {len(table.head)}
        figures = list(table.figures())
        assert len({(each.model, each.row, each.measure) for each in figures}) == len(figures), table.key
        for row in table.rows:
            sides = {each.model.startswith("paper: ") for each in row if isinstance(each, Figure)}
            assert sides == {True, False}, (table.key, row[0])


def test_our_side_is_the_figure_of_our_own_table(tables: list[Table], evaluated: EvaluatedRun) -> None:
    beside = [table for table in paper_tables(tables) if isinstance(table, Table)]
    ours = {(each.model, each.row, each.measure): each.value for table in tables for each in table.figures()
            if table.key == "table3"}  # fmt: skip
    image = rows_of(beside, "paper3")[0]
    assert image[:4] == ["image", "photo-vgg16", 0.7959, 0.74]
    assert image[4] == ours["photo-vgg16", "single", "accuracy"]
    assert image[7] == ours["photo-vgg16", "ensemble", "macro_f1"]
    everything = rows_of(beside, "paper1")[0]
    assert everything[1:5] == [109_685, evaluated.facts.n_tested, 1.0, 1.0]
    pooled = [row[5] for row in rows_of(beside, "paper4") if row[1] == "accuracy after"]
    assert pooled == pytest.approx([evaluated.of(FUSED)["correct"].mean()] * 2)


def test_a_run_without_photos_says_which_tables_it_lacks(tmp_path: Path) -> None:
    layout = write_run(tmp_path / "run", make_works(), (("text-fasttext", "text"), ("dummy", "none")), inner_folds=1)
    made = paper_tables(all_tables(evaluate_run(open_run(layout.folder)))[0])
    assert [each.key for each in made if isinstance(each, Table)] == ["paper3"]
    assert [each.key for each in made if isinstance(each, LeftOut)] == [f"paper{at}" for at in (1, 2, 4, 5, 6, 7, 8)]


def test_text_candidates_in_the_run_folder_stand_beside_the_paper_s(tmp_path: Path) -> None:
    assert isinstance(beside_candidates(tmp_path), LeftOut)
    found = [EvaluatedCandidate("dummy", None, 0.1, 0.1, None, 40, 1, 0.1),
             EvaluatedCandidate("fastText, 5 epochs", 0.8806, 0.6, 0.5, 0.02, 40, 3, 1.5)]  # fmt: skip
    write_candidates(found, tmp_path, "text-candidates")
    table = beside_candidates(tmp_path)
    assert isinstance(table, Table)
    assert rows_of([table], "paper_candidates")[1] == ["fastText, 5 epochs", 0.8806, 0.5, 0.6, 1.5]
    (tmp_path / "text-candidates.json").write_text('[{"name": 3}]')
    with pytest.raises(RunError, match="is damaged"):
        beside_candidates(tmp_path)


def test_each_two_rows_of_table_3_are_compared_work_by_work(evaluated: EvaluatedRun) -> None:
    table = significance(evaluated)
    assert isinstance(table, Table)
    assert [row[:2] for row in table.rows] == [
        ("Photo + text", "Photo (vgg16)"),
        ("Photo + text", "Text (fasttext)"),
        ("Photo + text", "Object labels (lightgbm)"),
        ("Photo (vgg16)", "Text (fasttext)"),
        ("Photo (vgg16)", "Object labels (lightgbm)"),
        ("Text (fasttext)", "Object labels (lightgbm)"),
    ]
    works = evaluated.facts.n_tested
    right = {name: evaluated.of(ensemble(name))["correct"].to_numpy() for name in ("photo-vgg16", "labels-lightgbm")}
    found = {each.measure: each.value for each in table.rows[4][2:] if isinstance(each, Figure)}
    alone = [int(sum(a > b for a, b in zip(*pair, strict=True))) for pair in (right.values(), [*right.values()][::-1])]
    assert [found["only_first_count"], found["only_second_count"]] == alone
    assert found["accuracy_gain"] == pytest.approx((alone[0] - alone[1]) / works)
    error = (sum(alone) / works - found["accuracy_gain"] ** 2) ** 0.5 / works**0.5  # of the mean of differences
    assert found["low_accuracy_gain"] == pytest.approx(found["accuracy_gain"] - 1.96 * error, abs=0.3 * error)
    assert found["high_accuracy_gain"] == pytest.approx(found["accuracy_gain"] + 1.96 * error, abs=0.3 * error)
    assert found["p_value"] < 1e-6


def test_of_one_model_there_is_nothing_to_compare(folder: Path) -> None:
    run = evaluate_run(open_run(write_run(folder, make_works(), MODELS[1:2], inner_folds=1).folder))
    assert isinstance(significance(run), LeftOut)
