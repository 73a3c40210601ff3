"""Values kept by photo: what comes back, what happens to damage."""

import sqlite3
from pathlib import Path

import pytest

from sakka.errors import SakkaError
from sakka.models.photo_cache import KEYS_AT_ONCE, PhotoCache


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
