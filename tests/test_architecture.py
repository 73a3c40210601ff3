"""The floors: which part may import which, as `pyproject.toml` has it and docs/architecture.md shows it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECK = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, verbose=False))"


def floors() -> list[list[str]]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    return [layer.split(" | ") for contract in contracts if contract["id"] == "floors" for layer in contract["layers"]]


def checked(house: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(house / "src"), "PATH": ""}
    return subprocess.run([sys.executable, "-c", CHECK], cwd=house, env=environment, capture_output=True, text=True)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def put_import(house: Path, module: str, line: str) -> None:
    path = house / "src" / "sakka" / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\ndef _reach() -> None:\n    {line}\n", encoding="utf-8")


def test_nothing_imports_upward_and_no_circle_stands_in_the_house(house: Path) -> None:
    found = checked(house)
    assert found.returncode == 0, found.stdout
    assert "2 kept, 0 broken" in found.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("models/base.py", "import sakka.web.engine", "Nothing imports upward BROKEN"),
        ("audit/run.py", "import sakka.tuning.study", "Nothing imports upward BROKEN"),
        ("models/base.py", "import sakka.models.fused", "No circles BROKEN"),
    ],
)
def test_an_import_upward_or_a_circle_is_noticed(house: Path, module: str, line: str, broken: str) -> None:
    put_import(house, module, line)
    found = checked(house)
    assert found.returncode == 1
    assert broken in found.stdout


def test_the_documentation_shows_the_floors_that_are_checked() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", text, re.MULTILINE)
    shown = [re.findall(r"`(\w+)(?:/|\.py)`", parts) for _, parts in rows]
    assert [int(number) for number, _ in rows] == list(range(len(rows), 0, -1))
    assert shown == floors()
