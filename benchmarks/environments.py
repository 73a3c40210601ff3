"""The peers' environments: one virtual environment a lock file, made by the benchmark that needs it.

`peers/NAME.lock` pins every package; the environment stands in `benchmarks/.environments/NAME` and is made again
when the lock changes. pip is used as it is configured on the machine.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.processes import SideError

LOCKS = Path(__file__).parent / "peers"
ENVIRONMENTS = Path(__file__).parent / ".environments"
MARK = "installed.sha256"


def python_of(name: str | None, environments: Path = ENVIRONMENTS, locks: Path = LOCKS) -> Path:
    """The interpreter of an environment, installing it where it is absent or its lock has changed.

    Args:
        name: Which lock; None is the environment that this process runs in.
        environments: The folder that they are made in.
        locks: The folder of the lock files.

    Raises:
        SideError: The lock is absent, or pip could not install what it pins.
    """
    if name is None:
        return Path(sys.executable)
    lock = locks / f"{name}.lock"
    if not lock.is_file():
        raise SideError(f"no environment is called {name!r}: {lock.name} is not there")
    folder = environments / name
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    mark = folder / MARK
    if not mark.is_file() or mark.read_text() != wanted:
        _install(folder, lock)
        mark.write_text(wanted)
    return folder / "bin" / "python"


def _install(folder: Path, lock: Path) -> None:
    sys.stderr.write(f"installing {lock.name} ...\n")
    venv.create(folder, clear=True)  # without a pip of its own: this environment's installs into it
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--disable-pip-version-check"]
    command = [*pip, "install", "--quiet", "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        raise SideError(f"{lock.name} can't be installed: {lines[-1]}")
