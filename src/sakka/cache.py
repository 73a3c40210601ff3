"""Where sakka keeps what it can compute or download again."""

import os
from pathlib import Path

CACHE_VARIABLE = "SAKKA_CACHE"


def cache_folder() -> Path:
    """The cache's folder: `SAKKA_CACHE` where it is set, else `~/.cache/sakka` (or `XDG_CACHE_HOME`)."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sakka"
