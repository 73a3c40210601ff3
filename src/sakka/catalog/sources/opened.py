"""What every source is asked for, and what it gives: `ReadOptions` in, an `OpenedTable` out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sakka.catalog.listings import Listing
from sakka.errors import CatalogError
from sakka.files import as_written


@dataclass(frozen=True)
class ReadOptions:
    """How a source is read.

    Attributes:
        kind: One of `sources.SOURCES`; None: guessed.
        columns: Field of the catalog -> the columns that hold it, in order; only photos may have several. Fields that
            are not here are looked for by their usual names.
        keep: Further columns that are carried along, in order.
        encoding: Of a text file, as Python names it; None: found out.
        sheet: Of a workbook; None: the first one with rows.
        query: What a database is asked, in SQL.
        creator_required: Whether every work needs a creator and an id; without, a row's number stands in for its id.
    """

    kind: str | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    encoding: str | None = None
    sheet: str | None = None
    query: str | None = None
    creator_required: bool = True


@dataclass(frozen=True)
class OpenedTable:
    """A source whose columns are known and whose rows can be read once, one after the other.

    Attributes:
        listings: The rows in the source's order; reading them may raise `CatalogError`.
        folder: Where photo paths start unless the caller names another folder.
        columns: Field of the catalog -> the columns that it is read from, in order; empty without columns.
        unread: The columns that hold nothing for a catalog, in the source's order.
        info: What else `catalog.json` says of the source, such as its kind and encoding. No password is in it.
        note: For the screen, what was found out rather than given, such as the sheet, a line each; "" without.
        holds_photos: Whether the table holds its photos itself, which then lie in `folder`.
    """

    listings: Iterator[Listing]
    folder: Path
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    holds_photos: bool = False

    def photo_root(self, named: Path | str | None, base: str = "") -> Path:
        """The folder, resolved, that photo paths start at; the source's own where they start at an address.

        Args:
            named: The folder that the caller names, or an address; None: the source's own.
            base: The address, as `photo_files.base_of` has it; "" where none was named.

        Raises:
            CatalogError: It's no folder, or one is named although the table holds its photos itself.
        """
        if named is not None and self.holds_photos:
            raise CatalogError("the table holds its photos itself; leave out `photo_root`")
        root = self.folder if named is None or base else Path(named)
        if not root.is_dir():
            raise CatalogError(f"{as_written(root)} is not a folder; expected the folder that photo paths start at")
        return root.resolve()

    def described(self, keep: Sequence[str]) -> dict[str, Any]:
        """What `catalog.json` says of the source.

        Args:
            keep: The columns that are carried along.
        """
        read = {name: list(columns) for name, columns in self.columns.items()}
        return {**self.info, "columns": read, "kept": list(keep), "unread": list(self.unread)}
