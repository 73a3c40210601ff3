import dataclasses
from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.errors import RunError
from sakka.evaluation.plan import ModelSpec, Plan
from sakka.models.registry import make_model
from sakka.paper.plan import PAPER_MODELS, PaperOptions, deviations, paper_arguments, paper_plan, readings
from sakka.paper.presets import preset_plan

RULES = [
    {"rule": "period", "settings": "from 2012-04-03 11:03 until 2019-09-01 23:31"},
    {"rule": "category", "settings": "コサージュ・ブローチ"},
    {"rule": "one account", "settings": "equal names, or 30% of photos near-identical"},
    {"rule": "fewest works", "settings": "50 or more works"},
]
SMALL = PaperOptions(photo_model="photo-vgg16", text_epochs=5)


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"))


def papers_own() -> Plan:
    """A plan that follows the paper in everything that a plan and a catalog's rules can say."""
    models = (*((modality, each.name, dict(each.settings)) for modality, each in PAPER_MODELS.items()),)
    specs = tuple(ModelSpec(name, modality, settings) for modality, name, settings in models)
    return Plan("0" * 64, 109_685, ("Abe",) * 944, specs, {}, "random", 0, 5, preset="paper", labels=True)


def test_the_paper_s_own_settings_depart_only_in_what_no_setting_can_mend() -> None:
    found = deviations(papers_own(), {"source": {"kind": "csv"}, "rules": RULES})
    assert len(found) == 2
    assert found[0].startswith("other works: 109,685 by 944 creators")
    assert "Keras" in found[1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"inner_folds": 1}, "5 x 1 folds, 5 models of a kind; the paper: 5 x 5"),
        ({"outer_folds": 2}, "2 x 5 folds, 10 models of a kind; the paper: 5 x 5"),
        ({"split": "grouped"}, "grouped split; the paper: random"),
        ({"labels": False}, "no labels were looked for, so there is no entropy; the paper: tables 1 and 5 to 8"),
    ],
)
def test_each_setting_that_differs_is_one_more_deviation(change: dict[str, object], says: str) -> None:
    info = {"source": {"kind": "csv"}, "rules": RULES}
    before = deviations(papers_own(), info)
    assert set(deviations(dataclasses.replace(papers_own(), **change), info)) - set(before) == {says}  # type: ignore[arg-type]


def test_every_setting_of_every_paper_model_is_compared() -> None:
    own = papers_own()
    for place, model in enumerate(own.models):
        for name in model.settings:
            changed = dataclasses.replace(model, settings={**model.settings, name: -1})
            plan = dataclasses.replace(own, models=(*own.models[:place], changed, *own.models[place + 1 :]))
            wanted = f"{model.name}: {name} -1; the paper: {model.settings[name]}"
            assert wanted in deviations(plan, {"rules": RULES})


def test_rules_that_the_catalog_lacks_or_sets_otherwise_are_named() -> None:
    info = {"rules": [{"rule": "fewest works", "settings": "7 or more works"}], "statistics": {"with_text": 0.75}}
    found = deviations(papers_own(), info)
    assert "fewest works: 7 or more works; the paper: 50 or more works" in found
    assert "no rule of category; the paper: コサージュ・ブローチ" in found
    assert "accounts of one person are not joined; the paper: joined" in found
    assert "25.0% of the works have no text; the paper names no such works" in found


def test_the_plan_has_the_paper_s_settings_and_only_the_penalty_on_leaves_is_not_our_default(works: Catalog) -> None:
    plan = paper_plan(works, PaperOptions())
    for modality, paper in PAPER_MODELS.items():
        ours = make_model(paper.name)
        assert ours.modality == modality
        assert {name: plan.spec(paper.name).settings[name] for name in paper.settings} == dict(paper.settings)
        differing = {name for name, value in paper.settings.items() if ours.settings()[name] != value}
        assert differing == ({"l2"} if modality == "labels" else set())


def test_a_smaller_plan_keeps_what_was_asked_and_names_it(works: Catalog) -> None:
    plan = paper_plan(works, SMALL, inner_folds=1, outer_folds=2)
    assert [model.name for model in plan.models] == ["photo-vgg16", "text-fasttext", "labels-lightgbm", "dummy"]
    assert plan.spec("text-fasttext").settings["epoch"] == 5
    assert plan.labels
    found = deviations(plan, works.info)
    assert "photo-vgg16 in place of photo-vgg16-finetuned" in found
    assert "text-fasttext: epoch 5; the paper: 1000" in found
    assert "2 x 1 folds, 2 models of a kind; the paper: 5 x 5" in found


def test_only_some_parts_can_be_asked_for(works: Catalog) -> None:
    plan = paper_plan(works, PaperOptions(only=("text",), log_base="2"))
    assert [model.name for model in plan.models] == ["text-fasttext", "dummy"]
    assert any(each.startswith("no model for photo") for each in deviations(plan, works.info))
    assert any("base 2" in each for each in readings(plan))


@pytest.mark.parametrize(
    "options",
    [
        SMALL,
        PaperOptions(only=("text", "labels"), log_base="2"),
        PaperOptions(only=("photo",), photo_model="photo-vgg16"),
        PaperOptions(models=("text-linear", "dummy")),
    ],
)
def test_the_command_line_that_the_report_prints_makes_the_same_plan(works: Catalog, options: PaperOptions) -> None:
    plan = paper_plan(works, options, inner_folds=2)
    words = paper_arguments(plan)
    given: dict[str, list[str]] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        given.setdefault(option, []).append(value)
    again = PaperOptions(
        only=tuple(given.get("--only", ())),
        text_epochs=int(given["--text-epochs"][0]) if "--text-epochs" in given else None,
        photo_model=given.get("--photo-model", [None])[0],
        log_base=given.get("--log-base", ["e"])[0],
        models=tuple(given.get("--model", ())),
    )
    assert given["--preset"] == ["paper"]
    assert given["--folds"] == ["2"]
    assert paper_plan(works, again, inner_folds=2) == plan


def test_works_without_photos_leave_the_photo_and_label_models_out() -> None:
    silent = Catalog.from_works(Work(f"{at}", f"creator {at % 2}", title=f"花 {at}") for at in range(16))
    plan = paper_plan(silent, SMALL)
    assert set(plan.left_out) == {"photo-vgg16", "labels-lightgbm"}
    assert not plan.labels
    found = deviations(plan, silent.info)
    assert "no labels were looked for, so there is no entropy; the paper: tables 1 and 5 to 8" in found


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (PaperOptions(only=("sound",)), "`only` has 'sound'; expected photo, text, labels"),
        (
            PaperOptions(only=("text",), photo_model="photo-vgg16"),
            "photo-vgg16 is not evaluated where `only` has text; leave out `photo_model`",
        ),
        (PaperOptions(only=("text",), epochs=3), "`epochs` is 3, but no photo model is evaluated; leave it out"),
        (PaperOptions(photo_model="photo-vgg16", epochs=3), "photo-vgg16 makes no passes that could be set"),
        (PaperOptions(only=("text",), text_epochs=0), "`text_epochs` is 0, expected 1 or more"),
        (PaperOptions(only=("text",), log_base="10"), "`log_base` is '10', expected e or 2"),
        (PaperOptions(only=("text",), models=("dummy",)), "`models` names the models by itself"),
    ],
)
def test_options_that_can_not_be_used_are_refused_in_one_line(works: Catalog, options: PaperOptions, says: str) -> None:
    with pytest.raises(RunError, match=says.replace("(", r"\(")):
        paper_plan(works, options)


def test_another_preset_refuses_the_paper_s_options(works: Catalog) -> None:
    with pytest.raises(RunError, match="are for the preset paper; leave them out with quick"):
        preset_plan(works, "quick", PaperOptions(text_epochs=3))
    assert preset_plan(works, "quick", PaperOptions(models=("dummy",)), inner_folds=1).preset == ""


def test_outer_folds_are_limited_like_inner_folds(works: Catalog, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="6 outer folds were asked for, expected 1 to 5"):
        preset_plan(works, "quick", PaperOptions(models=("dummy",)), outer_folds=6)
