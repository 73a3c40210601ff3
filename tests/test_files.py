from pathlib import Path

import pytest

from sakka import files
from sakka.files import why_not_a_folder, without_password, writing_whole_folder


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


@pytest.mark.parametrize("swaps", [True, False])
def test_a_folder_is_replaced_whole_and_nothing_is_left_beside_it(
    folder: Path, swaps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not swaps:
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    write(folder / "made", "old")
    write(folder / "made", "new")
    assert (folder / "made" / "text").read_text() == "new"
    assert [path.name for path in folder.iterdir()] == ["made"]


def test_a_block_that_raises_leaves_the_old_folder(folder: Path) -> None:
    write(folder / "made", "old")
    with pytest.raises(UnicodeEncodeError):
        write(folder / "made", "\ud800")
    assert (folder / "made" / "text").read_text() == "old"
    assert [path.name for path in folder.iterdir()] == ["made"]
