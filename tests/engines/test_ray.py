import gc
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.catalog.works import Catalog
from sakka.copies.groups import find_near_identical
from sakka.engines.engine import LocalEngine, WorkEngine, current_engine, working_on
from sakka.engines.ray import ray_engine
from sakka.engines.ray_jobs import RayEngine
from sakka.errors import EngineError, PhotoError
from sakka.evaluation.plan import make_plan
from sakka.evaluation.run import run_experiment
from sakka.models.folder import save_model
from sakka.models.registry import make_model
from sakka.networks.encoders import photo_encoders
from sakka.networks.features import cache_path, every_photo_features
from sakka.pages.write_report import write_report
from sakka.progress import reporting_to
from sakka.search.index import Index
from sakka.tuning.study import TuningTask, read_study, tune

if find_spec("ray") is None:
    pytest.skip("the extra cluster is not installed", allow_module_level=True)
WORKERS = 3


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    """One for all tests: a start takes seconds."""
    with ray_engine(workers=WORKERS) as started:
        yield started
    for each in gc.get_objects():
        if type(each) is subprocess.Popen:
            each.wait(10)  # for the processes that Ray has ended: an open one is a warning


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("photos"), creators=3, works=9, size_px=64)


def process_ids(engine: RayEngine) -> list[int]:
    """Of the workers that do jobs now."""

    def process_id(_: int) -> int:
        time.sleep(0.05)
        return os.getpid()

    return sorted({found for _, found in engine.each(process_id, range(2 * WORKERS), "test")})


@dataclass
class KillingReporter:
    """Kills a process at the first step of a task."""

    left: list[int]

    @contextmanager
    def task(self, name: str, total: int) -> Iterator["KillingReporter"]:
        yield self

    def advance(self, steps: int = 1) -> None:
        if self.left:
            os.kill(self.left.pop(), signal.SIGKILL)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kept_vectors(path: Path) -> list[tuple[str, bytes]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT key, value FROM photos ORDER BY key").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("which", ["local", "ray"])
def test_every_job_is_answered_once(which: str, engine: RayEngine) -> None:
    chosen: WorkEngine = engine if which == "ray" else LocalEngine()
    assert sorted(chosen.each(lambda job: job * job, range(20), "test")) == [(job, job * job) for job in range(20)]
    assert sorted(chosen.units(lambda job: [job] * job, range(4))) == [(1, 1), (2, 2), (2, 2), (3, 3), (3, 3), (3, 3)]
    assert list(chosen.each(lambda job: job, [], "test")) == []


def test_workers_are_other_processes_with_one_thread(engine: RayEngine) -> None:
    def threads(_: int) -> tuple[int, int]:
        import torch

        return os.getpid(), torch.get_num_threads()

    found = [answer for _, answer in engine.each(threads, range(8), "test")]
    assert {number for _, number in found} == {1}
    assert os.getpid() not in {process for process, _ in found}


def test_a_worker_keeps_what_does_the_jobs_from_call_to_call(engine: RayEngine) -> None:
    class Counting:
        def __init__(self) -> None:
            self.calls = 0

        def __call__(self, _: int) -> int:
            self.calls += 1
            return self.calls

    calls = [max(count for _, count in engine.each(Counting(), range(3 * WORKERS), "test")) for _ in range(2)]
    assert calls[1] > calls[0]


def test_what_a_job_raises_comes_out_as_it_is(engine: RayEngine) -> None:
    def fail(job: int) -> int:
        if job == 3:
            raise PhotoError("photo 3 can't be read", "photo gone")
        return job

    with pytest.raises(PhotoError, match=r"^photo 3 can't be read$") as caught:
        list(engine.each(fail, range(9), "test"))
    assert type(caught.value) is PhotoError
    assert caught.value.reason == "photo gone"
    assert len(list(engine.each(lambda job: job, range(9), "test"))) == 9


def test_a_job_whose_worker_dies_is_done_again_and_nothing_is_printed(
    engine: RayEngine, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def die_once(job: int) -> int:
        died = folder / "died"
        if job == 5 and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    assert sorted(engine.each(die_once, range(12), "test")) == [(job, job) for job in range(12)]
    assert (folder / "died").exists()
    time.sleep(0.5)  # Ray would say that a worker died
    assert capfd.readouterr() == ("", "")


def test_a_job_at_which_each_worker_dies_is_given_up_in_one_line(engine: RayEngine) -> None:
    def die(job: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return job

    with pytest.raises(EngineError, match=r"^3 workers died at one piece of work .*take fewer `workers`") as caught:
        list(engine.units(die, [1]))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_features_are_those_of_this_process_though_a_worker_is_killed(
    engine: RayEngine, works: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [encoder] = photo_encoders("lite0", "float32")
    before = process_ids(engine)
    killing = KillingReporter(before[:1])
    kept = []
    for name, chosen in (("local", LocalEngine()), ("ray", engine)):
        monkeypatch.setenv("SAKKA_CACHE", str(folder / name))
        with working_on(chosen), reporting_to(killing if chosen is engine else KillingReporter([])):
            every_photo_features(works, encoder)
        kept.append(kept_vectors(cache_path(encoder)))
    assert len(kept[0]) == 2 * len(works)  # vectors, and a checksum of each
    assert kept[0] == kept[1]
    assert process_ids(engine) != before


@pytest.mark.slow
def test_a_run_has_the_bytes_of_this_process_though_a_worker_is_killed(
    engine: RayEngine, works: Catalog, folder: Path
) -> None:
    plan = make_plan(works, ["photo-lite0", "dummy"], inner_folds=2, settings={"photo-lite0": QUICK_PHOTO})
    runs, before = [], process_ids(engine)
    for name, chosen in (("local", LocalEngine()), ("ray", engine), ("killed", engine)):
        with working_on(chosen), reporting_to(KillingReporter(before[:1] if name == "killed" else [])):
            layout = run_experiment(works, folder / name, plan)
        write_report(layout.folder)
        runs.append({**files_in(layout.folder / "predictions"), "results": layout.results.read_bytes()})
    assert len(runs[0]) == 2 * 10 + 1
    assert runs[0] == runs[1] == runs[2]
    assert process_ids(engine) != before


def test_an_index_has_the_rows_of_this_process_though_a_worker_is_killed(
    engine: RayEngine, works: Catalog, folder: Path
) -> None:
    save_model(make_model("photo-lite0", **QUICK_PHOTO).fit(works), folder / "model")
    before, built = process_ids(engine), []
    for name, chosen in (("local", LocalEngine()), ("killed", engine)):
        with working_on(chosen), reporting_to(KillingReporter(before[:1] if chosen is engine else [])):
            index = Index.build(folder / name, works, folder / "model", shard_works=10)
        rows = index.table.to_arrow().sort_by("id").replace_schema_metadata(None)
        built.append((rows, {key: value.tobytes() for key, value in index.spaces.style.tensors().items()}))
    assert built[0][0].num_rows == len(works)
    assert built[0][0].equals(built[1][0])
    assert built[0][1] == built[1][1]


def test_near_identical_works_are_those_of_this_process(
    engine: RayEngine, works: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relisted = [replace(work, id=f"{work.id}-again", title="another") for work in list(works)[:3]]
    both = Catalog.from_works([*works, *relisted], photo_root=works.photo_root)
    found = []
    for name, chosen in (("local", LocalEngine()), ("ray", engine)):
        monkeypatch.setenv("SAKKA_CACHE", str(folder / name))
        with working_on(chosen):
            found.append(find_near_identical(both).evidence)
    assert len(found[0].filter(kind="photo")) >= 3
    assert found[0].equals(found[1])


def test_trials_that_are_drawn_at_random_are_those_of_this_process(
    engine: RayEngine, works: Catalog, folder: Path
) -> None:
    task, studies = TuningTask("text-linear", fixed={"iterations": 5}), []
    for name, chosen in (("local", LocalEngine()), ("ray", engine)):
        with working_on(chosen):
            tune(works, folder / name, task, trials=4)
        trials = read_study(folder / name).get_trials()
        studies.append([(each.number, each.state, each.value, each.params, each.user_attrs) for each in trials])
    assert len(studies[0]) == 4
    assert studies[0] == studies[1]


@pytest.mark.slow
def test_a_fine_tuned_trial_tells_of_its_epochs(engine: RayEngine, works: Catalog, folder: Path) -> None:
    fixed = {"batch": 8, "epochs": 1, "hidden": 8, "input_px": 32, "dtype": "float32"}
    with working_on(engine):
        tune(works, folder, TuningTask("photo-lite0-finetuned", fixed=fixed), trials=1)
    [trial] = read_study(folder).get_trials()
    assert trial.value is not None
    assert trial.intermediate_values == {1: pytest.approx(trial.value)}


def test_an_engine_is_in_place_inside_its_block_only(engine: RayEngine) -> None:
    with working_on(engine):
        assert current_engine() is engine
    assert isinstance(current_engine(), LocalEngine)


@contextmanager
def others_waiting_for_cores(count: int) -> Iterator[None]:
    """Others in the same Ray, who take the next cores that get free."""
    import ray

    class Other:
        def is_up(self) -> bool:
            return True

    others = [ray.remote(num_cpus=1)(Other).remote() for _ in range(count)]
    waiting = [other.is_up.remote() for other in others]
    try:
        time.sleep(0.2)
        yield
    finally:
        for other in others:
            ray.kill(other)
        del waiting


@pytest.mark.parametrize("others", [1, WORKERS])
def test_who_finds_no_core_again_is_not_waited_for_for_ever(
    others: int, engine: RayEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die_at_first(job: int) -> int:
        died = folder / str(job)
        if job < others and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    engine.start()
    monkeypatch.setattr("sakka.engines.ray_jobs.START_S", 1)
    monkeypatch.setattr("sakka.engines.ray_jobs.ATTEMPTS", 9)
    with others_waiting_for_cores(others):
        jobs = engine.each(die_at_first, range(9), "test")
        if others < WORKERS:
            assert sorted(jobs) == [(job, job) for job in range(9)]
        else:
            with pytest.raises(EngineError, match=r"^no worker of Ray is left, and no other could be started \(none"):
                list(jobs)
    monkeypatch.undo()
    assert sorted(engine.each(die_at_first, range(9), "test")) == [(job, job) for job in range(9)]


def test_a_worker_of_another_version_is_refused_also_when_it_takes_another_s_seat(
    engine: RayEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die_once(job: int) -> int:
        if not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.5)
        return job

    engine.start()
    monkeypatch.setattr("sakka.engines.ray_jobs.__version__", "0.0.1")
    with pytest.raises(EngineError, match=r"^workers of Ray have sakka .*, this is 0\.0\.1; install the same version"):
        list(engine.each(die_once, range(30), "test"))
