"""A table of works whose creators are asked for: a file, a database or a catalog, read as often as needed."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from sakka.catalog.folder import is_catalog
from sakka.catalog.kept import check_kept_names
from sakka.catalog.listings import Listing
from sakka.catalog.photo_files import PhotoFiles
from sakka.catalog.read_works import read_works
from sakka.catalog.sources import OpenedTable, ReadOptions, columns_by_field, open_source
from sakka.catalog.works import Catalog
from sakka.errors import CatalogError
from sakka.models.base import CreatorModel
from sakka.models.identification import FALSE_REFUSALS
from sakka.models.identified import WORKS_AT_ONCE, AskedWork, asked_works, identified_frame, identify_works
from sakka.remote.cache import FetchedFiles

READ_OF_A_WORK = ("title", "description", "photos")
MOST_HELD = 4 * WORKS_AT_ONCE


@dataclass(frozen=True)
class AskedTable:
    """Works whose creators are asked for, in a fixed order.

    Attributes:
        source: Where they come from.
        read: Gives them anew, from the first on.
        photo_root: The folder that relative photo paths start at; None where every path is absolute.
        keep: The columns that are carried along into the answers.
        info: Its columns and how it was read, as `catalog.json` has them; empty for a catalog.
        reopen: Opens the same works with further columns, which a model reads.
        why_empty: Why a model that reads photos and texts finds nothing in it; empty where it may.
    """

    source: Path
    read: Callable[[], Iterator[AskedWork]]
    photo_root: Path | None
    keep: tuple[str, ...]
    info: Mapping[str, Any]
    reopen: Callable[[Sequence[str]], "AskedTable"]
    why_empty: str = ""

    def for_model(self, model: CreatorModel) -> "AskedTable":
        """The table with the kept columns that a model reads; they are not carried along into the answers.

        Raises:
            CatalogError: The table has nothing to read, or not all of these columns.
        """
        columns = model.kept_columns
        if self.why_empty and not columns:
            raise CatalogError(self.why_empty)
        missing = [name for name in columns if name not in self.keep]
        return replace(self.reopen([*self.keep, *missing]), keep=self.keep) if missing else self

    def fingerprint(self) -> tuple[str, int]:
        """The SHA-256 of all that answers depend on, the photos by their sizes and times, and how many works there are.

        Raises:
            CatalogError: The source can't be read to its end.
        """
        digest, works = hashlib.sha256(), 0
        for asked in self.read():
            works += 1
            photos = [(self.photo_root or Path()) / photo for photo in (asked.work.photos if asked.work else ())]
            digest.update(repr((asked, [_state(photo) for photo in photos])).encode())
        return digest.hexdigest(), works


def short_in_memory(table: AskedTable) -> AskedTable:
    """The table, read once where it has at most `MOST_HELD` works; a longer one is read anew each time."""
    held = list(islice(table.read(), MOST_HELD + 1))
    return table if len(held) > MOST_HELD else replace(table, read=lambda: iter(held))


def _state(photo: Path) -> tuple[int, int] | None:
    """A file's size and time of change; None where there is none, or where its path names its SHA-256."""
    fetched = FetchedFiles().folder
    if not {fetched, fetched.resolve()}.isdisjoint(photo.parents):
        return None
    try:
        found = photo.stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def open_table(
    source: Path | str,
    options: ReadOptions | None = None,
    photo_root: Path | str | None = None,
    files: PhotoFiles | None = None,
) -> AskedTable:
    """Open a table of works; its columns are found, its rows not read yet.

    Args:
        source: Whatever a catalog is built from, or a catalog's folder.
        options: How it is read; of a catalog, only which of its kept columns are kept.
        photo_root: The folder that photo paths start at; None: the source's own.
        files: Fetches photos at addresses, as `photo_files` gives it; None: no photo is fetched.

    Raises:
        CatalogError: There is no such source, or it can't be read.
    """
    options = replace(options or ReadOptions(), creator_required=False)
    if is_catalog(source):
        return _catalog_table(source, options, photo_root)
    opened = open_source(source, options)
    root = opened.photo_root(photo_root, files.base if files else "")
    empty = ""
    if opened.columns and not any(name in opened.columns for name in READ_OF_A_WORK):
        empty = (
            f"none of the columns of the table holds {', '.join(READ_OF_A_WORK)}; it has "
            f"{', '.join(opened.unread) or 'no other'}; name yours with `columns={{'title': COLUMN}}`"
        )

    def read() -> Iterator[AskedWork]:
        return _asked(open_source(source, options).listings, root, files)

    def reopen(columns: Sequence[str]) -> AskedTable:
        return open_table(source, replace(options, keep=tuple(columns)), photo_root, files)

    return AskedTable(Path(source), read, root, options.keep, opened.described(options.keep), reopen, empty)


def _catalog_table(folder: Path | str, options: ReadOptions, photo_root: Path | str | None) -> AskedTable:
    names = ("columns", "encoding", "query", "sheet", "kind")
    given = [name for name in names if vars(options)[name]]
    if given:
        raise CatalogError(f"`{given[0]}` is for a table, and a catalog was given, which is read already; leave it out")
    catalog = Catalog.read(folder)
    catalog.fetch_photos()
    for name in options.keep:
        if name not in catalog.kept:
            kept = ", ".join(catalog.kept) or "no column"
            raise CatalogError(f"the catalog has not kept {name!r}, it has kept {kept}; build it again with that")
    root = catalog.photo_root if photo_root is None else OpenedTable(iter(()), Path(folder)).photo_root(photo_root)

    def reopen(columns: Sequence[str]) -> AskedTable:
        return _catalog_table(folder, replace(options, keep=tuple(columns)), photo_root)

    return AskedTable(Path(folder), lambda: of_catalog(catalog, options.keep), root, options.keep, {}, reopen)


def identify_rows(
    model: CreatorModel,
    table: object,
    count: int = 5,
    *,
    false_refusals: float = FALSE_REFUSALS,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    keep: Sequence[str] = (),
    photo_root: Path | str | None = None,
) -> pl.DataFrame:
    """Who may have made each work of a table in memory, one row a work in the table's order; see `identified_frame`.

    Args:
        model: A fitted model.
        table: What `Catalog.from_table` takes; creators in it are not looked at.
        count: How many creators have columns.
        false_refusals: The share of the known creators' works that may be said to be by none of them.
        columns: Field of the catalog -> column of the table, where its usual names don't say it.
        keep: Further columns that are carried along.
        photo_root: The folder that photo paths start at; None: the present one.

    Raises:
        CatalogError: It is no such table, or a column is missing.
    """
    every = (*keep, *(name for name in model.kept_columns if name not in keep))
    opened = open_source(table, ReadOptions(columns=columns_by_field(columns), keep=every, creator_required=False))
    check_kept_names(keep, identified_frame((), count).columns, "the answers")
    root = opened.photo_root(photo_root)
    found = identify_works(model, _asked(opened.listings, root), root, count, false_refusals)
    carried = (replace(each, kept={name: each.kept[name] for name in keep if name in each.kept}) for each in found)
    return identified_frame(carried, count)


def _asked(listings: Iterable[Listing], root: Path, files: PhotoFiles | None = None) -> Iterator[AskedWork]:
    files = files or PhotoFiles(root)
    works = read_works(
        listings,
        root,
        creator_required=False,
        every_row=True,
        fetching=files.fetching,
        base=files.base,
        batch_rows=WORKS_AT_ONCE,
    )
    return asked_works(map(files.with_files, works))


def of_catalog(catalog: Catalog, keep: Sequence[str] = ()) -> Iterator[AskedWork]:
    """The works of a catalog, with some of its kept columns."""
    for work in catalog:
        yield AskedWork(work.id, replace(work, kept={name: work.kept.get(name) for name in keep}))
