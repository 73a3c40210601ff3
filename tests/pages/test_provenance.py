from pathlib import Path

from tests.runs import MODELS, make_works, write_run

from sakka.catalog.splits import Fold
from sakka.evaluation.open_run import open_run
from sakka.evaluation.predictions import read_fold, write_fold
from sakka.files import write_json
from sakka.models.base import FoldPrediction
from sakka.pages.provenance import command, provenance_of
from sakka.pages.write_report import write_report


def test_the_command_names_the_preset_where_there_is_one(folder: Path) -> None:
    models = (("photo-lite0+lite2", "photo"), *MODELS[1:])
    run = open_run(write_run(folder, make_works(), models=models, seed=3).folder)
    assert command(run) == "sakka experiment CATALOG -o RUN --preset best --split random --seed 3"


def test_the_command_names_models_and_folds_where_no_preset_has_them(folder: Path) -> None:
    run = open_run(write_run(folder, make_works(), models=MODELS[1:2], inner_folds=2).folder)
    expected = "sakka experiment CATALOG -o RUN --model text-linear --inner-folds 2 --split random --seed 0"
    assert command(run) == expected


def test_the_catalogs_rules_are_told_and_paths_of_the_machine_are_not(folder: Path) -> None:
    layout = write_run(folder, make_works(), inner_folds=1)
    rules = [{"rule": "minimum works", "removed": 12}]
    write_json(layout.catalog, {"source": "csv", "rules": rules, "left_out": {}, "photo_root": "/home/mori/photos"})
    made = provenance_of(open_run(folder))
    assert ("source", "csv") in made.catalog
    assert ("rules 1", "removed: 12; rule: minimum works") in made.catalog
    assert "left_out" not in dict(made.catalog)
    assert "mori" not in str(made.catalog)
    assert dict(made.facts)["Works per creator"] == "max 75, min 25, std 17.1"


def test_a_damaged_catalog_file_leaves_the_rest_of_the_report(folder: Path) -> None:
    layout = write_run(folder, make_works(), inner_folds=1)
    layout.catalog.write_text("{", encoding="utf-8")
    assert provenance_of(open_run(folder)).catalog == ()


def test_in_what_fitting_departed_from_the_settings_is_told_by_fold(folder: Path) -> None:
    layout = write_run(folder, make_works(), inner_folds=2)
    assert provenance_of(open_run(folder)).deviations == ()
    kept = read_fold(layout, "photo-lite0", 3, 1)
    fold = Fold(3, 1, kept.test_rows[:0], kept.validation_rows, kept.test_rows)
    write_fold(layout, "photo-lite0", FoldPrediction(fold, kept.validation, kept.test, ("epoch 9 was done again",)))
    assert provenance_of(open_run(folder)).deviations == ("photo-lite0, fold 3-1: epoch 9 was done again",)
    assert "photo-lite0, fold 3-1: epoch 9 was done again" in write_report(folder).read_text(encoding="utf-8")
