import multiprocessing
import os
import signal
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from studies.index_scale import Simulation
from tests.s3_server import put_objects, s3_server

from sakka.catalog.works import Catalog, Work
from sakka.errors import SearchError
from sakka.search import database, shards
from sakka.search.index import Index
from sakka.search.planning import plan_index
from sakka.search.shards import begin, forget_plan, merge, missing_shards, read_plan, write_shard, write_shards

INFO = {"model_sha256": "", "catalog": ""}
KILLED_AFTER = [
    ("sakka.search.database", "write_files", 2),  # the first shard is whole, of the second there is the file alone
    ("sakka.search.database", "name_files", 1),
    ("sakka.search.shards", "write_parts", 1),
]


def listed(count: int = 50) -> Catalog:
    """Works without a photo."""
    return Catalog.from_works(
        Work(f"work-{number:02}", creator=f"creator-{number % 7}", title=f"銀の花 {number}") for number in range(count)
    )


def rows_of(index: Index) -> pa.Table:
    """All rows in their order, photo rows included."""
    return index.table.to_arrow().replace_schema_metadata(None)


def data_files(index: Index) -> set[str]:
    """The names of the files that the present version of the table of works names."""
    options = {"allow_http": "true"} if index.address.startswith("s3:") else None
    fragments = database.lance_module().dataset(str(index.table.uri), storage_options=options).get_fragments()
    return {file.path for fragment in fragments for file in fragment.data_files()}


def segments(index: Index) -> set[str]:
    """The names of the parts that the database's indexes have."""
    return {segment.uuid for each in index.table.to_lance().describe_indices() for segment in each.segments}


def test_an_index_of_many_shards_holds_what_an_index_of_one_does(
    works: Catalog, index: Index, model_folder: Path, folder: Path
) -> None:
    sharded = Index.build(folder / "index", works, model_folder, shard_works=10)
    assert [len(data_files(each)) for each in (index, sharded)] == [1, 4]
    one, many = (rows_of(each).sort_by("id") for each in (index, sharded))
    vectors = ("style", "text", "seen", "seen_length")
    assert one.drop_columns(vectors) == many.drop_columns(vectors)
    for name in vectors[:3]:  # of other batches the last bit may differ
        flat = [table[name].combine_chunks().flatten().to_numpy() for table in (one, many)]
        np.testing.assert_allclose(*flat, atol=1e-5)
    assert sorted(database.table_names(database.connected(folder / "index"))) == ["parts", "works"]


def test_shards_written_by_several_in_any_order_and_twice_count_once(index: Index, folder: Path) -> None:
    one, other = (begin(folder / name, listed(), index.spaces, INFO, shard_works=20) for name in ("one", "other"))
    expected = rows_of(Index.from_plan(one, listed()))
    for number in (2, 0, 2, 1):
        plan = read_plan(folder / "other")
        assert plan is not None
        write_shard(plan, listed(), number)
    assert missing_shards(other) == []
    assert rows_of(Index.from_plan(other, listed())) == expected
    whole = Index.open(folder / "other")
    assert whole.catalog().ids == listed().ids
    assert database.file_names(whole.address) == data_files(whole)


def test_a_build_goes_on_with_the_shards_that_are_whole(works: Catalog, model_folder: Path, folder: Path) -> None:
    begun = Index.build(folder / "index", works, model_folder, shard_works=10)
    plan = plan_index(folder / "index", works, model_folder, shard_works=10)
    write_shards(plan, works, [0, 1])
    assert missing_shards(plan) == [2, 3]
    assert len(Index.open(folder / "index")) == 36  # the old index answers until the new one is merged
    before = database.file_names(begun.address)
    again = Index.build(folder / "index", works, model_folder, shard_works=10)
    assert again.info["build"] == plan.info["build"] != begun.info["build"]
    assert len(data_files(again) & before) == 2


def test_an_index_whose_next_build_is_cut_short_before_its_last_step_answers_as_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = Simulation.of(60)
    first = Index.from_plan(simulation.begin(folder / "index", 20), simulation.catalog)
    rows, plan = first.table.to_arrow(), simulation.begin(folder / "index", 20)
    with monkeypatch.context() as patch:
        patch.setattr(shards, "write_parts", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            Index.from_plan(plan, simulation.catalog)
    opened = Index.open(folder / "index")
    assert opened.info["build"] == first.info["build"] != plan.info["build"]
    assert opened.table.to_arrow() == rows
    first.table.checkout_latest()  # as it does by itself, some time later
    assert len(first) == len(opened) == 60
    with pytest.raises(SearchError, match="was built anew; open it again"):
        opened.remove(simulation.catalog.ids[:1])
    whole = Index.from_plan(plan, simulation.catalog)
    assert Index.open(folder / "index").info["build"] == whole.info["build"] == plan.info["build"]
    assert database.file_names(whole.address) >= data_files(whole)
    first.table.checkout_latest()
    with pytest.raises(SearchError, match="was built anew; open it again"):
        len(first)


def test_a_plan_of_something_else_is_not_gone_on_with(works: Catalog, model_folder: Path, folder: Path) -> None:
    begun = begin(folder / "index", works, Index.build(folder / "other", works, model_folder).spaces, INFO)
    index = Index.build(folder / "index", works.take(range(30)), model_folder)
    assert index.info["build"] != begun.info["build"]
    assert len(index) == 30


def test_a_shard_whose_file_is_gone_is_missing_and_nothing_is_merged_without_it(index: Index, folder: Path) -> None:
    plan = begin(folder / "index", listed(), index.spaces, INFO, shard_works=20)
    write_shards(plan, listed(), [0, 1, 2])
    next((folder / "index" / "works.lance" / "data").iterdir()).unlink()
    assert len(missing_shards(plan)) == 1
    with pytest.raises(SearchError, match="1 of 3 shards of the index"):
        merge(plan)
    with pytest.raises(SearchError, match="build was cut short"):
        Index.open(folder / "index")
    assert len(Index.from_plan(plan, listed())) == 50


def test_another_catalog_than_the_planned_one_is_refused(index: Index, folder: Path) -> None:
    begin(folder / "index", listed(), index.spaces, INFO)
    plan = read_plan(folder / "index")
    assert plan is not None
    other = Catalog.from_works([*listed(49), Work("work-49", title="金の月")])
    for catalog in (listed(49), other):
        refused = f"got a catalog of {len(catalog)} works, expected the one of 50 works"
        with pytest.raises(SearchError, match=refused):
            write_shard(plan, catalog, 0)
        with pytest.raises(SearchError, match=refused):
            Index.from_plan(plan, catalog)


def test_a_build_that_another_one_has_replaced_ends_and_leaves_the_other_its_plan(index: Index, folder: Path) -> None:
    old, new = (begin(folder / "index", listed(count), index.spaces, INFO, shard_works=20) for count in (50, 30))
    with pytest.raises(SearchError, match=r"another build of the index .* has begun"):
        write_shard(old, listed(), 0)
    with pytest.raises(SearchError, match=r"another build of the index .* has begun"):
        merge(old)
    forget_plan(database.connected(folder / "index"), old.info["build"])
    assert read_plan(folder / "index") is not None
    assert len(Index.from_plan(new, listed(30))) == 30
    merge(new)  # again, where nothing is left to do
    with pytest.raises(SearchError, match=r"another build of the index .* has begun"):
        merge(old)


def test_works_added_leave_the_files_of_whole_shards_and_what_is_indexed_as_they_are(
    index: Index, folder: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "SHARD_WORKS", 20)
        plan = begin(folder / "index", listed(), index.spaces, INFO, shard_works=20)
        built = Index.from_plan(plan, listed())
        before, indexed = data_files(built), segments(built)
        built.add(Catalog.from_works(Work(f"new-{number}", title="金の月") for number in range(5)))
        database.take_in_changes(built.table)
    assert before < data_files(built)
    assert indexed < segments(built)
    assert len(built) == 55


def go_on(address: str, environment: dict[str, str], module: str, step: str, times: int) -> None:
    """Go on with a build, and be killed when a step of it has been done so many times."""
    os.environ.update(environment)
    real, left = getattr(import_module(module), step), iter(range(times - 1, -1, -1))

    def dying(*given: Any, **named: Any) -> Any:
        done = real(*given, **named)
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(import_module(module), step, dying)
    plan = read_plan(address)
    assert plan is not None
    Index.from_plan(plan, listed())


def test_a_build_below_an_address_that_is_killed_at_every_step_loses_and_doubles_nothing(
    index: Index, folder: Path
) -> None:
    plain = Index.from_plan(begin(folder / "index", listed(), index.spaces, INFO, shard_works=20), listed())
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.search.test_shards"])
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as endpoint:
        put_objects(endpoint, "bucket", {})
        begin("s3://bucket/index", listed(), index.spaces, INFO, shard_works=20)
        environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        for step in KILLED_AFTER:
            process = processes.Process(target=go_on, args=("s3://bucket/index", environment, *step))
            process.start()
            process.join()
            assert process.exitcode == -signal.SIGKILL
        plan = read_plan("s3://bucket/index")
        assert plan is not None
        whole = Index.from_plan(plan, listed())
        assert rows_of(Index.open("s3://bucket/index")) == rows_of(plain)
        assert database.file_names("s3://bucket/index") == data_files(whole)
