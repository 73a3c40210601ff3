"""What runs in a worker of Ray: one job after the other, with one thread each.

What does the jobs is fetched once and kept, and with it the network that it loads; that of the last few calls.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sakka.version import __version__

MOST_KEPT = 3
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class RayWorker:
    """A worker.

    Args:
        environment: Variables that it needs of whoever asks.
        folder: The folder that relative paths start from, where this machine has it.
    """

    def __init__(self, environment: Mapping[str, str], folder: str) -> None:
        if Path(folder).is_dir():
            os.chdir(folder)
        os.environ.update({**environment, **dict.fromkeys(THREADS, "1")})  # before PyTorch starts
        from threadpoolctl import threadpool_limits

        self._limits = threadpool_limits(1)  # of what Ray has loaded already
        self._does: dict[str, Callable[[Any], Any]] = {}

    def version(self) -> str:
        """The version of sakka here."""
        return __version__

    def do_job(self, do: Sequence[Any], job: Any) -> Any:
        """Do a job.

        Args:
            do: A list of the reference to what does it.
            job: The job.
        """
        return self._fetched(do[0])(job)

    def do_unit(self, do: Sequence[Any], job: Any) -> list[Any]:
        """Do a job that has several answers; see `do_job`."""
        return list(self._fetched(do[0])(job))

    def _fetched(self, reference: Any) -> Callable[[Any], Any]:
        key = reference.hex()
        if key not in self._does:
            import ray

            for old in list(self._does)[: 1 - MOST_KEPT]:
                del self._does[old]
            self._does[key] = ray.get(reference)
        return self._does[key]
