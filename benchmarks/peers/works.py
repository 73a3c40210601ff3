"""The works as the benchmarks hand them over (`benchmarks/data.py`): one JSON file."""

import json
from pathlib import Path
from typing import Any


def read_works(path: str) -> dict[str, Any]:
    """Give `photos`, `texts`, `creators` and `folds` (each with `train` and `test` rows)."""
    works: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return works
