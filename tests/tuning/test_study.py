import inspect
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.networks.tiny_networks import put_tiny_networks

from sakka.catalog.splits import nested_splits
from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError, RunError
from sakka.models.registry import make_model, model_class
from sakka.models.text.linear import LinearText
from sakka.pages.tuning import write_page
from sakka.tuning.processes import tune_with
from sakka.tuning.spaces import RANGES, Categorical, space_of
from sakka.tuning.study import StudyLayout, TuningTask, objective_of, read_study, tune, write_best

TEXT = TuningTask("text-linear", fixed={"iterations": 5})
TUNED = TuningTask(
    "photo-vgg16-finetuned",
    fixed={"batch": 8, "epochs": 3, "hidden": 8, "input_px": 32, "dtype": "float32"},
)


@pytest.fixture
def works(folder: Path) -> Catalog:
    return tiny_catalog(folder / "photos", creators=3, works=10, size_px=32)


def trials_of(folder: Path) -> list[tuple[object, ...]]:
    return [(each.number, each.state, each.value, each.params) for each in read_study(folder).trials]


def losses_of(folder: Path) -> list[float]:
    return [each.user_attrs["log_loss"] for each in read_study(folder).trials]


def test_changing_the_test_works_changes_no_trial(works: Catalog, folder: Path) -> None:
    fold = nested_splits(works, seed=0).fold(0, 0)
    other = [
        Work(**{**vars(work), "title": f"{work.creator} 別", "description": "x", "photos": ()})
        if row in fold.test
        else work
        for row, work in enumerate(works)
    ]
    changed = Catalog.from_works(other, photo_root=works.photo_root)
    assert changed.fingerprint() != works.fingerprint()
    for catalog, name in ((works, "first"), (changed, "second")):
        tune(catalog, folder / name, TEXT, trials=6)
    assert trials_of(folder / "first") == trials_of(folder / "second")
    assert losses_of(folder / "first") == losses_of(folder / "second")
    assert len(set(losses_of(folder / "first"))) == 6  # they would tell a difference


def test_a_trial_is_not_given_the_test_works(works: Catalog) -> None:
    fold = nested_splits(works, seed=0).fold(2, 1)
    seen = objective_of(works, replace(TEXT, outer=2, inner=1)).works
    assert seen.train.ids == works.take(fold.train).ids
    assert seen.validation.ids == works.take(fold.validation).ids
    assert not {*seen.train.ids, *seen.validation.ids} & {*works.take(fold.test).ids}


def test_the_best_settings_make_a_model_with_the_value_that_is_written(works: Catalog, folder: Path) -> None:
    tune(works, folder / "study", TEXT, trials=6)
    best = write_best(folder / "study")
    assert best == json.loads(StudyLayout(folder / "study").best.read_text(encoding="utf-8"))
    seen = objective_of(works, TEXT).works
    model = make_model(best["model"], **best["settings"]).fit(seen.train, seen.creators)
    right = np.mean(model.predict_proba(seen.validation).argmax(axis=1) == seen.validation.creator_indices())
    assert best["validation_accuracy"] == right == max(value for _, _, value, _ in trials_of(folder / "study"))
    assert best["settings"]["iterations"] == 5


def test_the_defaults_are_tried_first(works: Catalog, folder: Path) -> None:
    tune(works, folder / "study", TEXT, trials=2)
    tried = [params for *_, params in trials_of(folder / "study")]
    assert tried == [pytest.approx(dict(start)) for start in space_of("text-linear", TEXT.fixed).starts]


@pytest.mark.parametrize("name", RANGES)
def test_a_search_starts_from_what_the_model_s_signature_says(name: str) -> None:
    signature = inspect.signature(model_class(name)).parameters
    for start in space_of(name).starts:
        for each in RANGES[name]:
            value, default = start[each.name], signature[each.name].default
            if default is not None:
                assert value == default
            assert value in each.values if isinstance(each, Categorical) else each.low <= value <= each.high


def test_a_default_that_depends_on_other_settings_or_the_works_is_spelled_out(works: Catalog) -> None:
    few, many = (start["penalty"] for start in space_of("photo-lite0").starts)
    assert (round(few, 4), round(many, 4)) == (0.1222, 0.01)  # of 12,224 features
    start, *_ = space_of("photo-lite0", QUICK_PHOTO).starts
    quick = {**QUICK_PHOTO, "dtype": "float32"}
    one, other = (make_model("photo-lite0", **quick, **given).fit(works) for given in ({}, start))
    assert one.predict_proba(works).tobytes() == other.predict_proba(works).tobytes()
    profile = LinearText().fit(works).profile_
    pairs = [(each["penalty"], each["idf_power"]) for each in space_of("text-linear").starts]
    assert len(pairs) == 2
    assert (profile.penalty, profile.idf_power) in pairs
    assert space_of("text-linear", {"penalty": 0.1, "idf_power": 1}).starts == ({"features_per_text": 5},)


def test_a_study_goes_on_where_it_was_and_draws_nothing_twice(works: Catalog, folder: Path) -> None:
    tune(works, folder / "study", TEXT, trials=4)
    first = trials_of(folder / "study")
    tune(works, folder / "study", TEXT, trials=8)
    every = trials_of(folder / "study")
    assert every[:4] == first
    assert len(every) == 8
    assert len({json.dumps(params, sort_keys=True) for *_, params in every}) == 8


def test_two_processes_share_a_study(works: Catalog, folder: Path) -> None:
    works.write(folder / "catalog")
    tune_with(folder / "catalog", folder / "study", TEXT, trials=8, jobs=2)
    ended = trials_of(folder / "study")
    assert 8 <= len(ended) <= 9  # both may be at their last trial at the same time
    assert len({json.dumps(params, sort_keys=True) for *_, params in ended}) == len(ended)


def test_a_study_of_other_works_or_another_task_is_refused(works: Catalog, folder: Path) -> None:
    tune(works, folder / "study", TEXT, trials=1)
    fewer = works.take(np.arange(24))
    with pytest.raises(RunError, match="another catalog"):
        tune(fewer, folder / "study", TEXT, trials=2)
    with pytest.raises(RunError, match="inner 0, asked for 1"):
        tune(works, folder / "study", replace(TEXT, inner=1), trials=2)
    with pytest.raises(RunError, match="model 'text-linear', asked for 'photo-vgg16-finetuned'"):
        tune(works, folder / "study", TUNED, trials=2)
    assert [state.is_finished() for _, state, *_ in trials_of(folder / "study")] == [True, False]


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be one" * 30, b""])
def test_a_damaged_study_is_one_line_and_is_left_as_it_is(works: Catalog, folder: Path, content: bytes) -> None:
    path = StudyLayout(folder / "study").trials
    path.parent.mkdir()
    path.write_bytes(content)
    if content:
        with pytest.raises(RunError, match=r"study\.sqlite can't be used as a study \(file is not a database\)"):
            tune(works, folder / "study", TEXT, trials=1)
        assert path.read_bytes() == content
    else:
        tune(works, folder / "study", TEXT, trials=1)  # a file without a byte is a new database


def test_a_study_that_was_cut_off_is_one_line(works: Catalog, folder: Path) -> None:
    tune(works, folder / "study", TEXT, trials=2)
    path = StudyLayout(folder / "study").trials
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    with pytest.raises(RunError, match="can't be used as a study"):
        tune(works, folder / "study", TEXT, trials=3)


def test_a_folder_with_something_else_in_it_is_refused(works: Catalog, folder: Path) -> None:
    (folder / "study").mkdir()
    (folder / "study" / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="not empty"):
        tune(works, folder / "study", TEXT, trials=1)


def test_settings_and_models_that_cannot_be_tuned_are_named(works: Catalog, folder: Path) -> None:
    with pytest.raises(ModelError, match="no settings to tune are known for 'dummy'"):
        space_of("dummy")
    with pytest.raises(ModelError, match="leave one open"):
        space_of("photo-vgg16", {"penalty": 0.1})
    with pytest.raises(ModelError, match="does not take these settings"):
        tune(works, folder / "study", replace(TEXT, fixed={"wings": 2}), trials=1)
    with pytest.raises(RunError, match="got inner fold 5"):
        tune(works, folder / "study", replace(TEXT, inner=5), trials=1)
    assert not (folder / "study").exists()


def test_a_fine_tuned_trial_that_falls_behind_ends_early(
    works: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_tiny_networks(monkeypatch)
    monkeypatch.setattr("sakka.tuning.study.START_TRIALS", 1)
    tune(works, folder / "study", TUNED, trials=10)
    trials = read_study(folder / "study").trials
    by_state = {state: [each for each in trials if each.state == state] for state in optuna.trial.TrialState}
    assert all(len(each.intermediate_values) == 3 for each in by_state[optuna.trial.TrialState.COMPLETE])
    early = by_state[optuna.trial.TrialState.PRUNED]
    assert early
    assert any(len(each.intermediate_values) < 3 for each in early)


def test_the_page_shows_the_study_and_needs_nothing_else(works: Catalog, folder: Path) -> None:
    tune(works, folder / "study", TEXT, trials=6)
    page = write_page(folder / "study").read_text(encoding="utf-8")
    assert "Tuning of text-linear" in page
    assert page.count('<svg class="plot') == 1 + 3  # the history, and one for each setting
    assert page.count("<circle") == 6 + 3 * 6
    assert page.count('<circle class="k-chosen"') == 3
    assert "text-linearの調整" in write_page(folder / "study", "ja").read_text(encoding="utf-8")
    assert "://" not in page
    shutil.rmtree(folder / "study")
    with pytest.raises(RunError, match="there is no folder"):
        write_page(folder / "study")
