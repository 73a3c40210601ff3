"""Where works come from: one kind of source a file, each giving its rows as listings. `SOURCES` names them.

options = ReadOptions(columns={"creator": ("seller",)}, keep=("price",))
table = open_source("works.csv", options)
print(table.columns, table.unread)
for listing in table.listings: ...
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sakka.catalog.folder import INFO_FILE, WORKS_FILE
from sakka.catalog.sources.database import check_not_mangled, is_address, read_address, read_sqlite
from sakka.catalog.sources.delimited import read_delimited
from sakka.catalog.sources.excel import read_excel
from sakka.catalog.sources.folder import holds_pictures, read_folder
from sakka.catalog.sources.in_memory import is_table, read_table
from sakka.catalog.sources.json_lines import read_json_lines
from sakka.catalog.sources.openclipart import read_openclipart
from sakka.catalog.sources.opened import OpenedTable as OpenedTable
from sakka.catalog.sources.opened import ReadOptions as ReadOptions
from sakka.catalog.sources.parquet import read_parquet
from sakka.errors import CatalogError


@dataclass(frozen=True)
class Source:
    """A kind of source.

    Attributes:
        read: Opens what stands at a path.
        suffixes: The ends of file names that it is guessed by.
        option: What of `encoding`, `sheet` and `query` it takes.
    """

    read: Callable[[Path, ReadOptions], OpenedTable]
    suffixes: tuple[str, ...] = ()
    option: str = ""


SOURCES: dict[str, Source] = {
    "csv": Source(read_delimited, (".csv", ".tsv", ".txt"), "encoding"),
    "excel": Source(read_excel, (".xlsx", ".xlsm", ".xls", ".ods"), "sheet"),
    "jsonl": Source(read_json_lines, (".jsonl", ".ndjson")),
    "parquet": Source(read_parquet, (".parquet",)),
    "database": Source(read_sqlite, (".db", ".sqlite", ".sqlite3"), "query"),
    "folder": Source(read_folder),
    "openclipart": Source(read_openclipart),
}


def open_source(source: object, options: ReadOptions) -> OpenedTable:
    """Open a source; its columns are found, its rows are not read yet.

    Args:
        source: A path, a database's address, or a table in memory (`in_memory.py`).
        options: How it is read.

    Raises:
        CatalogError: It does not exist, its kind is unknown, it can't be read, or a column is missing.
    """
    if is_table(source):
        return read_table(source, options)
    if not isinstance(source, Path | str):
        raise CatalogError(
            f"the source is a {type(source).__name__}; expected a path, an address, or a pandas, Polars or Arrow table"
        )
    if options.kind not in (None, *SOURCES):
        raise CatalogError(
            f"{options.kind!r} is no kind of source; expected one of {', '.join(SOURCES)}, or the source market"
        )
    if is_address(source):
        if options.kind not in (None, "database"):
            raise CatalogError(f"an address is not of the kind {options.kind!r}; leave out `kind`, or give a file")
        _check_options("database", options)
        return read_address(str(source), options)
    path = Path(source)
    check_not_mangled(path)
    kind = options.kind or kind_of(path)
    if not path.exists():
        raise CatalogError(f"there is no {path}; check the path")
    _check_options(kind, options)
    table = SOURCES[kind].read(path, options)
    if kind == "folder":
        table = replace(table, note=_tables_in(path))
    note = {"note": table.note} if table.note else {}
    return replace(table, info={"kind": kind, "path": str(path), **table.info, **note})


def _tables_in(folder: Path) -> str:
    """Which tables lie beside the photos of a folder, which reads photos only; "" where none does."""
    suffixes = {suffix for source in SOURCES.values() for suffix in source.suffixes} - {".txt"}
    tables = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in suffixes and path.is_file())
    if not tables:
        return ""
    return f"read were the photos of {folder} alone; a table in it is read as a source of its own ({', '.join(tables)})"


def _check_options(kind: str, options: ReadOptions) -> None:
    given = {"encoding": options.encoding, "sheet": options.sheet, "query": options.query}
    for name, value in given.items():
        if value is not None and name != SOURCES[kind].option:
            others = " or ".join(other for other, source in SOURCES.items() if source.option == name)
            raise CatalogError(f"`{name}` is for a source of the kind {others}, and this one is {kind}; leave it out")


def columns_by_field(columns: Mapping[str, str | Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    """Columns as a caller may name them, as `ReadOptions` holds them.

    >>> columns_by_field({"creator": "seller", "photos": ["front", "back"]})
    {'creator': ('seller',), 'photos': ('front', 'back')}
    """
    return {name: (given,) if isinstance(given, str) else tuple(given) for name, given in (columns or {}).items()}


def kind_of(path: Path) -> str:
    """Guess the kind of source at `path` by its name, or by what a folder holds.

    Raises:
        CatalogError: There is nothing at `path`, or its kind can't be guessed.
    """
    kinds = ", ".join(SOURCES)
    if not path.exists():
        raise CatalogError(f"there is no {path}; expected a file or folder of works")
    if path.is_dir():
        if (path / INFO_FILE).is_file() and (path / WORKS_FILE).is_file():
            raise CatalogError(
                f"{path} is a catalog already; use it as it is, or give the table that it was built from"
            )
        if (path / "svg").is_dir() and (path / "png").is_dir():
            return "openclipart"
        if holds_pictures(path):
            return "folder"
        raise CatalogError(
            f"{path} is a folder of unknown kind; give a file of works, or a folder with a folder of photos per creator"
        )
    for kind, source in SOURCES.items():
        if path.suffix.lower() in source.suffixes:
            return kind
    raise CatalogError(f"the kind of {path.name} can't be guessed; say it with `kind=KIND`, one of {kinds}")
