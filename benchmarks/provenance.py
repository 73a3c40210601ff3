"""Where a figure comes from: the day, the commit, the machine and the command."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT

RESULTS_LEFT_OUT = (":(exclude)benchmarks/results", ":(exclude)studies/results")
ABILITIES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "bfloat16",
    "amx_bf16": "bfloat16 tiles",
    "asimd": "NEON",
}


def measured_line(command: str) -> str:
    """When, at which commit, on what and by which command figures were measured, in one sentence."""
    return f"Measured {datetime.now(UTC):%Y-%m-%d} at commit {commit()} on {machine()['processor']} by `{command}`."


def commit() -> str:
    """The commit; `-dirty` behind it where sources, not results, were changed since; `unknown` without git."""
    changed = ["status", "--porcelain", "--", "src", "benchmarks", "studies", *RESULTS_LEFT_OUT]
    try:
        return _git("rev-parse", "--short", "HEAD") + ("-dirty" if _git(*changed) else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def machine() -> dict[str, Any]:
    """The machine: processor, cores that this process may use, system."""
    cores = len(os.sched_getaffinity(0))
    return {"processor": f"{_processor()}, {cores} cores", "cores": cores, "system": platform.platform()}


def _processor() -> str:
    """The processor and what it multiplies with, on which the figures depend more than on its name."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        told = information.read_text()
        words = set(told.split())
        found = re.search(r"model name\s*:\s*(.+)", told)
        abilities = [ability for flag, ability in ABILITIES.items() if flag in words]
        if found:
            return found[1].strip() + (f" with {', '.join(abilities)}" if abilities else "")
    return platform.processor() or platform.machine()
