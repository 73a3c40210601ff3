import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sakka.catalog.splits import Fold, nested_splits, read_splits
from sakka.catalog.works import Catalog, Work
from sakka.copies.groups import near_identical
from sakka.errors import RunError, SplitError
from sakka.evaluation import run
from sakka.evaluation.layout import RunLayout
from sakka.evaluation.plan import Plan, check_same_plan, make_plan, read_plan, write_plan
from sakka.evaluation.predictions import read_fold
from sakka.evaluation.run import run_experiment, units_of
from sakka.files import alone_in
from sakka.models.dummy import DummyModel
from sakka.paper.presets import PRESETS, preset


@pytest.fixture
def works() -> Catalog:
    return Catalog.from_works(
        Work(f"{creator}-{number}", f"creator {creator}", title=f"title {number}")
        for creator in range(3)
        for number in range(7 + creator)
    )


def small_plan(works: Catalog, **arguments: object) -> Plan:
    return make_plan(works, ["dummy"], **{"inner_folds": 2, **arguments})  # type: ignore[arg-type]


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_holds_the_answers_of_every_fold(works: Catalog, folder: Path) -> None:
    layout = run_experiment(works, folder / "run", small_plan(works))
    splits = nested_splits(works, seed=0)
    for outer, inner in itertools.product(range(5), range(2)):
        stored = read_fold(layout, "dummy", outer, inner)
        fold = splits.fold(outer, inner)
        np.testing.assert_array_equal(stored.test_rows, fold.test)
        np.testing.assert_array_equal(stored.validation_rows, fold.validation)
        shares = np.bincount(works.creator_indices()[fold.train]) / len(fold.train)
        np.testing.assert_allclose(stored.test, np.tile(shares, (len(fold.test), 1)), rtol=1e-6)
    np.testing.assert_array_equal(read_splits(layout.splits).inner, splits.inner)


def test_the_works_are_stored_with_the_run(works: Catalog, folder: Path) -> None:
    layout = run_experiment(works, folder / "run", small_plan(works))
    table = pl.read_parquet(layout.works)
    own = ["id", "creator", "title", "description", "photo", "has_photo", "photos", "has_text"]
    assert table.columns == [*own, "group"]
    assert table["group"].to_list() == near_identical(works).groups.tolist()
    assert table["id"].to_list() == works.ids
    assert table["creator"].to_list() == works.creator_indices().tolist()


class Interrupted(BaseException):
    """Stands for the end of the process in the middle of a run."""


@pytest.mark.parametrize("group", ["fold", "outer", "all"])
def test_interrupted_after_any_file_a_resumed_run_has_the_same_bytes(
    works: Catalog, folder: Path, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DummyModel, "fold_group", group)
    plan = small_plan(works)
    run_experiment(works, folder / "whole", plan)
    written = run.write_fold
    for stop in range(10):
        target = folder / f"stopped-{stop}"
        left = iter(range(stop))

        def stopping(*arguments: object, left: Iterator[int] = left) -> Path:
            if next(left, None) is None:
                raise Interrupted
            return written(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(run, "write_fold", stopping)
        with pytest.raises(Interrupted):
            run_experiment(works, target, plan)
        monkeypatch.setattr(run, "write_fold", written)
        run_experiment(works, target, plan)
        assert files_in(target) == files_in(folder / "whole")


def test_what_is_done_is_not_done_again(works: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(works)
    run_experiment(works, folder / "run", plan)
    before = files_in(folder / "run")
    monkeypatch.setattr(DummyModel, "fit", None)  # a model that is fitted again would raise
    run_experiment(works, folder / "run", plan)
    assert files_in(folder / "run") == before


def test_a_damaged_file_is_computed_anew(works: Catalog, folder: Path) -> None:
    plan = small_plan(works)
    layout = run_experiment(works, folder / "run", plan)
    before = files_in(layout.folder)
    path = layout.prediction("dummy", 3, 1)
    path.write_bytes(path.read_bytes()[:-5] + b"wrong")
    (layout.folder / "predictions" / "dummy" / ".0-0.safetensors.abc.part").write_bytes(b"left behind")
    run_experiment(works, folder / "run", plan)
    assert files_in(layout.folder) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"seed": 1}, "seed 0, asked for 1"), ({"inner_folds": 3}, "inner folds 2, asked for 3")],
)
def test_other_arguments_are_refused(works: Catalog, folder: Path, arguments: dict[str, int], message: str) -> None:
    run_experiment(works, folder / "run", small_plan(works))
    with pytest.raises(RunError, match=message):
        run_experiment(works, folder / "run", small_plan(works, **arguments))


def test_another_catalog_is_refused(works: Catalog, folder: Path) -> None:
    run_experiment(works, folder / "run", small_plan(works))
    fewer = works.take(range(len(works) - 1))
    with pytest.raises(RunError, match="another catalog"):
        run_experiment(fewer, folder / "run", small_plan(fewer))
    with pytest.raises(RunError, match="another catalog"):
        run_experiment(fewer, folder / "new", small_plan(works))


def test_a_folder_that_is_no_run_is_left_alone(works: Catalog, folder: Path) -> None:
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(RunError, match="not empty and not a run"):
        run_experiment(works, folder, small_plan(works))
    with pytest.raises(RunError, match="is a file"):
        run_experiment(works, folder / "letter.txt", small_plan(works))
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_a_second_process_is_kept_out(works: Catalog, folder: Path) -> None:
    layout = run_experiment(works, folder / "run", small_plan(works))
    with alone_in(layout.folder, layout.lock, RunError), pytest.raises(RunError, match="another process"):
        run_experiment(works, folder / "run", small_plan(works))


def test_a_creator_with_too_few_works_leaves_no_folder_behind(folder: Path) -> None:
    works = Catalog.from_works([Work(str(number), "Mori") for number in range(4)])
    with pytest.raises(SplitError, match="7 works or more \\(the most is 4\\)"):
        run_experiment(works, folder / "run", small_plan(works))
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"models": 3}', "[" * 100_000, "\ufeff", '{"models": [], "x": 1}']
)
def test_a_damaged_plan_is_refused_in_one_line(folder: Path, content: str) -> None:
    (folder / "plan.json").write_text(content)
    with pytest.raises(RunError, match=r"plan\.json is damaged"):
        read_plan(RunLayout(folder))


def test_a_plan_is_read_as_written(works: Catalog, folder: Path) -> None:
    plan = small_plan(works, seed=7)
    assert read_plan(run_experiment(works, folder / "run", plan)) == plan


def test_models_that_read_what_no_work_has_are_left_out(folder: Path) -> None:
    silent = Catalog.from_works([Work(str(number), "Mori") for number in range(9)])
    plan = make_plan(silent, preset("best").models)
    assert [spec.name for spec in plan.models] == ["dummy"]
    assert plan.left_out["photo-lite0+lite2"] == "no work of the catalog has a photo"
    assert plan.left_out["text-linear"] == "no work of the catalog has a text"


@pytest.mark.parametrize(
    ("models", "inner_folds", "message"),
    [(["dummy", "dummy"], 1, "twice"), ([], 1, "no model"), (["dummy"], 0, "1 to 5"), (["dummy"], 6, "1 to 5")],
)
def test_a_plan_that_makes_no_sense_is_refused(
    works: Catalog, models: list[str], inner_folds: int, message: str
) -> None:
    with pytest.raises(RunError, match=message):
        make_plan(works, models, inner_folds=inner_folds)


def test_the_presets_differ_in_their_inner_folds() -> None:
    assert {name: found.inner_folds for name, found in PRESETS.items()} == {"quick": 1, "best": 5, "paper": 5}
    with pytest.raises(RunError, match="swift"):
        preset("swift")


@pytest.mark.parametrize(("group", "sizes"), [("fold", [1] * 10), ("outer", [2] * 5), ("all", [10])])
def test_the_model_says_which_folds_make_a_unit(
    works: Catalog, group: str, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DummyModel, "fold_group", group)
    units = units_of(small_plan(works), nested_splits(works, seed=0).folds(2))
    assert [len(unit.folds) for unit in units] == sizes


def test_folds_that_do_not_depend_on_each_other_are_asked_for_in_one_call(
    works: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    answer = DummyModel.predict_folds

    def counting(self: DummyModel, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> object:
        asked.append(len(folds))
        return answer(self, works, folds, creators)

    monkeypatch.setattr(DummyModel, "predict_folds", counting)
    for group, calls in (("fold", [10]), ("outer", [2] * 5), ("all", [10])):
        asked.clear()
        monkeypatch.setattr(DummyModel, "fold_group", group)
        run_experiment(works, folder / group, small_plan(works))
        assert asked == calls
    layout = RunLayout(folder / "fold")
    layout.prediction("dummy", 1, 1).unlink()
    layout.prediction("dummy", 4, 0).unlink()
    asked.clear()
    monkeypatch.setattr(DummyModel, "fold_group", "fold")
    run_experiment(works, layout.folder, small_plan(works))
    assert asked == [2]


def test_a_model_with_another_setting_is_named_with_both_values(works: Catalog, folder: Path) -> None:
    plan = make_plan(works, ["text-linear", "dummy"], inner_folds=1)
    write_plan(plan, RunLayout(folder))
    spec = plan.models[0]
    other = replace(plan, models=(replace(spec, settings={**spec.settings, "min_texts": 9}), *plan.models[1:]))
    with pytest.raises(RunError, match="with text-linear with min_texts 2, asked for 9"):
        check_same_plan(other, RunLayout(folder))
    older = replace(plan, models=(replace(spec, settings={}), *plan.models[1:]))
    with pytest.raises(RunError, match="text-linear of another version of sakka"):
        check_same_plan(older, RunLayout(folder))
