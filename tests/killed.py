"""A process that is killed: at one of its file operations, and whatever it would do to files after that."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sakka import files

OPERATIONS = ((Path, "replace"), (Path, "unlink"), (shutil, "rmtree"), (files, "_exchange"), (files, "_sync"))


class _Killed(BaseException):
    """No code can go on after this."""


@contextmanager
def _killed_at(number: int) -> Iterator[list[int]]:
    """Fail the file operation of a number, from 0, and all after it; yields the numbers of those that failed."""
    numbers = count()
    failed: list[int] = []

    def unless_killed(operation: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            if (own := next(numbers)) >= number:
                failed.append(own)
                raise _Killed
            return operation(*given, **named)

        return called

    with pytest.MonkeyPatch.context() as patch, suppress(_Killed):
        for owner, name in OPERATIONS:
            patch.setattr(owner, name, unless_killed(getattr(owner, name)))
        yield failed


def at_every_file_operation(act: Callable[[], object]) -> Iterator[int]:
    """Do something again and again, killed at each of its file operations in turn; yields after each, with the number.

    It ends when nothing was left to be killed.
    """
    for number in count():
        with _killed_at(number) as failed:
            act()
        if not failed:
            return
        yield number
