"""Trials by workers elsewhere: this process draws settings and keeps what comes of them, a worker does one trial.

A worker sees the study as it was when its trial was drawn, in memory: by that it gives up a trial that falls behind.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sakka.engines.engine import WorkEngine
from sakka.progress import Task
from sakka.tuning.objective import Objective

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class _DrawnTrial:
    """A trial to do.

    Attributes:
        number: Which trial of the study.
        settings: What was drawn.
        before: The trials with lower numbers, as they are known.
    """

    number: int
    settings: dict[str, object]
    before: "list[optuna.trial.FrozenTrial]"


def tune_elsewhere(
    engine: WorkEngine, study: "optuna.Study", objective: Objective, trials: int, ends_s: float | None, running: Task
) -> None:
    """Do further trials of a study.

    Args:
        engine: What does them.
        study: The study, with its sampler and its pruner.
        objective: What a trial does.
        trials: How many.
        ends_s: No trial begins after this moment of `time.monotonic`; None: no limit.
        running: Is told of each trial that has ended.
    """
    import optuna

    asked: dict[int, optuna.Trial] = {}

    def drawn() -> Iterator[_DrawnTrial]:
        for _ in range(trials):
            if ends_s is not None and time.monotonic() >= ends_s:
                return
            trial = study.ask()
            asked[trial.number] = trial
            yield _DrawnTrial(
                trial.number, objective.space.draw(trial), study.get_trials(deepcopy=False)[: trial.number]
            )

    ended = engine.units(partial(_done, objective=objective, pruner=study.pruner), drawn())
    try:
        with closing(ended):
            for job, outcome in ended:
                _keep(study, asked.pop(job.number), outcome)
                running.advance()
    finally:
        for trial in asked.values():
            study.tell(trial, state=optuna.trial.TrialState.FAIL)


def _done(
    job: _DrawnTrial, objective: Objective, pruner: "optuna.pruners.BasePruner"
) -> "Iterator[optuna.trial.FrozenTrial]":
    """The trial that was drawn, done in a study of this process's memory."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    study.add_trials(job.before)
    study.enqueue_trial(job.settings)
    study.optimize(objective, n_trials=1)
    yield study.trials[job.number]


def _keep(study: "optuna.Study", trial: "optuna.Trial", outcome: "optuna.trial.FrozenTrial") -> None:
    for step, value in outcome.intermediate_values.items():
        trial.report(value, step)
    for name, value in outcome.user_attrs.items():
        trial.set_user_attr(name, value)
    study.tell(trial, outcome.value if outcome.state.name == "COMPLETE" else None, outcome.state)
