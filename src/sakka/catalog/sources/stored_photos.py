"""Photos that a table holds itself, as bytes or as the Image features of `datasets` ({bytes, path}).

Each is written once to the cache, under the SHA-256 of its bytes, and its path takes its place: reports, the index and
the page show photos from files, and all photos of a table need not fit into memory. An image without bytes is the path
that it names.
Source of the layout: https://huggingface.co/docs/datasets/about_dataset_features#image-feature.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sakka.cache import cache_folder
from sakka.catalog.sources.columns import PHOTOS, Columns
from sakka.catalog.sources.values import plain
from sakka.files import writing_whole
from sakka.photos.by_sha256 import stored_path


def photo_store() -> Path:
    """The folder that photos of tables are kept in; made where it is missing."""
    folder = cache_folder() / "table-photos"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def holds_photos(rows: Iterable[Mapping[str, Any]], columns: Columns) -> bool:
    """Tell whether one of some rows holds a photo's bytes."""
    cells = (row.get(name) for row in rows for name in columns.fields.get(PHOTOS, ()))
    return any(_content(each) for cell in cells for each in (cell if isinstance(cell, list) else [cell]))


def with_stored_photos(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """A row's values, plain, with the paths of photos in the place of their bytes."""
    photos = columns.fields.get(PHOTOS, ())
    return {name: _paths(value) if name in photos else plain(value) for name, value in row.items()}


def _paths(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_paths(each) for each in cell]
    if (content := _content(cell)) is not None:
        return _stored(content)
    return cell.get("path") if isinstance(cell, dict) and "path" in cell else plain(cell)


def _content(cell: Any) -> bytes | None:
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    return content if isinstance(content, bytes) and content else None


def _stored(content: bytes) -> str:
    """Write a photo where it is not yet; returns its path within the store."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = stored_path(photo_store(), sha256)
    if not path.exists():
        with writing_whole(path, one_of_many=True) as part:
            part.write_bytes(content)
    return path.relative_to(photo_store()).as_posix()
