"""Where units of work are done: in this process, unless the caller has put another engine in its stead.

    with working_on(engine):
        run_experiment(catalog, "run", plan)

The library gives its work to `current_engine()`: small jobs to `each` (a batch of photos), large ones to `units` (a
group of folds). Answers come as they are ready, and whoever asked keeps them: a worker writes nothing that counts. A
job's bytes are the same wherever it is done.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from sakka.engines.threads import Answer, Job, one_blas_thread, work_off


class WorkEngine(Protocol):
    """What does jobs.

    Attributes:
        elsewhere: Whether other processes do them: what several jobs need is then computed before.
        workers: How many large jobs are done side by side.
    """

    elsewhere: bool
    workers: int

    def each(
        self, do: Callable[[Job], Answer], jobs: Iterable[Job], name: str
    ) -> Generator[tuple[Job, Answer], None, None]:
        """Do small jobs side by side, each with one thread; gives each with its answer, as they are done.

        Args:
            do: Does one job; what it raises is raised here.
            jobs: What to do; taken as workers get free.
            name: What the threads are called.
        """

    def units(
        self, do: Callable[[Job], Iterable[Answer]], jobs: Iterable[Job]
    ) -> Generator[tuple[Job, Answer], None, None]:
        """Do large jobs that have several answers; gives each answer with its job, those of a job in order.

        Args:
            do: Does one job; what it raises is raised here.
            jobs: What to do; taken as workers get free.
        """


class LocalEngine:
    """This process: small jobs by as many threads as PyTorch may use cores, large ones one after the other."""

    elsewhere = False
    workers = 1

    def each(
        self, do: Callable[[Job], Answer], jobs: Iterable[Job], name: str
    ) -> Generator[tuple[Job, Answer], None, None]:
        """Do small jobs side by side; they come in order."""
        return work_off(jobs, lambda job: (job, do(job)), name)

    def units(
        self, do: Callable[[Job], Iterable[Answer]], jobs: Iterable[Job]
    ) -> Generator[tuple[Job, Answer], None, None]:
        """Do large jobs one after the other; each answer comes when it is there."""
        with one_blas_thread():
            for job in jobs:
                for answer in do(job):
                    yield job, answer


_engine: ContextVar[WorkEngine] = ContextVar("sakka_engine", default=LocalEngine())  # noqa: B039


@contextmanager
def working_on(engine: WorkEngine) -> Iterator[None]:
    """Let everything inside the block be done by `engine`."""
    token = _engine.set(engine)
    try:
        yield
    finally:
        _engine.reset(token)


def current_engine() -> WorkEngine:
    """The engine in place."""
    return _engine.get()
