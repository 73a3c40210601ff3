"""The command line, the API and the page give the same one of three answers to a work, in their own words."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.command import run
from tests.web.servers import running

from sakka.catalog.works import Catalog, Work
from sakka.models.conformal import ConformalScores, KnownWorks
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.models.identification import Answer
from sakka.models.learned_views import LearnedView
from sakka.models.limits import ViewLimits
from sakka.models.registry import make_model
from sakka.web.settings import Settings

IN_JAPANESE = {
    "named": "作り手は",
    "not sure enough": "確信が持てません",
    "none of the known creators": "登録されている作家ではないようです",
}
STRICT = ViewLimits(200, 1.0, named_from=0.95)
KNOWN = ConformalScores.of(np.full(200, 0.9), None, 2, KnownWorks(np.full(200, -0.4)))  # how sure it is of known works


@pytest.mark.parametrize(
    ("name", "title", "answer", "basis"),
    [
        ("text-linear", "leather bag", "named", "no threshold"),
        ("text-linear", "leather bag, linen bow", "not sure enough", "no threshold"),
        ("dummy", "leather bag", "not sure enough", "nothing read"),
        ("fused", "leather bag", "named", "threshold"),
        ("fused", "leather bag, linen bow", "none of the known creators", "threshold"),
    ],
)
def test_a_model_answers_alike_wherever_it_is_asked(
    folder: Path,
    name: str,
    title: str,
    answer: Answer,
    basis: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    works = Catalog.from_works(
        Work(str(number), f"maker {number % 2}", ("leather bag", "linen bow")[number % 2]) for number in range(8)
    )
    works.write(folder / "catalog")
    model = make_model(name).fit(works)
    if isinstance(model, FusedModel):
        model.views_ = {"title": LearnedView(STRICT, KNOWN)}
    save_model(model, folder / "model")
    for command in ("identify", "describe"):
        code, output, _ = run([command, folder / "model", "--title", title, "--json"], monkeypatch, capsys)
        found = json.loads(output)
        found = found.get("identification", found)
        assert (code, found["answer"], found["basis"]) == (0, answer, basis)
    assert run(["identify", folder / "model", "--title", title], monkeypatch, capsys)[1].startswith(answer)
    with running(Settings(folder / "model", catalog=folder / "catalog", port=0)) as client:
        data = {"title": title}
        assert client.post("/v1/identify", data=data).json()["answer"] == answer
        batch = client.post("/v1/identify/batch", json={"works": [data]}).json()["identifications"]
        assert batch[0]["answer"] == answer
        page = client.post("/?lang=ja", data=data, follow_redirects=True, headers={"Accept-Language": "ja"}).text
        assert IN_JAPANESE[answer] in page
        unknown = answer == "none of the known creators"
        assert ("登録作家の作品だとした場合に" in page) is unknown
        assert not (unknown and "同じ作家の見込み" in page)
        assert ("、95 %は" in page) is unknown  # which only a limit can promise
