"""The library speaks Python, and the command line says the same in options and commands that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.command import run
from tests.documents import ROOT, unknown_in

from sakka.catalog.works import Catalog
from sakka.cli.wording import CODE, on_command_line, typed_command
from sakka.errors import CatalogError

SOURCES = ROOT / "src" / "sakka"
SPEAKS_COMMANDS = {
    "pages/provenance.py": "the command that gave a report",
    "pages/headline.py": "the command that gives the figure of the grouped split",
    "paper/plan.py:paper_arguments": "part of that command",
    "paper/plan.py:_number_arguments": "part of that command",
    "paper/candidates_table.py": "a note in a report",
    "networks/weights/package_index.py": "options of pip",
    "engines/ray.py:check_address": "a command of Ray",
}
"""Where texts outside `cli/` hold options, with the reason."""
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]+|`sakka [a-z]+")
COMMAND = re.compile(r"`sakka ([^`]+)`")


def texts_in(path: Path) -> Iterator[tuple[str, str]]:
    """Each text of a module with its function, docstrings left out; what is filled in becomes 'value'."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    said = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }  # docstrings, and texts below a constant
    within = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in set(ast.walk(tree)) - said - within:
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "'value'" for part in parts)
            home = [each.name for each in functions if each.lineno <= node.lineno <= (each.end_lineno or 0)]
            yield ":".join([path.relative_to(SOURCES).as_posix(), *home[-1:]]), text


def is_python(code: str) -> bool:
    return re.fullmatch(r"[\w.]+(\(.*\))?|[a-z_]+=.*", code) is not None


TEXTS = [found for path in sorted(SOURCES.rglob("*.py")) if "cli" not in path.parts for found in texts_in(path)]


def test_no_text_outside_the_command_line_names_an_option_or_a_command() -> None:
    found = [(home, text) for home, text in TEXTS if OPTION.search(text)]
    assert [each for each in found if not each[0].startswith(tuple(SPEAKS_COMMANDS))] == []


PYTHON = sorted(
    {code for home, text in TEXTS if not home.startswith("web/ap") for code in CODE.findall(text) if is_python(code)}
)


@pytest.mark.parametrize("code", PYTHON)
def test_every_piece_of_python_in_a_message_has_its_command_or_option(code: str) -> None:
    said = COMMAND.fullmatch(on_command_line(f"`{code}`"))
    assert said is not None
    assert unknown_in(said[1].split()) == []


def test_an_option_is_named_only_where_the_typed_command_has_it() -> None:
    message = 'name yours with `columns={"id": COLUMN}`'
    assert on_command_line(message, "catalog build") == "name yours with --column id=COLUMN"
    two = 'name yours with `columns={"id": COLUMN, "creator": COLUMN}`'
    assert on_command_line(two, "catalog build") == "name yours with --column id=COLUMN --column creator=COLUMN"
    assert on_command_line(message, "fit") == "name yours with `sakka catalog build --column id=COLUMN`"


def test_the_typed_command_is_found_among_its_arguments() -> None:
    assert typed_command(["creators", "add", "model", "--photo-root", "catalog"]) == "creators add"
    assert typed_command(["experiment", "catalog"]) == "experiment"
    assert typed_command([]) == ""


def test_what_is_no_python_stays_as_it_is() -> None:
    assert on_command_line("the file `works.parquet`, `{x`, `unknown_argument` and `import os`", "fit") == (
        "the file `works.parquet`, `{x`, `unknown_argument` and `import os`"
    )


def test_a_person_at_the_terminal_reads_commands_and_one_in_python_functions(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CatalogError, match="as `build_catalog` writes them"):
        Catalog.read(folder)
    code, _, error = run(["catalog", "show", folder], monkeypatch, capsys)
    assert code == 2
    assert "as `sakka catalog build` writes them" in error
