"""Where works come from: one source a file, each giving its rows as listings. `SOURCES` names them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sakka.catalog.listings import Listing
from sakka.catalog.sources.delimited import read_delimited
from sakka.catalog.sources.json_lines import read_json_lines
from sakka.catalog.sources.openclipart import read_openclipart
from sakka.catalog.sources.parquet import read_parquet
from sakka.errors import CatalogError


@dataclass(frozen=True)
class Source:
    """A kind of source.

    Attributes:
        read: Gives the rows of what stands at a path, columns named by field where the kind has columns.
        suffixes: The ends of file names that it is guessed by.
        is_folder: Whether it is a folder; its photo paths start there, a file's at the file's folder.
    """

    read: Callable[[Path, Mapping[str, str]], Iterator[Listing]]
    suffixes: tuple[str, ...] = ()
    is_folder: bool = False


SOURCES: dict[str, Source] = {
    "csv": Source(read_delimited, (".csv", ".tsv", ".txt")),
    "jsonl": Source(read_json_lines, (".jsonl", ".ndjson")),
    "parquet": Source(read_parquet, (".parquet",)),
    "openclipart": Source(read_openclipart, is_folder=True),
}


def kind_of(path: Path) -> str:
    """Guess the kind of source at `path` by its name, or by what a folder holds.

    Raises:
        CatalogError: There is nothing at `path`, or its kind can't be guessed.
    """
    kinds = ", ".join(SOURCES)
    if not path.exists():
        raise CatalogError(f"there is no {path}; expected a file or folder of works, or the word market")
    if path.is_dir():
        if (path / "svg").is_dir() and (path / "png").is_dir():
            return "openclipart"
        raise CatalogError(f"{path} is a folder of unknown kind; give a file of works, or its kind (--source {kinds})")
    for kind, source in SOURCES.items():
        if path.suffix.lower() in source.suffixes:
            return kind
    raise CatalogError(f"the kind of {path.name} can't be guessed; say it (--source {kinds})")
