"""`sakka tune`: settings of a model, chosen on validation works."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sakka.cli import app
from sakka.cli.engine import OnOption, WorkersOption, engine_asked_for
from sakka.cli.printable import say
from sakka.cli.source_options import CatalogFolder
from sakka.errors import ModelError

if TYPE_CHECKING:
    from sakka.tuning.study import TuningTask

INTERRUPTED = 130  # what shells give for a program that Ctrl-C ended


@app.command("tune")
def tune(
    catalog: CatalogFolder,
    output: Annotated[Path, typer.Option("--output", "-o", help="The study's folder.", metavar="STUDY")],
    model: Annotated[str, typer.Option("--model", help="The model to tune.", metavar="NAME")],
    trials: Annotated[int, typer.Option(min=1, help="Trials of the study, earlier ones counted.", metavar="N")] = 30,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="Begin no trial after this many seconds.", metavar="SECONDS")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that work on the study.", metavar="N")] = 1,
    fixed: Annotated[
        list[str] | None, typer.Option("--set", help="Fix a setting, such as epochs=5.", metavar="NAME=VALUE")
    ] = None,
    split: Annotated[str, typer.Option(help="How works are divided into folds.")] = "random",
    outer_fold: Annotated[int, typer.Option(help="The fold whose test works are left out, 0 to 4.")] = 0,
    inner_fold: Annotated[int, typer.Option(help="The fold whose validation works are used, 0 to 4.")] = 0,
    seed: Annotated[int, typer.Option(help="The seed of the folds, the model and the draws.", min=0)] = 0,
    on: OnOption = None,
    workers: WorkersOption = None,
) -> None:
    """Choose a model's settings with Optuna; given again, the study goes on, and several processes may share it.

    A trial learns from the fold's training works and is evaluated on its validation works; test works are never seen.

    Example: sakka tune paintings -o study --model text-linear --trials 40

    Example: sakka tune paintings -o study --model photo-vgg16-finetuned --set epochs=10 --timeout 7200
    """
    from sakka.cli.output import check_output
    from sakka.cli.terminal import error_console, showing_progress
    from sakka.pages.tuning import write_page
    from sakka.tuning.processes import tune_with
    from sakka.tuning.study import TuningTask, write_best

    tuning_task = TuningTask(model, split, seed, outer_fold, inner_fold, _settings(fixed or []))
    check_output(output)
    try:
        with showing_progress(), engine_asked_for(on, workers):
            tune_with(catalog, output, tuning_task, trials=trials, timeout_s=timeout, jobs=jobs)
    except KeyboardInterrupt:
        error_console().print(f"interrupted; give the same command again to go on with {output}", soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    best, page = write_best(output), write_page(output)
    _show(best, tuning_task)
    say(f"\nopen the picture: {page}")


def _settings(given: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE; a value that is no JSON is text."""
    settings = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise ModelError(f"got --set {each!r}, expected NAME=VALUE, such as epochs=5")
        try:
            settings[name.strip()] = json.loads(value)
        except ValueError:
            settings[name.strip()] = value
    return settings


def _show(best: dict[str, Any] | None, tuning_task: "TuningTask") -> None:
    from sakka.cli.terminal import show_pairs

    if best is None:
        say("no trial has ended with a value so far")
        return
    tuned = {name: value for name, value in best["settings"].items() if name not in tuning_task.settings()}
    show_pairs(
        [
            ("trials", f"{best['trials']:,}"),
            ("best", f"number {best['trial']}"),
            ("validation accuracy", f"{best['validation_accuracy']:.4f} (n = {best['validation_works']:,})"),
            *((name, f"{value:.4g}" if isinstance(value, float) else str(value)) for name, value in tuned.items()),
        ],
        title=f"Settings of {best['model']}",
    )
