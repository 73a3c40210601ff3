"""The lock files: every package by the SHA-256 of its files, and no address of an index."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = (
    "requirements.lock", "requirements-torch.lock", "requirements-cluster.lock", "docs/requirements.lock",
    "docs/bom.lock",
)  # fmt: skip
PINNED = re.compile(r"^([a-zA-Z0-9._-]+)==(\S+)", re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_file_has_the_sha256_of_its_files(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    starts = [each.start() for each in PINNED.finditer(text)]
    assert starts
    for start, end in pairwise([*starts, len(text)]):
        assert re.search(r" --hash=sha256:[0-9a-f]{64}\b", text[start:end]), text[start:].partition("\n")[0]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_no_address_and_no_build_of_one_machine(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(index|find-links|trusted)|^\S+==\S*\+", text, re.MULTILINE)


def test_all_lock_files_pin_the_same_versions() -> None:
    pins = [dict(PINNED.findall((ROOT / name).read_text(encoding="utf-8"))) for name in LOCKS[:4]]
    for other in pins[1:]:
        assert {name: other[name] for name in pins[0] if name in other}.items() <= pins[0].items()
