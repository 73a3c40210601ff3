"""Several processes at work on one study; they meet in its SQLite file alone."""

import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sakka.catalog.works import Catalog
from sakka.engines.engine import current_engine
from sakka.errors import RunError, SakkaError
from sakka.tuning.study import TuningTask, tune


@dataclass(frozen=True)
class _Job:
    """What a process is asked to do."""

    catalog: Path
    folder: Path
    tuning_task: TuningTask
    trials: int
    timeout_s: float | None
    worker: int


def tune_with(
    catalog: Path, folder: Path, tuning_task: TuningTask, *, trials: int, timeout_s: float | None = None, jobs: int = 1
) -> None:
    """Tune with `jobs` processes, this one among them (see `study.tune`).

    Raises:
        SakkaError: As `study.tune`; or another process ended without having done its work.
    """
    works = Catalog.read(catalog)
    if jobs != 1 and current_engine().elsewhere:
        raise RunError(f"got `jobs={jobs}` for workers elsewhere, which do one trial each; say `workers` instead")
    if jobs == 1:
        tune(works, folder, tuning_task, trials=trials, timeout_s=timeout_s)
        return
    tune(works, folder, tuning_task, trials=0)  # makes the study, and refuses what can't be used, before others start
    context = multiprocessing.get_context("spawn")
    jobs_of_others = [_Job(catalog, folder, tuning_task, trials, timeout_s, worker) for worker in range(1, jobs)]
    others: list[Any] = [context.Process(target=_work, args=(job,)) for job in jobs_of_others]
    for process in others:
        process.start()
    try:
        tune(works, folder, tuning_task, trials=trials, timeout_s=timeout_s)
    except BaseException:
        for process in others:
            process.terminate()
        raise
    finally:
        for process in others:
            process.join()
    if any(process.exitcode != 0 for process in others):
        raise RunError(f"a process at work on {folder} ended early; give the same command again to go on")


def _work(job: _Job) -> None:
    try:
        tune(
            Catalog.read(job.catalog),
            job.folder,
            job.tuning_task,
            trials=job.trials,
            timeout_s=job.timeout_s,
            worker=job.worker,
        )
    except SakkaError as error:
        raise SystemExit(2) from error
