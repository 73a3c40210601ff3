import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from lancedb.index import BTree, IvfSq
from studies.index_scale import seconds_to_add
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.copies.groups import group_names
from sakka.errors import PhotoError, SearchError
from sakka.models.folder import load_model
from sakka.search import database
from sakka.search.find import similar
from sakka.search.index import Index


def again(works: Catalog, rows: list[int], suffix: str) -> Catalog:
    """The works at some rows once more, under other ids."""
    root = works.photo_root
    assert root is not None
    return Catalog.from_works(
        replace(work, id=work.id + suffix, photos=tuple(str(root / photo) for photo in work.photos))
        for work in works.take(rows)
    )


def test_an_index_holds_each_work_of_the_catalog_with_absolute_photo_paths(index: Index, works: Catalog) -> None:
    assert len(index) == len(works) == 36
    assert index.catalog().ids == sorted(works.ids)
    for work in works.take([0, 7, 35]):
        found = index.work(work.id)
        assert replace(found, photos=work.photos) == work
        assert list(found.photos) == [str(works.photo_root / photo) for photo in work.photos]  # type: ignore[operator]
    assert index.creators() == dict.fromkeys(works.creators, 6)


def test_an_index_knows_the_model_that_it_was_built_with(index: Index, model_folder: Path) -> None:
    assert index.model_sha256 == load_model(model_folder).manifest_sha256_


def test_vectors_are_unit_length_and_a_work_without_a_photo_has_none_of_style(index: Index, works: Catalog) -> None:
    rows = index.rows(works.ids)
    for work in works:
        row = rows[work.id]
        assert (row["style"] is None) == (row["seen"] is None) == (not work.photos)
        assert np.linalg.norm(row["text"]) == pytest.approx(1, abs=1e-5)
        if row["style"] is not None:
            assert np.linalg.norm(row["style"]) == pytest.approx(1, abs=1e-5)


def test_the_same_works_give_the_same_vectors(index: Index, works: Catalog, model_folder: Path, folder: Path) -> None:
    other = Index.build(folder / "other", works, model_folder)
    for name in ("style", "text", "seen"):
        assert other.row("work-03-004")[name] == index.row("work-03-004")[name]


def test_an_index_below_an_address_is_the_index_of_the_folder(built: Path) -> None:
    assert len(Index.open(f"file://{built}")) == 36


def test_an_unknown_work_is_refused_with_ids_that_are_near(index: Index) -> None:
    with pytest.raises(SearchError, match="no work has the id 'work-01-03'; near are work-01-003"):
        index.work("work-01-03")
    with pytest.raises(SearchError, match="no work has the id"):
        index.work("'; DROP TABLE works; --")


def test_what_is_no_index_is_refused(folder: Path, works: Catalog, model_folder: Path) -> None:
    with pytest.raises(SearchError, match="there is no folder"):
        Index.open(folder / "none")
    with pytest.raises(SearchError, match="is not an index: no works in it"):
        Index.open(folder)
    (folder / "note.txt").write_text("mine")
    with pytest.raises(SearchError, match="exists and is not an index"):
        Index.build(folder, works, model_folder)
    with pytest.raises(SearchError, match="a catalog of 0 works"):
        Index.build(folder / "index", works.take([]), model_folder)


def test_a_damaged_space_is_refused(own_index: Index) -> None:
    connection = database.connected(own_index.address)
    parts = {row["name"]: row["content"] for row in connection.open_table("parts").to_arrow().to_pylist()}
    parts["space.safetensors"] = parts["space.safetensors"][:-1] + b"!"
    table = pa.table({"name": list(parts), "content": list(parts.values())})
    connection.create_table("parts", data=table, mode="overwrite")
    with pytest.raises(SearchError, match=r"is damaged: space\.safetensors"):
        Index.open(own_index.address)


def test_a_photo_that_can_not_be_read_ends_a_build_with_its_own_error(
    works: Catalog, model_folder: Path, folder: Path
) -> None:
    fresh = tiny_catalog(folder / "photos", creators=2, works=3, seed=8)
    fresh.photo_paths[1].write_bytes(b"no photo")  # type: ignore[union-attr]
    with pytest.raises(PhotoError, match="photo-01-000"):
        Index.build(folder / "index", fresh, model_folder)


def test_added_works_are_found_and_adding_them_again_changes_nothing(
    own_index: Index, works: Catalog, folder: Path
) -> None:
    fresh = tiny_catalog(folder / "new", creators=7, works=2, seed=5)
    new = Catalog.from_works([replace(w, id=f"new-{w.id}", photos=(str(folder / "new" / w.photos[0]),)) for w in fresh])
    assert own_index.add(new) == 14
    assert len(own_index) == 50
    before = own_index.rows(new.ids)
    assert own_index.add(new) == 0
    assert len(Index.open(own_index.address)) == 50
    assert own_index.rows(new.ids) == before


def test_a_work_that_is_added_under_a_known_id_replaces_the_old_one(own_index: Index, works: Catalog) -> None:
    assert own_index.add(Catalog.from_works([Work("work-00-001", creator="Mori", title="銀の月")])) == 0
    assert own_index.work("work-00-001") == Work("work-00-001", creator="Mori", title="銀の月")
    assert len(own_index) == 36


def test_a_copy_that_is_added_joins_the_group_of_its_original(own_index: Index, works: Catalog) -> None:
    own_index.add(again(works, [13, 20], "-copy"))
    groups = {each: row["near_identical"] for each, row in own_index.rows(own_index.catalog().ids).items()}
    for row in (13, 20):
        assert groups[f"{works.ids[row]}-copy"] == groups[works.ids[row]]
    assert len(set(groups.values())) == len(set(groups.values()) - set(own_index.rows(["-"])))


def test_a_group_is_named_after_the_first_of_those_it_joins() -> None:
    old = {"b": "g2", "c": "g1", "d": "g3"}
    named = group_names(["a", "b", "c", "d"], np.array([[0, 1], [0, 2]]), old)
    assert named == {"a": "g1", "b": "g1", "c": "g1", "d": "g3"}
    assert group_names(["x", "y"], np.array([[0, 1]])) == {"x": "x", "y": "x"}


def test_the_study_of_large_indexes_leaves_an_index_as_it_was(own_index: Index) -> None:
    before = own_index.catalog().ids
    assert all(seconds > 0 for seconds in seconds_to_add(own_index, 3))
    assert own_index.catalog().ids == before


def test_removed_works_are_gone_and_removing_them_again_is_no_error(own_index: Index) -> None:
    assert own_index.remove(["work-00-001", "work-00-002", "unknown", "it's"]) == 2
    assert own_index.remove(["work-00-001"]) == 0
    assert len(Index.open(own_index.address)) == 34
    with pytest.raises(SearchError):
        own_index.work("work-00-001")


def test_an_index_that_is_built_anew_is_not_asked_with_its_old_spaces_nor_written_to(
    own_index: Index, works: Catalog, model_folder: Path
) -> None:
    stale = [Index.open(own_index.address) for _ in range(3)]
    assert all(len(similar(each, "work-02-003")) == 10 for each in stale)
    rebuilt = Index.build(own_index.address, works.take(range(30)), model_folder)
    before = rebuilt.table.to_arrow()
    new = Catalog.from_works([Work("new", title="銀の月")])
    adds: list[Callable[[], object]] = [lambda: stale[0].add(new), lambda: stale[1].remove(["work-02-003"])]
    for write in adds:
        with pytest.raises(SearchError, match="was built anew; open it again"):
            write()
    stale[2].table.checkout_latest()  # as it does by itself, some time later
    with pytest.raises(SearchError, match="was built anew; open it again"):
        similar(stale[2], "work-02-003")
    assert Index.open(own_index.address).table.to_arrow() == before
    assert rebuilt.add(new) == 1


def test_rows_with_the_vectors_of_another_build_are_not_written(own_index: Index) -> None:
    rows = own_index.table.to_arrow().replace_schema_metadata({"build": "another"})
    with pytest.raises(SearchError, match="was built anew"):
        database.upsert(own_index.table, rows)


ADDS = """
import sys
from tests.search.test_index import from_outside
from sakka.search.index import Index
index = Index.open(sys.argv[1])
for number in range(1000):
    index.add(from_outside(number, sys.argv[2:]))
    index.remove([f"outside-{number}-0"])
    index.add(from_outside(number, sys.argv[2:4]).take([1]))
    print("ready", flush=True)
"""


def from_outside(number: int, photos: Sequence[str]) -> Catalog:
    """Three works of some photos."""
    own = tuple(photos)
    return Catalog.from_works(Work(f"outside-{number}-{each}", f"{number} {each}", photos=own) for each in range(3))


def test_a_process_killed_while_it_adds_and_removes_loses_and_doubles_nothing(own_index: Index, works: Catalog) -> None:
    photos = [str(path) for path in works.photo_paths[-3:]]
    with Running(own_index.address, photos) as process:
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGKILL)
    index = Index.open(own_index.address)
    rows = index.table.search().select(["id", "work", "photo"]).to_arrow().to_pylist()
    assert len(rows) == len({row["id"] for row in rows})
    ids = [row["id"] for row in rows if row["work"] is None]
    photos_of: dict[str, list[int]] = {}
    for row in rows:
        if row["work"] is not None:
            photos_of.setdefault(row["work"], []).append(row["photo"])
    assert set(photos_of) <= set(ids)
    assert len([each for each in ids if each.startswith("work-")]) == 36
    outside = {int(each.split("-")[1]) for each in ids if each.startswith("outside-")}
    for number in outside:  # of each addition all three are there, or two where one was removed since
        of_it = sorted(each for each in ids if each.startswith(f"outside-{number}-"))
        assert of_it in ([f"outside-{number}-{each}" for each in range(start, 3)] for start in (0, 1))
        assert [sorted(photos_of[each]) for each in of_it[-2:]] in ([[0, 1, 2]] * 2, [[0, 1], [0, 1, 2]])


class Running:
    """A process that adds and removes, from when it is ready."""

    def __init__(self, address: str, photos: Sequence[str]) -> None:
        command = [sys.executable, "-c", ADDS, address, *photos]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "subprocess.Popen[str]":
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(autouse=True)
def _python_path(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root / "src"), str(root)]))


def test_rows_without_vectors_join_a_vector_index_of_many_partitions(folder: Path) -> None:
    columns = ("style", "text", "seen")
    schema = pa.schema([("id", pa.string()), *((name, pa.list_(pa.float32(), 8)) for name in columns)])
    vectors = list(np.random.default_rng(0).standard_normal((3000, 8), dtype=np.float32))
    rows = {"id": [f"{number}" for number in range(3000)], **dict.fromkeys(columns, vectors)}
    table = database.connected(folder).create_table("works", pa.table(rows, schema=schema))
    for name in columns:
        table.create_index(name, config=IvfSq(distance_type="l2", num_partitions=16))
    silent = {"id": [f"silent-{number}" for number in range(500)], **dict.fromkeys(columns, [None] * 500)}
    database.upsert(table, pa.table(silent, schema=schema))
    database.take_in_changes(table)
    assert table.count_rows() == 3500
    found = table.search(vectors[7], vector_column_name="style").distance_type("l2").limit(1).to_list()
    assert found[0]["id"] == "7"


def test_an_index_has_few_segments_however_often_works_are_added_and_finds_each(folder: Path) -> None:
    schema = pa.schema([("id", pa.string()), ("style", pa.list_(pa.float32(), 8))])
    vectors = np.random.default_rng(0).standard_normal((3900, 8), dtype=np.float32)
    parts = [
        pa.table({"id": [f"{row}" for row in rows], "style": list(vectors[rows])}, schema=schema)
        for rows in np.split(np.arange(3900), range(3000, 3900, 100))
    ]
    table = database.connected(folder).create_table("works", parts[0])
    table.create_index("id", config=BTree())
    table.create_index("style", config=IvfSq(distance_type="l2", num_partitions=16))
    segments = []
    for part in parts[1:]:
        database.upsert(table, part)
        database.take_in_changes(table)
        segments.append(database.rows_of_segments(table.to_lance())["style_idx"])
    alone = [[3000, 100], [3000, 200], [3000, 300], [3000, 400], [3000, 500]]
    assert segments == [*alone, [3000, 500, 100], [3000, 700], [3000, 700, 100], [3900]]
    for row in range(0, 3900, 90):
        nearest = table.search(vectors[row], vector_column_name="style").distance_type("l2").nprobes(16).limit(1)
        assert nearest.to_list()[0]["id"] == f"{row}"
        assert table.search().where(f"id = '{row}'").to_arrow().num_rows == 1
