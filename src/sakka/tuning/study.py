"""A study: trials of one model's settings on one fold of one catalog, kept in an SQLite file that can be resumed.

    STUDY/
      study.sqlite   every trial; Optuna's own tables
      best.json      the best settings so far, as `make_model` takes them
      index.html     a picture of the study

Settings are drawn by Optuna's tree-structured Parzen estimator; a fine-tuned model's trial ends early where its
validation accuracy after an epoch is below the median of the earlier trials' (T. Akiba et al., Optuna, KDD 2019,
https://arxiv.org/abs/1907.10902). Several processes may work on one study at the same time. What the study is about
is kept in it, so that it can't be continued on other works.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sakka.catalog.splits import INNER_FOLDS, OUTER_FOLDS
from sakka.catalog.works import Catalog
from sakka.engines.engine import current_engine
from sakka.errors import MissingPartError, RunError
from sakka.evaluation.usable_works import split_works, usable_works
from sakka.files import why_not_a_folder, write_json
from sakka.models.registry import make_model
from sakka.progress import task
from sakka.tuning.elsewhere import tune_elsewhere
from sakka.tuning.objective import Objective, SeenWorks
from sakka.tuning.spaces import space_of
from sakka.version import __version__

if TYPE_CHECKING:
    import optuna

NAME = "sakka"
ABOUT = "about"
LOCK_S = 60
START_TRIALS = 5  # drawn at random and run to the end before sampler and pruner start


@dataclass(frozen=True)
class TuningTask:
    """What a study is about.

    Attributes:
        model: The model's name.
        split: How the works are split.
        seed: Of the folds, the model and the draws.
        outer: The fold whose test works are left out.
        inner: The fold whose validation works a trial is evaluated on.
        fixed: Settings that are not tuned.
    """

    model: str
    split: str = "random"
    seed: int = 0
    outer: int = 0
    inner: int = 0
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Every setting of the model that is not the default, and the seed where it has one."""
        seed = {"seed": self.seed} if "seed" in make_model(self.model).settings() else {}
        return {**seed, **self.fixed}


@dataclass(frozen=True)
class StudyLayout:
    """The files of a study."""

    folder: Path

    @property
    def trials(self) -> Path:
        """The trials."""
        return self.folder / "study.sqlite"

    @property
    def best(self) -> Path:
        """The best settings."""
        return self.folder / "best.json"

    @property
    def page(self) -> Path:
        """The picture."""
        return self.folder / "index.html"


def objective_of(works: Catalog, tuning_task: TuningTask) -> Objective:
    """What each trial does; of the works it holds the training and validation parts alone.

    Raises:
        SakkaError: The model, a setting, the fold or the works can't be used.
    """
    space = space_of(tuning_task.model, tuning_task.fixed)
    model = make_model(tuning_task.model, **tuning_task.settings())
    for kind, asked, most in (("outer", tuning_task.outer, OUTER_FOLDS), ("inner", tuning_task.inner, INNER_FOLDS)):
        if not 0 <= asked < most:
            raise RunError(f"got {kind} fold {asked}, expected 0 to {most - 1}")
    if reason := model.why_unreadable(works):
        raise RunError(f"{reason}, which {tuning_task.model} reads; tune another model")
    usable = usable_works(works, tuning_task.split).works
    fold = split_works(usable, tuning_task.split, tuning_task.seed).fold(tuning_task.outer, tuning_task.inner)
    return Objective(tuning_task.model, space, tuning_task.settings(), SeenWorks.of(usable, fold))


def tune(
    works: Catalog,
    folder: Path,
    tuning_task: TuningTask,
    *,
    trials: int,
    timeout_s: float | None = None,
    worker: int = 0,
) -> None:
    """Do trials until `trials` have ended or the time is over.

    Args:
        works: The catalog.
        folder: The study's folder; new, or one with a study of the same task.
        tuning_task: What the study is about.
        trials: How many trials the study is to have, those of earlier calls and other processes counted.
        timeout_s: No trial begins after this many seconds; None: no limit.
        worker: Another number draws other settings; for processes at work at the same time.

    Raises:
        RunError: The folder holds something else, or the study is damaged or about something else.
        SakkaError: The model or the works can't be used.
    """
    objective = objective_of(works, tuning_task)
    about = _about(works, tuning_task, objective)
    with study_errors(folder):
        study = _opened(StudyLayout(folder), about, objective, worker)
        began = time.monotonic()
        with task(f"trials of {tuning_task.model}", total=trials) as running:
            running.advance(min(trials, ended_trials(study)))
            engine = current_engine()
            if engine.elsewhere:
                objective.fill_cache()
                ends_s = None if timeout_s is None else began + timeout_s
                tune_elsewhere(engine, study, objective, trials - ended_trials(study), ends_s, running)
                return
            while (done := ended_trials(study)) < trials:
                if timeout_s is not None and time.monotonic() - began >= timeout_s:
                    break
                study.optimize(objective, n_trials=1)
                running.advance(ended_trials(study) - done)


def write_best(folder: Path) -> dict[str, Any] | None:
    """Write `best.json` from the trials; returns its content, or None where no trial has ended well.

    Raises:
        RunError: The study can't be read.
    """
    with study_errors(folder):
        study = read_study(folder)
        if not completed(study):
            return None
        about = study.user_attrs[ABOUT]
        best = study.best_trial
        content = {
            "model": about["task"]["model"],
            "settings": {**about["settings"], **best.params},
            "validation_accuracy": best.value,
            "validation_works": about["validation_works"],
            "trial": best.number,
            "trials": ended_trials(study),
            "about": about,
        }
        write_json(StudyLayout(folder).best, content)
        return content


def read_study(folder: Path) -> "optuna.Study":
    """Open a study that is there, to read it; inside `study_errors`."""
    path = StudyLayout(folder).trials
    if not path.is_file():
        trouble = why_not_a_folder(folder) or f"{folder} has no study in it"
        raise RunError(f"{trouble}; make one with `sakka.tuning.study.tune`")
    try:
        study: optuna.Study = _library().load_study(study_name=NAME, storage=_storage(path))
    except KeyError as error:
        raise RunError(f"{path} has no study of sakka in it; choose another folder") from error
    return study


def completed(study: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    """The trials that ended with a value."""
    found: list[optuna.trial.FrozenTrial] = study.get_trials(
        deepcopy=False, states=[_library().trial.TrialState.COMPLETE]
    )
    return found


def ended_trials(study: "optuna.Study") -> int:
    """How many trials ended, with a value or given up early."""
    state = _library().trial.TrialState
    return len(study.get_trials(deepcopy=False, states=[state.COMPLETE, state.PRUNED]))


@contextmanager
def study_errors(folder: Path) -> Iterator[None]:
    """Turn what Optuna and SQLite raise on a file that is no study, or a damaged one, into one line."""
    from sqlalchemy.exc import SQLAlchemyError

    optuna = _library()
    path = StudyLayout(folder).trials
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = error.__cause__ or error
        why = " ".join(str(getattr(cause, "orig", cause)).split())
        raise RunError(f"{path} can't be used as a study ({why}); remove it, or choose another folder") from error


def _library() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingPartError("Optuna", "paper", error) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _storage(path: Path) -> Any:
    return _library().storages.RDBStorage(
        f"sqlite:///{path.resolve()}", engine_kwargs={"connect_args": {"timeout": LOCK_S}}
    )


def _opened(layout: StudyLayout, about: dict[str, Any], objective: Objective, worker: int) -> "optuna.Study":
    library = _library()
    if layout.folder.exists() and not layout.folder.is_dir():
        raise RunError(f"{layout.folder} is a file, expected a folder for the study; choose another name")
    layout.folder.mkdir(parents=True, exist_ok=True)
    if not layout.trials.exists() and any(layout.folder.iterdir()):
        raise RunError(f"{layout.folder} is not empty and has no study in it; choose another folder")
    study: optuna.Study = library.create_study(
        study_name=NAME, storage=_storage(layout.trials), direction="maximize", load_if_exists=True
    )
    kept = study.user_attrs.get(ABOUT)
    if kept is None:
        study.set_user_attr(ABOUT, about)
        for start in objective.space.starts:
            study.enqueue_trial(dict(start), skip_if_exists=True)
    elif kept != json.loads(json.dumps(about)):
        raise RunError(f"{layout.folder} holds a study of {_differing(kept, about)}; choose another folder")
    # A sampler that starts anew would draw again what it drew first.
    draws = (about["task"]["seed"] * 1_000_003 + 1009 * worker + len(study.get_trials(deepcopy=False))) % 2**32
    study.sampler = library.samplers.TPESampler(seed=draws, n_startup_trials=START_TRIALS)
    study.pruner = library.pruners.MedianPruner(n_startup_trials=START_TRIALS)
    return study


def _about(works: Catalog, tuning_task: TuningTask, objective: Objective) -> dict[str, Any]:
    return {
        "catalog_sha256": works.fingerprint(),
        "task": {**asdict(tuning_task), "fixed": dict(tuning_task.fixed)},
        "settings": dict(objective.fixed),
        "train_works": len(objective.works.train),
        "validation_works": len(objective.works.validation),
        "sakka": __version__,
    }


def _differing(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    if kept["catalog_sha256"] != asked["catalog_sha256"]:
        return "another catalog (or the catalog was built anew with other works since)"
    for key, value in asked["task"].items():
        if kept["task"].get(key) != value:
            return f"{key} {kept['task'].get(key)!r}, asked for {value!r}"
    return f"sakka {kept['sakka']}, this is {asked['sakka']}"
