import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, f1_score
from tests.runs import MODELS, make_works, write_run

from sakka.catalog.works import Catalog, Work
from sakka.errors import RunError
from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.figures import Figure, LeftOut, Table, results
from sakka.evaluation.frame import FUSED, EvaluatedRun, ensemble, single
from sakka.evaluation.open_run import RunFacts, StoredRun, open_run
from sakka.evaluation.predictions import read_fold
from sakka.evaluation.tables.all_tables import all_tables
from sakka.evaluation.tables.creators import confusion_matrix, confusions
from sakka.evaluation.tables.leads import leads
from sakka.evaluation.tables.transitions import Transitions, rescued, surest_errors
from sakka.models.fixed_ratio import FIXED_RATIOS, FixedRatio
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.models.fusion import fuse
from sakka.paper.entropy_tables import entropy_tables


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    folder = tmp_path_factory.mktemp("run")
    return open_run(write_run(folder, make_works(lacking=True)).folder)


@pytest.fixture(scope="module")
def evaluated(run: StoredRun) -> EvaluatedRun:
    return evaluate_run(run)


def tables_of(evaluated: EvaluatedRun) -> dict[str, Table]:
    return {table.key: table for table in all_tables(evaluated)[0]}


def find(table: Table, model: str, row: str, measure: str) -> Figure:
    (found,) = [each for each in table.figures() if (each.model, each.row, each.measure) == (model, row, measure)]
    return found


def test_table_3_agrees_with_a_calculation_by_scikit_learn(run: StoredRun, evaluated: EvaluatedRun) -> None:
    table, labels = tables_of(evaluated)["table3"], run.facts.labels
    single, ensemble = [], []
    for outer in range(5):
        folds = [read_fold(run.layout, "text-linear", outer, inner) for inner in range(5)]
        truth = labels[folds[0].test_rows]
        single.append(np.mean([f1_score(truth, fold.test.argmax(axis=1), average="macro") for fold in folds]))
        mean = np.mean([fold.test for fold in folds], axis=0)
        ensemble.append(accuracy_score(truth, mean.argmax(axis=1)))
    found = find(table, "text-linear", "single", "macro_f1")
    assert found.value == pytest.approx(np.mean(single), abs=1e-12)
    assert found.spread == pytest.approx(np.std(single, ddof=1), abs=1e-12)
    found = find(table, "text-linear", "ensemble", "accuracy")
    assert found.value == pytest.approx(np.mean(ensemble), abs=1e-12)
    assert (found.n, found.folds, found.split) == (len(labels), 5, "random")


def test_the_weight_is_chosen_on_validation_predictions_only(run: StoredRun, evaluated: EvaluatedRun) -> None:
    facts = run.facts
    for choice in evaluated.validation.filter("chosen").iter_rows(named=True):
        outer = choice["outer"]
        right = dict.fromkeys(FIXED_RATIOS, 0)
        for inner in range(5):
            photo = read_fold(run.layout, "photo-lite0", outer, inner)
            text = read_fold(run.layout, "text-linear", outer, inner)
            rows = photo.validation_rows
            for fixed in FIXED_RATIOS:
                masks = facts.has_photo[rows], facts.has_text[rows]
                fused = fuse(photo.validation, text.validation, fixed.photo_weight, fixed.how, *masks)
                right[fixed] += int((fused.argmax(axis=1) == facts.labels[rows]).sum())
        assert right[FixedRatio(choice["way"], choice["photo_weight"])] == choice["correct"] == max(right.values())
        assert choice["works"] == sum((facts.outer != outer).tolist())


def test_no_chosen_ratio_beats_the_oracle_and_the_oracle_is_one_of_the_nine(evaluated: EvaluatedRun) -> None:
    table = tables_of(evaluated)["table2"]
    for how in ("arithmetic", "log-linear"):
        ratios = [
            each.value
            for each in table.figures()
            if each.model.startswith(f"fused-{how} photo") and each.measure == "accuracy"
        ]
        assert len(ratios) == 9
        assert find(table, f"fused-{how} oracle", "fused", "accuracy").value == max(ratios)


def test_the_weights_stand_under_their_modalities(evaluated: EvaluatedRun) -> None:
    table = tables_of(evaluated)["table2"]
    photo = find(tables_of(evaluated)["table3"], "photo-lite0", "ensemble", "accuracy").value
    mostly_photo = find(table, "fused-arithmetic photo 0.9 text 0.1", "fused", "accuracy").value
    mostly_text = find(table, "fused-arithmetic photo 0.1 text 0.9", "fused", "accuracy").value
    assert abs(mostly_photo - photo) < abs(mostly_text - photo)


def test_the_papers_own_counts_give_its_accuracies() -> None:
    photo = Transitions(tt=86458, ff=6818, ft=15504, tf=905)
    text = Transitions(tt=95563, ff=6838, ft=6399, tf=885)
    assert photo.works == text.works == 109_685
    assert round(photo.accuracy_before, 4) == 0.7965
    assert round(photo.accuracy_after, 4) == round(text.accuracy_after, 4) == 0.9296
    assert round(text.accuracy_before, 4) == 0.8793


def test_the_transitions_add_up_to_the_works_and_to_the_accuracies(evaluated: EvaluatedRun) -> None:
    table, n = tables_of(evaluated)["table4"], evaluated.facts.n_tested
    for name in evaluated.facts.fused or ():
        counts = {
            kind: find(table, f"{name} -> fused", "fused", f"{kind}_count").value for kind in ("TT", "FF", "FT", "TF")
        }
        assert sum(counts.values()) == n
        assert counts["TT"] + counts["TF"] == evaluated.of(ensemble(name))["correct"].sum()
        assert counts["TT"] + counts["FT"] == evaluated.of(FUSED)["correct"].sum()
        shares = [find(table, f"{name} -> fused", "fused", f"{kind}_share").value for kind in counts]
        assert sum(shares) == pytest.approx(1)


def test_the_gains_are_differences_of_table_3_and_add_up(evaluated: EvaluatedRun) -> None:
    tables = tables_of(evaluated)
    photo = "photo-lite0"

    def gain(name: str, row: str) -> float:
        value = find(tables["gains"], name, row, "accuracy_gain").value
        assert value is not None
        return value

    single = find(tables["table3"], photo, "single", "accuracy").value
    fused = find(tables["table3"], "fused", "fused", "accuracy").value
    assert single is not None
    assert fused is not None
    by_ensembling_first = gain(f"{photo} single -> {photo} ensemble", "ensemble")
    by_ensembling_first += gain(f"{photo} ensemble -> fused fused", "fused")
    by_fusion_first = gain(f"{photo} single -> fused single", "single") + gain("fused single -> fused fused", "fused")
    assert by_ensembling_first == pytest.approx(fused - single, abs=1e-12)
    assert by_fusion_first == pytest.approx(fused - single, abs=1e-12)


def test_a_work_counts_as_rescued_where_neither_photo_nor_text_was_correct(folder: Path) -> None:
    unsure = {"photo": 0.8, "text": 0.8}
    run = evaluate_run(open_run(write_run(folder, make_works(), MODELS[:2], inner_folds=1, skill=unsure).folder))
    assert rescued(run)
    for example in rescued(run):
        photo, text, fused = example.predictions
        assert fused.correct
        assert not photo.correct
        assert not text.correct


def test_the_most_confident_errors_are_wrong_and_the_surest_of_all(evaluated: EvaluatedRun) -> None:
    shown = [example.predictions[-1] for example in surest_errors(evaluated)]
    assert not any(each.correct for each in shown)
    wrong = evaluated.of(FUSED).filter(~pl.col("correct"))["probability"].sort(descending=True)
    assert [each.probability for each in shown] == wrong.head(len(shown)).to_list()


def test_a_matrix_of_confusions_holds_every_work_of_its_creators(evaluated: EvaluatedRun) -> None:
    found, labels = confusion_matrix(evaluated), evaluated.facts.labels
    assert found.counts.sum(axis=1).tolist() == [(labels == creator).sum() for creator in found.creators]
    assert found.counts.sum() - found.counts.trace() == (~evaluated.of(FUSED)["correct"]).sum()


def test_creators_who_are_confused_stand_side_by_side_in_the_matrix(folder: Path) -> None:
    run = evaluate_run(open_run(write_run(folder, make_works(per_creator=10), MODELS[1:2], inner_folds=1).folder))
    twins = pl.when(pl.col("label") == 0).then(5).when(pl.col("label") == 5).then(0).otherwise("label")
    found = confusion_matrix(replace(run, frame=run.frame.with_columns(predicted=twins.cast(pl.UInt16))))
    assert sorted(found.creators) == [0, 5]
    every_third = pl.when(pl.col("work") % 3 == 0).then(twins).otherwise((pl.col("label") + 1) % 6)
    mixed = confusion_matrix(replace(run, frame=run.frame.with_columns(predicted=every_third.cast(pl.UInt16))))
    assert len(mixed.creators) == 6


def test_pairs_who_share_the_creator_named_show_different_works_of_theirs(evaluated: EvaluatedRun) -> None:
    by_named: dict[int, list[int]] = {}
    for pair in confusions(evaluated, top=12):
        by_named.setdefault(pair.predicted, []).extend(pair.predicted_examples)
    assert max(map(len, by_named.values())) > 2
    assert all(len(set(works)) == len(works) for works in by_named.values())


def test_leads_name_where_most_wrong_answers_gather(evaluated: EvaluatedRun) -> None:
    found = leads(evaluated, top=10)
    wrong = [lead.wrong for lead in found]
    assert wrong == sorted(wrong, reverse=True)
    pair = next(lead for lead in found if lead.kind == "pair")
    both = [evaluated.facts.creators.index(str(pair.values[name])) for name in ("first", "second")]
    rows = evaluated.of(FUSED).filter(~pl.col("correct"))
    counted = rows.filter(pl.col("label").is_in(both) & pl.col("predicted").is_in(both))
    assert pair.wrong == len(counted) > 1
    photoless = next(lead for lead in found if lead.kind == "no_photo")
    assert photoless.values["n"] == (~evaluated.facts.has_photo).sum()
    assert photoless.values["accuracy"] < photoless.values["rest"]


def test_confusions_count_every_mistake_once(evaluated: EvaluatedRun) -> None:
    rows, facts = evaluated.of(FUSED), evaluated.facts
    found = confusions(evaluated, top=1000)
    assert sum(pair.works for pair in found) == facts.n_tested - rows["correct"].sum()
    assert [pair.works for pair in found] == sorted((pair.works for pair in found), reverse=True)
    for pair in found:
        assert {int(facts.labels[row]) for row in pair.examples} == {pair.creator}
        assert {rows["predicted"][row] for row in pair.examples} == {pair.predicted}
        assert {int(facts.labels[row]) for row in pair.predicted_examples} <= {pair.predicted}


def test_with_one_inner_fold_the_single_models_which_are_the_ensembles_have_no_rows(folder: Path) -> None:
    evaluated = evaluate_run(open_run(write_run(folder, make_works(), inner_folds=1).folder))
    for name, _ in MODELS:
        assert evaluated.by_fold(single(name), "accuracy") == evaluated.by_fold(ensemble(name), "accuracy")
    assert "single" not in {each.row for each in tables_of(evaluated)["table3"].figures()}


def test_what_a_run_puts_forward_has_one_name_in_every_table(evaluated: EvaluatedRun, folder: Path) -> None:
    tables = tables_of(evaluated)
    accuracy = find(tables["summary"], FUSED.model, "fused", "accuracy").value
    assert find(tables["table3"], FUSED.model, "fused", "accuracy").value == accuracy
    for key in ("table3", "fusions", "log_losses", "calibration"):
        strong = tables[key].rows[tables[key].strong or 0]
        assert {each.model for each in strong if isinstance(each, Figure)} == {FUSED.model}
        assert strong[0] == "Photo + text"
        figures = [each.value for row in tables[key].rows for each in row if isinstance(each, Figure)]
        assert key == "table3" or len(set(figures)) > len(tables[key].rows)
        own = [tuple(each.value for each in row if isinstance(each, Figure)) for row in tables[key].rows]
        assert len(set(own)) == len(own)  # no row stands there twice
    assert find(tables["sure"], "fused at least 0.00", "fused", "accuracy").value == accuracy
    assert find(tables["creators"], "fused", "fused", "recall of Abe").n == 75
    titles = Catalog.from_works([Work(work.id, creator=work.creator, title=work.title) for work in make_works(3)])
    save_model(FusedModel().fit(titles), folder / "model")
    assert json.loads((folder / "model" / "model.json").read_text(encoding="utf-8"))["name"] == FUSED.model


def test_a_work_counts_as_near_identical_where_its_group_is_learned_from_too() -> None:
    groups, outer = np.array([0, 0, 1, 1, 2, 3, 3]), np.array([0, 1, 2, 2, 0, 1, -1])
    none = np.ones(7, dtype=np.bool_)
    facts = RunFacts(("a",), outer * 0, outer, 3, 1, (), "random", 0, none, none.astype(np.int64), none, groups=groups)
    assert facts.near_identical_across == 3  # both of group 0 and the tested one of group 3


def test_a_run_of_texts_alone_leaves_out_the_tables_of_fusion(folder: Path) -> None:
    run = open_run(write_run(folder, make_works(), models=MODELS[1:], inner_folds=1).folder)
    evaluated = evaluate_run(run)
    tables, left_out = all_tables(evaluated, entropy_tables(evaluated, None))
    of_fusion = {"table2", "choices", "fusions", "log_losses", "table4", "agreement", "coverage"}
    assert {each.key for each in left_out} == {"table1", *of_fusion}
    assert all(isinstance(each, LeftOut) and each.reason.endswith(".") for each in left_out)
    assert {table.key for table in tables} == {
        "summary",
        "table3",
        "gains",
        "calibration",
        "sure",
        "sizes",
        "confusions",
        "creators",
    }
    assert rescued(evaluated) == []
    assert all(len(each.predictions) == 1 for each in surest_errors(evaluated))


def test_every_figure_has_one_name_and_n_and_folds(evaluated: EvaluatedRun) -> None:
    figures = results(all_tables(evaluated)[0])
    names = [(each["table"], each["split"], each["model"], each["row"], each["measure"]) for each in figures]
    assert len(set(names)) == len(names)
    assert all(each["n"] > 0 and each["folds"] > 0 for each in figures)
    assert {each["row"] for each in figures} == {"single", "ensemble", "fused"}


def test_a_model_called_fused_is_not_taken_for_the_fusion_of_the_analysis(folder: Path) -> None:
    models = (*MODELS, ("fused", "both"))
    tables, _ = all_tables(evaluate_run(open_run(write_run(folder, make_works(), models=models, inner_folds=1).folder)))
    figures = results(tables)
    names = [(each["table"], each["model"], each["row"], each["measure"]) for each in figures]
    assert len(set(names)) == len(names)
    assert ("table3", "fused-model", "ensemble", "accuracy") in names


def test_no_order_of_models_in_the_plan_changes_a_models_figures(folder: Path, evaluated: EvaluatedRun) -> None:
    def only_text(table: Table) -> list[Figure]:
        return [each for each in table.figures() if each.model == "text-linear"]

    run = open_run(write_run(folder, make_works(lacking=True), models=(MODELS[0], MODELS[1])).folder)
    assert only_text(tables_of(evaluate_run(run))["table3"]) == only_text(tables_of(evaluated)["table3"])


def test_predictions_of_other_works_are_refused(folder: Path) -> None:
    layout = write_run(folder, make_works(), inner_folds=1)
    layout.prediction("text-linear", 0, 0).unlink()
    with pytest.raises(RunError, match="not complete"):
        evaluate_run(open_run(folder))


def test_a_damaged_table_of_works_is_one_clear_line(folder: Path) -> None:
    layout = write_run(folder, make_works(), inner_folds=1)
    layout.works.write_bytes(b"PAR1 no")
    with pytest.raises(RunError, match=r"works.parquet can't be read"):
        open_run(folder)
