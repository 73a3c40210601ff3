"""A local copy of a folder at an address: what stands there at one moment, whole, and checked.

What a folder is says which of its files are wanted: a model's manifest and the files that it names, a catalog's tables
without its photos, else all files. A file whose SHA-256 is known, or whose etag is still the same, is not fetched
again. The copy is a folder of links to the cache, so it is never written to; it stays until the process ends.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sakka.errors import MissingPartError, PhotoError, SakkaError
from sakka.files import sha256_of, writing_whole_folder
from sakka.photos.by_sha256 import is_sha256
from sakka.remote.answer import AbsentFile
from sakka.remote.cache import FOLDERS, FetchedFile, FetchedFiles
from sakka.remote.fetcher import Fetching, FileFetcher
from sakka.remote.folder import Bucket, RemoteFolder, is_hidden, is_safe

MOST_FILES = 10_000
FILES = Fetching((), most_bytes=64 << 30, file_s=3600.0, fresh_s=0.0)
"""Limits for the files of a folder that the caller named; they are asked for again each time, by their etag."""

DESCRIPTIONS = Fetching((), most_bytes=64 << 20, file_s=300.0, fresh_s=0.0)
MANIFEST, PLAN, CATALOG = "manifest.json", "plan.json", "catalog.json"
PROBLEMS = "problems.parquet"
OF_CATALOG = {"works.parquet": "works_sha256", "photos.parquet": "photos_file_sha256", PROBLEMS: "problems_sha256"}
TIMES, WAIT_S = 3, 1.0  # a folder that is just being replaced is whole a moment later

Sums = Mapping[str, str | None]
"""Files by name with their SHA-256, where it is known."""


class _BeingReplaced(Exception):  # noqa: N818
    """A file is not the one that the description of its folder names."""


class _NoDescriptionError(SakkaError):
    """What describes a folder is no JSON object."""


def at_hand(folder: Path | str) -> Path:
    """A folder of this machine as it was given; of one at an address a copy, as it stands there now.

    Raises:
        SakkaError: There is no such folder, or it can't be fetched.
        MissingPartError: The packages that fetch are not installed.
    """
    remote = RemoteFolder.of(folder)
    return Path(folder) if remote is None else copy_of(remote)


@contextmanager
def reading(folder: Path | str, error: Callable[[str], SakkaError]) -> Iterator[Path]:
    """A folder, or a copy of one at an address, as `at_hand`; messages speak of the address.

    Args:
        folder: A path or an address.
        error: What is raised where the folder can't be fetched.
    """
    remote = RemoteFolder.of(folder)
    if remote is None:
        yield Path(folder)
        return
    try:
        local = copy_of(remote)
    except MissingPartError:
        raise
    except SakkaError as trouble:
        raise error(str(trouble)) from trouble
    with speaking_of(remote, local):
        yield local


@contextmanager
def speaking_of(remote: RemoteFolder, local: Path) -> Iterator[None]:
    """Put an address in the place of its local folder in what is raised in the block."""
    try:
        yield
    except SakkaError as error:
        error.args = tuple(str(each).replace(str(local), remote.address) for each in error.args)
        raise


def copy_of(remote: RemoteFolder) -> Path:
    """A local copy of a folder at an address; not to be written to.

    Raises:
        SakkaError: There is none, or it can't be fetched.
    """
    for left in reversed(range(TIMES)):
        try:
            return _copied(remote)
        except _BeingReplaced as found:
            if not left:
                raise SakkaError(
                    f"{remote.address} is not whole: {found}; wait where it is just being replaced, else save it again"
                ) from found
            time.sleep(WAIT_S)
        except OSError as error:
            raise SakkaError(
                f"{remote.address} can't be copied to the cache ({error.strerror or error}); check the disk, and that "
                "no name there is too long or a file's and a folder's"
            ) from error
    raise AssertionError("unreachable")


def _copied(remote: RemoteFolder) -> Path:
    cache = FetchedFiles()
    cache.hold()
    wanted = _of_bucket(remote, cache) if remote.in_bucket else _of_server(remote, cache)
    found = fetched_files(remote, wanted, cache)
    for name, sha256 in wanted.items():
        if sha256 not in (None, found[name].sha256) if name in found else sha256 is not None:
            raise _BeingReplaced(f"{name} is not the one that its description names")
    return _linked({name: each.sha256 for name, each in found.items()}, cache)


def _of_bucket(remote: RemoteFolder, cache: FetchedFiles) -> Sums:
    bucket = Bucket(remote)
    top, folders = bucket.top_files()
    names = {each.name for each in top}
    if MANIFEST in names:
        return _of_model(remote, cache)
    if CATALOG in names and PLAN not in names:
        return _of_catalog(remote, cache)
    files = [*top, *(each for folder in folders for each in islice(bucket.files(folder), MOST_FILES))]
    if not files:
        raise SakkaError(f"there is no folder {remote.address}; check the address and the endpoint")
    if len(files) > MOST_FILES:
        raise SakkaError(f"{remote.address} has more than {MOST_FILES:,} files; expected a folder that sakka wrote")
    return {each.name: None for each in files if is_safe(each.name) and not is_hidden(each.name)}


def _of_server(remote: RemoteFolder, cache: FetchedFiles) -> Sums:
    for look in (_of_catalog, _of_model):
        try:
            return look(remote, cache)
        except (AbsentFile, _NoDescriptionError):  # some servers have a page for everything
            continue
    raise SakkaError(
        f"{remote.address} has neither {CATALOG} nor {MANIFEST}; catalogs and models are read from web servers, other "
        "folders from s3:// and gs://"
    )


def _of_catalog(remote: RemoteFolder, cache: FetchedFiles) -> Sums:
    info, sha256 = _description(remote, CATALOG, cache)
    known = {name: info.get(key) for name, key in OF_CATALOG.items()}
    wanted = {name: digest for name, digest in known.items() if digest is not None}
    if not all(isinstance(each, str) and is_sha256(each) for each in wanted.values()):
        raise SakkaError(f"{remote.file(CATALOG)} has something else for the SHA-256 of a table; build it again")
    return {CATALOG: sha256, PROBLEMS: None, **wanted}


def _of_model(remote: RemoteFolder, cache: FetchedFiles) -> Sums:
    manifest, sha256 = _description(remote, MANIFEST, cache)
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(
        is_safe(name) and isinstance(digest, str) and is_sha256(digest) for name, digest in files.items()
    ):
        raise SakkaError(f"{remote.file(MANIFEST)} is no manifest of a model; save the model again")
    return {MANIFEST: sha256, **files}


def _description(remote: RemoteFolder, name: str, cache: FetchedFiles) -> tuple[dict[str, Any], str]:
    address = remote.file(name)
    with FileFetcher(DESCRIPTIONS, cache, own=[address]) as fetcher:
        found = fetcher.file(address)
    if isinstance(found, PhotoError):
        raise found
    try:
        content = json.loads(cache.path(found.sha256).read_bytes())
        if isinstance(content, dict):
            return content, found.sha256
    except (ValueError, RecursionError):
        pass
    raise _NoDescriptionError(f"{address} is not the JSON object that was expected; save the folder again")


def fetched_files(remote: RemoteFolder, wanted: Sums, cache: FetchedFiles) -> dict[str, FetchedFile]:
    """Files of a folder, by name; those whose SHA-256 the cache has are not asked for, absent ones are left out.

    Raises:
        PhotoError: One can't be fetched.
    """
    found = {name: FetchedFile(sha256, 0, None) for name, sha256 in wanted.items() if sha256 and cache.has(sha256)}
    missing = [name for name in wanted if name not in found]
    if missing:
        addresses = {name: remote.file(name) for name in missing}
        with FileFetcher(FILES, cache, own=[remote.file("")]) as fetcher:
            fetcher.fetch(addresses.values(), "files fetched")
            for name, address in addresses.items():
                answer = fetcher.file(address)
                if isinstance(answer, FetchedFile):
                    found[name] = answer
                elif not isinstance(answer, AbsentFile):
                    raise answer
    return found


def _linked(files: Mapping[str, str], cache: FetchedFiles) -> Path:
    """A folder with these files of the cache, by name and SHA-256."""
    digest = hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()
    folder = cache.folder / FOLDERS / digest
    if not all(_is_of_cache(folder / name, sha256, cache) for name, sha256 in files.items()):
        with writing_whole_folder(folder, one_of_many=True) as part:
            for name, sha256 in files.items():
                link(cache.path(sha256), part / name)
    return folder


def _is_of_cache(file: Path, sha256: str, cache: FetchedFiles) -> bool:
    try:
        return file.samefile(cache.path(sha256)) or sha256_of(file) == sha256
    except OSError:
        return False


def link(file: Path, to: Path) -> None:
    """Put a file where another path says too, as a link where the disk allows it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)


def fetch_by_sha256(remote: RemoteFolder, files: Sequence[tuple[str, str]]) -> None:
    """Bring photos of a folder at an address into the cache.

    Args:
        remote: The folder.
        files: Names below it with the SHA-256 of their bytes.

    Raises:
        PhotoError: One can't be fetched, or is not the one that its SHA-256 names.
    """
    cache = FetchedFiles()
    cache.hold()
    missing = {remote.file(name): sha256 for name, sha256 in files if not cache.is_whole(sha256)}
    if missing:
        with FileFetcher(Fetching((), fresh_s=0.0), cache, own=[remote.file("")]) as fetcher:
            fetcher.fetch(missing)
            for address, sha256 in missing.items():
                found = fetcher.file(address)
                if isinstance(found, PhotoError):
                    raise found
                if found.sha256 != sha256:
                    raise PhotoError(f"{address} is not the photo that the catalog was built with; build it again")
