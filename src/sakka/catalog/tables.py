"""A table in memory -> works, one a row: every row comes out, in order, with what can be read of it.

`build_catalog` leaves out what can't be used; a question is answered whatever it holds. Whoever asks about a table row
by row (`models/classifier.py`) wants one work for each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from sakka.catalog.listings import Listing
from sakka.catalog.problems import ListingProblem, problems_frame
from sakka.catalog.read_works import read_photos, read_works
from sakka.catalog.sources import ReadOptions, columns_by_field, open_source
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
    keep: Sequence[str] = (),
    with_photos: bool = True,
) -> Catalog:
    """The works of a table, one a row in the table's order; their ids are the rows' numbers, from 1.

    A field that can't be used, such as a photo that can't be read, is left out of its work; `problems` lists it.

    Args:
        table: What `Catalog.from_table` takes.
        creators: Who made each work; None: that is the question. What the table itself says is not read.
        columns: Field of the catalog -> columns of the table, where their usual names don't say it.
        photo_root: The folder that photo paths start at and may not lead out of; None: the present one.
        keep: Further columns that are carried along.
        with_photos: Whether photos are read; without, the works have none.

    Raises:
        CatalogError: It is no table, or has no column to read.

    >>> works = every_row(pl.DataFrame({"title": ["moon", None], "price": [3, 5]}))
    >>> works.ids, works.texts
    (['1', '2'], ['moon', ''])
    """
    opened = open_source(
        table, ReadOptions(columns=columns_by_field(columns), keep=tuple(keep), creator_required=False)
    )
    if not keep and not {"title", "description", "photos"} & opened.columns.keys():
        raise CatalogError(
            f"the table has no column to read; it has {', '.join(opened.unread) or 'none'}; "
            'name one with `columns={"title": COLUMN}`'
        )
    root = opened.photo_root(photo_root)
    works, problems = _works(opened.listings, root, with_photos)
    names = [None] * len(works) if creators is None else creators
    given = [replace(work, creator=name) for work, name in zip(works, names, strict=True)]
    return replace(Catalog.from_works(given, root), problems=problems_frame(problems))


def _works(listings: Iterator[Listing], root: Path, with_photos: bool) -> tuple[list[Work], list[ListingProblem]]:
    works: list[Work] = []
    problems: list[ListingProblem] = []
    for batch in read_works(listings, root, creator_required=False, every_row=True):
        found = dict(zip(batch.rows, batch.works, strict=True))
        rows = range(len(works) + 1, len(works) + batch.listings + 1)
        works += [replace(found.get(row, Work("")), id=str(row)) for row in rows]
        problems += [replace(each, id=str(each.row)) for each in batch.problems if each.field not in ("id", "creator")]
    if not with_photos:
        return [replace(work, photos=()) for work in works], [each for each in problems if each.field != "photos"]
    seen = list(read_photos([work.photos for work in works], root.joinpath, lambda _image: None))
    for row, photos in enumerate(seen, start=1):
        problems += [ListingProblem(row, str(row), "photos", error.reason, str(error)) for _, error in photos.bad]
    whole = [
        replace(work, photos=photos.good, photos_sha256=photos.sha256) for work, photos in zip(works, seen, strict=True)
    ]
    return whole, problems
