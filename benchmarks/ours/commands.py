"""Commands as a person types them: the time from the start of the process to its end."""

import subprocess
import sys
from pathlib import Path
from typing import Any


class Command:
    """One command, run `times` times a run.

    Args:
        arguments: What follows `sakka` (or `python` where `python` is true).
        python: Whether the interpreter is started instead of `sakka`.
        times: Starts in one run; a unit is one start.
    """

    def __init__(self, arguments: list[str], python: bool = False, times: int = 3) -> None:
        folder = Path(sys.executable).parent
        self.command = [str(folder / ("python" if python else "sakka")), *arguments]
        self.times = times

    def run(self) -> dict[str, Any]:
        """Start the command and wait for its end."""
        for _ in range(self.times):
            subprocess.run(self.command, check=True, capture_output=True)
        return {"units": self.times}
