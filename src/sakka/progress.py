"""Progress of long work, reported by the library and shown by its caller.

The library says `for batch in track(batches, "photo features", total=n)`; nothing is shown unless the caller
has put a reporter in place with `reporting_to(...)`, as the command line does.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Task(Protocol):
    """One piece of long work that is being reported."""

    def advance(self, steps: int = 1) -> None:
        """Report that `steps` more steps are done."""


class Reporter(Protocol):
    """A part that shows progress."""

    def task(self, name: str, total: int) -> AbstractContextManager[Task]:
        """Open a task of `total` steps; it is over when the context ends."""


class _SilentTask:
    def advance(self, steps: int = 1) -> None:
        pass


class _Silent:
    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Task]:  # noqa: ARG002
        yield _SilentTask()


_reporter: ContextVar[Reporter] = ContextVar("sakka_progress_reporter", default=_Silent())  # noqa: B039


@contextmanager
def reporting_to(reporter: Reporter) -> Iterator[None]:
    """Send the progress of everything inside the block to `reporter`."""
    token = _reporter.set(reporter)
    try:
        yield
    finally:
        _reporter.reset(token)


def task(name: str, total: int) -> AbstractContextManager[Task]:
    """Open a task of `total` steps with the reporter in place."""
    return _reporter.get().task(name, total)


def track(items: Iterable[Item], name: str, total: int) -> Iterator[Item]:
    """Pass `items` on, reporting one step for each.

    >>> list(track([1, 2], "counting", total=2))
    [1, 2]
    """
    with task(name, total) as running:
        for item in items:
            yield item
            running.advance()
