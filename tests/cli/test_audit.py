"""`sakka audit` as a person calls it."""

from pathlib import Path

from tests.catalogs import tiny_catalog
from typer.testing import CliRunner

import sakka.cli.audit
import sakka.cli.catalog  # noqa: F401 (both add their commands)
from sakka.catalog.works import Catalog, Work
from sakka.cli import app


def test_an_audit_says_what_it_found_and_where_the_report_is(folder: Path) -> None:
    works = list(tiny_catalog(folder / "photos", creators=2, works=8))
    works.append(Work("copy", works[1].creator, photos=works[0].photos))
    Catalog.from_works(works, photo_root=folder / "photos").write(folder / "catalog")
    arguments = ["audit", folder / "catalog", "-o", folder / "audit", "--model", "text-linear"]
    result = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"}).invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert "Photos that two creators use: " in result.output
    assert "Photos that two creators use: 0" not in result.output
    assert " copy " in result.output or f" {works[0].id} " in result.output  # which work it is about
    assert str(folder / "audit" / "index.html") in result.output.replace("\n", "")
