import json
from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog

from sakka.cli import demo as demo_module
from sakka.cli import main
from sakka.cli.demo import fit_on_all_but_one
from sakka.models.fused import FusedModel

pytestmark = pytest.mark.usefixtures("few_steps")


@pytest.mark.slow
def test_the_demo_ends_by_naming_the_report_and_goes_on_where_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_module, "WORKS_A_CREATOR", 12)
    monkeypatch.setattr("sys.argv", ["sakka", "demo", "--output", str(folder / "demo"), "--creators", "3"])
    monkeypatch.setenv("COLUMNS", "80")
    said = []
    for _ in range(2):
        with pytest.raises(SystemExit) as caught:
            main()
        assert not caught.value.code
        said.append(capsys.readouterr().out.splitlines())
    page = folder / "demo" / "run" / "report" / "index.html"
    assert said[0][-1].endswith(f"open the report: {page}")
    assert said[0][:-1] == said[1][:-1]
    assert page.is_file()
    results = json.loads((page.parent / "results.json").read_text())
    assert {"photo-lite0", "text-linear", "fused", "dummy"} <= {entry["model"] for entry in results}


def test_the_work_that_is_identified_was_not_learned_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works = tiny_catalog(folder, without_text=1)
    learned = []
    monkeypatch.setattr(FusedModel, "fit", lambda self, works, creators: learned.extend(works.ids) or self)
    _, unseen = fit_on_all_but_one(works, seed=0)
    assert unseen.id == "work-05-008"
    assert sorted(learned) == sorted(set(works.ids) - {unseen.id})
