"""Works and the catalog that holds them: the one table that every other part reads.

The table is a Polars frame, which has the photos' paths too; `folder.py` keeps it in files. Neither a file name nor a
kept column is ever shown to a model, since it may give the creator away; but for vectors that a model was told to read
(`models/column.py`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from sakka.arrays import IntArray, Mask
from sakka.catalog.kept import kept_columns
from sakka.catalog.photo_list import no_origins
from sakka.catalog.problems import no_problems
from sakka.catalog.remote_photos import RemotePhotos
from sakka.fragments import counted
from sakka.photos.held import HeldPhoto

Values = TypeVar("Values", IntArray, Mask)
NOT_SHOWN = MappingProxyType({"shown": False})  # by `as_json`

SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "creator": pl.String(),
    "title": pl.String(),
    "description": pl.String(),
    "category": pl.String(),
    "created_at": pl.Datetime("us"),
    "photos": pl.List(pl.String()),
    "photos_sha256": pl.List(pl.String()),
}


@dataclass(frozen=True)
class Work:
    """One listed work.

    Attributes:
        id: Unique within its catalog.
        creator: Who made it; None where that is the question.
        title: May be empty.
        description: May be empty.
        category: May be empty.
        created_at: When it was listed or made; None where that is unknown.
        photos: Paths, the featured photo first. Relative paths start at the catalog's `photo_root`.
        photos_sha256: SHA-256 of the bytes of each photo, in their order; None where it has not been read. Missing ones
            are None, and those of more photos than there are fall away.
        kept: Columns of the source that were kept, by name: text, a number, a tuple of these, or None; a model reads
            none of them unless it was told to read that one.
    """

    id: str
    creator: str | None = None
    title: str = ""
    description: str = ""
    category: str = ""
    created_at: datetime | None = None
    photos: tuple[str, ...] = field(default=(), metadata=NOT_SHOWN)
    photos_sha256: tuple[str | None, ...] = field(default=(), metadata=NOT_SHOWN)
    kept: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Make the SHA-256 as many as the photos."""
        known = self.photos_sha256[: len(self.photos)]
        object.__setattr__(self, "photos_sha256", (*known, *[None] * (len(self.photos) - len(known))))


def works_table(works: Iterable[Work]) -> pl.DataFrame:
    """Works as a table, columns as in `SCHEMA`; the kept columns are left out."""
    rows = [{**vars(work), "photos": list(work.photos), "photos_sha256": list(work.photos_sha256)} for work in works]
    return pl.DataFrame(rows, schema=SCHEMA)


def _folder() -> ModuleType:
    return import_module("sakka.catalog.folder")  # it makes catalogs, as `build` does, so it needs this module first


def _value(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell


def _fixed(values: Values) -> Values:
    """An array that can't be changed in place, since it is kept."""
    values.flags.writeable = False
    return values


@dataclass(frozen=True)
class Catalog:
    """A table of works.

    Attributes:
        table: One row a work, columns as in `SCHEMA` and after them the kept ones.
        photo_root: The folder that relative photo paths start at; None where every path is absolute.
        info: What `catalog.json` holds: the source, its settings, the rules and what each removed.
        problems: What could not be used of the source, columns as in `problems.PROBLEMS_SCHEMA`.
        held: Photos that are in memory, all of a work's by its id, in the order of `photos`.
        origins: What is known of photos beside their paths, columns as in `photo_list.ORIGINS_SCHEMA`.
        remote_photos: From where photos are fetched when they are read, where the catalog was read from an address.
    """

    table: pl.DataFrame
    photo_root: Path | None = None
    info: dict[str, Any] = field(default_factory=dict)
    problems: pl.DataFrame = field(default_factory=no_problems)
    held: Mapping[str, Sequence[HeldPhoto]] = field(default_factory=dict, repr=False)
    origins: pl.DataFrame = field(default_factory=no_origins, repr=False)
    remote_photos: RemotePhotos | None = field(default=None, repr=False)

    @classmethod
    def from_works(
        cls,
        works: Iterable[Work],
        photo_root: Path | None = None,
        held: Mapping[str, Sequence[HeldPhoto]] | None = None,
    ) -> "Catalog":
        """A catalog of works in memory.

        >>> Catalog.from_works([Work("a", creator="Mori", title="花のブローチ")]).creators
        ('Mori',)
        """
        listed = list(works)
        kept = kept_columns([work.kept for work in listed])
        table = works_table(listed)
        return cls(table.with_columns(kept) if kept else table, photo_root=photo_root, held=held or {})

    @classmethod
    def from_table(
        cls,
        table: object,
        *,
        columns: Mapping[str, str | Sequence[str]] | None = None,
        keep: Sequence[str] = (),
        photo_root: Path | str | None = None,
        creator_required: bool = True,
    ) -> "Catalog":
        """A catalog of the works of a table in memory, as `build_catalog` makes one; nothing is written.

        Args:
            table: A pandas, Polars or Arrow table, whatever gives an Arrow stream, or a `datasets.Dataset`. Photos are
                paths, bytes or images of `datasets`; bytes are kept as files in the cache.
            columns: Field of the catalog -> column of the table, where its usual names don't say it.
            keep: Further columns that are carried along.
            photo_root: The folder that photo paths start at; None: the present one.
            creator_required: Whether a work without a creator is left out; else its creator is None.

        Raises:
            CatalogError: It is no such table, a column is missing, or no work is left.

        >>> Catalog.from_table(pl.DataFrame({"商品ID": [7], "作家名": ["森"], "商品名": ["桜のブローチ"]})).ids
        ['7']
        """
        build = import_module("sakka.catalog.build")
        catalog: Catalog = build.build_catalog(
            table, columns=columns, keep=keep, photo_root=photo_root, creator_required=creator_required
        )
        return catalog

    @classmethod
    def read(cls, folder: Path | str) -> "Catalog":
        """Read a catalog.

        Args:
            folder: Its folder, or the address of one; photos there are fetched when they are read.

        Raises:
            CatalogError: The folder is not a catalog, is damaged, or was written by another version.
        """
        catalog: Catalog = _folder().read_catalog(folder)
        return catalog

    def write(self, folder: Path | str) -> None:
        """Write the catalog's folder; `catalog.json` comes last, so that a folder with it is whole.

        Args:
            folder: The folder; or an address, where the photos are put as well, under their SHA-256.

        Raises:
            CatalogError: The folder can't be written to, or holds a table that is no catalog's.
            PhotoError: A photo can't be fetched from where the catalog was read.
        """
        _folder().write_catalog(self, folder)

    def __repr__(self) -> str:
        """How many works there are, by how many creators, and what they offer.

        >>> Catalog.from_works([Work("a", creator="Mori", title="花のブローチ"), Work("b", title="moon")])
        Catalog(2 works by 1 creator, 0 with a photo, 2 with a text)
        """
        parts = [
            f"{counted(len(self), 'work')} by {counted(len(self.creators), 'creator')}",
            f"{int(self.has_photo.sum()):,} with a photo",
            f"{int(self.has_text.sum()):,} with a text",
        ]
        if self.problems.height:
            parts.append(counted(self.problems.height, "problem"))
        return f"Catalog({', '.join(parts)})"

    def _repr_html_(self) -> str:
        """The same in a notebook, with a few works: the first ones of each creator, those with a photo before."""
        from sakka.catalog.in_notebook import MOST_WORKS, NotebookWork, catalog_html

        rank = self.table.select(pl.int_range(pl.len()).over("creator"))
        rows = np.lexsort([rank.to_series().to_numpy(), ~self.has_photo])[:MOST_WORKS]
        shown = self.take(rows)
        works = [NotebookWork(work.title, work.creator, photo) for work, photo in zip(shown, shown.photos, strict=True)]
        return catalog_html(repr(self), works, len(self) - len(works))

    def __len__(self) -> int:
        return self.table.height

    def __iter__(self) -> Iterator[Work]:
        for row in self.table.iter_rows(named=True):
            kept = {name: _value(row.pop(name)) for name in self.kept}
            photos, sha256 = tuple(row["photos"] or ()), tuple(row["photos_sha256"] or ())
            yield Work(**{**row, "photos": photos, "photos_sha256": sha256}, kept=kept)

    def take(self, rows: npt.ArrayLike | Sequence[int]) -> "Catalog":
        """The catalog of the works at `rows` (indices from 0, in the order given)."""
        indices = np.asarray(rows, dtype=np.int64)
        return replace(self, table=self.table[indices], problems=no_problems())

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The names of the kept columns, in the table's order."""
        return tuple(name for name in self.table.columns if name not in SCHEMA)

    def without_kept(self, columns: Sequence[str]) -> "Catalog":
        """The catalog without some of its kept columns; one that it has not is passed over."""
        return replace(self, table=self.table.drop([name for name in columns if name in self.kept]))

    @property
    def ids(self) -> list[str]:
        """The works' ids, in row order."""
        return self.table["id"].to_list()

    @property
    def creators(self) -> tuple[str, ...]:
        """Every creator once, sorted; works of unknown creators are left out."""
        return tuple(self.table["creator"].drop_nulls().unique().sort().to_list())

    def creator_indices(self, creators: Sequence[str] | None = None) -> IntArray:
        """Each work's creator as an index into `creators` (by default `self.creators`), shape (n_works,).

        A work whose creator is unknown or not among `creators` gets -1.
        """
        label_of = {name: label for label, name in enumerate(self.creators if creators is None else creators)}
        return np.array([label_of.get(name, -1) for name in self.table["creator"]], dtype=np.int64)

    @property
    def texts(self) -> list[str]:
        """Title and description of each work, joined by a line feed; empty where it has neither."""
        pairs = zip(self.table["title"], self.table["description"], strict=True)
        return ["\n".join(part for part in pair if part) for pair in pairs]

    def fetch_photos(self) -> None:
        """Bring all photos of the works to this machine, where the catalog was read from an address.

        Raises:
            PhotoError: One can't be fetched, or is not the one that the catalog was built with.
        """
        if self.remote_photos is not None:
            self.remote_photos.fetch(self.table["photos_sha256"].list.explode().drop_nulls().unique())

    @property
    def photo_paths(self) -> list[Path | None]:
        """The featured photo of each work, made absolute with `photo_root`; None where it has none."""
        self.fetch_photos()
        root = self.photo_root or Path()
        return [root / photos[0] if photos else None for photos in self.table["photos"].to_list()]

    @property
    def photos(self) -> list[Path | HeldPhoto | None]:
        """What each work's featured photo is read from: memory where it is held, else its path; None without one."""
        pairs = zip(self.ids, self.photo_paths, strict=True)
        return [path and (self.held[name][0] if self.held.get(name) else path) for name, path in pairs]

    @property
    def every_photo(self) -> list[tuple[Path | HeldPhoto, ...]]:
        """What all photos of each work are read from, the featured one first; empty where it has none."""
        self.fetch_photos()
        root = self.photo_root or Path()
        pairs = zip(self.ids, self.table["photos"].to_list(), strict=True)
        every = ((self.held.get(name), paths or ()) for name, paths in pairs)
        return [tuple(held[: len(paths)]) if held else tuple(root / path for path in paths) for held, paths in every]

    @cached_property
    def photo_counts(self) -> IntArray:
        """How many photos each work has, shape (n_works,); not to be changed."""
        every = self.table["photos"].to_list()  # neither a query nor Arrow: many tables have one row
        return _fixed(np.array([len(photos or ()) for photos in every], dtype=np.int64))

    @cached_property
    def has_photo(self) -> Mask:
        """Whether each work has a photo, shape (n_works,); not to be changed."""
        return _fixed(self.photo_counts > 0)

    @cached_property
    def text_parts(self) -> IntArray:
        """Whether each work has a title and a description that are not blank (0 or 1), shape (n_works, 2)."""
        parts = [[bool(text and text.strip()) for text in self.table[name]] for name in ("title", "description")]
        return _fixed(np.array(parts, dtype=np.int64).T)

    @cached_property
    def has_text(self) -> Mask:
        """Whether each work has a title or a description that is not blank, shape (n_works,); not to be changed."""
        return _fixed(self.text_parts.max(axis=1) > 0)

    def fingerprint(self, kept: Sequence[str] = ()) -> str:
        """The SHA-256 of the works' content: equal exactly when the tables without kept columns are, row for row.

        A photo counts by its SHA-256, wherever it is, and by its path where that is not known.

        Args:
            kept: Kept columns that count as well; one that the catalog has not counts as nothing.
        """
        digest = hashlib.sha256()
        counted_as = list(SCHEMA).index("photos")
        for row in self.table.select(*SCHEMA, *(name for name in self.kept if name in kept)).iter_rows():
            photos = zip(row[counted_as] or (), row[counted_as + 1] or (), strict=True)
            unknown = [path if sha256 is None else None for path, sha256 in photos]
            digest.update(repr((*row[:counted_as], unknown, *row[counted_as + 1 :])).encode())
        return digest.hexdigest()
