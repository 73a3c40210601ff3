"""The parent's end of a worker process (`benchmarks/worker.py`)."""

import contextlib
import json
import os
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")


class SideError(Exception):
    """A side can't be run; the message is the reason, in one line."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: What the tables call it.
        target: `module:Class` of what the worker makes.
        settings: The class's arguments; JSON can hold them.
        environment: The name of the environment it runs in; None is sakka's own.
        variables: Environment variables of its process.
    """

    name: str
    target: str
    settings: dict[str, Any] = field(default_factory=dict)
    environment: str | None = None
    variables: dict[str, str] = field(default_factory=dict)


class WorkerProcess:
    """A side that is alive in a process of its own, as a context.

    Args:
        side: What to make there.
        python: The interpreter to start.
        threads: How many threads numeric libraries may use; None leaves it to them.
        log: The file that takes its standard error.
    """

    def __init__(self, side: Side, python: Path, threads: int | None, log: Path) -> None:
        self.side = side
        self.log = log
        limits = {} if threads is None else dict.fromkeys(THREAD_VARIABLES, str(threads))
        variables = {**os.environ, **limits, **side.variables, "PYTHONPATH": str(ROOT), "PYTHONNOUSERSITE": "1"}
        with log.open("w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                [str(python), "-m", "benchmarks.worker"],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
            )

    def __enter__(self) -> Self:
        try:
            self.ask("make", target=self.side.target, settings=self.side.settings)
        except SideError:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, do: str, limit_s: float | None = None, **more: Any) -> dict[str, Any]:
        """Send one request and wait for its answer.

        Args:
            do: What to do.
            limit_s: After so many seconds the process is ended; None waits for as long as it takes.
            more: What the request says besides.

        Raises:
            SideError: The process ended instead of answering.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        alarm = threading.Timer(limit_s or 0.0, self.process.kill)
        if limit_s is not None:
            alarm.start()
        try:
            self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            late = limit_s is not None and not alarm.is_alive()
            alarm.cancel()
        if not line and late:
            raise SideError(f"{self.side.name}: took more than {limit_s:g} s")
        if not line:
            raise SideError(f"{self.side.name}: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process and wait until it is gone."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it may have ended already
            self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _last_words(self) -> str:
        self.process.wait()
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else f"the process ended with code {self.process.returncode}"
