"""Tables 1 and 5 to 8 of a simulated run."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.runs import make_works, write_run

from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.figures import Figure, LeftOut, Table
from sakka.evaluation.frame import EvaluatedRun, single
from sakka.evaluation.open_run import open_run
from sakka.evaluation.tables.all_tables import all_tables
from sakka.paper.entropy_tables import entropy_tables, relation_points
from sakka.paper.label_sets import LabelSets

MODELS = (("photo-lite0", "photo"), ("text-linear", "text"), ("labels-lightgbm", "labels"))


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> EvaluatedRun:
    folder = tmp_path_factory.mktemp("runs") / "run"
    write_run(folder, make_works(lacking=True), models=MODELS, inner_folds=2)
    return evaluate_run(open_run(folder))


def _sets(evaluated: EvaluatedRun, base: str = "e") -> LabelSets:
    generator = np.random.default_rng(3)
    shown = generator.random((len(evaluated.facts.labels), 91)) < 0.015
    shown[:, 0] = evaluated.facts.labels == 0  # a label that only one creator's works show
    return LabelSets(
        shown & evaluated.facts.has_photo[:, None], evaluated.facts.has_photo, evaluated.facts.labels, base
    )


def _tables(evaluated: EvaluatedRun) -> dict[str, Table]:
    return {each.key: each for each in entropy_tables(evaluated, _sets(evaluated)) if isinstance(each, Table)}


def _value(table: Table, row: int, head: str) -> float | None:
    cell = table.rows[row][table.head.index(head)]
    assert isinstance(cell, Figure)
    return cell.value


def test_every_table_has_a_row_without_a_threshold_and_one_for_each(evaluated: EvaluatedRun) -> None:
    tables = _tables(evaluated)
    assert list(tables) == ["table1", "table5", "table6", "table7", "table8", "entropy"]
    for key in ("table1", "table5", "table6", "table7", "table8"):
        assert [row[0] for row in tables[key].rows] == ["any", "H < 5", "H < 4", "H < 3", "H < 2", "H < 1"]


def test_works_without_a_photo_are_left_out(evaluated: EvaluatedRun) -> None:
    tables, with_photo = _tables(evaluated), int(evaluated.facts.has_photo.sum())
    assert with_photo < len(evaluated.facts.labels)
    for key in ("table1", "table5", "table6", "table7", "table8"):
        assert _value(tables[key], 0, "Works") == with_photo
    assert [_value(tables["table1"], row, "Works") for row in range(6)] == [
        _value(tables["table5"], row, "Works") for row in range(6)
    ]


def test_figures_are_those_of_a_plain_count(evaluated: EvaluatedRun) -> None:
    sets, facts, table = _sets(evaluated), evaluated.facts, _tables(evaluated)["table5"]
    rows = evaluated.frame.filter(single(MODELS[0][0]).where)
    by_fold = []
    for outer in range(facts.outer_folds):
        kept = (facts.outer == outer) & facts.has_photo & (np.nan_to_num(sets.entropy, nan=math.inf) < 1)
        of_kept = rows.filter(pl.col("work").is_in(np.flatnonzero(kept).tolist()))
        by_fold.append((of_kept["predicted"] == of_kept["label"]).mean())
    assert _value(table, 5, "single: accuracy") == pytest.approx(np.mean(by_fold))


def test_a_run_without_works_lacking_a_photo_gives_the_figures_of_table_3(tmp_path: Path) -> None:
    write_run(tmp_path / "run", make_works(), models=MODELS, inner_folds=2)
    evaluated = evaluate_run(open_run(tmp_path / "run"))
    known = {
        (each.model, each.row, each.measure): each.value
        for table in all_tables(evaluated)[0]
        if table.key == "table3"
        for each in table.figures()
    }
    mine = _tables(evaluated)
    for key, model in (("table5", "photo-lite0"), ("table8", "labels-lightgbm")):
        for kind in ("single", "ensemble"):
            assert _value(mine[key], 0, f"{kind}: accuracy") == pytest.approx(known[model, kind, "accuracy"])
            assert _value(mine[key], 0, f"{kind}: macro-F1") == pytest.approx(known[model, kind, "macro_f1"])


def test_a_run_without_a_model_says_so(evaluated: EvaluatedRun) -> None:
    alone = replace(evaluated, facts=replace(evaluated.facts, models=evaluated.facts.models[:1]))
    left_out = {each.key for each in entropy_tables(alone, _sets(evaluated)) if isinstance(each, LeftOut)}
    assert left_out == {"table6", "table7", "table8"}


def test_the_relation_names_every_model_and_the_fusion(evaluated: EvaluatedRun) -> None:
    table = _tables(evaluated)["entropy"]
    assert [row[0] for row in table.rows] == [*(name for name, _ in MODELS), "fused"]
    for row in range(len(table.rows)):
        low, middle, high = (_value(table, row, f"Works: {part}") for part in ("from", "correlation", "to"))
        assert low is not None
        assert middle is not None
        assert high is not None
        assert -1 <= low <= middle <= high <= 1


def test_points_of_a_plot_count_every_evaluated_work_once(evaluated: EvaluatedRun) -> None:
    points = relation_points(evaluated, _sets(evaluated))
    assert list(points) == [*(name for name, _ in MODELS), "fused"]
    for each in points.values():
        assert each.works.sum() == evaluated.facts.has_photo.sum()
        assert ((each.accuracy >= 0) & (each.accuracy <= 1)).all()


def test_base_2_divides_the_entropy_by_the_logarithm_of_2(evaluated: EvaluatedRun) -> None:
    natural, bits = _sets(evaluated).entropy, _sets(evaluated, "2").entropy
    assert np.allclose(natural, bits * math.log(2), equal_nan=True)
