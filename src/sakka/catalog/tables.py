"""A table in memory -> works, one a row: every row comes out, in order, with what can be read of it.

`build_catalog` leaves out what can't be used; a question is answered whatever it holds. Whoever asks about a table row
by row (`models/classifier.py`) wants one work for each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from sakka.catalog.listings import ListingReader
from sakka.catalog.problems import ListingProblem, problems_frame
from sakka.catalog.read_works import read_photos
from sakka.catalog.sources import columns_by_field
from sakka.catalog.sources.columns import Columns, columns_of
from sakka.catalog.sources.opened import ReadOptions
from sakka.catalog.works import Catalog, Work
from sakka.errors import CatalogError


def frame_of(table: object) -> pl.DataFrame:
    """A table of any library as a Polars frame: pandas, Polars, Arrow, whatever gives an Arrow stream.

    Raises:
        CatalogError: It is no table, or a column holds values of several kinds.
    """
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if not hasattr(table, "__arrow_c_stream__"):
        raise CatalogError(f"got a {type(table).__name__}, expected a table with named columns, such as a DataFrame")
    try:
        return pl.DataFrame(table)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise CatalogError(f"the table can't be read ({error}); give each column values of one kind") from error


def every_row(
    table: object,
    *,
    creators: Sequence[str] | None = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    photo_root: Path | str | None = None,
    with_photos: bool = True,
) -> Catalog:
    """The works of a table, one a row in the table's order; their ids are the rows' numbers, from 1.

    A field that can't be used, such as a photo that can't be read, is left out of its work; `problems` lists it.

    Args:
        table: See `frame_of`.
        creators: Who made each work; None: that is the question. What the table itself says is not read.
        columns: Field of the catalog -> columns of the table, where their usual names don't say it.
        photo_root: The folder that photo paths start at and may not lead out of; None: the current folder.
        with_photos: Whether photos are read; without, the works have none.

    Raises:
        CatalogError: It is no table, or has no column to read.

    >>> works = every_row(pl.DataFrame({"title": ["moon", None], "price": [3, 5]}))
    >>> works.ids, works.texts
    (['1', '2'], ['moon', ''])
    """
    frame = frame_of(table)
    read = _columns(frame, columns)
    root = Path(photo_root or ".")
    if not root.is_dir():
        raise CatalogError(f"{root} is not a folder; expected the folder that photo paths start at")
    if not with_photos:
        read = Columns({name: chosen for name, chosen in read.fields.items() if name != "photos"})
    works, problems = _works(frame, read, root.resolve())
    names = [None] * frame.height if creators is None else creators
    given = [replace(work, creator=name) for work, name in zip(works, names, strict=True)]
    return replace(Catalog.from_works(given, root.resolve()), problems=problems_frame(problems))


def _columns(frame: pl.DataFrame, chosen: Mapping[str, str | Sequence[str]] | None) -> Columns:
    options = ReadOptions(columns=columns_by_field(chosen), creator_required=False)
    found = columns_of(frame.columns, options, "the table").fields
    if not {"title", "description", "photos"} & found.keys():
        raise CatalogError(
            f"the table has no column to read; it has {', '.join(frame.columns) or 'none'}; "
            'name one with `columns={"title": COLUMN}`'
        )
    return Columns({name: columns for name, columns in found.items() if name not in ("id", "creator")})


def _works(frame: pl.DataFrame, columns: Columns, root: Path) -> tuple[list[Work], list[ListingProblem]]:
    reader = ListingReader(root, creator_required=False)
    works, problems = [], []
    for row, values in enumerate(frame.select(columns.read).iter_rows(named=True), start=1):
        work, troubles = reader.read(columns.listing(row, values))
        works.append(work or Work(str(row)))
        problems += [replace(trouble, left_out=False) for trouble in troubles]
    seen = read_photos([work.photos for work in works], root, lambda _image: None)
    whole = []
    for row, (work, photos) in enumerate(zip(works, seen, strict=True), start=1):
        problems += [ListingProblem(row, work.id, "photos", error.reason, str(error)) for _, error in photos.bad]
        whole.append(replace(work, photos=photos.good, photo_sha256=photos.sha256))
    return whole, problems
