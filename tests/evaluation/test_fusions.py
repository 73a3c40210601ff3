from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.runs import make_works, write_run

from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.figures import Figure, LeftOut, Table
from sakka.evaluation.frame import EvaluatedRun, way_of_fusing
from sakka.evaluation.learned_fusion import LEARNED
from sakka.evaluation.open_run import open_run
from sakka.evaluation.tables.calibration import calibration, calibration_error, sure
from sakka.evaluation.tables.fusions import DRAWN_AT_ONCE, fusions, log_losses, mcnemar, paired_interval
from sakka.pages.plots import Tick
from sakka.pages.reliability import coverage_plot, reliability_plot


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> EvaluatedRun:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, make_works(lacking=True))
    return evaluate_run(open_run(folder))


def cells(table: Table | LeftOut, measure: str) -> dict[str, float]:
    assert isinstance(table, Table)
    return {each.model: each.value for each in table.figures() if each.measure == measure and each.value is not None}


def test_the_interval_of_a_difference_is_that_of_its_mean() -> None:
    generator = np.random.default_rng(0)
    after, before = (generator.random(4000) < share for share in (0.8, 0.7))
    difference = after.astype(float) - before
    low, high = paired_interval(after.astype(float), before.astype(float))
    half = 1.96 * difference.std() / 4000**0.5
    assert low == pytest.approx(difference.mean() - half, abs=0.002)
    assert high == pytest.approx(difference.mean() + half, abs=0.002)


def test_an_interval_is_the_same_in_parts_and_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    after, before = np.random.default_rng(0).random((2, 500))
    at_once = paired_interval(after, before)
    assert len(after) < DRAWN_AT_ONCE
    monkeypatch.setattr("sakka.evaluation.tables.fusions.DRAWN_AT_ONCE", 1500)
    assert paired_interval(after, before) == pytest.approx(at_once, rel=1e-12)
    assert at_once[0] < np.mean(after - before) < at_once[1]


def test_differences_that_are_joined_have_nearly_the_same_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    after, before = np.random.default_rng(0).random((2, 4000))
    whole = paired_interval(after, before)
    monkeypatch.setattr("sakka.evaluation.tables.fusions.MOST_VALUES", 200)
    joined = paired_interval(after, before)
    assert joined != whole
    np.testing.assert_allclose(joined, whole, atol=0.001)


def test_what_a_fusion_saves_is_beside_the_ratio_with_a_temperature(evaluated: EvaluatedRun) -> None:
    table = log_losses(evaluated)
    losses, saved = (cells(table, name) for name in ("pooled_log_loss", "log_loss_saved"))
    low, high = (cells(table, f"{name}_log_loss_saved") for name in ("low", "high"))
    tempered = "fused fixed ratio, temperature"
    assert saved[tempered] == low[tempered] == high[tempered] == 0
    for name, value in saved.items():
        assert value == pytest.approx(losses[tempered] - losses[name])
        assert low[name] <= value <= high[name]


def test_the_test_of_mcnemar_is_the_binomial_one() -> None:
    assert mcnemar(3, 1) == pytest.approx(10 / 16)
    assert mcnemar(0, 0) == 1.0


def test_the_calibration_error_is_as_counted_by_hand() -> None:
    correct = [True, True, False, False, True, True]
    rows = pl.DataFrame({"probability": [0.9, 0.9, 0.9, 0.9, 0.5, 0.5], "correct": correct})
    assert calibration_error(rows) == pytest.approx((4 * 0.4 + 2 * 0.5) / 6)
    assert calibration_error(rows, bins=1) == pytest.approx(4.6 / 6 - 4 / 6)


def test_learned_fusions_are_evaluated_on_every_tested_work(evaluated: EvaluatedRun) -> None:
    for way in LEARNED:
        works = evaluated.of(way_of_fusing(way, way))["work"].to_list()
        assert works == np.flatnonzero(evaluated.facts.outer >= 0).tolist()
    losses = cells(fusions(evaluated), "log_loss")
    assert losses["fused"] < losses["fused arithmetic, best ratio"]


def test_a_gain_stands_inside_its_interval_and_agrees_with_the_counts(evaluated: EvaluatedRun) -> None:
    table = fusions(evaluated)
    gain, low, high = (cells(table, f"{name}accuracy_gain") for name in ("", "low_", "high_"))
    more, fewer = cells(table, "only_this_count"), cells(table, "only_ratio_count")
    for name, value in gain.items():
        assert low[name] <= value <= high[name]
        assert value == pytest.approx((more[name] - fewer[name]) / evaluated.facts.n_tested)


def test_learning_makes_the_arithmetic_mean_of_equals_better_calibrated(evaluated: EvaluatedRun) -> None:
    errors = cells(calibration(evaluated), "calibration_error")
    assert errors["fused"] < errors["fused arithmetic, best ratio"]


def test_the_surer_the_fewer_works_are_answered(evaluated: EvaluatedRun) -> None:
    table = sure(evaluated)
    coverage = list(cells(table, "coverage").values())
    wrong = list(cells(table, "wrong_count").values())
    assert coverage == sorted(coverage, reverse=True)
    assert coverage[0] == 1.0
    assert wrong == sorted(wrong, reverse=True)


def test_the_reliability_diagram_holds_every_work_once(evaluated: EvaluatedRun) -> None:
    table = calibration(evaluated)
    assert isinstance(table, Table)
    bins: list[Figure] = [each for each in table.extra if each.measure == "accuracy"]
    assert sum(each.n for each in bins) == evaluated.facts.n_tested


def test_the_reliability_diagram_has_a_dot_a_bin_at_its_place(evaluated: EvaluatedRun) -> None:
    table = calibration(evaluated)
    assert isinstance(table, Table)
    plot = reliability_plot([table])
    assert plot is not None
    bins = [each for each in table.extra if each.measure == "accuracy"]
    assert len(plot.dots) == len(bins)
    height = plot.bottom - plot.top
    for dot, each in zip(plot.dots, bins, strict=True):
        assert (plot.bottom - dot.y) / height == pytest.approx(each.value, abs=1e-3)
    assert reliability_plot([]) is None
    assert [column.label for column in plot.columns] == [f"{each.n:,}" for each in bins]
    whiskers = [line.points.split() for line in plot.lines[1:]]
    for dot, (low, high) in zip(plot.dots, whiskers, strict=True):
        assert float(low.split(",")[1]) >= dot.y >= float(high.split(",")[1])


def test_an_axis_of_shares_ends_at_one(evaluated: EvaluatedRun) -> None:
    plot = coverage_plot([sure(evaluated)])
    assert plot is not None
    assert plot.y_ticks[-1] == Tick(plot.top, "1.00")


def test_a_run_without_texts_leaves_the_tables_out(tmp_path: Path) -> None:
    write_run(tmp_path, make_works(per_creator=10), models=(("photo-lite0", "photo"),))
    lone = evaluate_run(open_run(tmp_path))
    assert all(isinstance(make(lone), LeftOut) for make in (fusions, log_losses))
    assert cells(sure(lone), "coverage")["photo-lite0 at least 0.00"] == 1.0
    assert list(cells(calibration(lone), "calibration_error")) == ["photo-lite0"]
