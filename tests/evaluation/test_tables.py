from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from tests.runs import MODELS, make_works, write_run

from sakka.errors import RunError
from sakka.evaluation.aggregate import condense
from sakka.evaluation.evaluated_run import Judged
from sakka.evaluation.figures import Figure, LeftOut, Table, results
from sakka.evaluation.open_run import StoredRun, open_run
from sakka.evaluation.predictions import read_fold
from sakka.evaluation.tables.all_tables import all_tables
from sakka.evaluation.tables.confusions import confusions
from sakka.evaluation.tables.examples import lost, rescued
from sakka.evaluation.tables.transitions import Transitions, right
from sakka.models.fusion import MIXTURES, fuse
from sakka.paper.entropy_tables import entropy_tables


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    folder = tmp_path_factory.mktemp("run")
    return open_run(write_run(folder, make_works(lacking=True)).folder)


@pytest.fixture(scope="module")
def judged(run: StoredRun) -> Judged:
    return condense(run)


def tables_of(judged: Judged) -> dict[str, Table]:
    return {table.key: table for table in all_tables(judged)[0]}


def find(table: Table, model: str, row: str, measure: str) -> Figure:
    (found,) = [each for each in table.figures() if (each.model, each.row, each.measure) == (model, row, measure)]
    return found


def test_table_3_agrees_with_a_calculation_by_scikit_learn(run: StoredRun, judged: Judged) -> None:
    table, labels = tables_of(judged)["table3"], run.facts.labels
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


def test_the_weight_is_chosen_on_validation_predictions_only(run: StoredRun, judged: Judged) -> None:
    assert judged.fusion is not None
    facts = run.facts
    for outer, choice in enumerate(judged.fusion.choices):
        right = dict.fromkeys(MIXTURES, 0)
        for inner in range(5):
            photo = read_fold(run.layout, "photo-efficientnet_lite0", outer, inner)
            text = read_fold(run.layout, "text-linear", outer, inner)
            rows = photo.validation_rows
            for mixture in MIXTURES:
                masks = facts.has_photo[rows], facts.has_text[rows]
                fused = fuse(photo.validation, text.validation, mixture.photo_weight, mixture.how, *masks)
                right[mixture] += int((fused.argmax(axis=1) == facts.labels[rows]).sum())
        assert right[choice.mixture] == max(right.values())
        assert choice.validation_works == sum((facts.outer != outer).tolist())


def test_no_chosen_ratio_beats_the_oracle_and_the_oracle_is_one_of_the_nine(judged: Judged) -> None:
    table = tables_of(judged)["table2"]
    for how in ("arithmetic", "log-linear"):
        ratios = [
            each.value
            for each in table.figures()
            if each.model.startswith(f"fused-{how} photo") and each.measure == "accuracy"
        ]
        assert len(ratios) == 9
        assert find(table, f"fused-{how} oracle", "fused", "accuracy").value == max(ratios)


def test_the_weights_stand_under_their_modalities(judged: Judged) -> None:
    table = tables_of(judged)["table2"]
    photo = find(tables_of(judged)["table3"], "photo-efficientnet_lite0", "ensemble", "accuracy").value
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


def test_the_transitions_add_up_to_the_works_and_to_the_accuracies(judged: Judged) -> None:
    table, n = tables_of(judged)["table4"], judged.facts.n_tested
    assert judged.fusion is not None
    for name in (judged.fusion.photo, judged.fusion.text):
        counts = {
            kind: find(table, f"{name} -> fused", "fused", f"{kind}_count").value for kind in ("TT", "FF", "FT", "TF")
        }
        assert sum(counts.values()) == n
        assert counts["TT"] + counts["TF"] == right(judged.model(name).ensemble, judged.facts).sum()
        assert counts["TT"] + counts["FT"] == right(judged.fusion.chosen, judged.facts).sum()
        shares = [find(table, f"{name} -> fused", "fused", f"{kind}_share").value for kind in counts]
        assert sum(shares) == pytest.approx(1)


def test_the_gains_are_differences_of_table_3_and_add_up(judged: Judged) -> None:
    tables = tables_of(judged)
    photo = "photo-efficientnet_lite0"

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


def test_rescued_and_lost_works_are_what_they_are_called(judged: Judged) -> None:
    for example in rescued(judged):
        photo, text, fused = example.namings
        assert fused.right
        assert not (photo.right and text.right)
    assert lost(judged)
    for example in lost(judged):
        photo, text, fused = example.namings
        assert not fused.right
        assert photo.right or text.right


def test_confusions_count_every_mistake_once(judged: Judged) -> None:
    assert judged.fusion is not None
    answers, facts = judged.fusion.chosen, judged.facts
    found = confusions(answers, facts, top=1000)
    assert sum(pair.works for pair in found) == facts.n_tested - right(answers, facts).sum()
    assert [pair.works for pair in found] == sorted((pair.works for pair in found), reverse=True)
    for pair in found:
        assert {int(facts.labels[row]) for row in pair.examples} == {pair.creator}
        assert {int(answers.named[row]) for row in pair.examples} == {pair.named}
        assert {int(facts.labels[row]) for row in pair.named_examples} <= {pair.named}


def test_with_one_inner_fold_single_and_ensemble_coincide(folder: Path) -> None:
    table = tables_of(condense(open_run(write_run(folder, make_works(), inner_folds=1).folder)))["table3"]
    for name, _ in MODELS:
        for measure in ("accuracy", "micro_f1", "macro_f1", "top3_accuracy", "top5_accuracy"):
            single, ensemble = (find(table, name, row, measure) for row in ("single", "ensemble"))
            assert (single.value, single.spread) == (ensemble.value, ensemble.spread)


def test_a_run_of_texts_alone_leaves_out_the_tables_of_fusion(folder: Path) -> None:
    run = open_run(write_run(folder, make_works(), models=MODELS[1:], inner_folds=1).folder)
    judged = condense(run)
    tables, left_out = all_tables(judged, entropy_tables(judged, None))
    of_fusion = {"table2", "choices", "fusions", "log_losses", "calibration", "sure", "table4", "agreement", "coverage"}
    assert {each.key for each in left_out} == {"table1", *of_fusion}
    assert all(isinstance(each, LeftOut) and each.reason.endswith(".") for each in left_out)
    assert {table.key for table in tables} == {"table3", "gains", "sizes", "confusions", "creators"}
    assert rescued(judged) == lost(judged) == []


def test_every_figure_has_one_name_and_n_and_folds(judged: Judged) -> None:
    figures = results(all_tables(judged)[0])
    names = [(each["table"], each["split"], each["model"], each["row"], each["measure"]) for each in figures]
    assert len(set(names)) == len(names)
    assert all(each["n"] > 0 and each["folds"] > 0 for each in figures)
    assert {each["row"] for each in figures} == {"single", "ensemble", "fused"}


def test_a_model_called_fused_is_not_taken_for_the_fusion_of_the_analysis(folder: Path) -> None:
    models = (*MODELS, ("fused", "both"))
    tables, _ = all_tables(condense(open_run(write_run(folder, make_works(), models=models, inner_folds=1).folder)))
    figures = results(tables)
    names = [(each["table"], each["model"], each["row"], each["measure"]) for each in figures]
    assert len(set(names)) == len(names)
    assert ("table3", "fused-model", "ensemble", "accuracy") in names


def test_no_order_of_models_in_the_plan_changes_a_models_figures(folder: Path, judged: Judged) -> None:
    def only_text(table: Table) -> list[Figure]:
        return [each for each in table.figures() if each.model == "text-linear"]

    run = open_run(write_run(folder, make_works(lacking=True), models=(MODELS[0], MODELS[1])).folder)
    assert only_text(tables_of(condense(run))["table3"]) == only_text(tables_of(judged)["table3"])


def test_predictions_of_other_works_are_refused(folder: Path) -> None:
    layout = write_run(folder, make_works(), inner_folds=1)
    layout.prediction("text-linear", 0, 0).unlink()
    with pytest.raises(RunError, match="not complete"):
        condense(open_run(folder))


def test_a_damaged_table_of_works_is_one_clear_line(folder: Path) -> None:
    layout = write_run(folder, make_works(), inner_folds=1)
    layout.works.write_bytes(b"PAR1 no")
    with pytest.raises(RunError, match=r"works.parquet can't be read"):
        open_run(folder)
