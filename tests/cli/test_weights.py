import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sakka.cli import app
from sakka.cli import weights as _weights  # noqa: F401  adds its commands
from sakka.errors import WeightsError


@pytest.fixture(autouse=True)
def _empty_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(folder))


def test_fetched_weights_are_listed_as_cached() -> None:
    run = CliRunner().invoke
    before = json.loads(run(app, ["weights", "list", "--json"]).stdout)
    assert [row["cached"] for row in before] == [False] * 4
    fetched = run(app, ["weights", "fetch", "efficientnet_lite0"])
    assert fetched.exit_code == 0
    assert Path(fetched.stdout.strip()).is_file()
    assert "efficientnet_lite0     in the cache" in run(app, ["weights", "list"]).stdout


def test_a_wrong_file_is_not_added(folder: Path) -> None:
    (folder / "wrong.pth").write_bytes(b"wrong")
    result = CliRunner().invoke(app, ["weights", "add", "vgg16", str(folder / "wrong.pth")])
    assert isinstance(result.exception, WeightsError)
    assert "which is not that of vgg16" in str(result.exception)
