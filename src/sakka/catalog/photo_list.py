"""The list of a catalog's photos: where each is, how many bytes it has, and their SHA-256.

It stands beside `works.parquet`, which says what the works are and not where: the same works give the same table
whether their photos lie in a folder, in a bucket or on a web server. A fetched photo's bytes are in the catalog's own
folder, under their SHA-256, so that they move with it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import polars as pl

from sakka.photos.by_sha256 import store

PHOTOS_FILE = "photos.parquet"
FETCHED_FOLDER = "fetched"
LISTED_SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "number": pl.Int64(),
    "path": pl.String(),
    "address": pl.String(),
    "etag": pl.String(),
    "bytes": pl.Int64(),
    "sha256": pl.String(),
}
"""Of a photo: its work, its number there from 0, its path, or its address where it was fetched."""
ORIGINS_SCHEMA = {name: LISTED_SCHEMA[name] for name in ("id", "number", "address", "etag", "bytes")}


@cache
def no_origins() -> pl.DataFrame:
    """What is known of photos beside their paths and SHA-256, of none; one table for all, not to be changed."""
    return pl.DataFrame(schema=ORIGINS_SCHEMA)


def listed_photos(table: pl.DataFrame, origins: pl.DataFrame, cached: Path | None = None) -> pl.DataFrame:
    """The photos of a catalog's table, one row a photo, columns as in `LISTED_SCHEMA`.

    Args:
        table: Works with `id`, `photos` and `photos_sha256`.
        origins: What else is known of photos, columns as in `ORIGINS_SCHEMA`; those of other works are passed over.
        cached: The folder of photos that were fetched to be read: a path in it is none to be listed.
    """
    if not {"id", "photos", "photos_sha256"} <= set(table.columns):
        return pl.DataFrame(schema=LISTED_SCHEMA)
    each = (
        table.filter(pl.col("photos").list.len() > 0)
        .select("id", path="photos", sha256="photos_sha256")
        .explode("path", "sha256")
        .with_columns(number=pl.int_range(pl.len()).over("id"))
        .join(origins, on=["id", "number"], how="left", maintain_order="left")
    )
    listed = pl.col("address").is_null()
    if cached is not None:
        listed &= ~pl.col("path").str.starts_with(f"{cached}/")
    path = pl.when(listed).then("path")
    return each.with_columns(path=path).select(*LISTED_SCHEMA).cast(pl.Schema(LISTED_SCHEMA))


def with_photos(table: pl.DataFrame, listed: pl.DataFrame, fetched: Path) -> pl.DataFrame:
    """A table of works with the paths and the SHA-256 of their photos.

    Args:
        table: Works, without `photos`.
        listed: Their photos, columns as in `LISTED_SCHEMA`.
        fetched: The folder of the photos that have no path, under their SHA-256; absolute.

    Raises:
        ValueError: A SHA-256 is none, and so could lead out of that folder.
    """
    if not listed["sha256"].drop_nulls().str.contains(r"^[0-9a-f]{64}$").all():
        raise ValueError("a photo is listed under what is no SHA-256")
    sha256 = pl.col("sha256")
    stored = pl.concat_str(pl.lit(f"{fetched}/"), sha256.str.head(2), pl.lit("/"), sha256)
    path = pl.when(pl.col("path").is_null()).then(stored).otherwise("path")
    lists = listed.select("id", photos=path, photos_sha256="sha256").group_by("id", maintain_order=True).agg(pl.all())
    none = pl.lit([], dtype=pl.List(pl.String()))
    return (
        table.drop("photos_sha256", strict=False)
        .join(lists, on="id", how="left", maintain_order="left")
        .with_columns(pl.col("photos", "photos_sha256").fill_null(none))
    )


def store_fetched(table: pl.DataFrame, listed: pl.DataFrame, folder: Path) -> None:
    """Put the photos of a catalog that have no path in its list into its folder, where they are not there yet.

    Args:
        table: Works with `id`, `photos` and `photos_sha256`.
        listed: The list of their photos, columns as in `LISTED_SCHEMA`.
        folder: The catalog's folder.
    """
    fetched = listed.filter(pl.col("path").is_null()).select("id", "number")
    if fetched.height:
        each = listed_photos(table, no_origins()).join(fetched, on=["id", "number"])
        for path, sha256 in each.select("path", "sha256").unique().iter_rows():
            store(Path(path), sha256, folder / FETCHED_FOLDER)


def remove_others(listed: pl.DataFrame, folder: Path) -> None:
    """Remove the fetched photos from a catalog's folder that an earlier catalog there had and this one has not.

    A photo there that is no longer known to be a fetched one, but is still a work's, stays.
    """
    kept = {*listed["sha256"].drop_nulls(), *(Path(path).name for path in listed["path"].drop_nulls())}
    for path in _stored(folder / FETCHED_FOLDER):
        if path.name not in kept:
            path.unlink(missing_ok=True)
    for path in (folder / FETCHED_FOLDER).glob("[0-9a-f][0-9a-f]/.*.part"):  # of a process that was killed
        path.unlink(missing_ok=True)


def _stored(folder: Path) -> Iterable[Path]:
    return folder.glob("[0-9a-f][0-9a-f]/" + "[0-9a-f]" * 64)
