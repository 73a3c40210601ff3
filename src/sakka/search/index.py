"""The index of a catalog: built, opened, added to and taken from.

INDEX/works.lance, INDEX/parts.lance        (`database.py`)
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from sakka.catalog.works import SCHEMA, Catalog, Work
from sakka.errors import SearchError
from sakka.files import canonical_json, remote_address, why_not_a_folder
from sakka.networks.encoders import text_encoder as encoder_of_texts
from sakka.progress import task
from sakka.search import database
from sakka.search.adding import add_works
from sakka.search.kept_columns import KINDS, KeptColumn, kept_columns_of, with_kept
from sakka.search.records import OF, OF_WORKS, WORK_COLUMNS, Spaces, batches_of, schema_of, words_of_catalog, work_of
from sakka.search.sql import among
from sakka.search.style.meaning import MeaningSpace
from sakka.search.style.space import StyleSpace
from sakka.search.style.words import WordSpace

if TYPE_CHECKING:
    import pyarrow as pa

INDEX_VERSION = 3
INFO, TENSORS = "index.json", "space.safetensors"
SUGGESTED = 3


@dataclass
class Index:
    """An index of works.

    Attributes:
        address: Its folder, or its address in an object store.
        table: The LanceDB table of works.
        spaces: How its vectors are made.
        info: What it was built from: `model_sha256`, `catalog`, `works`; `kept` where works have kept columns,
            `text_encoder` where texts have vectors of one.
    """

    address: str
    table: Any = field(repr=False)
    spaces: Spaces = field(repr=False)
    info: dict[str, Any]
    _counted: tuple[int, bool] = field(default=(-1, False), repr=False)  # version of the table, whether it has photos

    @classmethod
    def build(
        cls,
        folder: Path | str,
        catalog: Catalog,
        model_folder: Path | str,
        *,
        seed: int = 0,
        text_encoder: str | None = None,
    ) -> "Index":
        """Learn the spaces from a catalog and write the index of its works, replacing an index that is already there.

        Args:
            folder: Where the index will stand: a folder, or an address such as `s3://bucket/index`.
            catalog: The works.
            model_folder: A fitted model, whose photo network is used and whose SHA-256 the index remembers.
            seed: Draws which works the spaces are learned from.
            text_encoder: The encoder by which words are found in texts of another language too; None: none.

        Raises:
            MissingPartError: LanceDB, or what the text encoder needs, is not installed.
            ModelError: No text encoder has such a name.
            ModelFolderError: The model can't be read.
            PhotoError: A photo can't be read.
            SearchError: The folder holds something else, or there are no works.
        """
        from sakka.copies.groups import group_names, near_identical
        from sakka.models.folder import manifest_sha256

        if len(catalog) == 0:
            raise SearchError("got a catalog of 0 works to build an index of, expected at least one")
        reading = _photo_reading(model_folder)
        encoder = None if text_encoder is None else encoder_of_texts(text_encoder)
        _check_free(folder)
        near = near_identical(catalog)
        style = StyleSpace.fit(catalog, groups=near.groups, seed=seed, **reading)
        meaning = None if encoder is None else MeaningSpace.fit(encoder, catalog, seed)
        spaces = Spaces(style, words_of_catalog(catalog, style, seed), meaning)
        names = group_names(catalog.ids, near.pairs())
        named = [names[each] for each in catalog.ids]
        info: dict[str, Any] = {
            "model_sha256": manifest_sha256(model_folder),
            "catalog": catalog.fingerprint(),
            "seed": seed,
        }
        kept = kept_columns_of(catalog)
        info |= {"kept": [asdict(each) for each in kept]} if kept else {}
        schema = schema_of(spaces, kept=kept)
        several = catalog.photo_counts[catalog.photo_counts > 1]
        batches = batches_of(catalog, named, spaces, schema, kept, common=near.common)
        batches = _counted(batches, len(catalog) + int(several.sum()))
        return cls.write(folder, spaces, batches, schema, info)

    @classmethod
    def write(
        cls,
        folder: Path | str,
        spaces: Spaces,
        batches: Iterable["pa.RecordBatch"],
        schema: "pa.Schema",
        info: dict[str, Any],
    ) -> "Index":
        """Write an index of given rows; see `build`."""
        connection = database.connected(folder)
        address = database.address_of(folder)
        table = database.write_works(connection, schema, batches)
        build = schema.metadata[b"build"].decode()
        values = {**info, "version": INDEX_VERSION, "build": build, "works": table.count_rows(OF_WORKS)}
        values |= {} if spaces.meaning is None else {"text_encoder": spaces.meaning.values()}
        with database.speaking_plainly(address, "written"):
            _write_parts(connection, spaces, values)
        return cls(address, table, spaces, values)

    @classmethod
    def open(cls, folder: Path | str) -> "Index":
        """Open an index.

        Raises:
            MissingPartError: LanceDB is not installed.
            SearchError: There is no index, its build was cut short, or it is of another version.
            ModelFolderError: Its photos were seen through other weights than those at hand.
        """
        address = database.address_of(folder)
        if not remote_address(folder) and (trouble := why_not_a_folder(Path(folder))):
            raise SearchError(f"{trouble}; expected an index, as `Index.build` writes it")
        connection = database.connected(folder)
        with database.speaking_plainly(address, "read"):
            names = database.table_names(connection)
            if database.WORKS_TABLE not in names:
                raise SearchError(f"{folder} is not an index: no works in it; build it with `Index.build`")
            if database.PARTS_TABLE not in names:
                raise SearchError(f"{folder} is an index whose build was cut short; build it with `Index.build`")
            table = connection.open_table(database.WORKS_TABLE)
            spaces, info = _read_parts(connection, folder)
            if (table.schema.metadata or {}).get(b"build", b"").decode() != info["build"]:
                raise SearchError(f"{folder} is an index whose build was cut short; build it with `Index.build`")
        return cls(address, table, spaces, info)

    @property
    def model_sha256(self) -> str:
        """The SHA-256 of the manifest of the model that the index was built with."""
        return str(self.info["model_sha256"])

    @cached_property
    def kept(self) -> tuple[KeptColumn, ...]:
        """The kept columns of its works."""
        return tuple(KeptColumn(**each) for each in self.info.get("kept", ()))

    def __len__(self) -> int:
        return int(self.table.count_rows(OF_WORKS if self.has_photo_rows else None))

    @property
    def has_photo_rows(self) -> bool:
        """Whether some work has several photos, and so rows of its photos."""
        version = int(self.table.version)
        if version != self._counted[0]:
            self._counted = (version, self.table.count_rows(f"{OF} IS NOT NULL") > 0)
        return self._counted[1]

    def rows(self, ids: Iterable[str], columns: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """Rows of those ids that are in the index, by id (`database.rows_by_id`); all columns: kept ones as `kept`."""
        rows = database.rows_by_id(self.table, ids, columns)
        return {row["id"]: row for row in with_kept(rows.values(), self.kept)} if columns is None else rows

    def row(self, work_id: str) -> dict[str, Any]:
        """The row of a work.

        Raises:
            SearchError: There is no such work; the nearest ids are named.
        """
        rows = self.rows([work_id])
        if work_id not in rows:
            raise SearchError(f"no work has the id {work_id!r}{self._suggestion(work_id)}")
        return rows[work_id]

    def work(self, work_id: str) -> Work:
        """A work, with absolute paths of its photos.

        Raises:
            SearchError: There is no such work; the nearest ids are named.
        """
        return work_of(self.row(work_id))

    def catalog(self) -> Catalog:
        """All works, sorted by id, without their vectors."""
        names = {**{name: name for name in WORK_COLUMNS}, **{each.column: each.name for each in self.kept}}
        table = pl.from_arrow(self.table.search().where(OF_WORKS).select(list(names)).to_arrow())
        assert isinstance(table, pl.DataFrame)
        kept = {each.name: KINDS[each.kind] for each in self.kept}
        return Catalog(table.select(list(names)).rename(names).cast(pl.Schema({**SCHEMA, **kept})).sort("id"))

    def creators(self) -> dict[str, int]:
        """Every creator with the number of its works, by name."""
        names = pl.from_arrow(self.table.search().where(OF_WORKS).select(["creator"]).to_arrow()["creator"])
        assert isinstance(names, pl.Series)
        counts = names.drop_nulls().value_counts().sort(names.name)
        return {str(name): int(count) for name, count in counts.iter_rows()}

    def add(self, catalog: Catalog) -> int:
        """Add works, or replace those whose ids are known; returns the number of new works.

        A work is there wholly or not at all, however the process ends, and adding it again changes nothing.

        Raises:
            PhotoError: A photo can't be read.
            SearchError: The index can't be written to, or a kept column is of another kind in it.
        """
        before = len(self)
        add_works(self.table, self.spaces, self.schema, catalog, self.kept)
        return len(self) - before

    def remove(self, ids: Iterable[str]) -> int:
        """Remove works; returns how many were removed. Unknown ids are ignored.

        Raises:
            SearchError: The index can't be written to.
        """
        wanted, before = list(dict.fromkeys(ids)), len(self)
        with database.speaking_plainly(self.address, "written"):
            for start in range(0, len(wanted), database.IDS_AT_ONCE):
                some = wanted[start : start + database.IDS_AT_ONCE]
                self.table.delete(f"{among('id', some)} OR {among(OF, some)}")
        return before - len(self)

    @cached_property
    def schema(self) -> "pa.Schema":
        """The schema of the rows."""
        return schema_of(self.spaces, self.info["build"], self.kept)

    def _suggestion(self, work_id: str) -> str:
        from difflib import get_close_matches

        ids = self.table.search().where(OF_WORKS).select(["id"]).to_arrow()["id"].to_pylist()
        alike = [each for each in ids if abs(len(each) - len(work_id)) <= 2 and set(each[:2]) & set(work_id[:2])]
        near = get_close_matches(work_id, alike[: 20 * database.IDS_AT_ONCE], SUGGESTED)
        return (
            f"; near are {', '.join(near)}"
            if near
            else f"; the index holds {len(ids):,} works, such as {ids[0]!r}"
            if ids
            else ""
        )


def _photo_reading(model_folder: Path | str) -> dict[str, Any]:
    """The photo encoder and number format that a model uses; the default's where it reads no photos so."""
    from sakka.models.feature_model import PhotoFeatureModel
    from sakka.models.folder import load_model
    from sakka.networks.encoders import number_format

    photo = load_model(model_folder).reader("photo")
    if not isinstance(photo, PhotoFeatureModel):
        return {}
    encoders = [reading.encoder for reading in photo.readings()]
    return {"encoder": "+".join(each.name for each in encoders), "dtype": number_format(encoders)}


def _check_free(folder: Path | str) -> None:
    """Refuse a folder that holds something other than an index, before any long work is done."""
    if remote_address(folder):
        return
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise SearchError(f"{folder} is a file, expected a folder for the index; choose another name")
    if path.is_dir() and any(path.iterdir()) and not (path / "works.lance").is_dir():
        raise SearchError(f"{folder} exists and is not an index; choose another folder or remove it")


def _counted(batches: Iterator["pa.RecordBatch"], total: int) -> Iterator["pa.RecordBatch"]:
    with task("rows of the index", total=total) as running:
        for batch in batches:
            yield batch
            running.advance(batch.num_rows)


def _write_parts(connection: Any, spaces: Spaces, info: dict[str, Any]) -> None:
    import pyarrow as pa

    arrays = {**spaces.style.tensors(), **spaces.words.tensors()}
    arrays |= {} if spaces.meaning is None else spaces.meaning.tensors()
    content = save_tensors({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    described = {**info, "style": spaces.style.values(), "sha256": hashlib.sha256(content).hexdigest()}
    parts = {"name": [INFO, TENSORS], "content": [canonical_json(described).encode(), content]}
    schema = pa.schema([pa.field("name", pa.string()), pa.field("content", pa.large_binary())])
    connection.create_table(database.PARTS_TABLE, data=pa.table(parts, schema=schema), mode="overwrite")


def _read_parts(connection: Any, folder: Path | str) -> tuple[Spaces, dict[str, Any]]:
    rows = connection.open_table(database.PARTS_TABLE).to_arrow().to_pylist()
    parts = {row["name"]: row["content"] for row in rows}
    info = json.loads(parts[INFO])
    if info.get("version") != INDEX_VERSION:
        raise SearchError(
            f"{folder} is an index of version {info.get('version')}, expected {INDEX_VERSION}; build it again"
        )
    if hashlib.sha256(parts[TENSORS]).hexdigest() != info["sha256"]:
        raise SearchError(f"{folder} is damaged: {TENSORS} is not what {INFO} describes; build it again")
    tensors = load_tensors(parts[TENSORS])
    meaning = MeaningSpace.from_parts(info["text_encoder"], tensors) if "text_encoder" in info else None
    return Spaces(StyleSpace.from_parts(info["style"], tensors), WordSpace.from_tensors(tensors), meaning), info
