"""`sakka experiment --preset best` from an empty cache, as a person starts it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.ours.caches import without_features
from benchmarks.ours.works import read_catalog
from sakka.cache import CACHE_VARIABLE


class BestExperiment:
    """The whole command: 5 x 5 folds, features, heads, text models, fusion, report.

    Args:
        works: Path of the works.
        folder: Where the catalog and the runs are written.
    """

    def __init__(self, works: str, folder: str) -> None:
        self.folder = Path(folder)
        read_catalog(works, with_hashes=True).write(self.folder / "catalog")
        self.run_folder = self.folder / "run"
        self.notes = "sakka experiment --preset best, weights at hand, no features in the cache"

    def warm_up(self) -> None:
        """Do nothing: a run from an empty cache takes minutes, beside which a first start is nothing."""

    def before(self) -> None:
        """Make a cache without features and remove the run before."""
        shutil.rmtree(self.run_folder, ignore_errors=True)
        self.cache = without_features(Path(tempfile.mkdtemp(prefix="cache-", dir=self.folder)))

    def run(self) -> dict[str, Any]:
        """Run the command to its end."""
        command = [str(Path(sys.executable).parent / "sakka"), "experiment", str(self.folder / "catalog")]
        variables = {**os.environ, CACHE_VARIABLE: str(self.cache)}
        arguments = [*command, "-o", str(self.run_folder), "--preset", "best"]
        subprocess.run(arguments, check=True, capture_output=True, env=variables)
        return {"units": 1}

    def quality(self) -> dict[str, float]:
        """The fused accuracy, its weight chosen on validation works."""
        results = json.loads((self.run_folder / "report" / "results.json").read_text(encoding="utf-8"))
        wanted = {"table": "table3", "model": "fused", "row": "fused", "measure": "accuracy"}
        found = [entry for entry in results if wanted.items() <= entry.items()]
        return {"accuracy": float(found[0]["value"])} if found else {}
