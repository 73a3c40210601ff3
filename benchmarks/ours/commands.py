"""Commands as a person types them: the time from the start of the process to its end."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.ours.caches import without_features
from sakka.cache import CACHE_VARIABLE


class Command:
    """One command, run `times` times a run; a unit is one start.

    Args:
        arguments: What follows `sakka` (or `python` where `python` is true).
        python: Whether the interpreter is started instead of `sakka`.
        times: Starts in one run.
        new_photo: Whether each start finds a cache with weights and without features.
    """

    def __init__(self, arguments: list[str], python: bool = False, times: int = 3, new_photo: bool = False) -> None:
        folder = Path(sys.executable).parent
        self.command = [str(folder / ("python" if python else "sakka")), *arguments]
        self.times, self.new_photo = times, new_photo

    def run(self) -> dict[str, Any]:
        """Start the command and wait for its end."""
        return {"units": self.times, "seconds": sum(self._seconds() for _ in range(self.times))}

    def _seconds(self) -> float:
        with tempfile.TemporaryDirectory(prefix="sakka-benchmark-cache-") as folder:
            variables = dict(os.environ)
            if self.new_photo:
                variables[CACHE_VARIABLE] = str(without_features(Path(folder)))
            start = time.perf_counter()
            subprocess.run(self.command, check=True, capture_output=True, env=variables)
            return time.perf_counter() - start
