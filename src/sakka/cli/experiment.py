"""`sakka experiment` and `sakka report`: evaluate models by nested cross-validation."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli import app
from sakka.cli.engine import OnOption, WorkersOption, engine_asked_for
from sakka.cli.language import language, said
from sakka.cli.printable import say
from sakka.cli.source_options import CatalogFolder
from sakka.files import as_written
from sakka.pages.language import page_name

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog
    from sakka.evaluation.layout import RunLayout
    from sakka.evaluation.plan import Plan
    from sakka.paper.plan import PaperOptions

EVERY_SPLIT = "all"
SETTING = re.compile(r"(.+?)\.([a-z_][a-z0-9_]*)=(.*)", re.DOTALL)  # of a model, whose name may have dots itself
INTERRUPTED = 130  # what shells give for a program that Ctrl-C ended
COLUMNS = {"accuracy": "accuracy", "macro_f1": "macro-F1", "top5_accuracy": "top 5"}


@app.command("experiment")
def experiment(
    catalog: CatalogFolder,
    output: Annotated[Path, typer.Option("--output", "-o", help="The run folder.", metavar="RUN")],
    preset: Annotated[
        str,
        typer.Option(help="quick (5 x 1 folds), best (5 x 5) or paper (the paper's own settings).", metavar="NAME"),
    ] = "best",
    split: Annotated[
        str, typer.Option(help="How works are split: random, grouped, temporal, or all of them side by side.")
    ] = "random",
    seed: Annotated[int, typer.Option(help="The seed of the folds and of the models.", min=0)] = 0,
    inner_folds: Annotated[
        int | None,
        typer.Option(
            "--inner-folds", "--folds", help="Models a fold, 1 to 5, where it is not the preset's number.", metavar="N"
        ),
    ] = None,
    outer_folds: Annotated[int, typer.Option(help="Test folds to evaluate, 1 to 5.", metavar="N")] = 5,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="Evaluate this model.", metavar="NAME"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A model's setting as JSON, such as text-fasttext.epoch=100.",
            metavar="MODEL.SETTING=VALUE",
        ),
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="paper: only photo, text or labels.", metavar="PART")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="paper: passes of the photo model's fine-tuning.", metavar="N")
    ] = None,
    text_epochs: Annotated[int | None, typer.Option(help="paper: passes of fastText.", metavar="N")] = None,
    photo_model: Annotated[
        str | None, typer.Option(help="paper: another photo model, such as photo-vgg16 (frozen).", metavar="NAME")
    ] = None,
    log_base: Annotated[str, typer.Option(help="paper: the entropy's logarithm.", metavar="e|2")] = "e",
    on: OnOption = None,
    workers: WorkersOption = None,
) -> None:
    """Evaluate models on a catalog and write a report; given again after an interruption, it goes on.

    Example: sakka experiment paintings -o run --preset best

    Example: sakka experiment paintings -o run --preset paper --photo-model photo-vgg16 --folds 1
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.output import check_output
    from sakka.cli.terminal import duration, error_console, showing_progress
    from sakka.errors import RunError
    from sakka.paper.plan import PaperOptions
    from sakka.remote.writing import working_in

    started_s = time.monotonic()
    check_output(output, at_addresses=True)
    try:
        works = Catalog.read(catalog)
        show_few(works)
        with showing_progress(), engine_asked_for(on, workers), working_in(output, RunError, goes_on=True) as folder:
            layout = (evaluate_all if split == EVERY_SPLIT else partial(evaluate, split=split))(
                works,
                folder,
                preset=preset,
                seed=seed,
                inner_folds=inner_folds,
                outer_folds=outer_folds,
                options=PaperOptions(
                    tuple(only or ()),
                    epochs,
                    text_epochs,
                    photo_model,
                    log_base,
                    tuple(model or ()),
                    settings_by_model(settings or ()),
                ),
            )
            found = json.loads(layout.results.read_text(encoding="utf-8"))
    except KeyboardInterrupt:
        again = f"interrupted; give the same command again to go on with {as_written(output)}"
        error_console().print(again, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    show_headline(found)
    say(f"\n{duration(time.monotonic() - started_s)}; open the report: {as_written(output)}/{report_page()}")


def report_page() -> str:
    """Where the report in the language of the command line stands in a run folder."""
    return f"report/{page_name(language())}"


def settings_by_model(words: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read settings of models.

    Args:
        words: Each MODEL.SETTING=VALUE, the value as JSON.

    Raises:
        RunError: One of them is not such a word.

    >>> settings_by_model(["text-fasttext.epoch=100", 'photo-vgg16.stages=["last"]'])
    {'text-fasttext': {'epoch': 100}, 'photo-vgg16': {'stages': ['last']}}
    >>> settings_by_model(['photo-lite0~sklearn.svm.SVC.estimator_settings={"C": 2.5}'])
    {'photo-lite0~sklearn.svm.SVC': {'estimator_settings': {'C': 2.5}}}
    """
    from sakka.errors import RunError

    found: dict[str, dict[str, Any]] = {}
    for word in words:
        written = SETTING.fullmatch(word)
        model, setting, value = written.groups() if written else ("", "", "")
        try:
            found.setdefault(model, {})[setting] = json.loads(value)
        except ValueError as error:
            raise RunError(
                f"--set got {word!r}, expected MODEL.SETTING=VALUE with the value as JSON, such as "
                "text-fasttext.epoch=100"
            ) from error
    return found


@app.command("report")
def report(run: Annotated[Path, typer.Argument(help="A run folder.", metavar="RUN")]) -> None:
    """Write the report of a run anew, from its stored predictions; nothing is trained.

    Example: sakka report run
    """
    from sakka.cli.terminal import showing_progress
    from sakka.errors import RunError
    from sakka.evaluation.layout import RunLayout
    from sakka.pages.write_report import write_report
    from sakka.remote.writing import working_in

    with showing_progress(), working_in(run, RunError, goes_on=True) as folder:
        write_report(folder)
        found = json.loads(RunLayout(folder).results.read_text(encoding="utf-8"))
    show_headline(found)
    say(f"\nopen the report: {as_written(run)}/{report_page()}")


def evaluate(
    catalog: "Catalog",
    output: Path,
    *,
    preset: str,
    split: str = "random",
    seed: int = 0,
    inner_folds: int | None = None,
    outer_folds: int = 5,
    options: "PaperOptions | None" = None,
    with_report: bool = True,
) -> "RunLayout":
    """Plan, run and, unless that is done later, report; what is left out is named on standard error.

    Where near-identical works stand on both sides of a random split of few works, the grouped split is evaluated too,
    in a folder within the run's; the report shows both.

    Raises:
        SakkaError: Anything that the caller can mend.
    """
    from sakka.catalog.splits import GROUPED, RANDOM
    from sakka.cli.terminal import error_console
    from sakka.evaluation.open_run import open_run
    from sakka.evaluation.run import MOST_COMPARED, run_experiment
    from sakka.pages.write_report import write_report
    from sakka.paper.plan import PRESET as PAPER
    from sakka.paper.presets import preset as preset_called
    from sakka.paper.presets import preset_plan

    folds = preset_called(preset).inner_folds if inner_folds is None else inner_folds
    plan = preset_plan(catalog, preset, options, split=split, seed=seed, inner_folds=folds, outer_folds=outer_folds)
    for name, reason in plan.left_out.items():
        error_console().print(f"{name} is left out: {reason}", soft_wrap=True)
    show_departures(plan, catalog.info)
    show_left_out(catalog, plan.split)
    layout = run_experiment(catalog, output, plan)
    stored = open_run(layout.folder)
    for each in stored.deviations():
        error_console().print(each, markup=False, highlight=False, soft_wrap=True)
    if with_report:
        is_flattered = split == RANDOM and stored.facts.near_identical_across
        if is_flattered and plan.preset != PAPER and len(catalog) * folds <= MOST_COMPARED:
            asked = {"preset": preset, "seed": seed, "inner_folds": folds, "outer_folds": outer_folds}
            evaluate_others(catalog, layout, (GROUPED,), options=options, **asked)
        write_report(layout.folder)
    return layout


def show_few(catalog: "Catalog") -> None:
    """Count on standard error the creators who have too few works to be evaluated under any split."""
    from sakka.cli.terminal import error_console
    from sakka.evaluation.usable_works import few_in_words, usable_works

    usable = usable_works(catalog, "random")
    if usable.few_creators:
        error_console().print(few_in_words(usable.few_creators, usable.few_works), soft_wrap=True)


def show_left_out(catalog: "Catalog", split: str) -> None:
    """Name on standard error the works that a split can't use."""
    from sakka.cli.terminal import error_console
    from sakka.evaluation.usable_works import usable_works

    left_out = usable_works(catalog, split).left_out
    if left_out:
        told = ", ".join(said(f"{count:,} {reason}") for reason, count in left_out.items())
        error_console().print(f"the {split} split leaves out {told}", soft_wrap=True)


def evaluate_all(catalog: "Catalog", output: Path, **arguments: Any) -> "RunLayout":
    """Evaluate the random split in the run folder and the others in folders within it; the report shows all of them.

    A split that can't be made of this catalog is named on standard error and left out.

    Raises:
        SakkaError: As `evaluate`.
    """
    from sakka.catalog.splits import GROUPED, RANDOM, TEMPORAL
    from sakka.pages.write_report import write_report

    layout = evaluate(catalog, output, split=RANDOM, with_report=False, **arguments)
    evaluate_others(catalog, layout, (GROUPED, TEMPORAL), **arguments)
    write_report(layout.folder)
    return layout


def evaluate_others(catalog: "Catalog", layout: "RunLayout", kinds: Sequence[str], **arguments: Any) -> None:
    """Evaluate other splits in folders within a run's.

    Raises:
        SakkaError: As `evaluate`, but for a split that can't be made: it is named on standard error and left out.
    """
    from sakka.cli.terminal import error_console
    from sakka.cli.wording import on_command_line
    from sakka.errors import SplitError

    for kind in kinds:
        try:
            evaluate(catalog, layout.other_split(kind), split=kind, **arguments)
        except SplitError as error:
            reason = on_command_line(said(str(error)), "experiment")
            error_console().print(f"the {kind} split is left out: {reason}", soft_wrap=True)


def show_departures(plan: "Plan", info: Mapping[str, Any]) -> None:
    """Name on standard error in what a plan of the preset `paper` departs from the paper."""
    from sakka.cli.terminal import error_console
    from sakka.paper.plan import PRESET, deviations

    if plan.preset == PRESET:
        error_console().print("departs from the paper in:")
        for each in deviations(plan, info):
            error_console().print(f"- {said(each)}", markup=False, highlight=False, soft_wrap=True)


def show_headline(results: Sequence[Mapping[str, Any]]) -> None:
    """Print what the run says, then the main rows of table 3: mean over the outer folds ± standard deviation.

    Args:
        results: What `results.json` holds.
    """
    from sakka.cli.terminal import output_console, show_table
    from sakka.pages.headline_terminal import headline

    output_console().print(headline(results, language(), said))
    output_console().print()
    show_splits(results)
    rows = headline_rows(results)
    figures = next(iter(rows.values()))
    works, folds = (next(iter(figures.values()))[name] for name in ("n", "folds"))
    show_table(
        ["model", "row", *COLUMNS.values()],
        [[name, said(row), *(_figure(found.get(each)) for each in COLUMNS)] for (name, row), found in rows.items()],
        title=f"{works:,} works, {folds} outer folds (mean ± standard deviation)",
        left=2,
    )


def show_splits(results: Sequence[Mapping[str, Any]]) -> None:
    """Print the accuracy of each model under each kind of split, where the run has more than one."""
    from sakka.cli.terminal import output_console, show_table

    found = [each for each in results if each["table"] == "splits" and each["measure"] in ("accuracy", "works_count")]
    if not found:
        return
    splits = list(dict.fromkeys(each["split"] for each in found))
    rows: dict[str, dict[str, Mapping[str, Any]]] = {}
    for each in found:
        rows.setdefault("works evaluated" if each["measure"] == "works_count" else each["model"], {})[each["split"]] = (
            each
        )
    show_table(
        ["accuracy", *splits],
        [[said(name), *(_split_figure(of_split.get(split)) for split in splits)] for name, of_split in rows.items()],
        title="How much does the random split flatter?",
    )
    output_console().print()


def _split_figure(entry: Mapping[str, Any] | None) -> str:
    return f"{entry['value']:,}" if entry and entry["measure"] == "works_count" else _figure(entry)


def headline_rows(results: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, Mapping[str, Any]]]:
    """Table 3's figures by model and row, then by measure, in the table's order."""
    rows: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for entry in results:
        if entry["table"] == "table3" and entry["measure"] in COLUMNS:
            rows.setdefault((entry["model"], entry["row"]), {})[entry["measure"]] = entry
    return rows


def _figure(entry: Mapping[str, Any] | None) -> str:
    if entry is None or entry["value"] is None:
        return "–"
    spread = "" if entry["spread"] is None else f" ± {entry['spread']:.3f}"
    return f"{entry['value']:.3f}{spread}"
