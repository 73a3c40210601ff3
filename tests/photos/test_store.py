"""Values kept by photo: what comes back, what happens to damage."""

import hashlib
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from sakka.catalog.photo_keys import all_photo_keys, photo_keys
from sakka.catalog.works import Catalog, Work
from sakka.errors import PhotoError, SakkaError
from sakka.files import sha256_of
from sakka.photos.held import HeldPhoto
from sakka.photos.store import KEYS_AT_ONCE, PhotoCache, read_ahead


def test_what_was_put_comes_back_and_nothing_else(folder: Path) -> None:
    cache = PhotoCache(folder / "deep" / "values.sqlite")
    assert cache.get(["a"]) == {}
    cache.put([("a", b"1"), ("b", b"")])
    assert cache.get(["a", "b", "c"]) == {"a": b"1", "b": b""}


def test_a_value_put_again_is_replaced(folder: Path) -> None:
    cache = PhotoCache(folder / "values.sqlite")
    cache.put([("a", b"1")])
    cache.put([("a", b"2")])
    assert PhotoCache(folder / "values.sqlite").get(["a"]) == {"a": b"2"}


def test_more_keys_than_one_query_takes(folder: Path) -> None:
    cache = PhotoCache(folder / "values.sqlite")
    pairs = {str(number): str(number).encode() for number in range(2 * KEYS_AT_ONCE + 1)}
    cache.put(pairs.items())
    assert cache.get(list(pairs)) == pairs


def test_an_interrupted_put_keeps_none_of_its_values(folder: Path) -> None:
    cache = PhotoCache(folder / "values.sqlite")
    cache.put([("a", b"1")])

    def cut_short():
        yield "b", b"2"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.put(cut_short())
    assert cache.get(["a", "b"]) == {"a": b"1"}


def test_a_file_that_is_no_database_is_replaced(folder: Path) -> None:
    path = folder / "values.sqlite"
    path.write_bytes(b"not a database, whatever its name says" * 100)
    cache = PhotoCache(path)
    assert cache.get(["a"]) == {}
    cache.put([("a", b"1")])
    assert cache.get(["a"]) == {"a": b"1"}


def test_a_file_is_opened_once_to_read_and_anew_where_another_stands_in_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, other = PhotoCache(folder / "a.sqlite"), PhotoCache(folder / "b.sqlite")
    cache.put([("k", b"one")])
    other.put([("k", b"two")])
    opened: list[PhotoCache] = []
    connect = PhotoCache._connect
    monkeypatch.setattr(PhotoCache, "_connect", lambda own: opened.append(own) or connect(own))
    assert [cache.get(["k"]), cache.get(["k"]), cache.kept(["k"])] == [{"k": b"one"}, {"k": b"one"}, {"k"}]
    assert len(opened) == 1
    other.path.replace(cache.path)
    assert cache.get(["k"]) == {"k": b"two"}
    cache.path.unlink()
    assert cache.get(["k"]) == {}


def test_a_table_of_another_shape_is_one_clear_line(folder: Path) -> None:
    path = folder / "values.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photos (other TEXT)")
    connection.close()
    with pytest.raises(SakkaError, match="remove it"):
        PhotoCache(path).get(["a"])


def test_a_folder_that_can_not_be_made_is_one_clear_line(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(SakkaError, match="SAKKA_CACHE"):
        PhotoCache(folder / "file" / "values.sqlite").put([("a", b"1")])


def test_a_cache_that_can_keep_nothing_says_so_beforehand(folder: Path) -> None:
    PhotoCache(folder / "values.sqlite").check(1)
    with pytest.raises(SakkaError, match=r"can't be used \(.* MiB are to be kept, and .* MiB are free\).*SAKKA_CACHE"):
        PhotoCache(folder / "values.sqlite").check(1 << 60)
    (folder / "file").write_text("")
    with pytest.raises(SakkaError, match="SAKKA_CACHE"):
        PhotoCache(folder / "file" / "values.sqlite").check()


def test_keys_are_the_catalog_s_or_those_of_the_files(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"abc")
    works = [Work("a", photos=("a.png",)), Work("b"), Work("c", photos=("gone.png",), photos_sha256=("kept",))]
    assert photo_keys(Catalog.from_works(works, photo_root=folder)) == [
        hashlib.sha256(b"abc").hexdigest(),
        None,
        "kept",
    ]
    with pytest.raises(PhotoError, match="check the path"):
        photo_keys(Catalog.from_works([Work("a", photos=("gone.png",))], photo_root=folder))


def test_keys_of_all_photos_stand_work_by_work_and_a_shared_file_has_one(folder: Path) -> None:
    for name, content in (("a.png", b"abc"), ("b.png", b"other"), ("c.png", b"abc")):
        (folder / name).write_bytes(content)
    works = [
        Work("a", photos=("a.png", "b.png"), photos_sha256=("kept",)),
        Work("b"),
        Work("c", photos=("c.png", "a.png", "b.png")),
    ]
    held = {"c": [HeldPhoto(content) for content in (b"held", b"abc", b"other")]}
    every = all_photo_keys(Catalog.from_works(works, folder, held))
    abc, other, inside = (hashlib.sha256(content).hexdigest() for content in (b"abc", b"other", b"held"))
    assert every.keys == ["kept", other, inside, abc, other]
    assert every.photos == [folder / "a.png", folder / "b.png", *held["c"]]
    assert every.rows.tolist() == [0, 0, 2, 2, 2]
    without = Catalog(Catalog.from_works(works, folder).table.with_columns(photos_sha256=pl.lit(None)), folder)
    assert all_photo_keys(without.take([0])).keys == [abc, other]
    with pytest.raises(PhotoError, match="check the path"):
        all_photo_keys(Catalog.from_works([Work("a", photos=("a.png", "gone.png"))], photo_root=folder))


def test_reading_ahead_keeps_the_order_and_is_bounded(folder: Path) -> None:
    photos = []
    for shade in range(30):
        path = folder / f"{shade}.png"
        Image.new("RGB", (1, 1), (shade, 0, 0)).save(path)
        photos.append((sha256_of(path), path))
    started: list[int] = []

    def prepare(photo: Image.Image) -> int:
        started.append(1)
        return photo.getpixel((0, 0))[0]

    given = []
    for key, shade in read_ahead(iter(photos), prepare, at_least_px=1, ahead=6):
        given.append((key, shade))
        assert len(started) <= len(given) + 5
    assert given == [(key, shade) for shade, (key, _) in enumerate(photos)]


def test_a_photo_with_another_content_than_its_key_is_refused(folder: Path) -> None:
    Image.new("RGB", (1, 1)).save(folder / "a.png")
    with pytest.raises(PhotoError, match="build the catalog again"):
        list(read_ahead([("0" * 64, folder / "a.png")], lambda photo: photo.size, at_least_px=1, ahead=2))


def test_what_is_kept_is_told_without_its_value(folder: Path) -> None:
    cache = PhotoCache(folder / "cache.sqlite")
    assert cache.kept(["a"]) == set()
    cache.put([("a", b"1"), ("b", b"2")])
    assert cache.kept(["a", "c", *map(str, range(KEYS_AT_ONCE)), "b"]) == {"a", "b"}
