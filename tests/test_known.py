"""Whether a work may be by a known creator is said alike by the command line, the API and the page."""

import json
from pathlib import Path

import pytest
from tests.command import run
from tests.web.servers import running

from sakka.catalog.works import Catalog, Work
from sakka.models.folder import save_model
from sakka.models.registry import make_model
from sakka.web.settings import Settings

NOBODY = "None of the known creators"


@pytest.mark.parametrize(("name", "known"), [("text-linear", True), ("dummy", False)])
def test_a_model_without_thresholds_knows_what_it_can_read_wherever_it_is_asked(
    folder: Path, name: str, known: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = Catalog.from_works(
        Work(str(number), f"maker {number % 2}", ("leather bag", "linen bow")[number % 2]) for number in range(8)
    )
    works.write(folder / "catalog")
    save_model(make_model(name).fit(works), folder / "model")
    for command in ("identify", "describe"):
        asked = [command, folder / "model", "--title", "leather"]
        code, output, _ = run([*asked, "--json"], monkeypatch, capsys)
        found = json.loads(output)
        assert (code, found.get("identification", found)["known"]) == (0, known)
        assert ("none of the known creators" in run(asked, monkeypatch, capsys)[1]) is not known
    with running(Settings(folder / "model", catalog=folder / "catalog", port=0)) as client:
        data = {"title": "leather"}
        assert client.post("/v1/identify", data=data).json()["known"] is known
        assert client.post("/v1/identify/batch", json={"works": [data]}).json()["identifications"][0]["known"] is known
        page = client.post("/", data=data, follow_redirects=True).text
        assert (NOBODY in page) is not known
        assert "95 %" not in page  # which only a threshold can promise
