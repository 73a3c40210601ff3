"""A catalog's folder, here or at an address: which files it has, how they are read, and how they are written.

`works.parquet` has a row a work, `photos.parquet` where the photos are, `problems.parquet` what could not be used, each
with its reason, and `catalog.json` where the works come from and what each rule removed, with the SHA-256 of the
tables and of itself.

A table stands as `.NAME.SHA256` until the description names its SHA-256. So the description's renaming is the one step
from an earlier catalog to the next, and a process that is killed leaves the one or the other; a table is read by its
SHA-256, under either name.
"""

import hashlib
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from sakka.catalog.photo_list import (
    FETCHED_FOLDER,
    LISTED_SCHEMA,
    ORIGINS_SCHEMA,
    PHOTOS_FILE,
    listed_photos,
    no_origins,
    remove_others,
    store_fetched,
    with_photos,
)
from sakka.catalog.problems import PROBLEMS_FILE, no_problems
from sakka.catalog.remote_photos import RemotePhotos
from sakka.catalog.works import SCHEMA, Catalog
from sakka.errors import CatalogError, MissingPartError, SakkaError
from sakka.files import (
    alone_in,
    read_with_checksum,
    remote_address,
    why_no_name,
    why_not_a_folder,
    with_checksum,
    write_json,
    writing_whole,
)
from sakka.photos.by_sha256 import stored_path
from sakka.remote.addresses import is_fetched
from sakka.remote.copies import OF_CATALOG, PLAN, reading
from sakka.remote.folder import Bucket, RemoteFolder, is_hidden
from sakka.remote.lock import RemoteLock
from sakka.remote.writing import send_by_sha256, send_folder, temporary_folder

WORKS_FILE = "works.parquet"
INFO_FILE = "catalog.json"
LOCK_FILE = ".lock"
CATALOG_VERSION = 4
READ_VERSIONS = (2, 3, CATALOG_VERSION)
# 3 had the photos' paths in `works.parquet`, and 2 also knew the SHA-256 of featured photos alone, in `photo_sha256`.
STORED_COLUMNS = [name for name in SCHEMA if name != "photos"]


def is_catalog(source: Path | str) -> bool:
    """Whether a source of works is a catalog: a folder with one, or an address, where nothing else is read."""
    return is_fetched(remote_address(source) or "") or (Path(source) / INFO_FILE).is_file()


def check_folder(folder: Path) -> None:
    """Check that a catalog may be written to a folder, before the work that fills it.

    Raises:
        CatalogError: It is a file or a run, holds a table of another kind under the name of the catalog's, or its name
            is no UTF-8.
    """
    if trouble := why_no_name(folder):
        raise CatalogError(trouble)
    if folder.exists() and not folder.is_dir():
        raise CatalogError(f"{folder} is a file; expected the name of a folder for the catalog")
    if (folder / PLAN).exists():
        raise CatalogError(f"{folder} is a run; choose another folder for the catalog")
    if (folder / WORKS_FILE).exists() and not (folder / INFO_FILE).exists() and not _is_cut_off(folder / WORKS_FILE):
        raise CatalogError(
            f"{folder} holds {WORKS_FILE} but no {INFO_FILE}; expected a catalog, or a folder without such a file; "
            f"choose another folder, or remove {folder / WORKS_FILE} if you don't need it"
        )


def check_free_at(bucket: Bucket) -> None:
    """Check that a catalog may be written to a bucket's folder, before the work that fills it.

    Raises:
        SakkaError: It can't be read, or holds something else.
    """
    names, _ = bucket.top_files()
    there = {each.name for each in names if not is_hidden(each.name)}
    if PLAN in there:
        raise CatalogError(f"{bucket.remote.address} is a run; choose another folder for the catalog")
    if there and INFO_FILE not in there and not there <= {WORKS_FILE, PHOTOS_FILE, PROBLEMS_FILE}:
        raise CatalogError(
            f"{bucket.remote.address} holds {sorted(there)[0]} but no {INFO_FILE}; expected a catalog, or nothing; "
            "choose another folder"
        )


def read_catalog(folder: Path | str) -> Catalog:
    """What `Catalog.read` gives, which has the arguments and errors."""
    with reading(folder, CatalogError) as local:
        return _read(local, RemoteFolder.of(folder))


def write_catalog(catalog: Catalog, folder: Path | str) -> None:
    """What `Catalog.write` does, which has the arguments and errors."""
    if (remote := RemoteFolder.of(folder)) is not None:
        _send(catalog, remote)
        return
    folder = Path(folder)
    try:
        check_folder(folder)
        catalog.fetch_photos()
        fetched = catalog.remote_photos.folder if catalog.remote_photos else None
        listed = listed_photos(catalog.table, catalog.origins, fetched)
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder, folder / LOCK_FILE, CatalogError, waits=True):
            store_fetched(catalog.table, listed, folder)
            _write_tables(catalog, folder, listed, _stored_root(catalog.photo_root, folder.resolve()))
            remove_others(listed, folder)
    except OSError as error:
        raise CatalogError(f"{folder} can't be written: {error.strerror or error}; choose another folder") from error


def _read(folder: Path, remote: RemoteFolder | None) -> Catalog:
    if trouble := why_not_a_folder(folder):
        raise CatalogError(f"{trouble}; expected a catalog's folder, as `build_catalog` writes it")
    if not (folder / INFO_FILE).is_file():
        raise CatalogError(
            f"{folder} is not a catalog: expected {WORKS_FILE} and {INFO_FILE} in it, as `build_catalog` writes "
            "them; give another folder"
        )
    try:
        while True:
            content = (folder / INFO_FILE).read_bytes()
            try:
                return _read_tables(folder, _read_info(content.decode(), folder / INFO_FILE, remote), remote)
            except CatalogError:
                if content == (folder / INFO_FILE).read_bytes():  # else another catalog was written here meanwhile
                    raise
    except (OSError, ValueError, AttributeError, pl.exceptions.PolarsError) as error:
        raise CatalogError(f"{folder} can't be read as a catalog: {error}; build it again") from error


def _read_tables(folder: Path, info: dict[str, Any], remote: RemoteFolder | None) -> Catalog:
    table = pl.read_parquet(io.BytesIO(_content(folder / WORKS_FILE, info)))
    listed, remote_photos, root = no_origins(), None, info.get("photo_root")
    if info["version"] == CATALOG_VERSION:
        content = _content(folder / PHOTOS_FILE, info)
        listed = pl.read_parquet(io.BytesIO(content)).select(*LISTED_SCHEMA).cast(pl.Schema(LISTED_SCHEMA))
        fetched = folder.resolve() / FETCHED_FOLDER
        if remote is not None:
            remote_photos, listed = RemotePhotos.of(remote, listed, root)
            fetched = remote_photos.folder
        table = with_photos(table, listed, fetched)
    table = _with_every_sha256(table)
    kept = [name for name in table.columns if name not in SCHEMA]
    return Catalog(
        table.select(*SCHEMA, *kept).cast(pl.Schema({**table.schema, **SCHEMA})),
        photo_root=(folder / root).resolve() if root is not None and remote is None else None,
        info=info,
        problems=_read_problems(folder / PROBLEMS_FILE, info),
        origins=listed.select(*ORIGINS_SCHEMA),
        remote_photos=remote_photos,
    )


def _read_info(text: str, path: Path, remote: RemoteFolder | None) -> dict[str, Any]:
    info: dict[str, Any] = json.loads(text)
    _check_version(info, path, remote)
    if not {"sha256", OF_CATALOG[PROBLEMS_FILE]} & info.keys():  # of a time when only two tables had a checksum
        return info
    try:
        return read_with_checksum(text)
    except ValueError as error:
        raise CatalogError(f"{path} was changed since it was written ({error}); build the catalog again") from error


def _check_version(info: dict[str, Any], path: Path, remote: RemoteFolder | None) -> None:
    found = info.get("version")
    if found not in READ_VERSIONS:
        raise CatalogError(f"{path} has version {found}, expected {CATALOG_VERSION}; build the catalog again")
    if remote is not None and found != CATALOG_VERSION:
        raise CatalogError(
            f"{path} has version {found}, which is not read from an address, expected {CATALOG_VERSION}; "
            "build the catalog again"
        )


def _content(path: Path, info: dict[str, Any]) -> bytes:
    """The bytes of a catalog's table; where its writing was cut off after the description, they have another name yet.

    Raises:
        CatalogError: They are not those that `catalog.json` describes.
        OSError: They can't be read.
    """
    sha256 = info.get(OF_CATALOG[path.name])
    for each in (path, _yet_unnamed(path, sha256), path):  # it may get its name just now
        with suppress(FileNotFoundError):
            content = each.read_bytes()
            if hashlib.sha256(content).hexdigest() == sha256:
                return content
    if not path.is_file():
        raise CatalogError(f"{path}, which {INFO_FILE} describes, is missing; build the catalog again")
    raise CatalogError(
        f"{path} is not the file that {INFO_FILE} describes (its sha256 differs); build the catalog again"
    )


def _yet_unnamed(path: Path, sha256: object) -> Path:
    return path.with_name(f".{path.name}.{sha256}")


def _read_problems(path: Path, info: dict[str, Any]) -> pl.DataFrame:
    if OF_CATALOG[PROBLEMS_FILE] in info:
        return pl.read_parquet(io.BytesIO(_content(path, info)))
    return pl.read_parquet(path) if path.is_file() else no_problems()


def _with_every_sha256(table: pl.DataFrame) -> pl.DataFrame:
    """A table of version 2 with a SHA-256 for each photo: the featured one's, and None for the others."""
    if "photo_sha256" not in table.columns or "photos_sha256" in table.columns:
        return table
    rows = table.select("photos", "photo_sha256").iter_rows()
    every = [[sha256, *[None] * (len(photos) - 1)] if photos else [] for photos, sha256 in rows]
    return table.with_columns(pl.Series("photos_sha256", every, dtype=SCHEMA["photos_sha256"])).drop("photo_sha256")


def _is_cut_off(path: Path) -> bool:
    """Tell whether a table is a catalog's whose writing was interrupted: it starts with a catalog's columns."""
    try:
        found = list(pl.read_parquet_schema(path).items())[: len(STORED_COLUMNS)]
        before = list(SCHEMA.items())[: len(STORED_COLUMNS)]  # of versions 2 and 3
        return found in (before, [(name, SCHEMA[name]) for name in STORED_COLUMNS])
    except (OSError, pl.exceptions.PolarsError):
        return False


def _send(catalog: Catalog, remote: RemoteFolder) -> None:
    """Write a catalog to an address: photos, tables, and `catalog.json` last."""
    try:
        bucket = Bucket(remote)
        check_free_at(bucket)
        with RemoteLock(bucket) as lock:
            _send_alone(catalog, bucket, lock)
    except MissingPartError:
        raise
    except (SakkaError, OSError) as error:
        raise CatalogError(str(error)) from error


def _send_alone(catalog: Catalog, bucket: Bucket, lock: RemoteLock) -> None:
    listed = listed_photos(catalog.table, catalog.origins)
    stored = listed.with_columns(path=pl.when(pl.col("sha256").is_null()).then("path"))
    there = {path.name.rpartition("/")[2]: path.name for path in bucket.files(FETCHED_FOLDER)}
    photos = dict(zip(listed["sha256"].to_list(), _files_of_photos(catalog), strict=True))
    missing = {sha256: path for sha256, path in photos.items() if sha256 is not None and sha256 not in there}
    send_by_sha256(missing, bucket, lambda sha256: stored_path(Path(FETCHED_FOLDER), sha256).as_posix())
    root = None if catalog.photo_root is None or not stored["path"].count() else str(catalog.photo_root.resolve())
    with temporary_folder() as local:
        _write_tables(catalog, local, stored, root)
        lock.check()
        send_folder(local, bucket.remote, INFO_FILE)
    lock.check()
    bucket.remove([path for name, path in there.items() if name not in photos])


def _files_of_photos(catalog: Catalog) -> list[Path]:
    """The file of each photo of each work."""
    catalog.fetch_photos()
    root = catalog.photo_root or Path()
    return [root / path for paths in catalog.table["photos"].to_list() for path in paths or ()]


def _write_tables(catalog: Catalog, folder: Path, listed: pl.DataFrame, photo_root: str | None) -> None:
    """Write tables and description: the step from one catalog to the next is the description's renaming."""
    _name_tables(folder)
    works = catalog.table.select(pl.exclude("photos"))
    tables, sums = {PROBLEMS_FILE: catalog.problems, PHOTOS_FILE: listed, WORKS_FILE: works}, {}
    for name, table in tables.items():
        content = _as_parquet(table)
        sums[OF_CATALOG[name]] = hashlib.sha256(content).hexdigest()
        with writing_whole(_yet_unnamed(folder / name, sums[OF_CATALOG[name]])) as part:
            part.write_bytes(content)
    info = {
        **catalog.info,
        "version": CATALOG_VERSION,
        "works": len(catalog),
        "creators": len(catalog.creators),
        "photo_root": photo_root,
        **sums,
    }
    write_json(folder / INFO_FILE, with_checksum(info))
    _name_tables(folder)


def _name_tables(folder: Path) -> None:
    """Put the tables that the description describes under their names, and remove what a cut off writing left."""
    info: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        info = json.loads((folder / INFO_FILE).read_bytes())
    for name, key in OF_CATALOG.items():
        ready = _yet_unnamed(folder / name, info.get(key) if isinstance(info, dict) else None)
        if ready.is_file():
            ready.replace(folder / name)
        for left in (*folder.glob(f".{name}.*"), *folder.glob(f"..{name}.*")):
            left.unlink(missing_ok=True)


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table whole.

    Raises:
        OSError: It can't be written.
    """
    content = _as_parquet(table)
    with writing_whole(path) as part:
        part.write_bytes(content)


def _as_parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


def _stored_root(photo_root: Path | None, folder: Path) -> str | None:
    """A photo root as stored: relative where it is within the catalog's folder, so both can be moved."""
    if photo_root is None:
        return None
    root = photo_root.resolve()
    return root.relative_to(folder).as_posix() if root.is_relative_to(folder) else str(root)
