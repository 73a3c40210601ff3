from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.runs import make_works, write_run

from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.frame import FUSED, FUSED_RATIO, EvaluatedRun, ensemble, fixed_ratio, schema, single
from sakka.evaluation.learned_fusion import LEARNED, LEARNED_KIND
from sakka.evaluation.open_run import RunFacts, open_run
from sakka.models.choosing_fusion import choose_fusion
from sakka.models.fixed_ratio import FIXED_RATIOS, FixedRatio
from sakka.models.fused import FusedModel


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> EvaluatedRun:
    folder = tmp_path_factory.mktemp("run")
    return evaluate_run(open_run(write_run(folder, make_works(per_creator=10), inner_folds=2).folder))


def four_works() -> EvaluatedRun:
    """Two works in each of two folds, by creators 0 and 1; two single models, of which the second errs once."""
    labels, outer, none = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]), np.ones(4, dtype=np.bool_)
    one = none.astype(np.int64)
    facts = RunFacts(("a", "b"), labels, outer, 2, 2, (("dummy", "none"),), "random", 0, none, one, none)
    columns = schema(["dummy"], [], 2)
    predicted = {0: [0, 1, 0, 1], 1: [0, 0, 0, 1]}
    rows = [
        {"work": work, "outer": outer[work], "label": labels[work], "model": "dummy", "kind": "single", "inner": inner,
         "chosen": False, "chosen_of_way": False, "predicted": predicted[inner][work], "probability": 0.5,
         "own_probability": 0.5, "rank": int(predicted[inner][work] != labels[work])}
        for inner in (0, 1) for work in range(4)
    ]  # fmt: skip
    return EvaluatedRun(facts, pl.DataFrame(rows, schema=columns), pl.DataFrame())


def test_measures_of_single_models_are_averaged_in_each_fold() -> None:
    run = four_works()
    assert run.by_fold(single("dummy"), "accuracy") == [0.75, 1.0]
    assert run.by_fold(single("dummy"), "macro_f1") == pytest.approx([(1 + 1 / 3) / 2, 1])  # 1/3: 2/3 of a, 0 of b
    assert run.by_fold(single("dummy"), "log_loss") == pytest.approx([np.log(2)] * 2)
    assert run.figure(single("dummy"), "accuracy").value == 0.875


def test_the_accuracy_where_a_condition_holds_is_over_the_folds_that_test_such_works() -> None:
    found = four_works().accuracy_where(single("dummy"), pl.col("work") == 1, "accuracy of one")
    assert (found.value, found.spread, found.folds) == (0.5, None, 1)


def test_each_of_all_predictors_has_a_row_for_every_tested_work(evaluated: EvaluatedRun) -> None:
    works = evaluated.facts.n_tested
    assert len(evaluated.frame) == works * (3 * (2 + 1) + len(FIXED_RATIOS) + len(LEARNED) + 2)


def test_a_ratio_is_found_by_its_weight_as_a_number(evaluated: EvaluatedRun) -> None:
    rows = evaluated.of(fixed_ratio("", FixedRatio("log-linear", 0.3)))
    assert rows["photo_weight"].unique().to_list() == [0.3]
    assert rows["work"].to_list() == np.flatnonzero(evaluated.facts.outer >= 0).tolist()


@pytest.mark.parametrize("skill", [{"photo": 1.6, "text": 1.1, "none": 0.0}, {"photo": 6.0, "text": 6.0, "none": 0.0}])
def test_the_fusion_put_forward_is_in_each_fold_the_one_that_a_fitted_model_would_take(
    folder: Path, skill: dict[str, float]
) -> None:
    run = open_run(write_run(folder, make_works(per_creator=10), inner_folds=1, skill=skill).folder)
    evaluated = evaluate_run(run)
    used = evaluated.of(FUSED).select("outer", "way", "photo_weight").unique().sort("outer").rows()
    for outer, way, photo_weight in used:
        photo, text = (run.fold(name, outer, 0) for name in ("photo-lite0", "text-linear"))
        labels, given = run.facts.labels[photo.validation_rows], run.facts.fused_given_of(photo.validation_rows)
        predictions = photo.validation, text.validation, labels, given
        fuser = choose_fusion(*predictions, FIXED_RATIOS, kind=FusedModel().fusion, seed=FusedModel().seed).fuser
        assert (way, photo_weight) == (
            (LEARNED_KIND, None) if fuser.is_learned else (fuser.values()["how"], fuser.values()["photo_weight"])
        )


def test_the_fixed_ratio_is_in_each_fold_the_one_that_validation_chose(evaluated: EvaluatedRun) -> None:
    used = evaluated.of(FUSED_RATIO).select("outer", "way", "photo_weight").unique().sort("outer")
    chosen = evaluated.validation.filter("chosen").sort("outer")
    assert used["photo_weight"].to_list() == chosen["photo_weight"].to_list()
    assert used["way"].cast(pl.String).to_list() == chosen["way"].to_list()


def test_a_row_takes_less_than_forty_bytes(evaluated: EvaluatedRun) -> None:
    assert evaluated.frame.estimated_size() / len(evaluated.frame) < 40  # 5.6 million rows at the paper's size


def test_a_model_called_fused_has_rows_of_its_own(tmp_path: Path) -> None:
    models = (("photo-lite0", "photo"), ("text-linear", "text"), ("fused", "both"))
    run = evaluate_run(open_run(write_run(tmp_path, make_works(per_creator=10), models, inner_folds=1).folder))
    assert run.models[-1] == ("fused-model", "both")
    assert len(run.of(ensemble("fused-model"))) == len(run.of(FUSED)) == run.facts.n_tested
