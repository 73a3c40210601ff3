"""The notebook of the docs runs from its first cell to its last, and what it shows is small."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.documents import DOCS

from sakka.catalog.works import Catalog
from sakka.pages.evaluation import Evaluation

NOTEBOOK = DOCS / "notebook.ipynb"
CELLS: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]
MOST_SHOWN = 100_000

pytestmark = pytest.mark.usefixtures("few_steps")


def run_cell(code: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does; the value of its last line, None where that is a statement."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def shown(value: Any) -> str:
    """What a notebook shows of a value."""
    return str(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))


@pytest.mark.slow
def test_every_cell_runs_and_shows_something_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    values = [run_cell(code, names) for code in CODE]
    assert all(value is not None for value in values)
    assert max(len(shown(value)) for value in values) < MOST_SHOWN
    assert [
        kind for kind in (Catalog, Evaluation, Image.Image) if not any(isinstance(each, kind) for each in values)
    ] == []
    assert names["right"] >= 6, names["answers"]
    assert len(names["answers"]) == len(names["asked"]) == 10


def test_it_is_kept_without_what_a_run_left_in_it() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CELLS if "outputs" in cell)
    assert NOTEBOOK.stat().st_size < 20_000


def test_every_link_of_it_leads_to_a_file() -> None:
    links = [link for cell in CELLS for link in re.findall(r"\]\(([^)#]+)", "".join(cell["source"]))]
    assert links
    assert [link for link in links if not (DOCS / link).is_file()] == []
