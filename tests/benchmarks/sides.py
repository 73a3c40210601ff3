"""Sides for the tests of the harness; workers make them in processes of their own."""

import time
from pathlib import Path
from typing import Any


class Noting:
    """Notes each run in a file that both sides share."""

    def __init__(self, name: str, book: str, seconds: list[float], quality: float = 0.5) -> None:
        self.name, self.book = name, Path(book)
        self.seconds, self.accuracy = list(seconds), quality
        self.notes = f"I am {name}"
        print("what a library prints is no answer")  # noqa: T201

    def before(self) -> None:
        with self.book.open("a") as book:
            book.write("-")

    def run(self) -> dict[str, Any]:
        with self.book.open("a") as book:
            book.write(self.name)
        return {"units": 10, "seconds": self.seconds.pop(0), "note": "noted"}

    def quality(self) -> dict[str, float]:
        return {"accuracy": self.accuracy}


class Failing:
    """Can't be made, like a peer whose package is absent."""

    def __init__(self) -> None:
        raise ModuleNotFoundError("No module named 'peer'")


class Timed:
    """Leaves the timing to the worker."""

    def run(self) -> dict[str, Any]:
        return {"units": 1}


class Sleeping:
    """Takes a minute."""

    def run(self) -> dict[str, Any]:
        time.sleep(60)
        return {"units": 1}


class WarmingUp:
    """Counts its runs, and that it was warmed up first."""

    def __init__(self) -> None:
        self.runs: int | None = None

    def warm_up(self) -> None:
        self.runs = 0

    def run(self) -> dict[str, Any]:
        assert self.runs is not None
        self.runs += 1
        return {"units": self.runs}
