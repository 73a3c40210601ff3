"""Where the files of an experiment stand in its run folder; see "Run folder" in docs/architecture.md."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sakka.catalog.splits import KINDS, RANDOM

IN_FOLDER_NAMES = "+@~, "  # beside letters, digits and _.-; what else a model's name has is written as in an address

READ_BY = "read by "  # with a model's name: the column of `works.parquet` that says which works' vectors it reads


GROUP = "group"  # the column of `works.parquet` with the number of each work's group of near-identical works


@dataclass(frozen=True)
class RunLayout:
    """The files of one run folder.

    Attributes:
        folder: The run folder.
    """

    folder: Path

    @property
    def plan(self) -> Path:
        """The arguments: catalog fingerprint, creators, models, split, seed."""
        return self.folder / "plan.json"

    @property
    def lock(self) -> Path:
        """Held by the process that is at work in the folder."""
        return self.folder / ".lock"

    @property
    def works(self) -> Path:
        """The works that are evaluated: id, creator (index), title, description, photo, has_photo, has_text.

        After them a column `READ_BY` + model for each model that reads vectors of the catalog, and `GROUP` where
        near-identical works were looked for.
        """
        return self.folder / "works.parquet"

    @property
    def catalog(self) -> Path:
        """Where the works come from and what each rule removed: the catalog's own `catalog.json`."""
        return self.folder / "catalog.json"

    @property
    def splits(self) -> Path:
        """Each work's outer fold and inner folds."""
        return self.folder / "splits.parquet"

    def prediction(self, model: str, outer: int, inner: int) -> Path:
        """One model's predictions for one fold."""
        return self.folder / "predictions" / quote(model, safe=IN_FOLDER_NAMES) / f"{outer}-{inner}.safetensors"

    def other_split(self, split: str) -> Path:
        """The run folder of the same models under another kind of split."""
        return self.folder / split

    @property
    def other_splits(self) -> list[Path]:
        """Those of these folders that hold a complete run, its report included."""
        folders = (self.other_split(kind) for kind in KINDS if kind != RANDOM)
        return [folder for folder in folders if RunLayout(folder).results.is_file()]

    @property
    def report(self) -> Path:
        """The folder of the tables and the page."""
        return self.folder / "report"

    @property
    def page(self) -> Path:
        """The report to open in a browser."""
        return self.report / "index.html"

    @property
    def results(self) -> Path:
        """Every figure once."""
        return self.report / "results.json"
