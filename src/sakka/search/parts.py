"""The parts of an index: how its vectors are made and what it was built from, as a LanceDB table.

name       content
index.json            settings, what it was built from, the SHA-256 of the arrays
space.safetensors     the arrays of its spaces
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from sakka.errors import SearchError
from sakka.files import as_written, canonical_json
from sakka.search import database
from sakka.search.records import Spaces
from sakka.search.style.meaning import MeaningSpace
from sakka.search.style.space import StyleSpace
from sakka.search.style.words import WordSpace

INDEX_VERSION = 3
INFO, TENSORS = "index.json", "space.safetensors"


def write_parts(
    connection: Any,
    table: str,
    spaces: Spaces,
    info: Mapping[str, Any],
    more: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Write parts in one change, in the place of those that a table had; `more` are further ones, by name."""
    import pyarrow as pa

    arrays = {**spaces.style.tensors(), **spaces.words.tensors()}
    arrays |= {} if spaces.meaning is None else spaces.meaning.tensors()
    content = save_tensors({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    described = {**info, "style": spaces.style.values(), "sha256": hashlib.sha256(content).hexdigest()}
    parts = {INFO: canonical_json(described).encode(), TENSORS: content, **more}
    schema = pa.schema([pa.field("name", pa.string()), pa.field("content", pa.large_binary())])
    rows = pa.table({"name": list(parts), "content": list(parts.values())}, schema=schema)
    connection.create_table(table, data=rows, mode="overwrite")


def contents(connection: Any, table: str) -> dict[str, bytes]:
    """What each part of a table holds, by name."""
    return {row["name"]: row["content"] for row in connection.open_table(table).to_arrow().to_pylist()}


def build_in(connection: Any, table: str) -> str | None:
    """The build that a table of parts is of; None where there is no such table."""
    with database.speaking_plainly(str(connection.uri), "read"):
        if table not in database.table_names(connection):
            return None
        found = connection.open_table(table).search().where(f"name = '{INFO}'").select(["content"]).to_list()
    return str(json.loads(found[0]["content"])["build"])


def spaces_and_info(parts: Mapping[str, bytes], folder: Path | str) -> tuple[Spaces, dict[str, Any]]:
    """The spaces that parts hold, and the settings.

    Raises:
        SearchError: They are of another version, or damaged; the message names the folder.
        ModelFolderError: The photos of the style space were seen through other weights than those at hand.
    """
    info = json.loads(parts[INFO])
    if info.get("version") != INDEX_VERSION:
        raise SearchError(
            f"{as_written(folder)} is an index of version {info.get('version')}, expected {INDEX_VERSION}; "
            "build it again"
        )
    if hashlib.sha256(parts[TENSORS]).hexdigest() != info["sha256"]:
        raise SearchError(f"{as_written(folder)} is damaged: {TENSORS} is not what {INFO} describes; build it again")
    tensors = load_tensors(parts[TENSORS])
    meaning = MeaningSpace.from_parts(info["text_encoder"], tensors) if "text_encoder" in info else None
    return Spaces(StyleSpace.from_parts(info["style"], tensors), WordSpace.from_tensors(tensors), meaning), info
