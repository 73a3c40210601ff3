"""Where pretrained weights are found: a plain download, a file on the package index, a file of an installed package."""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sakka.errors import WeightsError
from sakka.networks.weights.downloads import TIMEOUT_S, download
from sakka.networks.weights.package_index import configured_indexes, file_addresses


class Location(Protocol):
    """Where an artifact is found."""

    def fetch(self, path: Path) -> None:
        """Write the artifact to `path`; raise WeightsError with a short reason where that fails."""

    def __str__(self) -> str:
        """Say in a few words where it is."""


@dataclass(frozen=True)
class Url:
    """A plain download."""

    url: str
    timeout_s: float = TIMEOUT_S

    def fetch(self, path: Path) -> None:
        """Download the file."""
        download(self.url, path, timeout_s=self.timeout_s)

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class IndexFile:
    """A file of a project on the package index that pip is configured with."""

    project: str
    name: str

    def fetch(self, path: Path) -> None:
        """Download the file from the first index that has it and answers."""
        reasons = [f"no configured index has {self.name}"]
        for address in file_addresses(configured_indexes(), self.project, self.name):
            try:
                return download(address, path)
            except WeightsError as error:
                reasons = [str(error)]
        raise WeightsError(reasons[-1])

    def __str__(self) -> str:
        return f"{self.name} on the package index"


@dataclass(frozen=True)
class InstalledFile:
    """A file inside an installed package; the package is found, not imported."""

    package: str
    path: str

    def fetch(self, path: Path) -> None:
        """Copy the file."""
        found = importlib.util.find_spec(self.package)
        for folder in (found.submodule_search_locations or []) if found else []:
            if (Path(folder) / self.path).is_file():
                shutil.copyfile(Path(folder) / self.path, path)
                return
        raise WeightsError(f"the package {self.package} is not installed")

    def __str__(self) -> str:
        return f"the installed package {self.package}"
