import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.killed import at_every_file_operation

from sakka import files
from sakka.errors import SakkaError
from sakka.files import (
    alone_in,
    why_not_a_folder,
    without_password,
    write_text,
    writing_whole,
    writing_whole_folder,
)


def write(folder: Path, text: str) -> None:
    with writing_whole_folder(folder) as part:
        (part / "text").write_text(text)


def test_an_address_is_said_to_be_one_without_its_password() -> None:
    for address in ("postgresql://me:se@cret@localhost/shop", Path("postgresql://me:se@cret@localhost/shop")):
        assert (
            why_not_a_folder(Path(address))
            == "postgresql://me@localhost/shop is an address, not a folder of this machine"
        )


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:SECRET@h/db",
        "postgresql://me:SEC?RET@h/db",
        "postgresql://me:SEC\nRET@h/db",
        "postgresql://me@h/db?user=a@b&password=SECRET",
        "postgresql://me@h/db?password=SEC@RET",
    ],
)
def test_no_part_of_a_password_is_shown(address: str) -> None:
    shown = without_password(address)
    assert shown.startswith("postgresql://me")
    assert "SEC" not in shown
    assert "RET" not in shown


@pytest.fixture(params=[True, False])
def swaps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the system can swap two folders in one step."""
    if not request.param:
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    return request.param


@pytest.mark.usefixtures("swaps")
def test_a_folder_is_replaced_whole_and_nothing_is_left_beside_it(folder: Path) -> None:
    write(folder / "made", "old")
    write(folder / "made", "new")
    assert (folder / "made" / "text").read_text() == "new"
    assert [path.name for path in folder.iterdir()] == ["made"]


def test_a_folder_whose_writing_is_killed_is_old_or_new_and_the_next_writing_leaves_nothing_else(
    folder: Path, swaps: bool
) -> None:
    write(folder / "made", "old")
    found = set()
    for number in at_every_file_operation(lambda: write(folder / "made", "new")):
        if swaps or (folder / "made").exists():  # a system that can't swap has none for a moment
            found.add((folder / "made" / "text").read_text())
        write(folder / "made", "old")
        assert [path.name for path in folder.iterdir()] == ["made"], number
    assert found == {"old", "new"}


def test_a_file_whose_writing_is_killed_is_old_or_new_and_the_next_writing_leaves_nothing_else(folder: Path) -> None:
    write_text(folder / "made", "old")
    found = set()
    for number in at_every_file_operation(lambda: write_text(folder / "made", "new")):
        found.add((folder / "made").read_text())
        write_text(folder / "made", "old")
        assert [path.name for path in folder.iterdir()] == ["made"], number
    assert found == {"old", "new"}


def test_what_is_being_written_is_no_leftover(folder: Path) -> None:
    with writing_whole(folder / "made") as part:
        part.write_text("first")
        write_text(folder / "made", "second")
        assert part.read_text() == "first"
    assert (folder / "made").read_text() == "first"


def test_the_disk_has_the_bytes_of_a_file_before_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    rename, sync = Path.replace, os.fsync
    monkeypatch.setattr(Path, "replace", lambda path, to: (done.append("named"), rename(path, to)))
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("on the disk"), sync(handle)))
    write_text(folder / "made", "text")
    assert done == ["on the disk", "named", "on the disk"]
    done.clear()
    write(folder / "other", "text")
    assert done == ["on the disk", "on the disk", "named", "on the disk"]


def test_one_process_at_a_time_is_in_a_folder_and_no_lock_stays(folder: Path) -> None:
    lock, order = folder / ".lock", []

    def waits() -> None:
        with alone_in(folder, lock, SakkaError, waits=True):
            order.append("second")

    with ThreadPoolExecutor(2) as pool:
        with alone_in(folder, lock, SakkaError):
            with pytest.raises(SakkaError, match="another process is at work"), alone_in(folder, lock, SakkaError):
                pass
            waiting = [pool.submit(waits) for _ in range(2)]
            time.sleep(0.05)
            order.append("first")
        for each in waiting:
            each.result(timeout=10)
    assert order == ["first", "second", "second"]
    assert list(folder.iterdir()) == []


def test_a_lock_that_can_not_be_made_is_one_line(folder: Path) -> None:
    absent = folder / "absent"
    with (
        pytest.raises(SakkaError, match="can't be written to: No such file or directory"),
        alone_in(absent, absent / ".lock", SakkaError),
    ):
        pass


def test_a_block_that_raises_leaves_the_old_folder(folder: Path) -> None:
    write(folder / "made", "old")
    with pytest.raises(UnicodeEncodeError):
        write(folder / "made", "\ud800")
    assert (folder / "made" / "text").read_text() == "old"
    assert [path.name for path in folder.iterdir()] == ["made"]
