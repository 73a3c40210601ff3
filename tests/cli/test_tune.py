"""`sakka tune` as a person calls it."""

import json
from importlib import import_module
from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog
from typer.testing import CliRunner

from sakka.cli import app
from sakka.errors import ModelError


def _say(*arguments: str) -> str:
    import_module("sakka.cli.tune")
    import_module("sakka.cli.catalog")  # with one command alone there are no command names
    result = CliRunner().invoke(app, ["tune", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return result.stdout


def test_a_study_is_made_shown_and_gone_on_with(folder: Path) -> None:
    tiny_catalog(folder / "photos", creators=3, works=8).write(folder / "catalog")
    asked = (str(folder / "catalog"), "-o", str(folder / "study"), "--model", "text-linear", "--set", "iterations=5")
    said = _say(*asked, "--trials", "2")
    assert "Settings of text-linear" in said
    assert "(n = 6)" in said or "(n = 5)" in said or "(n = 4)" in said
    assert "trials               2" in said
    assert "trials               3" in _say(*asked, "--trials", "3")
    best = json.loads((folder / "study" / "best.json").read_text(encoding="utf-8"))
    assert best["settings"]["iterations"] == 5
    assert (folder / "study" / "index.html").is_file()


def test_a_setting_without_a_value_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="expected NAME=VALUE"):
        _say("nowhere", "-o", str(folder / "study"), "--model", "text-linear", "--set", "epochs")
