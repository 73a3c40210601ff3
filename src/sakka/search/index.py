"""The index of a catalog: built, opened, added to and taken from.

INDEX/works.lance, INDEX/parts.lance        (`database.py`)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from sakka.catalog.works import SCHEMA, Catalog, Work
from sakka.errors import SearchError
from sakka.files import as_written, remote_address, why_not_a_folder
from sakka.search import database
from sakka.search.adding import add_works
from sakka.search.kept_columns import KINDS, KeptColumn, with_kept
from sakka.search.parts import build_in, contents, spaces_and_info
from sakka.search.planning import plan_index
from sakka.search.records import OF, OF_WORKS, WORK_COLUMNS, Spaces, schema_of, work_of
from sakka.search.shards import IndexPlan, merge, missing_shards, write_shards
from sakka.search.sql import among

if TYPE_CHECKING:
    import pyarrow as pa

SUGGESTED = 3
WriteShards = Callable[[IndexPlan, Catalog, Sequence[int]], None]


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
        shard_works: int = database.SHARD_WORKS,
    ) -> "Index":
        """Learn the spaces from a catalog and write the index of its works, replacing an index that is already there.

        A build that was cut short goes on when it is asked for again.

        Args:
            folder: Where the index will stand: a folder, or an address such as `s3://bucket/index`.
            catalog: The works.
            model_folder: A fitted model, whose photo network is used and whose SHA-256 the index remembers.
            seed: Draws which works the spaces are learned from.
            text_encoder: The encoder by which words are found in texts of another language too; None: none.
            shard_works: How many works are written at a time, of which a build that goes on keeps what is whole.

        Raises:
            MissingPartError: LanceDB, or what the text encoder needs, is not installed.
            ModelError: No text encoder has such a name.
            ModelFolderError: The model can't be read.
            PhotoError: A photo can't be read.
            SearchError: The folder holds something else, or there are no works.
        """
        plan = plan_index(folder, catalog, model_folder, seed=seed, text_encoder=text_encoder, shard_works=shard_works)
        return cls.from_plan(plan, catalog)

    @classmethod
    def from_plan(cls, plan: IndexPlan, catalog: Catalog, write: WriteShards = write_shards) -> "Index":
        """Write what is missing of an index that has a plan, and make it whole.

        Args:
            plan: The plan (`shards.begin`, `shards.read_plan`).
            catalog: The works that it was made for.
            write: Writes the shards of some numbers; here, one after another, unless said otherwise.

        Raises:
            PhotoError: A photo can't be read.
            SearchError: The index can't be written to.
        """
        write(plan, catalog, missing_shards(plan))
        return cls(plan.address, merge(plan), plan.spaces, plan.info)

    @classmethod
    def open(cls, folder: Path | str) -> "Index":
        """Open an index.

        Raises:
            MissingPartError: LanceDB is not installed.
            SearchError: There is no index, its build was cut short, or it is of another version.
            ModelFolderError: Its photos were seen through other weights than those at hand.
        """
        address, shown = database.address_of(folder), as_written(folder)
        if not remote_address(folder) and (trouble := why_not_a_folder(Path(folder))):
            raise SearchError(f"{trouble}; expected an index, as `Index.build` writes it")
        connection = database.connected(folder)
        with database.speaking_plainly(address, "read"):
            names = database.table_names(connection)
            if database.WORKS_TABLE not in names:
                raise SearchError(f"{shown} is not an index: no works in it; build it with `Index.build`")
            if database.PARTS_TABLE not in names:
                raise SearchError(f"{shown} is an index whose build was cut short; build it with `Index.build`")
            table = connection.open_table(database.WORKS_TABLE)
            spaces, info = spaces_and_info(contents(connection, database.PARTS_TABLE), folder)
            if not database.turn_to_build(table, info["build"]):
                raise SearchError(f"{shown} is an index whose build was cut short; build it with `Index.build`")
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
        works = OF_WORKS if self.has_photo_rows else None
        with database.speaking_plainly(self.address, "read"):
            return int(self.table.count_rows(works))

    @property
    def has_photo_rows(self) -> bool:
        """Whether some work has several photos, and so rows of its photos.

        Raises:
            SearchError: The index was built anew since it was opened: its spaces are not those of the rows.
            IndexDatabaseError: It is damaged or gone.
        """
        with database.speaking_plainly(self.address, "read"):
            version = int(self.table.version)
            if version != self._counted[0]:
                self._follow()
                self._counted = (int(self.table.version), self.table.count_rows(f"{OF} IS NOT NULL") > 0)
        return self._counted[1]

    def _follow(self) -> None:
        """Turn to the newest version, or to the newest of this build while another one is not whole."""
        build = self.info["build"]
        whole = build_in(database.connected(self.address), database.PARTS_TABLE)
        if whole != build or not database.turn_to_build(self.table, build):
            raise SearchError(f"the index of {self.table.uri} was built anew; open it again")

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
        table = self._of_works(list(names))
        kept = {each.name: KINDS[each.kind] for each in self.kept}
        return Catalog(table.select(list(names)).rename(names).cast(pl.Schema({**SCHEMA, **kept})).sort("id"))

    def creators(self) -> dict[str, int]:
        """Every creator with the number of its works, by name."""
        counts = self._of_works(["creator"])["creator"].drop_nulls().value_counts().sort("creator")
        return {str(name): int(count) for name, count in counts.iter_rows()}

    def add(self, catalog: Catalog) -> int:
        """Add works, or replace those whose ids are known; returns the number of new works.

        A work is there wholly or not at all, however the process ends, and adding it again changes nothing.

        Raises:
            PhotoError: A photo can't be read.
            SearchError: The index can't be written to, was built anew since it was opened, or has a kept column of
                another kind.
        """
        before = len(self)
        add_works(self.table, self.spaces, self.schema, catalog, self.kept)
        return len(self) - before

    def remove(self, ids: Iterable[str]) -> int:
        """Remove works; returns how many were removed. Unknown ids are ignored.

        Raises:
            SearchError: The index can't be written to, or was built anew since it was opened.
        """
        wanted, before = list(dict.fromkeys(ids)), len(self)
        database.require_build(self.table, self.info["build"])
        with database.speaking_plainly(self.address, "written"):
            for start in range(0, len(wanted), database.IDS_AT_ONCE):
                some = wanted[start : start + database.IDS_AT_ONCE]
                self.table.delete(f"{among('id', some)} OR {among(OF, some)}")
        return before - len(self)

    @cached_property
    def schema(self) -> "pa.Schema":
        """The schema of the rows."""
        return schema_of(self.spaces, self.info["build"], self.kept)

    def _of_works(self, columns: list[str]) -> pl.DataFrame:
        """Some columns of all works."""
        with database.speaking_plainly(self.address, "read"):
            table = pl.from_arrow(self.table.search().where(OF_WORKS).select(columns).to_arrow())
        assert isinstance(table, pl.DataFrame)
        return table

    def _suggestion(self, work_id: str) -> str:
        from difflib import get_close_matches

        ids = self._of_works(["id"])["id"].to_list()
        alike = [each for each in ids if abs(len(each) - len(work_id)) <= 2 and set(each[:2]) & set(work_id[:2])]
        near = get_close_matches(work_id, alike[: 20 * database.IDS_AT_ONCE], SUGGESTED)
        return (
            f"; near are {', '.join(near)}"
            if near
            else f"; the index holds {len(ids):,} works, such as {ids[0]!r}"
            if ids
            else ""
        )
