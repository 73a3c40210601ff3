"""The process that one side of a benchmark lives in: JSON lines come in, JSON lines go out.

It is started as `PYTHON -m benchmarks.worker` in the side's own environment and needs the standard library only.
A side is a class; making it is its preparation (imports, weights, data) and isn't timed:

    run() -> {"units": n, ...}   the work that is timed; it may give its own "seconds" where only a part counts
    before()                     optional, untimed, before every run (an empty cache, say)
    warm_up()                    optional, untimed, before the first run; where it is absent, a run that isn't counted
    quality() -> {...}           optional, untimed, after the last run: what the work is worth

An error ends the process: its last line on standard error is the reason that the parent reports.
"""

import gc
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

REPORTED_PACKAGES = {
    "MeCab": "mecab-python3",
    "fasttext": "fasttext-community",
    "cv2": "opencv-python-headless",
    "jax": "jax",
    "keras": "keras",
    "numpy": "numpy",
    "PIL": "pillow",
    "sakka": "sakka",
    "sklearn": "scikit-learn",
    "torch": "torch",
}


def main() -> None:
    """Answer requests until standard input ends."""
    channel = _take_over_standard_output()
    side: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "make":
            side = _make(request["target"], request["settings"])
            answer: dict[str, Any] = {}
        elif request["do"] == "warm up":
            answer = warm_up(side)
        elif request["do"] == "run":
            answer = timed_run(side)
        elif request["do"] == "quality":
            answer = side.quality() if hasattr(side, "quality") else {}
        else:
            answer = description(side)
        channel.write(json.dumps(answer) + "\n")
        channel.flush()


def warm_up(side: Any) -> dict[str, Any]:
    """Let a side warm up: in its own way where it has one, else by a run."""
    if hasattr(side, "warm_up"):
        side.warm_up()
        return {}
    return timed_run(side)


def timed_run(side: Any) -> dict[str, Any]:
    """Run a side once and give what it says with the seconds that it took."""
    if hasattr(side, "before"):
        side.before()
    gc.collect()
    start = time.perf_counter()
    said = side.run()
    return {"seconds": time.perf_counter() - start, **said}


def description(side: Any) -> dict[str, Any]:
    """Tell what a side runs on: versions, threads, peak memory and what it says of itself."""
    versions = {"python": platform.python_version()}
    for module, package in REPORTED_PACKAGES.items():
        if module in sys.modules:
            versions[package] = importlib.metadata.version(package)
    return {
        "versions": versions,
        "threads": thread_count(),
        "peak_memory_mib": round(peak_memory_mib()),
        "notes": getattr(side, "notes", ""),
    }


def peak_memory_mib() -> float:
    """This process's peak resident memory; `getrusage` would start from the parent's where it was forked."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def thread_count() -> int:
    """The number of threads that numeric work of this process may use."""
    if "torch" in sys.modules:
        threads: int = sys.modules["torch"].get_num_threads()
        return threads
    wanted = os.environ.get("OMP_NUM_THREADS")
    return int(wanted) if wanted else len(os.sched_getaffinity(0))


def _make(target: str, settings: dict[str, Any]) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(**settings)


def _take_over_standard_output() -> Any:
    """Keep standard output for answers; what libraries print goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
