"""The documents are held to what the program does: their commands exist and their Python runs."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.catalogs import tiny_catalog

from sakka.cli import COMMAND_GROUPS, app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")])


def commands_of(page: Path) -> Iterator[list[str]]:
    """The words of each command line of sakka that a page shows, comments left out."""
    for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        found = re.match(r"(?: {4}|\$ )(sakka .*)", line)
        if found:
            for part in found[1].split("&&"):
                yield shlex.split(part, comments=True)[1:]


@pytest.fixture(scope="module")
def commands() -> Any:
    """The command line as it is."""
    for group in COMMAND_GROUPS:
        import_module(f"sakka.cli.{group}")
    return typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists_with_its_options(page: Path, commands: Any) -> None:
    for words in commands_of(page):
        command = commands
        while hasattr(command, "commands"):
            assert words[0] in command.commands, f"{page.name}: no command {words[0]!r} in sakka {words}"
            command, words = command.commands[words[0]], words[1:]
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        used = {word.partition("=")[0] for word in words if re.match(r"-{1,2}[a-z]", word)}
        assert used <= known, f"{page.name}: sakka {command.name} has no {used - known}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_python_of_the_readme_runs(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = tiny_catalog(folder)
    catalog.write(folder / "catalog")
    photo = next(path for path in catalog.photo_paths if path is not None)
    (folder / "brooch.jpg").write_bytes(photo.read_bytes())
    monkeypatch.chdir(folder)
    block = re.search(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    assert block
    values: dict[str, object] = {}
    exec(block[1].replace("model.top_creators", "answers = model.top_creators"), values)
    answers = values["answers"]
    assert isinstance(answers, list)
    assert len(answers[0]) == 5
