"""The works of an index, written in shards that any process can write, and merged without writing a row again.

A shard is a fixed stretch of the catalog's rows, so that what an index holds does not depend on who wrote which shard.
Two LanceDB tables stand beside the index until it is built:

    plan      as `parts` (`parts.py`), and `plan.json`: what is to be written, how vectors are made
    shards    one row a shard that is whole: the build, its number, the data files (JSON), written last

`write_shard` writes a shard's rows as data files of the table of works that no version of it names yet. `merge` makes
the one version that names the files of all shards, in their order, then the database's indexes, then writes the parts,
by which the new index takes the place of an old one, then removes files that no version names: those of shards that
were cut short. Each step is there wholly or not at all and is repeated by who
goes on: a shard is written again where its row or a file of it is missing, a merge where the table of works is not of
this build.

Source: https://lance.org/guide/distributed_write/
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog
from sakka.engines.engine import current_engine
from sakka.errors import SearchError
from sakka.files import canonical_json
from sakka.progress import task
from sakka.search import database
from sakka.search.kept_columns import KeptColumn
from sakka.search.parts import INDEX_VERSION, build_in, contents, spaces_and_info, write_parts
from sakka.search.records import Spaces, batches_of, schema_of

if TYPE_CHECKING:
    import pyarrow as pa

PLAN_TABLE, SHARDS_TABLE = "plan", "shards"
PLAN = "plan.json"
NO_COMMON = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True)
class IndexPlan:
    """What is to be written to an index, by whomever.

    Attributes:
        address: The index: its folder, or its address in an object store.
        spaces: How vectors are made.
        info: What the index will say of itself; `build` names this build, `works` is how many works there are.
        key: What the plan was made from; a build that is asked for the same goes on with it.
        shard_works: How many works a shard has; the last has what is left.
        groups: The group of each work that has another name than the work's id.
        common: The photos that don't count for a work's own vectors: its row and the number of the photo, shape (n, 2).
        fingerprint: Of the catalog that it was made for, with its kept columns.
    """

    address: str
    spaces: Spaces = field(repr=False)
    info: dict[str, Any]
    key: str = ""
    shard_works: int = database.SHARD_WORKS
    groups: Mapping[str, str] = field(default_factory=dict, repr=False)
    common: IntArray = field(default_factory=NO_COMMON.copy, repr=False)
    fingerprint: str = ""

    @property
    def n_shards(self) -> int:
        """How many shards there are."""
        return -(-int(self.info["works"]) // self.shard_works)

    @cached_property
    def kept(self) -> tuple[KeptColumn, ...]:
        """The kept columns of the works."""
        return tuple(KeptColumn(**each) for each in self.info.get("kept", ()))

    @cached_property
    def schema(self) -> "pa.Schema":
        """The schema of the table of works."""
        return schema_of(self.spaces, self.info["build"], self.kept)

    def rows(self, number: int) -> IntArray:
        """The rows of the catalog that a shard has."""
        start = number * self.shard_works
        return np.arange(start, min(start + self.shard_works, int(self.info["works"])))


def begin(
    folder: Path | str,
    works: Catalog,
    spaces: Spaces,
    info: Mapping[str, Any],
    *,
    key: str = "",
    groups: Mapping[str, str] = MappingProxyType({}),
    common: IntArray = NO_COMMON,
    shard_works: int = database.SHARD_WORKS,
) -> IndexPlan:
    """Make the plan of an index and write it, in the place of an earlier one.

    Args:
        folder: Where the index will stand.
        works: The works.
        spaces: How vectors are made.
        info: What the index will say of itself.
        key: See `IndexPlan`.
        groups: The name of each work's group of near-identical works; one that is missing is named by the work's id.
        common: See `IndexPlan`.
        shard_works: How many works a shard has.

    Raises:
        MissingPartError: LanceDB is not installed.
        SearchError: The index can't be written to.
    """
    import pyarrow as pa

    own = {**info, "version": INDEX_VERSION, "build": uuid.uuid4().hex, "works": len(works)}
    own |= {} if spaces.meaning is None else {"text_encoder": spaces.meaning.values()}
    others = {each: name for each, name in groups.items() if name != each}
    fingerprint = works.fingerprint(works.kept)
    plan = IndexPlan(database.address_of(folder), spaces, own, key, shard_works, others, common, fingerprint)
    more = {"key": key, "shard_works": shard_works, "groups": others, "common": common.tolist()}
    more |= {"fingerprint": fingerprint}
    connection = database.connected(folder)
    empty = pa.schema([("build", pa.string()), ("number", pa.int64()), ("files", pa.string())])
    with database.speaking_plainly(plan.address, "written"):
        connection.create_table(SHARDS_TABLE, schema=empty, mode="overwrite")
        write_parts(connection, PLAN_TABLE, spaces, own, {PLAN: canonical_json(more).encode()})
    return plan


def read_plan(folder: Path | str, key: str | None = None) -> IndexPlan | None:
    """The plan of an index that is being built; None where there is none, or none of that key (None: of any).

    Raises:
        MissingPartError: LanceDB is not installed.
        SearchError: The plan can't be read.
        ModelFolderError: Its photos were seen through other weights than those at hand.
    """
    connection = database.connected(folder)
    address = database.address_of(folder)
    with database.speaking_plainly(address, "read"):
        if PLAN_TABLE not in database.table_names(connection):
            return None
        parts = contents(connection, PLAN_TABLE)
        more = json.loads(parts[PLAN])
    if key is not None and more["key"] != key:
        return None
    spaces, info = spaces_and_info(parts, folder)
    common = np.array(more["common"], dtype=np.int64).reshape(-1, 2)
    groups, fingerprint = more["groups"], more["fingerprint"]
    return IndexPlan(address, spaces, info, more["key"], more["shard_works"], groups, common, fingerprint)


def write_shard(plan: IndexPlan, works: Catalog, number: int) -> None:
    """Write one shard; any process may, and one that is written twice counts once.

    Args:
        plan: The plan (`read_plan`).
        works: The catalog that the plan was made for.
        number: Which shard, from 0.

    Raises:
        PhotoError: A photo can't be read.
        SearchError: The catalog is another, another build has begun, or the index can't be written to.
    """
    _require_planned(plan, works)
    _keep_shard(plan, number, shard_rows(number, plan, works))


def shard_rows(number: int, plan: IndexPlan, works: Catalog) -> Iterator["pa.RecordBatch"]:
    """The rows of a shard in batches; see `write_shard`."""
    rows = plan.rows(number)
    some = works.take(rows)
    common = plan.common[np.isin(plan.common[:, 0], rows)] - [rows[0], 0]
    groups = [plan.groups.get(each, each) for each in some.ids]
    yield from batches_of(some, groups, plan.spaces, plan.schema, plan.kept, common=common)


def _require_planned(plan: IndexPlan, works: Catalog) -> None:
    """Refuse another catalog than the one that a plan was made for.

    Raises:
        SearchError: The catalog is another.
    """
    if len(works) != plan.info["works"] or works.fingerprint(works.kept) != plan.fingerprint:
        raise SearchError(
            f"got a catalog of {len(works):,} works, expected the one of {plan.info['works']:,} works that the index "
            "is being built of; give that one, or build the index again from its start"
        )


def _keep_shard(plan: IndexPlan, number: int, batches: Iterable["pa.RecordBatch"]) -> None:
    import pyarrow as pa

    files = database.write_files(plan.address, plan.schema, batches)
    row = {"build": [plan.info["build"]], "number": [number], "files": [json.dumps(files)]}
    connection = database.connected(plan.address)
    if build_in(connection, PLAN_TABLE) != plan.info["build"]:
        raise _superseded(plan)
    with database.speaking_plainly(plan.address, "written"):
        connection.open_table(SHARDS_TABLE).add(pa.table(row))


def write_shards(plan: IndexPlan, works: Catalog, numbers: Sequence[int]) -> None:
    """Write shards, whose rows the engine in place makes (`engines/`); this process writes them.

    Raises:
        PhotoError: A photo can't be read.
        SearchError: As `write_shard`.
    """
    _require_planned(plan, works)
    several = np.where(works.photo_counts > 1, works.photo_counts, 0)
    rows = np.concatenate([plan.rows(each) for each in numbers]) if numbers else np.zeros(0, dtype=np.int64)
    engine = current_engine()
    if engine.elsewhere:
        plan.spaces.fill_cache(works.take(rows))
    batches = engine.units(partial(shard_rows, plan=plan, works=works), numbers)
    with task("rows of the index", total=len(rows) + int(several[rows].sum())) as running, closing(batches):
        for number, of_shard in groupby(batches, key=itemgetter(0)):
            _keep_shard(plan, number, _counted((batch for _, batch in of_shard), running.advance))


def missing_shards(plan: IndexPlan) -> list[int]:
    """The numbers of the shards that are not whole.

    Raises:
        SearchError: The database can't be read.
    """
    return sorted(set(range(plan.n_shards)) - set(_whole_shards(plan)))


def merge(plan: IndexPlan) -> Any:
    """Make the table of works of its shards, with the database's indexes; returns it. Repeating it changes nothing.

    Raises:
        SearchError: A shard is missing, another build has begun, or the index can't be written to.
    """
    shards = _whole_shards(plan)
    connection = database.connected(plan.address)
    planned = build_in(connection, PLAN_TABLE)
    if planned != plan.info["build"] and not (planned is None and database.is_of_build(connection, plan.info["build"])):
        raise _superseded(plan)
    if not database.is_of_build(connection, plan.info["build"]):
        if missing := set(range(plan.n_shards)) - set(shards):
            raise SearchError(
                f"{len(missing):,} of {plan.n_shards:,} shards of the index {plan.address} are missing; "
                "write them first; `Index.build` writes all"
            )
        database.name_files(plan.address, plan.schema, [each for number in sorted(shards) for each in shards[number]])
    with database.speaking_plainly(plan.address, "written"):
        table = connection.open_table(database.WORKS_TABLE)
        database.make_indexes(table)
        write_parts(connection, database.PARTS_TABLE, plan.spaces, plan.info)
        forget_plan(connection, plan.info["build"])
    database.remove_unnamed(plan.address)  # not before: until now the old index was whole
    return table


def forget_plan(connection: Any, build: str) -> None:
    """Drop what only a build needs; what another one needs stays."""
    if build_in(connection, PLAN_TABLE) not in (build, None):
        return
    names = database.table_names(connection)
    for name in (PLAN_TABLE, SHARDS_TABLE):
        if name in names:
            connection.drop_table(name)


def _superseded(plan: IndexPlan) -> SearchError:
    return SearchError(
        f"another build of the index {plan.address} has begun since, so this one was given up; "
        "let one build at a time write to it"
    )


def _whole_shards(plan: IndexPlan) -> dict[int, list[dict[str, Any]]]:
    """The files of each shard that is whole, by its number."""
    connection = database.connected(plan.address)
    with database.speaking_plainly(plan.address, "read"):
        if SHARDS_TABLE not in database.table_names(connection):
            return {}
        rows = connection.open_table(SHARDS_TABLE).to_arrow().to_pylist()
    there = database.file_names(plan.address)
    shards: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        files = json.loads(row["files"])
        if row["build"] == plan.info["build"] and database.names_of(files) <= there:
            shards.setdefault(row["number"], files)
    return shards


def _counted(batches: Iterable["pa.RecordBatch"], advance: Callable[[int], None]) -> Iterable["pa.RecordBatch"]:
    for batch in batches:
        yield batch
        advance(batch.num_rows)
