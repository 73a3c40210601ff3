"""The catalog: what is written comes back, and what was changed is refused."""

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.killed import at_every_file_operation

from sakka.catalog.problems import ListingProblem, problems_frame
from sakka.catalog.works import Catalog, Work
from sakka.errors import CatalogError
from sakka.photos.held import HeldPhoto

WORKS = (
    Work("a", "Mori", "花", "A brooch.", "brooch", datetime(2015, 1, 2, 3, 4, 5), ("a.png", "b.png"), ("0" * 64, None)),
    Work("b", "Hara", title="moon"),
    Work("c", None, description=" "),
    Work("d", "Mori", photos=("c.png",)),
)


@pytest.fixture
def catalog(folder: Path) -> Catalog:
    return Catalog.from_works(WORKS, photo_root=folder)


def test_a_work_has_one_sha256_for_each_photo_and_none_for_what_is_not_known() -> None:
    assert Work("a", photos=("1.png", "2.png"), photos_sha256=("0" * 64,)).photos_sha256 == ("0" * 64, None)
    assert replace(WORKS[0], photos=("a.png",)).photos_sha256 == ("0" * 64,)
    assert replace(WORKS[0], photos=()).photos_sha256 == ()


def test_a_catalog_of_version_2_is_read_and_knows_the_featured_photos_alone(catalog: Catalog, folder: Path) -> None:
    first = catalog.table["photos_sha256"].list.first()
    old = catalog.table.with_columns(first.alias("photo_sha256"), price=pl.lit(5)).drop("photos_sha256")
    as_earlier(catalog, old, 2, folder)
    read = Catalog.read(folder)
    assert tuple(replace(work, kept={}) for work in read) == WORKS
    assert read.table.columns == [*catalog.table.columns, "price"]
    (folder / "catalog.json").unlink()  # as where its writing was cut off
    catalog.write(folder)
    assert Catalog.read(folder).fingerprint() == catalog.fingerprint()


def as_earlier(catalog: Catalog, table: pl.DataFrame, version: int, folder: Path) -> None:
    """Write a catalog as earlier versions did: `works.parquet` with the photos' paths, and no list of photos."""
    catalog.write(folder)
    table.write_parquet(folder / "works.parquet")
    (folder / "photos.parquet").unlink()
    info = json.loads((folder / "catalog.json").read_text(encoding="utf-8"))
    del info["sha256"], info["problems_sha256"]
    sha256 = hashlib.sha256((folder / "works.parquet").read_bytes()).hexdigest()
    (folder / "catalog.json").write_text(json.dumps({**info, "version": version, "works_sha256": sha256}))


def test_a_catalog_of_version_3_is_read_and_its_interrupted_writing_is_taken_up(catalog: Catalog, folder: Path) -> None:
    as_earlier(catalog, catalog.table, 3, folder)
    assert tuple(Catalog.read(folder)) == WORKS
    (folder / "catalog.json").unlink()
    catalog.write(folder)
    assert tuple(Catalog.read(folder)) == WORKS


def test_the_table_of_works_is_the_same_wherever_the_photos_are(catalog: Catalog, folder: Path) -> None:
    works = [replace(work, photos_sha256=("0" * 64, "1" * 64)[: len(work.photos)]) for work in WORKS]
    moved = [replace(work, photos=tuple(f"/elsewhere/{photo}" for photo in work.photos)) for work in works]
    here, there = (Catalog.from_works(each, photo_root=folder) for each in (works, moved))
    for name, each in (("here", here), ("there", there)):
        each.write(folder / name)
        assert Catalog.read(folder / name).photo_paths == each.photo_paths
    assert (folder / "here" / "works.parquet").read_bytes() == (folder / "there" / "works.parquet").read_bytes()
    assert here.fingerprint() == there.fingerprint()
    assert catalog.fingerprint() != Catalog.from_works([replace(WORKS[0], photos=("c", "d")), *WORKS[1:]]).fingerprint()


def test_works_come_back_as_they_went_in(catalog: Catalog, folder: Path) -> None:
    assert tuple(catalog) == WORKS
    catalog.write(folder / "c")
    read = Catalog.read(folder / "c")
    assert tuple(read) == WORKS
    assert read.photo_root == folder.resolve()
    assert (read.info["works"], read.info["creators"]) == (4, 2)
    assert read.fingerprint() == catalog.fingerprint()
    assert read.problems.height == 0


def test_problems_come_back(folder: Path) -> None:
    problem = ListingProblem(3, "x", "creator", "no creator", "the creator is empty", left_out=True)
    Catalog(Catalog.from_works(WORKS).table, problems=problems_frame([problem])).write(folder)
    assert [ListingProblem(*row) for row in Catalog.read(folder).problems.rows()] == [problem]


def test_kept_columns_come_back_with_their_types_and_do_not_touch_the_fingerprint(folder: Path) -> None:
    kept = [
        {"price": 1200, "weight": 1.5, "code": "007", "tags": ("brooch", "花"), "sizes": (1.0, 2.5)},
        {"price": None, "weight": 2, "code": "12", "tags": None, "sizes": None},
    ]
    works = [Work(str(at), "Mori", title="moon", kept=each) for at, each in enumerate(kept)]
    catalog = Catalog.from_works(works)
    assert catalog.kept == ("price", "weight", "code", "tags", "sizes")
    assert [catalog.table.schema[name] for name in catalog.kept] == [
        pl.Int64(), pl.Float64(), pl.String(), pl.List(pl.String()), pl.List(pl.Float64())
    ]  # fmt: skip
    catalog.write(folder)
    read = Catalog.read(folder)
    assert list(read) == works
    assert read.take([1]).kept == catalog.kept
    assert (
        read.fingerprint() == Catalog.from_works([Work(str(at), "Mori", title="moon") for at in range(2)]).fingerprint()
    )


def test_photos_inside_the_catalogs_folder_move_with_it(folder: Path) -> None:
    (folder / "c" / "photos").mkdir(parents=True)
    Catalog.from_works(WORKS, photo_root=folder / "c" / "photos").write(folder / "c")
    (folder / "c").rename(folder / "moved")
    assert Catalog.read(folder / "moved").photo_root == (folder / "moved" / "photos").resolve()


@pytest.mark.parametrize("name", ["works.parquet", "photos.parquet", "problems.parquet"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_changed_table_is_refused(catalog: Catalog, folder: Path, name: str, share: float) -> None:
    catalog.write(folder)
    path = folder / name
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 1
    path.write_bytes(content)
    with pytest.raises(CatalogError, match="sha256 differs"):
        Catalog.read(folder)


def test_a_description_with_any_byte_changed_is_refused(catalog: Catalog, folder: Path) -> None:
    catalog.write(folder)
    path = folder / "catalog.json"
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(CatalogError):
            Catalog.read(folder)


@pytest.mark.parametrize(
    "info", ["", "[]", "{}", '{"version": 4}', '{"version": 99}', "\x00", '{"version": 4, "works_sha256": 5}']
)
def test_a_damaged_description_is_refused(catalog: Catalog, folder: Path, info: str) -> None:
    catalog.write(folder)
    (folder / "catalog.json").write_text(info)
    with pytest.raises(CatalogError):
        Catalog.read(folder)


def test_a_table_of_other_columns_is_refused(catalog: Catalog, folder: Path) -> None:
    Catalog(pl.DataFrame({"id": ["a"], "creator": ["Mori"]})).write(folder)
    with pytest.raises(CatalogError, match="can't be read as a catalog"):
        Catalog.read(folder)


def test_a_folder_that_is_no_catalog_says_how_to_make_one(folder: Path) -> None:
    for path in (folder, folder / "absent"):
        with pytest.raises(CatalogError, match="build_catalog"):
            Catalog.read(path)


def test_an_interrupted_write_leaves_no_catalog(
    catalog: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sakka.catalog.folder.write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        catalog.write(folder / "c")
    with pytest.raises(CatalogError, match="is not a catalog"):
        Catalog.read(folder / "c")


def test_a_catalog_whose_writing_is_killed_anywhere_is_the_old_or_the_new_one_and_the_next_leaves_nothing_else(
    catalog: Catalog, folder: Path
) -> None:
    other = catalog.take([1, 3])
    catalog.write(folder / "c")
    names, found = {path.name for path in (folder / "c").iterdir()}, set()
    for number in at_every_file_operation(lambda: other.write(folder / "c")):
        found.add(len(Catalog.read(folder / "c")))
        catalog.write(folder / "c")
        assert {path.name for path in (folder / "c").iterdir()} == names, number
    assert found == {2, 4}
    for _ in at_every_file_operation(lambda: other.write(folder / "new")):
        with suppress(CatalogError):
            assert len(Catalog.read(folder / "new")) == 2
    assert {path.name for path in (folder / "new").iterdir()} == names


def test_a_catalog_that_is_written_while_it_is_read_is_read_as_one_of_the_two(
    catalog: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.write(folder)
    others, read = [catalog.take([1, 3])], Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == "works.parquet" and others:  # between the description and the tables
            others.pop().write(folder)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert Catalog.read(folder).ids == ["b", "d"]


def test_a_folder_that_can_not_be_written_is_one_clear_line(catalog: Catalog, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(CatalogError, match="can't be written"):
        catalog.write(folder / "file" / "c")


def test_a_table_that_is_no_catalogs_is_not_overwritten(catalog: Catalog, folder: Path) -> None:
    (folder / "works.parquet").write_bytes(b"other")
    with pytest.raises(CatalogError, match=r"holds works.parquet but no catalog.json"):
        catalog.write(folder)
    assert (folder / "works.parquet").read_bytes() == b"other"


def test_a_catalog_whose_first_writing_was_cut_off_can_be_written_again(catalog: Catalog, folder: Path) -> None:
    catalog.write(folder)
    (folder / "catalog.json").unlink()
    catalog.write(folder)
    assert Catalog.read(folder).ids == catalog.ids


def test_rows_are_taken_in_the_order_asked_for(catalog: Catalog) -> None:
    taken = catalog.take([3, 0])
    assert taken.ids == ["d", "a"]
    assert taken.photo_paths == [catalog.photo_paths[3], catalog.photo_paths[0]]
    assert len(catalog.take(np.array([], dtype=np.int64))) == 0


def test_texts_photos_and_creators_stand_in_row_order(catalog: Catalog, folder: Path) -> None:
    assert catalog.texts == ["花\nA brooch.", "moon", " ", ""]
    assert catalog.has_text.tolist() == [True, True, False, False]
    assert catalog.has_photo.tolist() == [True, False, False, True]
    assert catalog.photo_paths == [folder / "a.png", None, None, folder / "c.png"]
    assert catalog.every_photo == [(folder / "a.png", folder / "b.png"), (), (), (folder / "c.png",)]
    assert catalog.photo_counts.tolist() == [2, 0, 0, 1]
    assert catalog.creators == ("Hara", "Mori")
    assert catalog.creator_indices().tolist() == [1, 0, -1, 1]
    assert catalog.creator_indices(["Mori"]).tolist() == [0, -1, -1, 0]


def test_a_fingerprint_changes_with_any_field_and_with_the_order(catalog: Catalog) -> None:
    prints = {catalog.fingerprint(), catalog.take([1, 0, 2, 3]).fingerprint(), catalog.take([0, 1, 2]).fingerprint()}
    for name in ("id", "creator", "title", "description", "category"):
        changed = Catalog(catalog.table.with_columns(pl.lit("other").alias(name)))
        prints.add(changed.fingerprint())
    prints.add(Catalog.from_works([replace(WORKS[0], photos_sha256=("0" * 64,) * 2), *WORKS[1:]]).fingerprint())
    assert len(prints) == 9
    assert catalog.take(range(4)).fingerprint() == catalog.fingerprint()


def test_the_description_is_readable_json(catalog: Catalog, folder: Path) -> None:
    catalog.write(folder)
    assert json.loads((folder / "catalog.json").read_text(encoding="utf-8"))["version"] == 4


def test_photos_in_memory_are_as_many_as_the_work_has() -> None:
    one, other = HeldPhoto(b"one"), HeldPhoto(b"other")
    works = Catalog.from_works([Work("a", photos=("1",)), Work("b", photos=("2",))], held={"a": (one, other), "b": ()})
    assert works.every_photo == [(one,), (Path("2"),)]
    assert works.photos == [one, Path("2")]
