"""The error of a missing part names a command that can work where it is printed."""

from pathlib import Path

import pytest

from sakka import errors
from sakka.errors import MissingPartError

ROOT = Path(__file__).parent.parent


def message() -> str:
    return str(MissingPartError("LightGBM", "paper", ImportError("No module named 'lightgbm'")))


def test_a_checkout_is_named_by_its_folder_and_by_a_point_inside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(errors, "_installed_from", lambda: ROOT.as_uri())
    monkeypatch.chdir(ROOT)
    assert message().endswith("pip install '.[paper]' adds it")
    monkeypatch.chdir(tmp_path)
    assert message().endswith(f"pip install '{ROOT}[paper]' adds it")


def test_a_file_or_an_index_that_sakka_came_from_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = "file:///downloads/sakka-0.1.0-py3-none-any.whl"
    for address, what in ((wheel, f"'sakka[paper] @ {wheel}'"), ("", "'sakka[paper]'")):
        monkeypatch.setattr(errors, "_installed_from", lambda address=address: address)
        assert message() == f"LightGBM is not installed (No module named 'lightgbm'); pip install {what} adds it"
